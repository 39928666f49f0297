//! Cases about what is known.

use super::{Bench, LedgerFactory, at, file, good, id};
use crate::{Discovery, FileId, LedgerError, LogState, MAX_DISCOVERIES, Recorded, Seq, Sighting};

/// A file is new at its first sighting, whatever tells of it, in one call or in many.
pub async fn a_file_is_new_once(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let recorded = bench.put(&["a", "a"]).await;
    assert_eq!(
        recorded,
        [Recorded::New(Seq(1)), Recorded::Known],
        "also within one call"
    );
    let bench = bench.reopen().await;
    for sighting in [Sighting::Event, Sighting::Listing, Sighting::Existing] {
        let again = Discovery {
            sighting,
            size: 99,
            created: at(50),
            ..file("a", 1)
        };
        let recorded = bench.record(&[again], 60).await;
        assert_eq!(
            recorded,
            [Recorded::Known],
            "known once, known for ever: {sighting:?}"
        );
    }
    let rows = good(bench.open.rows(None, 10).await);
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].size, rows[0].discovered),
        (1, at(0)),
        "the first sighting is kept"
    );
}

/// Numbers are given in the order of discovery and without gaps, also after a restart.
pub async fn numbers_of_the_log_have_no_gaps(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    bench.put(&["a", "b"]).await;
    let bench = bench.reopen().await;
    let recorded = bench.put(&["b", "c", "a", "d"]).await;
    let expected = [Recorded::Known, Recorded::New(Seq(3)), Recorded::Known];
    assert_eq!(recorded[..3], expected, "numbers have no gaps");
    assert_eq!(recorded[3].seq(), Some(Seq(4)), "numbers have no gaps");
}

/// What was there before is known and not handed out, until an event tells of it.
pub async fn a_seen_file_is_new_when_an_event_tells_of_it(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let seen = |sighting| Discovery {
        sighting,
        ..file("a", 1)
    };
    assert_eq!(
        bench.record(&[seen(Sighting::Existing)], 0).await,
        [Recorded::Seen]
    );
    let bench = bench.reopen().await;
    for sighting in [Sighting::Existing, Sighting::Listing] {
        assert_eq!(bench.record(&[seen(sighting)], 1).await, [Recorded::Known]);
    }
    assert!(
        bench.next(10, 1).await.is_none(),
        "what was only seen is not handed out"
    );
    let rows = good(bench.open.rows(None, 10).await);
    assert_eq!((rows[0].seq, rows[0].state), (None, LogState::Seen));
    let event = bench.record(&[seen(Sighting::Event)], 2).await;
    assert_eq!(
        event,
        [Recorded::New(Seq(1))],
        "an event is about a later write"
    );
    assert_eq!(bench.expect(10, 2).await.files.len(), 1);
    assert_eq!(
        bench.record(&[seen(Sighting::Event)], 3).await,
        [Recorded::Known]
    );
}

/// With versions one path is as many files as it has versions.
pub async fn versions_of_one_path_are_different_files(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let version = |token| {
        let id = good(FileId::new(b"/in/a", Some(token)));
        Discovery { id, ..file("a", 1) }
    };
    let recorded = bench
        .record(&[version("1"), version("2"), version("1")], 0)
        .await;
    let expected = [
        Recorded::New(Seq(1)),
        Recorded::New(Seq(2)),
        Recorded::Known,
    ];
    assert_eq!(recorded, expected);
    let batch = bench.expect(10, 0).await;
    let tokens: Vec<_> = batch.files.iter().map(|file| file.id.token()).collect();
    assert_eq!(
        tokens,
        [Some("1"), Some("2")],
        "identities come back as they were"
    );
}

/// A call beyond the limit is refused as a whole.
pub async fn too_many_files_change_nothing(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let files = vec![file("a", 1); MAX_DISCOVERIES + 1];
    let answer = bench.open.record(&bench.claim, &files, None, at(0)).await;
    assert!(
        matches!(answer, Err(LedgerError::TooMany { .. })),
        "{answer:?}"
    );
    assert_eq!(
        good(bench.open.metrics().await).files_known,
        0,
        "refused means unchanged"
    );
    assert_eq!(
        bench.record(&files[1..], 0).await.len(),
        MAX_DISCOVERIES,
        "the limit is allowed"
    );
}

/// Pages of rows go through all files once, sorted by the bytes of their identities.
pub async fn rows_come_in_the_order_of_identities(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let names = ["b", "a/b", "a.b", "a", "ä", "c\u{0}d", "c"];
    bench.put(&names).await;
    let bench = bench.reopen().await;
    let mut sorted: Vec<_> = names.iter().map(|name| id(name)).collect();
    sorted.sort();
    let (mut found, mut after) = (Vec::new(), None::<FileId>);
    while found.len() <= names.len() {
        let page = good(bench.open.rows(after.as_ref(), 2).await);
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        found.extend(page.into_iter().map(|row| row.id));
    }
    assert_eq!(found, sorted, "each file once, in order");
}

/// A listing can be compared with what is known without a change.
pub async fn unknown_files_are_told_from_known_ones(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    bench.put(&["a", "c"]).await;
    let bench = bench.reopen().await;
    let ids = ["a", "b", "c", "d", "a"].map(id);
    let unknown = good(bench.open.unknown(&ids).await);
    assert_eq!(unknown, [false, true, false, true, false]);
    assert_eq!(
        good(bench.open.metrics().await).files_known,
        2,
        "asking changes nothing"
    );
}
