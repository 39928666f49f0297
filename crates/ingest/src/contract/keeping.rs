//! Cases about messages that are kept aside, and about compaction.

use floe_notify::{Message, MessageId};

use super::{Bench, LedgerFactory, at, good, id};
use crate::{LedgerError, MAX_BODY_KEPT, Poison};

fn poison(name: &str, reason: &str) -> Poison {
    let message = Message::new(vec![0xFF, 0x00]).with_attribute("a", "ü");
    Poison::new(
        MessageId::new(name),
        &message,
        reason.to_owned(),
        Some(5),
        at(3),
    )
}

/// Quarantine keeps a message as it was, by its id, until it is discharged.
pub async fn poison_is_kept_and_discharged(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    for (name, reason) in [("c", "x"), ("a", "x"), ("b", "x"), ("b", "y")] {
        good(
            bench
                .open
                .quarantine(&bench.claim, &poison(name, reason))
                .await,
        );
    }
    let bench = bench.reopen().await;
    let all = good(bench.open.quarantined(None, 10).await);
    assert_eq!(
        all,
        [poison("a", "x"), poison("b", "y"), poison("c", "x")],
        "by id, as they were"
    );
    let behind = good(bench.open.quarantined(Some(&MessageId::new("a")), 1).await);
    assert_eq!(behind, [poison("b", "y")]);
    assert!(good(bench.open.discharge(&MessageId::new("b")).await));
    assert!(
        !good(bench.open.discharge(&MessageId::new("b")).await),
        "once"
    );
    assert_eq!(good(bench.open.metrics().await).quarantined, 2);
    let mut large = poison("d", "x");
    large.body = vec![0; MAX_BODY_KEPT + 1];
    let answer = bench.open.quarantine(&bench.claim, &large).await;
    assert!(
        matches!(answer, Err(LedgerError::TooMany { .. })),
        "{answer:?}"
    );
}

/// Compaction gives room back and nothing else.
pub async fn compaction_changes_no_answer(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    bench.put(&["a", "b", "c"]).await;
    let batch = bench.expect(2, 1).await;
    good(bench.open.commit(&bench.claim, batch.id, at(2)).await);
    let before = good(bench.open.rows(None, 10).await);
    let metrics = good(bench.open.metrics().await);
    good(bench.open.compact().await);
    let bench = bench.reopen().await;
    let after = good(bench.open.rows(None, 10).await);
    let strip = |rows: &[crate::StateRow]| -> Vec<_> {
        rows.iter()
            .map(|row| (row.id.clone(), row.seq, row.state, row.size))
            .collect()
    };
    assert_eq!(strip(&before), strip(&after));
    assert_eq!(good(bench.open.metrics().await), metrics);
    assert_eq!(
        good(bench.open.unknown(&[id("a"), id("x")]).await),
        [false, true]
    );
    assert_eq!(bench.expect(2, 3).await.files.len(), 1);
}
