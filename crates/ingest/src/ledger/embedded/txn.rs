//! One transaction that changes the ledger, and what concerns the stream as a whole.

use std::collections::BTreeMap;

use floe_notify::MessageId;
use floe_notify::clock::Timestamp;
use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};

use super::fault::Fault;
use super::known::Bytes;
use super::records::{self, Head, Lease};
use crate::{
    Claim, Founded, Founding, LedgerError, MAX_BODY_KEPT, MAX_QUARANTINED, MAX_ROLES, Mark, Marks,
    Poison, Role,
};

type Name = &'static str;

pub(super) const META: TableDefinition<'static, Name, Bytes> = TableDefinition::new("meta");
pub(super) const KNOWN: TableDefinition<'static, Bytes, Bytes> = TableDefinition::new("known");
const LOG: TableDefinition<'static, u64, Bytes> = TableDefinition::new("log");
pub(super) const OPEN: TableDefinition<'static, u64, Bytes> = TableDefinition::new("open");
pub(super) const DONE: TableDefinition<'static, u64, Bytes> = TableDefinition::new("done");
const LISTINGS: TableDefinition<'static, u64, Bytes> = TableDefinition::new("listings");
const REQUESTS: TableDefinition<'static, Bytes, u64> = TableDefinition::new("requests");
const ROLES: TableDefinition<'static, Name, u64> = TableDefinition::new("roles");
pub(super) const QUARANTINE: TableDefinition<'static, Name, Bytes> =
    TableDefinition::new("quarantine");

pub(super) const FORMAT: &str = "format";
pub(super) const HEAD: &str = "head";
pub(super) const FOUNDING: &str = "founding";
pub(super) const MARKS: &str = "marks";

/// A transaction. Methods check everything that they may refuse before they change anything, so
/// that one refused job of a group leaves the others as they are.
pub(super) struct Txn<'t> {
    pub(super) meta: Table<'t, Name, Bytes>,
    pub(super) known: Table<'t, Bytes, Bytes>,
    pub(super) log: Table<'t, u64, Bytes>,
    pub(super) open: Table<'t, u64, Bytes>,
    pub(super) done: Table<'t, u64, Bytes>,
    pub(super) listings: Table<'t, u64, Bytes>,
    pub(super) requests: Table<'t, Bytes, u64>,
    roles: Table<'t, Name, u64>,
    quarantine: Table<'t, Name, Bytes>,
    /// None as long as nothing is founded.
    head: Option<Head>,
    epochs: BTreeMap<Role, u64>,
    is_changed: bool,
}

impl<'t> Txn<'t> {
    pub(super) fn begin(write: &'t WriteTransaction) -> Result<Self, Fault> {
        let meta = write.open_table(META)?;
        let head = meta.get(HEAD)?.map(|bytes| Head::read(bytes.value()));
        let head = head.transpose()?;
        let roles = write.open_table(ROLES)?;
        let mut epochs = BTreeMap::new();
        for found in roles.iter()? {
            let (name, epoch) = found?;
            epochs.insert(records::role(name.value())?, epoch.value());
        }
        Ok(Self {
            meta,
            known: write.open_table(KNOWN)?,
            log: write.open_table(LOG)?,
            open: write.open_table(OPEN)?,
            done: write.open_table(DONE)?,
            listings: write.open_table(LISTINGS)?,
            requests: write.open_table(REQUESTS)?,
            roles,
            quarantine: write.open_table(QUARANTINE)?,
            head,
            epochs,
            is_changed: false,
        })
    }

    /// Writes what is kept in memory until the end; true when there is anything to commit.
    pub(super) fn end(mut self) -> Result<bool, Fault> {
        if let Some(head) = self.head.as_ref().filter(|_| self.is_changed) {
            self.meta.insert(HEAD, head.write().as_slice())?;
        }
        Ok(self.is_changed)
    }

    /// The counters as they are.
    pub(super) fn head(&self) -> Result<&Head, Fault> {
        Ok(self.head.as_ref().ok_or(LedgerError::NotFounded)?)
    }

    /// The counters, to be changed.
    pub(super) fn change(&mut self) -> Result<&mut Head, Fault> {
        self.is_changed = true;
        Ok(self.head.as_mut().ok_or(LedgerError::NotFounded)?)
    }

    pub(super) fn is_good(&self, claim: &Claim) -> bool {
        self.epochs.get(claim.role()) == Some(&claim.epoch())
    }

    pub(super) fn check(&self, claim: &Claim) -> Result<&Head, Fault> {
        let head = self.head()?;
        if !self.is_good(claim) {
            let role = claim.role().clone();
            return Err(LedgerError::Fenced { role }.into());
        }
        Ok(head)
    }

    /// Whether nobody works on something now.
    pub(super) fn is_free(&self, lease: Option<&Lease>, now: Timestamp) -> bool {
        lease.is_none_or(|lease| lease.until <= now.as_millis() || !self.is_good(&lease.claim))
    }

    pub(super) fn found(&mut self, founding: &Founding, now: Timestamp) -> Result<Founded, Fault> {
        if self.head.is_some() {
            return Ok(Founded {
                created: false,
                marks: self.marks()?,
            });
        }
        check_founding(founding)?;
        let marks = Marks::new(founding.clone(), now);
        let bytes = records::write_founding(founding, now);
        self.meta.insert(FOUNDING, bytes.as_slice())?;
        self.write_marks(&marks)?;
        self.head = Some(Head::default());
        self.is_changed = true;
        Ok(Founded {
            created: true,
            marks,
        })
    }

    pub(super) fn join(&mut self, role: &Role) -> Result<Claim, Fault> {
        self.head()?;
        if !self.epochs.contains_key(role) {
            let remedy = "let consumers that stop leave, and give them names that come again";
            limit("roles", self.epochs.len() + 1, MAX_ROLES, remedy)?;
        }
        let head = self.change()?;
        head.last_epoch += 1;
        let epoch = head.last_epoch;
        self.epochs.insert(role.clone(), epoch);
        self.roles.insert(role.as_str(), epoch)?;
        Ok(Claim::new(role.clone(), epoch))
    }

    pub(super) fn leave(&mut self, claim: &Claim) -> Result<(), Fault> {
        self.check(claim)?;
        self.change()?;
        self.epochs.remove(claim.role());
        self.roles.remove(claim.role().as_str())?;
        Ok(())
    }

    pub(super) fn mark(&mut self, claim: &Claim, mark: &Mark) -> Result<(), Fault> {
        self.check(claim)?;
        let before = self.marks()?;
        let mut marks = before.clone();
        match mark {
            Mark::Polled { queue, at } => {
                let is_same = marks.queue.as_ref() == Some(queue);
                marks.last_poll = marks.last_poll.filter(|_| is_same).max(Some(*at));
                marks.queue = Some(queue.clone());
            }
            Mark::QueueLost => marks.queue_is_lost = true,
            Mark::QueueBack => marks.queue_is_lost = false,
            Mark::Moved { path } => {
                check_path(path)?;
                marks.path.clone_from(path);
            }
        }
        if marks != before {
            self.write_marks(&marks)?;
        }
        Ok(())
    }

    pub(super) fn marks(&self) -> Result<Marks, Fault> {
        marks(&self.meta, self.head()?)
    }

    pub(super) fn write_marks(&mut self, marks: &Marks) -> Result<(), Fault> {
        self.is_changed = true;
        let bytes = records::write_marks(marks);
        self.meta.insert(MARKS, bytes.as_slice())?;
        Ok(())
    }

    pub(super) fn quarantine(&mut self, claim: &Claim, poison: &Poison) -> Result<(), Fault> {
        let count = self.check(claim)?.quarantined;
        let remedy = "keep the beginning";
        let bytes = poison.body.len();
        limit("bytes of one message", bytes, MAX_BODY_KEPT, remedy)?;
        let message = poison.message.as_str();
        if self.quarantine.get(message)?.is_none() {
            let remedy = "look at them, mend what sends them, and discharge them";
            let more = usize::try_from(count).unwrap_or(usize::MAX) + 1;
            limit("messages in quarantine", more, MAX_QUARANTINED, remedy)?;
            self.change()?.quarantined += 1;
        }
        self.change()?;
        let bytes = records::write_poison(poison);
        self.quarantine.insert(message, bytes.as_slice())?;
        Ok(())
    }

    pub(super) fn discharge(&mut self, message: &MessageId) -> Result<bool, Fault> {
        self.head()?;
        let was_there = self.quarantine.remove(message.as_str())?.is_some();
        if was_there {
            let head = self.change()?;
            head.quarantined = head.quarantined.saturating_sub(1);
        }
        Ok(was_there)
    }
}

/// Notes which version the records have.
pub(super) fn write_format(meta: &mut Table<'_, Name, Bytes>, format: u64) -> Result<(), Fault> {
    let mut bytes = Vec::new();
    super::code::put(&mut bytes, format);
    meta.insert(FORMAT, bytes.as_slice())?;
    Ok(())
}

/// Reads the marks of a stream that is founded.
pub(super) fn marks(meta: &impl ReadableTable<Name, Bytes>, head: &Head) -> Result<Marks, Fault> {
    let missing = Fault::Damaged("the marks are missing");
    let (Some(founding), Some(marks)) = (meta.get(FOUNDING)?, meta.get(MARKS)?) else {
        return Err(missing);
    };
    let (founding, founded) = records::read_founding(founding.value())?;
    let marks = records::read_marks(marks.value(), Marks::new(founding, founded))?;
    Ok(Marks {
        horizon: head.horizon.map(Timestamp::from_millis),
        ..marks
    })
}

pub(super) fn limit(
    what: &'static str,
    count: usize,
    limit: usize,
    remedy: &'static str,
) -> Result<(), LedgerError> {
    if count <= limit {
        return Ok(());
    }
    Err(LedgerError::TooMany {
        what,
        count: count as u64,
        limit: limit as u64,
        remedy,
    })
}

fn check_founding(founding: &Founding) -> Result<(), LedgerError> {
    check_path(&founding.path)?;
    for options in [&founding.options, &founding.defaults] {
        let most = Founding::MAX_OPTIONS;
        limit("options", options.len(), most, "give fewer options")?;
        for (name, value) in options {
            let bytes = name.len() + value.len();
            let most = Founding::MAX_OPTION_BYTES;
            limit("bytes of one option", bytes, most, "give a shorter value")?;
        }
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), LedgerError> {
    let most = floe_notify::MAX_KEY_BYTES;
    limit(
        "bytes of a path",
        path.len(),
        most,
        "no store has such a path",
    )
}
