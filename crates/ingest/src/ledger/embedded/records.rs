//! Records of everything but files.

use floe_notify::clock::Timestamp;
use floe_notify::{MessageId, QueueId, StreamId};

use super::code::{Reader, put, put_bytes, put_optional};
use super::fault::Fault;
use crate::{Claim, Founding, ListingReason, ListingRequest, Marks, Poison, Role, VersionRule};

/// What changes with nearly every transaction, and what makes metrics cheap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) last_seq: u64,
    pub(super) batched: u64,
    pub(super) last_batch: u64,
    pub(super) last_epoch: u64,
    pub(super) last_listing: u64,
    pub(super) known: u64,
    pub(super) outstanding: u64,
    pub(super) outstanding_bytes: u64,
    pub(super) open_batches: u64,
    pub(super) listings: u64,
    pub(super) quarantined: u64,
    pub(super) horizon: Option<u64>,
    /// The last file that the sweep of forgetting looked at.
    pub(super) sweep: Option<Vec<u8>>,
}

impl Head {
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for number in [
            self.last_seq,
            self.batched,
            self.last_batch,
            self.last_epoch,
            self.last_listing,
            self.known,
            self.outstanding,
            self.outstanding_bytes,
            self.open_batches,
            self.listings,
            self.quarantined,
        ] {
            put(&mut out, number);
        }
        put_optional(&mut out, self.horizon);
        put_bytes(&mut out, self.sweep.as_deref().unwrap_or_default());
        out
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let mut reader = Reader(bytes);
        let mut next = || reader.number();
        let head = Self {
            last_seq: next()?,
            batched: next()?,
            last_batch: next()?,
            last_epoch: next()?,
            last_listing: next()?,
            known: next()?,
            outstanding: next()?,
            outstanding_bytes: next()?,
            open_batches: next()?,
            listings: next()?,
            quarantined: next()?,
            horizon: None,
            sweep: None,
        };
        let horizon = reader.optional()?;
        // No identity is empty.
        let sweep = Some(reader.bytes()?.to_vec()).filter(|id| !id.is_empty());
        Ok(Self {
            horizon,
            sweep,
            ..head
        })
    }
}

pub(super) fn write_founding(founding: &Founding, founded: Timestamp) -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes(&mut out, founding.stream.as_str().as_bytes());
    put_bytes(&mut out, founding.path.as_bytes());
    put_bytes(&mut out, founding.rule.as_str().as_bytes());
    for options in [&founding.options, &founding.defaults] {
        put(&mut out, options.len() as u64);
        for (name, value) in options {
            put_bytes(&mut out, name.as_bytes());
            put_bytes(&mut out, value.as_bytes());
        }
    }
    put(&mut out, founded.as_millis());
    out
}

pub(super) fn read_founding(bytes: &[u8]) -> Result<(Founding, Timestamp), Fault> {
    let mut reader = Reader(bytes);
    let stream = StreamId::parse(reader.text()?);
    let path = reader.text()?.to_owned();
    let rule = VersionRule::from_name(reader.text()?);
    let mut maps = [const { std::collections::BTreeMap::new() }; 2];
    for options in &mut maps {
        for _ in 0..reader.number()?.min(Founding::MAX_OPTIONS as u64) {
            let name = reader.text()?.to_owned();
            options.insert(name, reader.text()?.to_owned());
        }
    }
    let [options, defaults] = maps;
    let founding = Founding {
        stream: stream.map_err(|_| Fault::Damaged("the id of the stream is none"))?,
        path,
        rule: rule.ok_or(Fault::Damaged("the rule of versions is unknown"))?,
        options,
        defaults,
    };
    Ok((founding, Timestamp::from_millis(reader.number()?)))
}

pub(super) fn write_marks(marks: &Marks) -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes(&mut out, marks.path.as_bytes());
    for time in [
        marks.backfill_started,
        marks.backfill_finished,
        marks.last_poll,
    ] {
        put_optional(&mut out, time.map(Timestamp::as_millis));
    }
    let queue = marks.queue.as_ref().map(QueueId::as_str);
    put_bytes(&mut out, queue.unwrap_or_default().as_bytes());
    out.push(u8::from(marks.queue_is_lost));
    out
}

/// Completes marks that begin; the horizon is in the head.
pub(super) fn read_marks(bytes: &[u8], begun: Marks) -> Result<Marks, Fault> {
    let mut reader = Reader(bytes);
    let path = reader.text()?.to_owned();
    let mut time = || Ok::<_, Fault>(reader.optional()?.map(Timestamp::from_millis));
    let (backfill_started, backfill_finished, last_poll) = (time()?, time()?, time()?);
    let queue = match reader.text()? {
        "" => None,
        text => {
            let queue = QueueId::new(text);
            Some(queue.map_err(|_| Fault::Damaged("the id of a queue is none"))?)
        }
    };
    let queue_is_lost = reader.byte()? != 0;
    Ok(Marks {
        path,
        queue_is_lost,
        backfill_started,
        backfill_finished,
        last_poll,
        queue,
        ..begun
    })
}

/// Who holds a batch or a listing, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lease {
    pub(super) claim: Claim,
    pub(super) until: u64,
}

fn put_lease(out: &mut Vec<u8>, lease: Option<&Lease>) {
    let Some(lease) = lease else {
        return put_bytes(out, &[]);
    };
    put_bytes(out, lease.claim.role().as_str().as_bytes());
    put(out, lease.claim.epoch());
    put(out, lease.until);
}

fn take_lease(reader: &mut Reader<'_>) -> Result<Option<Lease>, Fault> {
    // No role is empty.
    let name = reader.text()?;
    if name.is_empty() {
        return Ok(None);
    }
    Ok(Some(Lease {
        claim: Claim::new(role(name)?, reader.number()?),
        until: reader.number()?,
    }))
}

pub(super) fn role(name: &str) -> Result<Role, Fault> {
    Role::new(name).map_err(|_| Fault::Damaged("the name of a role is none"))
}

/// A batch that is formed and not committed; found by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OpenBatch {
    pub(super) first: u64,
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) attempt: u32,
    pub(super) processed: u64,
    pub(super) lease: Option<Lease>,
}

impl OpenBatch {
    pub(super) const fn last(&self) -> u64 {
        self.first.saturating_add(self.files.saturating_sub(1))
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for number in [self.first, self.files, self.bytes, u64::from(self.attempt)] {
            put(&mut out, number);
        }
        put(&mut out, self.processed);
        put_lease(&mut out, self.lease.as_ref());
        out
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let mut reader = Reader(bytes);
        Ok(Self {
            first: reader.number()?,
            files: reader.number()?,
            bytes: reader.number()?,
            attempt: u32::try_from(reader.number()?).unwrap_or(u32::MAX),
            processed: reader.number()?,
            lease: take_lease(&mut reader)?,
        })
    }
}

/// A batch that is committed; found by the number of its first file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DoneBatch {
    pub(super) id: u64,
    pub(super) files: u64,
    /// So many of them are still known.
    pub(super) known: u64,
    pub(super) processed: u64,
    pub(super) committed: u64,
}

impl DoneBatch {
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, self.id);
        put(&mut out, self.files);
        put(&mut out, self.files.saturating_sub(self.known));
        put(&mut out, self.processed);
        super::code::put_difference(&mut out, self.committed, self.processed);
        out
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let mut reader = Reader(bytes);
        let (id, files) = (reader.number()?, reader.number()?);
        let known = files.saturating_sub(reader.number()?);
        let processed = reader.number()?;
        Ok(Self {
            id,
            files,
            known,
            processed,
            committed: reader.difference(processed)?,
        })
    }
}

/// A listing that is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) request: ListingRequest,
    pub(super) round: u64,
    pub(super) has_begun: bool,
    pub(super) after: Option<Vec<u8>>,
    pub(super) lease: Option<Lease>,
}

impl Due {
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_bytes(&mut out, self.request.reason.as_str().as_bytes());
        put_bytes(&mut out, &self.request.prefix);
        put(&mut out, self.round);
        out.push(u8::from(self.has_begun));
        out.push(u8::from(self.after.is_some()));
        put_bytes(&mut out, self.after.as_deref().unwrap_or_default());
        put_lease(&mut out, self.lease.as_ref());
        out
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let mut reader = Reader(bytes);
        let reason = ListingReason::from_name(reader.text()?);
        let request = ListingRequest {
            reason: reason.ok_or(Fault::Damaged("the reason of a listing is unknown"))?,
            prefix: reader.bytes()?.to_vec(),
        };
        let round = reader.number()?;
        let (has_begun, has_after) = (reader.byte()? != 0, reader.byte()? != 0);
        let after = Some(reader.bytes()?.to_vec()).filter(|_| has_after);
        Ok(Self {
            request,
            round,
            has_begun,
            after,
            lease: take_lease(&mut reader)?,
        })
    }
}

/// What finds a listing by what it is of.
pub(super) fn listing_key(request: &ListingRequest) -> Vec<u8> {
    let mut key = Vec::with_capacity(request.prefix.len() + 10);
    put_bytes(&mut key, request.reason.as_str().as_bytes());
    key.extend(&request.prefix);
    key
}

pub(super) fn write_poison(poison: &Poison) -> Vec<u8> {
    let mut out = Vec::with_capacity(poison.body.len() + 64);
    put_bytes(&mut out, &poison.body);
    put(&mut out, poison.length);
    put(&mut out, poison.attributes.len() as u64);
    for (name, value) in &poison.attributes {
        put_bytes(&mut out, name.as_bytes());
        put_bytes(&mut out, value.as_bytes());
    }
    put_bytes(&mut out, poison.reason.as_bytes());
    put_optional(&mut out, poison.receive_count.map(u64::from));
    put(&mut out, poison.at.as_millis());
    out
}

pub(super) fn read_poison(message: &str, bytes: &[u8]) -> Result<Poison, Fault> {
    let mut reader = Reader(bytes);
    let body = reader.bytes()?.to_vec();
    let length = reader.number()?;
    let mut attributes = std::collections::BTreeMap::new();
    // Each takes a byte of the record at least, so that the loop has an end.
    for _ in 0..reader.number()? {
        let name = reader.text()?.to_owned();
        attributes.insert(name, reader.text()?.to_owned());
    }
    let reason = reader.text()?.to_owned();
    let receive_count = reader
        .optional()?
        .map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    Ok(Poison {
        message: MessageId::new(message),
        body,
        length,
        attributes,
        reason,
        receive_count,
        at: Timestamp::from_millis(reader.number()?),
    })
}
