//! Reading the log when a queue is opened, and mending it.

use super::super::log::{HEADER_BYTES, MAGIC, Place};
use super::super::record::{NoRecord, Record, Stored};
use super::Store;
use crate::LocalError;
use crate::queue::Recovery;

/// Bytes of what looks like a record that are looked at in one damaged segment: enough for a
/// segment that is full of heads of smallest records.
const SEARCHED_BYTES: usize = 256 << 20;
/// The magic without the version.
const FAMILY: usize = 15;

pub(super) fn recover(store: &mut Store) -> Result<Recovery, LocalError> {
    let mut recovery = Recovery::default();
    let mut damaged = Vec::new();
    let numbers = store.log.numbers();
    for number in &numbers {
        let bytes = store.log.read_whole(*number)?;
        let is_newest = Some(number) == numbers.last();
        if is_newest && bytes.len() < HEADER_BYTES {
            // The process ended while it began the segment: nothing was in it yet.
            store.log.delete(*number)?;
            continue;
        }
        let read = read_segment(store, *number, &bytes)?;
        match read {
            Read::Whole => {}
            Read::Torn(at) if is_newest => {
                recovery.torn_bytes = (bytes.len() - at) as u64;
                store.log.cut(*number, at as u64)?;
            }
            Read::Torn(at) => {
                recovery.damaged_bytes += (bytes.len() - at) as u64;
                damaged.push(*number);
            }
            Read::Damaged(lost) => {
                recovery.damaged_bytes += lost as u64;
                damaged.push(*number);
            }
        }
    }
    if !damaged.is_empty() {
        rebuild(store, &numbers, &damaged)?;
    }
    recovery.messages = store.len();
    Ok(recovery)
}

enum Read {
    Whole,
    /// From here on there is no whole record any more.
    Torn(usize),
    /// So many bytes between whole records are none.
    Damaged(usize),
}

fn read_segment(store: &mut Store, number: u64, bytes: &[u8]) -> Result<Read, LocalError> {
    let mut lost = 0;
    let mut at = match bytes.split_at_checked(HEADER_BYTES) {
        Some((header, _)) if header.starts_with(&MAGIC) => {
            let next = header.last_chunk().copied().map(u64::from_le_bytes);
            store.next = store.next.max(next.unwrap_or_default());
            HEADER_BYTES
        }
        Some((header, _)) if header.get(..FAMILY) == MAGIC.get(..FAMILY) => {
            return Err(LocalError::NotAQueue {
                path: store.folder.clone(),
                reason: "a newer version wrote it; use that version".to_owned(),
            });
        }
        _ => 0,
    };
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        match Record::read(rest) {
            Ok((record, length)) => {
                let place = Place {
                    segment: number,
                    at: at as u64,
                    bytes: u32::try_from(length).unwrap_or(u32::MAX),
                };
                apply(store, record, place);
                at += length;
            }
            Err(NoRecord::End) if lost == 0 => return Ok(Read::Whole),
            Err(NoRecord::End) => return Ok(Read::Damaged(lost)),
            Err(NoRecord::Bad) => match Record::find(rest, SEARCHED_BYTES) {
                Some(skipped) => {
                    lost += skipped;
                    at += skipped;
                }
                None if lost == 0 => return Ok(Read::Torn(at)),
                None => return Ok(Read::Damaged(lost + rest.len())),
            },
        }
    }
}

fn apply(store: &mut Store, record: Record, place: Place) {
    match record {
        Record::Message(Stored {
            number, received, ..
        }) => store.point(number, place, received),
        Record::Received(list) => {
            for (number, count) in list {
                store.next = store.next.max(number + 1);
                if let Some(entry) = store.entries.get_mut(&number) {
                    entry.received = entry.received.max(count);
                }
            }
        }
        Record::Done(list) => {
            for number in list {
                store.next = store.next.max(number + 1);
                store.forget(number);
            }
        }
    }
}

/// Copies what can be read into new segments, and takes the old ones out of the log.
fn rebuild(store: &mut Store, old: &[u64], damaged: &[u64]) -> Result<(), LocalError> {
    store.log.begin(store.next)?;
    for number in old {
        store.move_away(*number)?;
    }
    store.log.sync()?;
    // From the oldest on, so that no acknowledgement goes before its message.
    for number in old {
        store.needed.remove(number);
        if damaged.contains(number) {
            store.log.set_aside(*number)?;
        } else {
            store.log.delete(*number)?;
        }
    }
    Ok(())
}
