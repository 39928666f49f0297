//! Streams over clouds, played by emulators.
//!
//! `cargo xtask test` starts them and says where they are. A test whose emulator is not there says
//! so and passes; `FLOE_REQUIRE_PEERS=1` makes that a failure.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use floe_peers::chaos::Chaos;
use floe_peers::peer;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_share_a_bucket_and_are_killed_lose_nothing_and_repeat_nothing() {
    let Some(emulator) = peer("ministack", "FLOE_MINISTACK_URL") else {
        return;
    };
    let chaos = Chaos::new(env!("CARGO_BIN_EXE_floe"), 150, 8, 3);
    let report = chaos.in_a_bucket(&emulator).await.unwrap();
    assert!(report.is_exact() && report.ended.is_empty(), "{report}");
    assert_eq!(report.landed, 150);
}
