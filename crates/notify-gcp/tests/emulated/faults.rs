//! Services that are busy, and connections that break.

use std::time::Duration;

use floe_notify::contract::QueueBench;
use floe_notify::{EventQueue, Message, QueueError, ResourceError, ResourceManager, TearDown};

use crate::chain::stream;
use crate::peer::Now;
use crate::world::{Factory, builder};

/// More refusals than calls of a set-up have attempts together.
const MANY: u32 = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_service_is_asked_again_by_a_manager() {
    let Some(factory) = Factory::find().await else {
        return;
    };
    let world = factory.world().await;
    let path = format!("gs://{}/in/", world.bucket);
    let patient = builder(&world.doors, &world.project)
        .max_attempts(4)
        .path(path);
    let (manager, stream) = (patient.create().await.unwrap(), stream('1'));
    for status in [429, 503] {
        // The first call of a set-up is one of ours, that of a tear-down one of Google's client.
        world.doors.refuse_next(2, status);
        manager
            .set_up_notification_services(&Now, &stream, "busy")
            .await
            .unwrap();
        world.doors.refuse_next(2, status);
        let torn_down = manager.tear_down_notification_services(&Now, &stream, TearDown::Created);
        torn_down.await.unwrap();
    }
    world.doors.refuse_next(MANY, 503);
    let refused = manager
        .set_up_notification_services(&Now, &stream, "busy")
        .await;
    let error = refused.unwrap_err();
    assert!(
        matches!(error, ResourceError::Unavailable { .. }),
        "{error:?}"
    );
    assert!(error.is_retryable());
    world.doors.refuse_next(MANY, 429);
    let refused = manager.list_notification_services(&Now).await;
    let error = refused.unwrap_err();
    assert!(
        matches!(error, ResourceError::Unavailable { .. }),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_service_is_told_of_by_a_queue_and_nothing_is_lost() {
    let Some(factory) = Factory::find().await else {
        return;
    };
    let bench = factory.bench().await;
    let queue = bench.open();
    bench.send(&Now, Message::new("one")).await;
    bench.doors.refuse_next(1, 429);
    let refused = queue.receive(&Now, 1, Duration::from_secs(5)).await;
    assert!(
        matches!(refused, Err(QueueError::Throttled { .. })),
        "{refused:?}"
    );
    bench.doors.refuse_next(1, 503);
    let refused = queue.receive(&Now, 1, Duration::from_secs(5)).await;
    assert!(
        matches!(refused, Err(QueueError::Unavailable { .. })),
        "{refused:?}"
    );
    bench.doors.break_after(Some(0));
    let broken = queue.receive(&Now, 1, Duration::from_secs(5)).await;
    assert!(
        matches!(broken, Err(QueueError::Unavailable { .. })),
        "{broken:?}"
    );
    // The pull works, and the call that holds the message does not.
    bench.doors.break_after(Some(1));
    let broken = queue.receive(&Now, 1, Duration::from_secs(5)).await;
    assert!(
        matches!(broken, Err(QueueError::Unavailable { .. })),
        "{broken:?}"
    );
    bench.doors.break_after(None);
    let held = queue
        .receive(&Now, 1, Duration::from_secs(30))
        .await
        .unwrap();
    assert_eq!(held[0].message().body(), b"one", "it came again");
    let receipt = [held[0].receipt().clone()];
    bench.doors.refuse_next(2, 503);
    let done = queue.acknowledge(&receipt).await;
    assert!(matches!(done[..], [Ok(())]), "sent again: {done:?}");
    bench.doors.break_after(Some(0));
    let broken = queue.acknowledge(&receipt).await;
    assert!(
        broken[0].as_ref().is_err_and(QueueError::is_retryable),
        "{broken:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_when_nobody_waits_goes_to_who_does() {
    let Some(factory) = Factory::find().await else {
        return;
    };
    let bench = factory.bench().await;
    let (gave_up, waits) = (bench.open(), bench.open());
    let nothing = gave_up
        .receive(&Now, 10, Duration::from_millis(200))
        .await
        .unwrap();
    assert!(nothing.is_empty(), "{nothing:?}");
    bench.send(&Now, Message::new("one")).await;
    // The pull of the first one still goes on, and may well be handed the message.
    let held = waits
        .receive(&Now, 10, Duration::from_secs(5))
        .await
        .unwrap();
    assert_eq!(held.len(), 1, "sooner than by its deadline");
}
