//! How much processor time process groups have used.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use crate::sys;

/// The processor time of every process group of the machine, with that of children that ended and
/// were waited for by a member. Blocks: it reads `/proc`.
pub(crate) fn times_of_groups() -> HashMap<i32, Duration> {
    let mut ticks: HashMap<i32, u64> = HashMap::new();
    let Ok(processes) = fs::read_dir("/proc") else {
        return HashMap::new();
    };
    for process in processes.flatten() {
        // A process may end between being listed and being read.
        let stat = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        if let Some((group, used)) = group_and_ticks(&stat) {
            let sum = ticks.entry(group).or_default();
            *sum = sum.saturating_add(used);
        }
    }
    let second = sys::ticks_per_second();
    let time = |ticks: u64| Duration::from_millis(ticks.saturating_mul(1000) / second);
    ticks
        .into_iter()
        .map(|(group, used)| (group, time(used)))
        .collect()
}

/// The process group and `utime + stime + cutime + cstime` of `/proc/PID/stat` (proc(5)); the name
/// before them may hold anything.
fn group_and_ticks(stat: &str) -> Option<(i32, u64)> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    // Behind the name come the state (field 3), the parent (4) and the group (5).
    let group = fields.nth(2)?.parse().ok()?;
    // Eight fields lie between the group and the times (14 to 17).
    let times = fields.skip(8).take(4);
    // The times of children are signed in the format, and never negative.
    let sum = times.filter_map(|time| time.parse::<u64>().ok()).sum();
    Some((group, sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_and_the_times_are_read_behind_any_name() {
        let stat = "42 (a) b (c) S 1 40 42 0 -1 4194304 100 0 0 0 7 5 3 2 20 0 1 0 99";
        assert_eq!(group_and_ticks(stat), Some((40, 17)));
        assert_eq!(group_and_ticks("42 (cut"), None);
        assert_eq!(group_and_ticks(""), None);
    }

    #[test]
    fn what_this_process_burns_is_counted() {
        let own = rustix::process::getpgrp().as_raw_pid();
        let used = || times_of_groups().get(&own).copied().unwrap_or_default();
        let before = used();
        let mut number = 1_u64;
        // A tick is at least a thousandth of a second on every kernel, and usually ten.
        while used() <= before {
            for _ in 0..1_000_000 {
                number = std::hint::black_box(number.wrapping_mul(3));
            }
        }
    }
}
