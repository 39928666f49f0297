use super::*;

/// A service that works on so many batches at once, for so many seconds each; the others wait in
/// line, and with `thrash` they slow the work down as well.
#[derive(Clone)]
struct Service {
    room: f64,
    seconds: f64,
    thrash: f64,
    /// Above this number in flight every batch is refused.
    refuses: f64,
    noise: f64,
    seed: u64,
}

const PLAIN: Service = Service {
    room: 16.0,
    seconds: 0.1,
    thrash: 0.0,
    refuses: f64::INFINITY,
    noise: 0.1,
    seed: 1,
};

impl Service {
    /// The time of a batch, without noise.
    fn exact(&self, in_flight: usize) -> f64 {
        let crowd = (in_flight as f64 / self.room).max(1.0);
        self.seconds * crowd * (1.0 + self.thrash * (crowd - 1.0))
    }

    fn speed(&self, in_flight: usize) -> f64 {
        in_flight as f64 / self.exact(in_flight)
    }

    fn best(&self, most: usize) -> f64 {
        (1..=most).map(|n| self.speed(n)).fold(0.0, f64::max)
    }

    /// Answers `batches` batches; the average speed of the last half of them.
    fn run(&mut self, flight: &mut Flight, batches: usize) -> f64 {
        let mut speeds = Vec::new();
        for _ in 0..batches {
            let now = flight.batches();
            speeds.push(self.speed(now));
            if now as f64 > self.refuses {
                flight.refused();
                continue;
            }
            self.seed = crate::backoff::mix(self.seed);
            let random = (self.seed >> 11) as f64 / (1_u64 << 53) as f64;
            let seconds = self.exact(now) * (1.0 + self.noise * (2.0 * random - 1.0));
            flight.answered(now, 100, Duration::from_secs_f64(seconds));
        }
        let last = &speeds[batches / 2..];
        last.iter().sum::<f64>() / last.len() as f64
    }
}

#[test]
fn it_finds_the_room_of_a_service_and_follows_when_it_changes() {
    for room in [1.0, 2.0, 5.0, 16.0, 40.0, 200.0] {
        for seed in 0..100 {
            let mut service = Service {
                room,
                seed,
                ..PLAIN
            };
            let mut flight = Flight::default();
            for change in [1.0, 0.5, 4.0, 0.25] {
                service.room = (service.room * change).max(1.0);
                service.seconds *= change;
                let speed = service.run(&mut flight, 1000);
                let share = speed / service.best(64);
                assert!(share >= 0.8, "room {}, seed {seed}: {share}", service.room);
                let batches = flight.batches() as f64;
                assert!(
                    batches <= (service.room * 1.6).max(3.0),
                    "room {}, seed {seed}: {batches} in flight",
                    service.room
                );
            }
        }
    }
}

#[test]
fn where_waiting_batches_slow_the_others_down_few_wait() {
    for seed in 0..100 {
        let mut service = Service {
            thrash: 1.0,
            seed,
            ..PLAIN
        };
        let mut flight = Flight::default();
        let speed = service.run(&mut flight, 1000);
        let share = speed / service.best(64);
        assert!(share >= 0.8, "seed {seed}: {share}");
    }
}

#[test]
fn refusals_halve_the_number_and_it_comes_back_step_by_step() {
    let mut service = Service {
        room: 1000.0,
        refuses: 20.0,
        ..PLAIN
    };
    let mut flight = Flight::default();
    service.run(&mut flight, 500);
    let mut seen = Vec::new();
    for _ in 0..500 {
        service.run(&mut flight, 2);
        seen.push(flight.batches());
    }
    let (least, most) = (seen.iter().min().unwrap(), seen.iter().max().unwrap());
    assert!(*least >= 5 && *most <= 25, "{least} to {most}");
    let mean = seen.iter().sum::<usize>() as f64 / seen.len() as f64;
    assert!(mean >= 10.0, "{mean}");
}

#[test]
fn the_number_stays_within_its_bounds_whatever_happens() {
    let limits = FlightLimits { first: 3, most: 5 };
    let mut flight = Flight::new(limits);
    for n in 0..10_000_u64 {
        match crate::backoff::mix(n) % 4 {
            0 => flight.refused(),
            1 => flight.answered(usize::MAX, usize::MAX, Duration::ZERO),
            2 => flight.answered(flight.batches(), 1, Duration::MAX),
            _ => flight.answered(5, 100, Duration::from_millis(n % 50)),
        }
        assert!((1..=5).contains(&flight.batches()));
    }
}
