//! How often and how long a change of a bucket's configuration is tried.

use std::time::Duration;

use crate::failure::{Failure, Kind};

/// How often a configuration is written, and overwritten by others, before set-up gives up.
pub(super) const MAX_WRITES: u32 = 5;
/// How often S3 is asked to accept a topic that it could not validate: a policy that was written
/// just now takes some seconds to act. The pauses double: 1, 2, 4, 8 and 16 seconds.
const MAX_VALIDATIONS: u32 = 6;
/// How often a write is sent that S3 is too busy for, or that has no answer: as often as the
/// client sends other requests.
const MAX_TROUBLES: u32 = 4;
const PAUSE: Duration = Duration::from_secs(1);
/// How long after a write was seen it is looked at again: longer than anybody takes who read the
/// configuration before it and has yet to write.
const SETTLED: Duration = Duration::from_secs(1);
/// Each write, refusal and trouble is followed by a read, and each write by a second one.
pub(super) const MAX_READS: u32 = 2 * MAX_WRITES + MAX_VALIDATIONS + MAX_TROUBLES + 1;

#[derive(Debug, Default)]
pub(super) struct Patience {
    writes: u32,
    validations: u32,
    troubles: u32,
    /// Something was sent since the change was seen last.
    is_open: bool,
}

impl Patience {
    /// The change is there: how long until it has to be looked at again, if it has.
    pub(super) const fn seen(&mut self) -> Option<Duration> {
        let was_open = self.is_open;
        self.is_open = false;
        if was_open { Some(SETTLED) } else { None }
    }

    /// Whether one more write is to be sent; it is counted.
    pub(super) const fn may_write(&mut self) -> bool {
        let may = self.writes < MAX_WRITES;
        self.writes += 1;
        self.is_open = true;
        may
    }

    /// How long to wait before the configuration is read and written again; none to give up.
    pub(super) fn pause(&mut self, failure: &Failure) -> Option<Duration> {
        // Nothing was overwritten.
        self.writes -= 1;
        let (count, most) = if failure.is_not_validated() {
            (&mut self.validations, MAX_VALIDATIONS)
        } else if matches!(failure.kind, Kind::Throttled | Kind::Unavailable) {
            (&mut self.troubles, MAX_TROUBLES)
        } else {
            return None;
        };
        *count += 1;
        (*count < most).then(|| PAUSE * 2_u32.pow(*count - 1))
    }
}
