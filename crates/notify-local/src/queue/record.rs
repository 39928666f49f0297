//! The records of the log, byte for byte.
//!
//! ```text
//! magic "FLQ1" | length u32 | CRC-32 u32 | kind u8 | payload
//! ```
//!
//! Numbers are little-endian. The length counts kind and payload; the checksum covers the length,
//! the kind and the payload.

use std::collections::BTreeMap;

use floe_notify::Message;
use floe_notify::clock::Timestamp;

use super::MAX_MESSAGE_BYTES;

const MAGIC: [u8; 4] = *b"FLQ1";
/// Magic, length and checksum.
const HEAD: usize = 12;
/// Most bytes of kind and payload: a largest message with its fixed fields, with room to spare.
const MAX_RECORD: usize = MAX_MESSAGE_BYTES + 1_024;
/// Most numbers in one record of receives or acknowledgements.
pub(super) const MAX_LIST: usize = 1_024;

const MESSAGE: u8 = 1;
const RECEIVED: u8 = 2;
const DONE: u8 = 3;

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// A message is in the queue; a later copy replaces an earlier one.
    Message(Stored),
    /// Messages were handed out, so often by now.
    Received(Vec<(u64, u32)>),
    /// Messages are acknowledged.
    Done(Vec<u64>),
}

/// A message as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) number: u64,
    pub(super) sent: Timestamp,
    pub(super) received: u32,
    pub(super) message: Message,
}

/// Why there is no record at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoRecord {
    /// The bytes end.
    End,
    /// The bytes are none, or end in the middle.
    Bad,
}

/// Bytes that a message takes in the log, without the fixed part.
pub(super) fn size_of(message: &Message) -> usize {
    let attributes = message.attributes().iter();
    let attributes: usize = attributes.map(|(k, v)| k.len() + v.len() + 8).sum();
    message.body().len() + attributes
}

impl Record {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let mut payload = Vec::new();
        match self {
            Self::Message(stored) => write_message(&mut payload, stored),
            Self::Received(list) => {
                payload.push(RECEIVED);
                for (number, count) in list {
                    payload.extend(number.to_le_bytes());
                    payload.extend(count.to_le_bytes());
                }
            }
            Self::Done(list) => {
                payload.push(DONE);
                list.iter()
                    .for_each(|number| payload.extend(number.to_le_bytes()));
            }
        }
        // Messages and lists are bounded far below 4 GiB before they come here.
        let length = u32::try_from(payload.len())
            .unwrap_or(u32::MAX)
            .to_le_bytes();
        out.extend(MAGIC);
        out.extend(length);
        out.extend(crc(&[&length, &payload]).to_le_bytes());
        out.extend(payload);
    }

    /// Reads the record that begins here; also how many bytes it takes.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, usize), NoRecord> {
        if bytes.is_empty() {
            return Err(NoRecord::End);
        }
        read(bytes).ok_or(NoRecord::Bad)
    }

    /// Where the next whole record begins after a bad one, if there is any.
    ///
    /// The bytes that are looked at are bounded by `budget`, because what looks like the head of
    /// a record may be anything.
    pub(super) fn find(bytes: &[u8], mut budget: usize) -> Option<usize> {
        let mut at = 1;
        while let Some(found) = bytes.get(at..).and_then(next_magic) {
            at += found;
            let rest = bytes.get(at..)?;
            budget = budget.checked_sub(length(rest).unwrap_or_default())?;
            if read(rest).is_some() {
                return Some(at);
            }
            at += 1;
        }
        None
    }
}

fn next_magic(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(MAGIC.len())
        .position(|window| window == MAGIC)
}

/// The length in the head, when it is one.
fn length(bytes: &[u8]) -> Option<usize> {
    if !bytes.starts_with(&MAGIC) {
        return None;
    }
    let length = u32::from_le_bytes(*bytes.get(4..)?.first_chunk()?);
    let length = usize::try_from(length).ok()?;
    (1..=MAX_RECORD).contains(&length).then_some(length)
}

fn read(bytes: &[u8]) -> Option<(Record, usize)> {
    let end = HEAD + length(bytes)?;
    let payload = bytes.get(HEAD..end)?;
    let checksum = u32::from_le_bytes(*bytes.get(8..)?.first_chunk()?);
    if crc(&[bytes.get(4..8)?, payload]) != checksum {
        return None;
    }
    let (kind, mut rest) = payload.split_first()?;
    let record = match *kind {
        MESSAGE => Record::Message(read_message(&mut rest)?),
        RECEIVED => {
            let mut list = Vec::new();
            while !rest.is_empty() {
                list.push((u64::from_le_bytes(take(&mut rest)?), u32_of(&mut rest)?));
            }
            Record::Received(list)
        }
        DONE => {
            let mut list = Vec::new();
            while !rest.is_empty() {
                list.push(u64::from_le_bytes(take(&mut rest)?));
            }
            Record::Done(list)
        }
        _ => return None,
    };
    Some((record, end))
}

fn write_message(out: &mut Vec<u8>, stored: &Stored) {
    out.push(MESSAGE);
    out.extend(stored.number.to_le_bytes());
    out.extend(stored.sent.as_millis().to_le_bytes());
    out.extend(stored.received.to_le_bytes());
    let attributes = stored.message.attributes();
    write_u32(out, attributes.len());
    for (key, value) in attributes {
        for text in [key, value] {
            write_u32(out, text.len());
            out.extend(text.as_bytes());
        }
    }
    out.extend(stored.message.body());
}

fn write_u32(out: &mut Vec<u8>, number: usize) {
    out.extend(u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

fn read_message(rest: &mut &[u8]) -> Option<Stored> {
    let number = u64::from_le_bytes(take(rest)?);
    let sent = Timestamp::from_millis(u64::from_le_bytes(take(rest)?));
    let received = u32_of(rest)?;
    let mut attributes = BTreeMap::new();
    for _ in 0..u32_of(rest)? {
        let key = text(rest)?;
        attributes.insert(key, text(rest)?);
    }
    let message = attributes
        .into_iter()
        .fold(Message::new(*rest), |message, (key, value)| {
            message.with_attribute(key, value)
        });
    Some(Stored {
        number,
        sent,
        received,
        message,
    })
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(u32_of(rest)?).ok()?;
    let (bytes, left) = rest.split_at_checked(length)?;
    *rest = left;
    String::from_utf8(bytes.to_vec()).ok()
}

fn u32_of(rest: &mut &[u8]) -> Option<u32> {
    take(rest).map(u32::from_le_bytes)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(*bytes)
}

/// CRC-32 as gzip and zip have it (RFC 1952, section 8).
fn crc(parts: &[&[u8]]) -> u32 {
    let bytes = parts.iter().copied().flatten();
    !bytes.fold(!0, |sum: u32, byte| {
        let [low, ..] = sum.to_le_bytes();
        // The index is a byte, and the table has 256 entries.
        let entry = TABLE.get(usize::from(low ^ byte)).copied();
        entry.unwrap_or_default() ^ (sum >> 8)
    })
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut sum = index as u32;
        let mut bit = 0;
        while bit < 8 {
            // The reversed polynomial of RFC 1952.
            sum = if sum & 1 == 1 {
                0xEDB8_8320 ^ (sum >> 1)
            } else {
                sum >> 1
            };
            bit += 1;
        }
        table[index] = sum;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests;
