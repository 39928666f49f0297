//! Actions that concern the stream as a whole: its founding, roles, marks and quarantine.

use floe_notify::clock::Timestamp;
use floe_notify::{MessageId, QueueId, StreamId};

use super::super::book::{check_founding, check_path};
use super::wire::{Damage, Reader, put, put_bytes, put_claim, put_optional, put_texts, put_time};
use super::{Action, Replica};
use crate::{
    Claim, Founded, Founding, LedgerError, MAX_BODY_KEPT, MAX_QUARANTINED, MAX_ROLES, Mark, Poison,
    Role, VersionRule,
};

/// [`crate::Ledger::found`].
pub(crate) struct Found {
    pub(crate) founding: Founding,
    pub(crate) now: Timestamp,
}

impl Action for Found {
    type Answer = Founded;
    const TAG: u8 = 1;

    fn changes(&self, replica: &Replica) -> bool {
        replica.0.marks.is_none() && check_founding(&self.founding).is_ok()
    }

    fn apply(&self, replica: &mut Replica) -> Result<Founded, LedgerError> {
        replica.0.found(&self.founding, self.now)
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_founding(out, &self.founding);
        put_time(out, self.now);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            founding: read_founding(reader)?,
            now: reader.time()?,
        })
    }
}

pub(super) fn put_founding(out: &mut Vec<u8>, founding: &Founding) {
    put_bytes(out, founding.stream.as_str().as_bytes());
    put_bytes(out, founding.path.as_bytes());
    put_bytes(out, founding.rule.as_str().as_bytes());
    put_texts(out, &founding.options);
    put_texts(out, &founding.defaults);
}

pub(super) fn read_founding(reader: &mut Reader<'_>) -> Result<Founding, Damage> {
    let stream = StreamId::parse(reader.text()?);
    let path = reader.text()?.to_owned();
    let rule = VersionRule::from_name(reader.text()?);
    Ok(Founding {
        stream: stream.map_err(|_| Damage("the stream has no id"))?,
        path,
        rule: rule.ok_or(Damage("the rule of versions is unknown"))?,
        options: reader.texts()?,
        defaults: reader.texts()?,
    })
}

/// [`crate::Ledger::join`].
pub(crate) struct Join {
    pub(crate) role: Role,
}

impl Action for Join {
    type Answer = Claim;
    const TAG: u8 = 2;

    fn changes(&self, replica: &Replica) -> bool {
        let (marks, roles) = (&replica.0.marks, &replica.0.roles);
        marks.is_some() && (roles.len() < MAX_ROLES || roles.contains_key(&self.role))
    }

    fn apply(&self, replica: &mut Replica) -> Result<Claim, LedgerError> {
        replica.0.join(&self.role)
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(out, self.role.as_str().as_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let role = reader.role()?;
        Ok(Self { role })
    }
}

/// [`crate::Ledger::leave`].
pub(crate) struct Leave {
    pub(crate) claim: Claim,
}

impl Action for Leave {
    type Answer = ();
    const TAG: u8 = 3;

    fn changes(&self, replica: &Replica) -> bool {
        replica.0.check(&self.claim).is_ok()
    }

    fn apply(&self, replica: &mut Replica) -> Result<(), LedgerError> {
        replica.0.leave(&self.claim)
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_claim(out, &self.claim);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let claim = reader.claim()?;
        Ok(Self { claim })
    }
}

/// [`crate::Ledger::mark`].
pub(crate) struct MarkIt {
    pub(crate) claim: Claim,
    pub(crate) mark: Mark,
}

impl Action for MarkIt {
    type Answer = ();
    const TAG: u8 = 4;

    fn changes(&self, replica: &Replica) -> bool {
        let marks = replica.0.check(&self.claim).and(replica.0.founded());
        marks.is_ok_and(|marks| match &self.mark {
            Mark::Polled { queue, at } => {
                marks.queue.as_ref() != Some(queue) || marks.last_poll < Some(*at)
            }
            Mark::QueueLost => !marks.queue_is_lost,
            Mark::QueueBack => marks.queue_is_lost,
            Mark::Moved { path } => *path != marks.path && check_path(path).is_ok(),
        })
    }

    fn apply(&self, replica: &mut Replica) -> Result<(), LedgerError> {
        replica.0.mark(&self.claim, &self.mark)
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_claim(out, &self.claim);
        match &self.mark {
            Mark::Polled { queue, at } => {
                out.push(0);
                put_bytes(out, queue.as_str().as_bytes());
                put_time(out, *at);
            }
            Mark::QueueLost => out.push(1),
            Mark::QueueBack => out.push(2),
            Mark::Moved { path } => {
                out.push(3);
                put_bytes(out, path.as_bytes());
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let claim = reader.claim()?;
        let mark = match reader.byte()? {
            0 => Mark::Polled {
                queue: read_queue(reader)?,
                at: reader.time()?,
            },
            1 => Mark::QueueLost,
            2 => Mark::QueueBack,
            3 => Mark::Moved {
                path: reader.text()?.to_owned(),
            },
            _ => return Err(Damage("a mark is of an unknown kind")),
        };
        Ok(Self { claim, mark })
    }
}

pub(super) fn read_queue(reader: &mut Reader<'_>) -> Result<QueueId, Damage> {
    QueueId::new(reader.text()?).map_err(|_| Damage("a queue has no name that is allowed"))
}

/// [`crate::Ledger::quarantine`].
pub(crate) struct Quarantine {
    pub(crate) claim: Claim,
    pub(crate) poison: Poison,
}

impl Action for Quarantine {
    type Answer = ();
    const TAG: u8 = 5;

    fn changes(&self, replica: &Replica) -> bool {
        let kept = &replica.0.quarantine;
        let there = kept.get(&self.poison.message);
        replica.0.check(&self.claim).is_ok()
            && self.poison.body.len() <= MAX_BODY_KEPT
            && there.map_or(kept.len() < MAX_QUARANTINED, |there| *there != self.poison)
    }

    fn apply(&self, replica: &mut Replica) -> Result<(), LedgerError> {
        replica.0.quarantine(&self.claim, &self.poison)
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_claim(out, &self.claim);
        put_poison(out, &self.poison);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            claim: reader.claim()?,
            poison: read_poison(reader)?,
        })
    }
}

pub(super) fn put_poison(out: &mut Vec<u8>, poison: &Poison) {
    put_bytes(out, poison.message.as_str().as_bytes());
    put_bytes(out, &poison.body);
    put(out, poison.length);
    put_texts(out, &poison.attributes);
    put_bytes(out, poison.reason.as_bytes());
    put_optional(out, poison.receive_count.map(u64::from));
    put_time(out, poison.at);
}

pub(super) fn read_poison(reader: &mut Reader<'_>) -> Result<Poison, Damage> {
    let message = MessageId::new(reader.text()?);
    let body = reader.bytes()?.to_vec();
    let length = reader.number()?;
    let attributes = reader.texts()?;
    let reason = reader.text()?.to_owned();
    let count = reader.optional()?.map(u32::try_from).transpose();
    Ok(Poison {
        message,
        body,
        length,
        attributes,
        reason,
        receive_count: count.map_err(|_| Damage("a count is too large"))?,
        at: reader.time()?,
    })
}

/// [`crate::Ledger::discharge`].
pub(crate) struct Discharge {
    pub(crate) message: MessageId,
}

impl Action for Discharge {
    type Answer = bool;
    const TAG: u8 = 6;

    fn changes(&self, replica: &Replica) -> bool {
        replica.0.quarantine.contains_key(&self.message)
    }

    fn apply(&self, replica: &mut Replica) -> Result<bool, LedgerError> {
        replica.0.discharge(&self.message)
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(out, self.message.as_str().as_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let message = MessageId::new(reader.text()?);
        Ok(Self { message })
    }
}
