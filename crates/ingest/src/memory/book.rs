//! What the ledger in memory holds, and what concerns the stream as a whole.

use std::collections::BTreeMap;

use floe_notify::MessageId;
use floe_notify::clock::Timestamp;

use super::batches::Batches;
use super::files::Files;
use super::listings::Listings;
use crate::{
    Claim, Founded, Founding, LedgerError, MAX_BODY_KEPT, MAX_PAGE, MAX_QUARANTINED, MAX_ROLES,
    Mark, Marks, Metrics, Poison, Role, Seq,
};

/// The whole state. Every method checks everything before it changes anything.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    pub(super) marks: Option<Marks>,
    /// The newest claim of each role that was not given up.
    pub(super) roles: BTreeMap<Role, u64>,
    pub(super) epoch: u64,
    pub(super) files: Files,
    pub(super) batches: Batches,
    pub(super) listings: Listings,
    pub(super) quarantine: BTreeMap<MessageId, Poison>,
}

/// Who works on something, and until when.
#[derive(Clone, Debug)]
pub(super) struct Lease {
    pub(super) claim: Claim,
    pub(super) until: Timestamp,
}

impl Book {
    pub(super) fn found(
        &mut self,
        founding: &Founding,
        now: Timestamp,
    ) -> Result<Founded, LedgerError> {
        if let Some(marks) = &self.marks {
            let marks = marks.clone();
            return Ok(Founded {
                created: false,
                marks,
            });
        }
        check_founding(founding)?;
        let marks = Marks::new(founding.clone(), now);
        self.marks = Some(marks.clone());
        Ok(Founded {
            created: true,
            marks,
        })
    }

    pub(super) fn founded(&self) -> Result<&Marks, LedgerError> {
        self.marks.as_ref().ok_or(LedgerError::NotFounded)
    }

    /// Whether a claim is the newest of its role.
    pub(super) fn is_good(&self, claim: &Claim) -> bool {
        self.roles.get(claim.role()) == Some(&claim.epoch())
    }

    pub(super) fn check(&self, claim: &Claim) -> Result<(), LedgerError> {
        self.founded()?;
        if self.is_good(claim) {
            return Ok(());
        }
        Err(LedgerError::Fenced {
            role: claim.role().clone(),
        })
    }

    /// Whether nobody works on something now.
    pub(super) fn is_free(&self, lease: Option<&Lease>, now: Timestamp) -> bool {
        lease.is_none_or(|lease| lease.until <= now || !self.is_good(&lease.claim))
    }

    pub(super) fn join(&mut self, role: &Role) -> Result<Claim, LedgerError> {
        self.founded()?;
        if !self.roles.contains_key(role) {
            let remedy = "let consumers that stop leave, and give them names that come again";
            limit("roles", self.roles.len() + 1, MAX_ROLES, remedy)?;
        }
        self.epoch += 1;
        self.roles.insert(role.clone(), self.epoch);
        Ok(Claim::new(role.clone(), self.epoch))
    }

    pub(super) fn leave(&mut self, claim: &Claim) -> Result<(), LedgerError> {
        self.check(claim)?;
        self.roles.remove(claim.role());
        Ok(())
    }

    pub(super) fn mark(&mut self, claim: &Claim, mark: &Mark) -> Result<(), LedgerError> {
        self.check(claim)?;
        let Some(marks) = &mut self.marks else {
            return Err(LedgerError::NotFounded);
        };
        match mark {
            Mark::Polled { queue, at } => {
                let same = marks.queue.as_ref() == Some(queue);
                marks.last_poll = marks.last_poll.filter(|_| same).max(Some(*at));
                marks.queue = Some(queue.clone());
            }
            Mark::QueueLost => marks.queue_is_lost = true,
            Mark::QueueBack => marks.queue_is_lost = false,
            Mark::Moved { path } => {
                check_path(path)?;
                marks.path.clone_from(path);
            }
        }
        Ok(())
    }

    pub(super) fn quarantine(&mut self, claim: &Claim, poison: &Poison) -> Result<(), LedgerError> {
        self.check(claim)?;
        let remedy = "keep the beginning";
        limit(
            "bytes of one message",
            poison.body.len(),
            MAX_BODY_KEPT,
            remedy,
        )?;
        if !self.quarantine.contains_key(&poison.message) {
            let remedy = "look at them, mend what sends them, and discharge them";
            limit(
                "messages in quarantine",
                self.quarantine.len() + 1,
                MAX_QUARANTINED,
                remedy,
            )?;
        }
        self.quarantine
            .insert(poison.message.clone(), poison.clone());
        Ok(())
    }

    pub(super) fn quarantined(
        &self,
        after: Option<&MessageId>,
        limit: usize,
    ) -> Result<Vec<Poison>, LedgerError> {
        self.founded()?;
        let behind = self
            .quarantine
            .range((bound(after), std::ops::Bound::Unbounded));
        let page = behind.take(limit.min(MAX_PAGE));
        Ok(page.map(|(_, poison)| poison.clone()).collect())
    }

    pub(super) fn discharge(&mut self, message: &MessageId) -> Result<bool, LedgerError> {
        self.founded()?;
        Ok(self.quarantine.remove(message).is_some())
    }

    pub(super) fn metrics(&self) -> Result<Metrics, LedgerError> {
        self.founded()?;
        let (files, batches) = (&self.files, &self.batches);
        let seq = |number: u64| Some(Seq(number)).filter(|seq| seq.0 > 0);
        Ok(Metrics {
            files_outstanding: files.log.len() as u64,
            bytes_outstanding: files.bytes_outstanding,
            files_known: files.known.len() as u64,
            seq_num: seq(files.last),
            batched_up_to: seq(batches.batched),
            last_batch: Some(crate::BatchId(batches.last)).filter(|id| id.0 > 0),
            open_batches: batches.open.len() as u64,
            listings: self.listings.len() as u64,
            quarantined: self.quarantine.len() as u64,
        })
    }
}

/// Where a page begins that goes on behind something.
pub(super) fn bound<T>(after: Option<&T>) -> std::ops::Bound<&T> {
    after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded)
}

/// Refuses what is too much.
pub(super) fn limit(
    what: &'static str,
    count: usize,
    limit: usize,
    remedy: &'static str,
) -> Result<(), LedgerError> {
    if count <= limit {
        return Ok(());
    }
    let (count, limit) = (count as u64, limit as u64);
    Err(LedgerError::TooMany {
        what,
        count,
        limit,
        remedy,
    })
}

pub(super) fn check_founding(founding: &Founding) -> Result<(), LedgerError> {
    check_path(&founding.path)?;
    for options in [&founding.options, &founding.defaults] {
        let remedy = "give fewer options";
        limit("options", options.len(), Founding::MAX_OPTIONS, remedy)?;
        for (name, value) in options {
            let remedy = "give a shorter value";
            let bytes = name.len() + value.len();
            limit(
                "bytes of one option",
                bytes,
                Founding::MAX_OPTION_BYTES,
                remedy,
            )?;
        }
    }
    Ok(())
}

pub(super) fn check_path(path: &str) -> Result<(), LedgerError> {
    let remedy = "no store has such a path";
    limit(
        "bytes of a path",
        path.len(),
        floe_notify::MAX_KEY_BYTES,
        remedy,
    )
}
