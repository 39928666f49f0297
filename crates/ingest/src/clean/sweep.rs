//! One page of a sweep: each file that is due is asked about, and deleted, moved or left alone.

use futures::StreamExt as _;

use super::{CleanPolicy, Cleaned};
use crate::{
    AGE_MARGIN, ArchiveMode, FileId, FileSource, Home, Object, SourceError, StateRow, VersionRule,
};

/// Files that the store is busy with at a time.
const AT_ONCE: usize = 16;

/// What a page is cleaned with.
pub(super) struct Sweep<'a> {
    pub(super) policy: &'a CleanPolicy,
    pub(super) mode: ArchiveMode,
    pub(super) source: &'a dyn FileSource,
    pub(super) home: &'a Home,
    pub(super) rule: VersionRule,
}

/// What became of one file.
enum Fate {
    Away,
    Gone,
    Changed,
    Outside,
}

impl Sweep<'_> {
    /// Cleans files away that are due, counts, and returns those that are not there any more.
    pub(super) async fn clean(&self, due: Vec<StateRow>, cleaned: &mut Cleaned) -> Vec<FileId> {
        let each = futures::stream::iter(due).map(|row| async move {
            let fate = self.clean_one(&row).await;
            (row.id, fate)
        });
        let mut each = std::pin::pin!(each.buffered(AT_ONCE));
        let mut away = Vec::new();
        while let Some((id, fate)) = each.next().await {
            match fate {
                Ok(Fate::Away) => cleaned.count_away(self.mode),
                Ok(Fate::Gone) => cleaned.gone += 1,
                Ok(Fate::Changed) => {
                    cleaned.changed += 1;
                    continue;
                }
                Ok(Fate::Outside) => {
                    cleaned.outside += 1;
                    continue;
                }
                Err(failure) => {
                    cleaned.count_failed(failure);
                    continue;
                }
            }
            away.push(id);
        }
        away
    }

    async fn clean_one(&self, row: &StateRow) -> Result<Fate, SourceError> {
        let path = row.id.path();
        let key = self.home.key_of(&path);
        let Some(key) = key.filter(|key| self.policy.holds(key)) else {
            return Ok(Fate::Outside);
        };
        let moved = self.policy.moved(key);
        if self.mode == ArchiveMode::Move && moved.is_none() {
            return Ok(Fate::Outside);
        }
        let Some(object) = self.source.head(key).await? else {
            return Ok(Fate::Gone);
        };
        if !self.is_same(row, &object) {
            return Ok(Fate::Changed);
        }
        let was_there = match &moved {
            Some(moved) => self.source.rename(key, moved).await?,
            None => self.source.remove(key).await?,
        };
        Ok(if was_there { Fate::Away } else { Fate::Gone })
    }

    /// Whether what lies there now is what was committed.
    fn is_same(&self, row: &StateRow, object: &Object) -> bool {
        if let Some(token) = row.id.token() {
            return self.rule.token(&object.tags()).as_deref() == Some(token);
        }
        // A write is told with the time of the store, and discovered by the clock of this machine.
        // Of a local file both are of one clock.
        let margin = if object.stat.is_some() {
            std::time::Duration::ZERO
        } else {
            AGE_MARGIN
        };
        let is_old =
            object.modified <= row.created || object.modified.after(margin) <= row.discovered;
        object.size == row.size && is_old
    }
}
