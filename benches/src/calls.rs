//! Calls over HTTP: what a turn of a service gives, and the table of it.

use std::fmt::Write;
use std::time::Duration;

use crate::turns::median;

/// What was read in one turn of one service.
///
/// ```
/// use std::time::Duration;
/// use floe_benches::calls::Reading;
///
/// let second = Duration::from_secs(1);
/// let reading = Reading { rows: 2_000_000, wall: second, client: second, server: second / 2 };
/// assert_eq!(reading.rate(), 2e6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Rows that were sent, answered and proved.
    pub rows: usize,
    /// The time that passed.
    pub wall: Duration,
    /// The CPU time that the client used.
    pub client: Duration,
    /// The CPU time that the processes of the server used.
    pub server: Duration,
}

impl Reading {
    /// Rows a second by wall clock.
    ///
    /// See [`Reading`] for an example.
    pub fn rate(&self) -> f64 {
        self.rows as f64 / self.wall.as_secs_f64()
    }
}

/// How one service did over all rounds.
///
/// ```
/// use std::time::Duration;
/// use floe_benches::calls::{Outcome, Reading};
///
/// let reading = |rows, millis| Reading {
///     rows,
///     wall: Duration::from_millis(100),
///     client: Duration::from_millis(10),
///     server: Duration::from_millis(millis),
/// };
/// let (first, other) = ([reading(1000, 20), reading(500, 10)], [reading(100, 80); 2]);
/// let outcome = Outcome::of(&other, &first);
/// // 7.5 would be the mean of the rounds; of two, the lower one is taken.
/// assert_eq!((outcome.rate, outcome.time), (1000.0, 5.0));
/// assert_eq!((outcome.client, outcome.server), (100.0, 800.0));
/// assert!((outcome.server_times - 40.0).abs() < 1e-9);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Rows a second by wall clock: the median of the rounds.
    pub rate: f64,
    /// The wall-clock time of a row over that of the first service: the median of the rounds'
    /// ratios.
    pub time: f64,
    /// CPU seconds of the client for a million rows of all rounds together.
    pub client: f64,
    /// CPU seconds of the server for a million rows of all rounds together: it is told in steps,
    /// which are large for a single round.
    pub server: f64,
    /// The server's CPU time for a row over that of the first service.
    pub server_times: f64,
}

impl Outcome {
    /// Makes one of a service's readings and those of the first service, round by round.
    ///
    /// See [`Outcome`] for an example.
    pub fn of(readings: &[Reading], first: &[Reading]) -> Self {
        let ratios = readings
            .iter()
            .zip(first)
            .map(|(reading, first)| first.rate() / reading.rate());
        let server = per_million(readings, |reading| reading.server);
        Self {
            rate: median(readings.iter().map(Reading::rate)),
            time: median(ratios),
            client: per_million(readings, |reading| reading.client),
            server,
            server_times: server / per_million(first, |reading| reading.server),
        }
    }
}

fn per_million(readings: &[Reading], cpu: impl Fn(&Reading) -> Duration) -> f64 {
    let rows: usize = readings.iter().map(|reading| reading.rows).sum();
    let cpu: Duration = readings.iter().map(cpu).sum();
    cpu.as_secs_f64() * 1e6 / rows as f64
}

/// Returns the two lines that stand above the table.
///
/// ```
/// let heads = floe_benches::calls::heads();
/// assert_eq!(heads.lines().count(), 2);
/// ```
pub fn heads() -> String {
    let above = ["", "in", "", "", "wall", "CPU s per M rows", "server"];
    let below = [
        "rows",
        "flight",
        "service",
        "M rows/s",
        "time",
        "client  server",
        "CPU",
    ];
    let mut text = String::new();
    for [rows, flight, service, rate, time, cpu, times] in [above, below] {
        let _ = writeln!(
            text,
            "{rows:>6} {flight:>6}  {service:<24}{rate:>9}{time:>9}{cpu:>18}{times:>9}"
        );
    }
    text
}

/// Returns one line of the table: a service at so many rows a batch and so many batches in flight.
///
/// ```
/// use floe_benches::calls::{Outcome, line};
///
/// let outcome =
///     Outcome { rate: 1.25e6, time: 7.0, client: 0.25, server: 0.75, server_times: 19.0 };
/// let line = line(1000, 4, "Flask", &outcome);
/// let cells: Vec<_> = line.split_whitespace().collect();
/// assert_eq!(cells, ["1000", "4", "Flask", "1.2500", "7.00x", "0.250", "0.750", "19.0x"]);
/// ```
pub fn line(rows: usize, in_flight: usize, service: &str, outcome: &Outcome) -> String {
    let Outcome {
        rate,
        time,
        client,
        server,
        server_times,
    } = outcome;
    // A turn that is shorter than a step of the server's clock says nothing about it.
    let times = if server_times.is_finite() {
        format!("{server_times:.1}x")
    } else {
        "?".to_owned()
    };
    let time = format!("{time:.2}x");
    format!(
        "{rows:>6} {in_flight:>6}  {service:<24}{:>9.4}{time:>9}{client:>10.3}{server:>8.3}\
         {times:>9}\n",
        rate / 1e6,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(rows: usize, wall: u64, server: u64) -> Reading {
        Reading {
            rows,
            wall: Duration::from_millis(wall),
            client: Duration::from_millis(1),
            server: Duration::from_millis(server),
        }
    }

    #[test]
    fn a_slow_round_does_not_change_the_ratio() {
        // In the second round everything takes ten times as long.
        let first = [
            reading(1000, 10, 5),
            reading(1000, 100, 5),
            reading(1000, 10, 5),
        ];
        let other = [
            reading(1000, 40, 50),
            reading(1000, 400, 50),
            reading(1000, 40, 50),
        ];
        let outcome = Outcome::of(&other, &first);
        assert!((outcome.time - 4.0).abs() < 1e-9, "{outcome:?}");
        assert!((outcome.server_times - 10.0).abs() < 1e-9, "{outcome:?}");
        assert_eq!(Outcome::of(&first, &first).time, 1.0);
    }

    #[test]
    fn a_server_without_a_tick_has_no_ratio() {
        let outcome = Outcome::of(&[reading(10, 1, 0)], &[reading(10, 1, 0)]);
        assert!(line(1, 1, "Floe", &outcome).ends_with("       ?\n"));
        let outcome = Outcome::of(&[reading(10, 1, 10)], &[reading(10, 1, 0)]);
        assert!(line(1, 1, "Floe", &outcome).ends_with("       ?\n"));
    }

    #[test]
    fn the_table_stands_in_columns() {
        let first = [reading(1_000_000, 100, 50)];
        let other = [reading(4_000, 1_000, 800)];
        let mut text = heads();
        text += &line(
            10_000,
            32,
            "Floe, Arrow columns",
            &Outcome::of(&first, &first),
        );
        text += &line(10_000, 32, "Flask, json", &Outcome::of(&other, &first));
        let expected = [
            "           in                                        wall  CPU s per M rows   server",
            "  rows flight  service                  M rows/s     time    client  server      CPU",
            " 10000     32  Floe, Arrow columns       10.0000    1.00x     0.001   0.050     1.0x",
            " 10000     32  Flask, json                0.0040 2500.00x     0.250 200.000  4000.0x",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }
}
