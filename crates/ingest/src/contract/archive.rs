//! Cases about files that were cleaned away.

use super::age::OLD;
use super::{Bench, LedgerFactory, at, broken, file, good, id, is_fenced};
use crate::{
    ArchiveMode, ArchiveOutcome, Discovery, LedgerError, MAX_DISCOVERIES, Recorded, Sighting,
    StateRow,
};

impl Bench {
    async fn archive(&self, names: &[&str], mode: ArchiveMode, now: u64) -> Vec<ArchiveOutcome> {
        let ids: Vec<_> = names.iter().map(|name| id(name)).collect();
        good(self.open.archive(&self.claim, &ids, mode, at(now)).await)
    }

    async fn row(&self, name: &str) -> StateRow {
        let rows = good(self.open.rows(None, 100).await);
        let row = rows.into_iter().find(|row| row.id == id(name));
        row.unwrap_or_else(|| broken("what is archived stays known"))
    }
}

/// A committed file is marked once; the first mark is the one, and stays.
pub async fn committed_files_are_archived_once(factory: &dyn LedgerFactory) {
    use ArchiveOutcome::{Already, Now};
    let bench = Bench::new(factory).await;
    bench.put(&["c", "a", "b", "d"]).await;
    bench.commit_all(1).await;
    assert_eq!(bench.row("a").await.archived, None);
    let outcomes = bench.archive(&["b", "a", "b"], ArchiveMode::Move, 5).await;
    assert_eq!(outcomes, [Now, Now, Already], "in order, once in one call");
    let bench = bench.reopen().await;
    let outcomes = bench.archive(&["d", "a"], ArchiveMode::Delete, 6).await;
    assert_eq!(outcomes, [Now, Already], "once in two calls");
    let bench = bench.reopen().await;
    let moved = Some((at(5), ArchiveMode::Move));
    assert_eq!(bench.row("a").await.archived, moved, "the first mark stays");
    assert_eq!(bench.row("b").await.archived, moved);
    assert_eq!(bench.row("c").await.archived, None, "nobody else's mark");
    let deleted = Some((at(6), ArchiveMode::Delete));
    assert_eq!(bench.row("d").await.archived, deleted);
    good(bench.open.compact().await);
    let bench = bench.reopen().await;
    assert_eq!(bench.row("a").await.archived, moved, "compacting keeps it");
}

/// What waits, is under way, was only seen or is not known gets no mark, and is told.
pub async fn what_is_not_committed_is_never_archived(factory: &dyn LedgerFactory) {
    use ArchiveOutcome::{NotCommitted, Now, Unknown};
    let bench = Bench::new(factory).await;
    bench.put(&["committed"]).await;
    bench.commit_all(1).await;
    bench.put(&["open", "waiting"]).await;
    let batch = bench.expect(1, 2).await;
    let seen = Discovery {
        sighting: Sighting::Existing,
        ..file("seen", 1)
    };
    bench.record(&[seen], 2).await;
    let names = ["open", "committed", "nobody", "waiting", "seen"];
    let outcomes = bench.archive(&names, ArchiveMode::Delete, 3).await;
    let expected = [NotCommitted, Now, Unknown, NotCommitted, NotCommitted];
    assert_eq!(outcomes, expected, "each in its place");
    let bench = bench.reopen().await;
    for name in ["open", "waiting", "seen"] {
        assert_eq!(bench.row(name).await.archived, None, "{name}");
    }
    assert_eq!(
        bench.expect(1, 99).await.files,
        batch.files,
        "it comes again as it was"
    );
    let many = vec![id("open"); MAX_DISCOVERIES + 1];
    let mode = ArchiveMode::Move;
    let refused = bench.open.archive(&bench.claim, &many, mode, at(4)).await;
    let too_many = matches!(refused, Err(LedgerError::TooMany { .. }));
    assert!(too_many, "{refused:?}");
    let older = bench.claim.clone();
    bench.join("one").await;
    is_fenced(bench.open.archive(&older, &[id("open")], mode, at(4)).await);
}

/// A mark is a mark: the file stays known, and everything else of it stays as it was.
pub async fn archiving_changes_nothing_else(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let names: Vec<_> = (0..500).map(|number| format!("{number:04}")).collect();
    let files: Vec<_> = names.iter().map(|name| file(name, 7)).collect();
    bench.record(&files, 0).await;
    bench.commit_all(1).await;
    let before = good(bench.open.rows(None, 1_000).await);
    let metrics = good(bench.open.metrics().await);
    let some: Vec<_> = names.iter().step_by(3).map(String::as_str).collect();
    let outcomes = bench.archive(&some, ArchiveMode::Delete, 9).await;
    assert_eq!(outcomes, vec![ArchiveOutcome::Now; some.len()]);
    let bench = bench.reopen().await;
    let mark = Some((at(9), ArchiveMode::Delete));
    let expected = before.into_iter().enumerate().map(|(place, row)| StateRow {
        archived: mark.filter(|_| place % 3 == 0),
        ..row
    });
    let after = good(bench.open.rows(None, 1_000).await);
    assert!(after.into_iter().eq(expected), "nothing but the marks");
    assert_eq!(good(bench.open.metrics().await), metrics);
    let again = bench.put(&["0000", "0001"]).await;
    assert_eq!(again, [Recorded::Known; 2], "known once, known for ever");
}

/// A mark makes a file live neither longer nor shorter.
pub async fn archived_files_are_forgotten_by_age(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    bench.put(&["a", "b", "c"]).await;
    bench.commit_all(1).await;
    bench.archive(&["a", "c"], ArchiveMode::Move, OLD - 1).await;
    assert_eq!(bench.sweep(OLD - 1).await, 0, "not before its time");
    assert_eq!(bench.sweep(OLD).await, 3);
    let bench = bench.reopen().await;
    assert_eq!(good(bench.open.metrics().await).files_known, 0);
    let outcomes = bench.archive(&["a"], ArchiveMode::Move, OLD).await;
    assert_eq!(outcomes, [ArchiveOutcome::Unknown]);
}
