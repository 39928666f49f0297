use super::*;

/// What a service takes for a batch: a fixed time and a time per row, with noise of some per cent
/// drawn from a seed.
#[derive(Clone)]
struct Service {
    fixed: f64,
    per_row: f64,
    noise: f64,
    seed: u64,
}

impl Service {
    fn exact(&self, rows: usize) -> f64 {
        self.fixed + self.per_row * rows as f64
    }

    fn seconds(&mut self, rows: usize) -> f64 {
        self.seed = crate::backoff::mix(self.seed);
        let random = (self.seed >> 11) as f64 / (1_u64 << 53) as f64;
        self.exact(rows) * (1.0 + self.noise * (2.0 * random - 1.0))
    }

    /// The best that any constant size does whose batches are quick enough: since every row costs
    /// the same, it is the largest such size.
    fn best(&self, limits: &PaceLimits) -> f64 {
        let quick = (limits.longest.as_secs_f64() - self.fixed) / self.per_row;
        let rows = (quick as usize).clamp(1, limits.most);
        rows as f64 / self.exact(rows)
    }
}

/// Rows a second that the last four batches make, without the noise.
fn run(pace: &mut Pace, service: &mut Service, batches: usize) -> f64 {
    let mut sizes = Vec::new();
    for _ in 0..batches {
        let rows = pace.rows();
        pace.answered(rows, Duration::from_secs_f64(service.seconds(rows)));
        sizes.push(rows);
    }
    let last = &sizes[batches - 4..];
    let seconds: f64 = last.iter().map(|rows| service.exact(*rows)).sum();
    last.iter().sum::<usize>() as f64 / seconds
}

/// From a millisecond to a second for a batch, from a microsecond to 100 ms for a row.
fn curves() -> impl Iterator<Item = (f64, f64)> {
    let fixed = [0.001, 0.01, 0.1, 1.0];
    let per_row = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1];
    fixed
        .into_iter()
        .flat_map(move |fixed| per_row.into_iter().map(move |per_row| (fixed, per_row)))
}

#[test]
fn within_thirty_batches_it_comes_near_the_best_constant_size_and_again_after_any_change() {
    let limits = PaceLimits::default();
    let changes = [
        (2.0, 2.0),
        (0.5, 0.5),
        (2.0, 1.0),
        (0.5, 1.0),
        (1.0, 2.0),
        (1.0, 0.5),
    ];
    for (fixed, per_row) in curves() {
        for seed in 0..300 {
            let mut service = Service {
                fixed,
                per_row,
                noise: 0.05,
                seed,
            };
            let mut pace = Pace::new(limits.clone());
            let share = run(&mut pace, &mut service, 30) / service.best(&limits);
            let rows = pace.rows();
            assert!(
                share >= 0.8,
                "{fixed} s, {per_row} s a row, seed {seed}: {rows} rows, {share:.2}"
            );
            for change in changes {
                let (mut pace, mut service) = (pace.clone(), service.clone());
                service.fixed *= change.0;
                service.per_row *= change.1;
                let share = run(&mut pace, &mut service, 30) / service.best(&limits);
                let rows = pace.rows();
                assert!(
                    share >= 0.8,
                    "{fixed} s, {per_row} s a row, seed {seed}, {change:?}: {rows} rows, {share:.2}"
                );
            }
        }
    }
}

#[test]
fn it_stays_near_the_best_for_a_thousand_batches() {
    let limits = PaceLimits::default();
    for (fixed, per_row) in curves() {
        let mut service = Service {
            fixed,
            per_row,
            noise: 0.05,
            seed: 7,
        };
        let mut pace = Pace::new(limits.clone());
        run(&mut pace, &mut service, 30);
        for _ in 0..250 {
            let share = run(&mut pace, &mut service, 4) / service.best(&limits);
            assert!(share >= 0.8, "{fixed} s, {per_row} s a row: {share:.2}");
        }
    }
}

#[test]
fn batches_keep_to_the_longest_time_as_soon_as_it_is_known() {
    for (fixed, per_row) in curves() {
        let mut service = Service {
            fixed,
            per_row,
            noise: 0.05,
            seed: 3,
        };
        let mut pace = Pace::default();
        run(&mut pace, &mut service, 4);
        for _ in 0..100 {
            assert!(service.exact(pace.rows()) <= 10.0, "{fixed} {per_row}");
            run(&mut pace, &mut service, 4);
        }
    }
}

#[test]
fn rows_that_become_slow_make_small_batches() {
    let mut service = Service {
        fixed: 0.02,
        per_row: 0.000_1,
        noise: 0.0,
        seed: 1,
    };
    let mut pace = Pace::default();
    run(&mut pace, &mut service, 30);
    let before = pace.rows();
    service.per_row *= 100.0;
    run(&mut pace, &mut service, 30);
    assert!(pace.rows() < before / 4, "{before} then {}", pace.rows());
}

#[test]
fn a_batch_whose_time_is_mostly_fixed_is_not_cut_down_to_nothing() {
    let mut service = Service {
        fixed: 12.0,
        per_row: 1e-6,
        noise: 0.05,
        seed: 1,
    };
    let mut pace = Pace::default();
    run(&mut pace, &mut service, 200);
    assert!(pace.rows() > 100, "{}", pace.rows());
}

#[test]
fn many_old_answers_at_once_lead_no_further_than_twice_their_size() {
    let mut pace = Pace::default();
    for _ in 0..16 {
        pace.answered(1000, Duration::from_millis(5));
    }
    assert!(pace.rows() <= 2000, "{}", pace.rows());
}

#[test]
fn odd_times_lead_nowhere_absurd() {
    let mut pace = Pace::default();
    for time in [Duration::ZERO, Duration::MAX, Duration::from_nanos(1)] {
        for rows in [0, 1, usize::MAX] {
            for _ in 0..5 {
                pace.answered(rows, time);
                assert!((1..=10_000).contains(&pace.rows()));
            }
        }
    }
}
