//! What the engine does by itself: rolling back, scaling, suspending; and what it says before.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use floe_engine::rollout::Policy;
use floe_engine::runtime::NeedKind;
use floe_engine::runtime::clock::ManualClock;
use floe_engine::runtime::sim::{Script, SimulatedRuntime};
use floe_engine::{DataDir, Engine, EngineOptions, ServiceEvent, Table};

use crate::support::{POOL, code, create, eventually_open, execute, import_as, table};

const GOOD: &str = "/floe/public/repo/app:v1";
const OTHER: &str = "/floe/public/repo/app:v2";

/// An engine whose time is moved by hand, with two images.
struct World {
    dir: tempfile::TempDir,
    clock: Arc<ManualClock>,
    runtime: Arc<SimulatedRuntime>,
    engine: Engine,
}

impl World {
    fn new(upgrades: Policy) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::default());
        let runtime = Arc::new(SimulatedRuntime::new(Arc::clone(&clock)));
        let data = DataDir::hold(&dir.path().join("data")).unwrap();
        let options = EngineOptions {
            clock: clock.clone(),
            upgrades,
            ..EngineOptions::default()
        };
        let engine = Engine::open(data, runtime.clone(), options).unwrap();
        import_as(&engine, dir.path(), "one", "v1");
        import_as(&engine, dir.path(), "two", "v2");
        Self {
            dir,
            clock,
            runtime,
            engine,
        }
    }

    async fn run(&self, script: &str) -> Vec<String> {
        let answer = execute(&self.engine, script).await.unwrap();
        answer.warnings.iter().map(ToString::to_string).collect()
    }

    /// Lets time pass until the only service shows this.
    async fn until(&self, what: &str, shows: impl Fn(&Table) -> bool) -> Table {
        // Half a minute of the service's time each; no test needs a day.
        for _ in 0..2_880 {
            let shown = table(&self.engine, "SHOW SERVICES").await;
            if shows(&shown) {
                return shown;
            }
            self.ten_seconds().await;
        }
        let shown = table(&self.engine, "SHOW SERVICES").await;
        panic!("the service never was {what}: {shown:#?}");
    }

    async fn ten_seconds(&self) {
        self.clock.advance(Duration::from_secs(10));
        // A statement wakes whoever waits for time to pass: this clock wakes nobody.
        execute(&self.engine, "ALTER SERVICE s UNSET COMMENT")
            .await
            .unwrap();
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    async fn running(&self) -> Table {
        let is = |shown: &Table| {
            shown.cell(0, "status") == Some("RUNNING")
                && shown.cell(0, "is_upgrading") == Some("false")
                && shown.cell(0, "current_instances") == shown.cell(0, "target_instances")
        };
        self.until("running", is).await
    }
}

/// ALTER SERVICE … FROM the specification that `create` makes, changed.
fn alter(change: impl Fn(String) -> String) -> String {
    change(create("").replace("CREATE SERVICE s IN COMPUTE POOL p", "ALTER SERVICE s"))
}

fn event_words(events: &mut tokio::sync::broadcast::Receiver<ServiceEvent>) -> String {
    let mut words = Vec::new();
    while let Ok(event) = events.try_recv() {
        words.push(event.to_string());
    }
    words.join("\n")
}

#[tokio::test]
async fn an_upgrade_that_makes_no_progress_is_rolled_back_and_stays_so_after_a_restart() {
    let world = World::new(Policy {
        progress_deadline: Some(Duration::from_secs(600)),
        auto_rollback: true,
        ..Policy::default()
    });
    let never = Script {
        ready_after: None,
        ..Script::default()
    };
    world.runtime.script(OTHER, never);
    world
        .run(&format!(
            "{POOL}; {}",
            create("MIN_INSTANCES=2 MIN_READY_INSTANCES=1")
        ))
        .await;
    let digest = |shown: &Table| shown.cell(0, "spec_digest").unwrap().to_owned();
    let first = digest(&world.running().await);
    let mut events = world.engine.events();

    let probe = format!("{OTHER}\n    readinessProbe: {{port: 80, path: /}}");
    let broken = alter(|text| text.replace(GOOD, &probe));
    assert_eq!(world.run(&broken).await, [""; 0], "one of two stays ready");
    let upgrading = table(&world.engine, "SHOW SERVICES").await;
    assert_ne!(digest(&upgrading), first);
    assert_eq!(upgrading.cell(0, "is_upgrading"), Some("true"));
    world
        .until("rolled back", |shown| digest(shown) == first)
        .await;
    world.running().await;
    let told = event_words(&mut events);
    for words in [
        "the upgrade makes no progress",
        "rolling back from spec",
        "READY",
    ] {
        assert!(told.contains(words), "no '{words}' in:\n{told}");
    }

    // A number is never given twice, so the next revision is not taken for the failed one.
    let again = alter(|text| text.replace("name: main", "name: other"));
    world.run(&again).await;
    let third = digest(&world.running().await);
    world.engine.shutdown(Duration::ZERO).await;
    let data = world.dir.path().join("data");
    drop(world.engine);
    let engine = eventually_open(&data).await;
    assert_eq!(digest(&table(&engine, "SHOW SERVICES").await), third);
}

#[tokio::test]
async fn an_upgrade_that_would_not_keep_the_service_ready_is_refused_beforehand() {
    let world = World::new(Policy {
        keep_ready: true,
        ..Policy::default()
    });
    world
        .run(&format!("{POOL}; {}", create("MIN_INSTANCES=2")))
        .await;
    let before = world.running().await;
    let upgrade = alter(|text| text.replace(GOOD, OTHER));
    assert_eq!(code(&world.engine, &upgrade).await, "FLOE-ROLLOUT-0001");
    assert_eq!(table(&world.engine, "SHOW SERVICES").await, before);
    world.run("ALTER SERVICE s SET MIN_READY_INSTANCES=1").await;
    assert_eq!(world.run(&upgrade).await, [""; 0]);
}

#[tokio::test]
async fn what_an_upgrade_costs_is_said_when_it_begins() {
    let world = World::new(Policy::default());
    let with_endpoint = |text: String, endpoint: &str| {
        text.replace(
            "\n$$",
            &format!("\n  endpoints: [{{name: {endpoint}, port: 80}}]\n$$"),
        )
    };
    let service = with_endpoint(create(""), "web");
    let function = "CREATE FUNCTION f(a VARCHAR) RETURNS VARCHAR SERVICE=s ENDPOINT=web AS '/f'";
    world.run(&format!("{POOL}; {service}; {function}")).await;
    world.running().await;
    let warnings = world.run(&alter(|text| with_endpoint(text, "api"))).await;
    assert_eq!(
        warnings,
        [
            "warning[FLOE-ENGINE-0023]: upgrade of S: endpoint web goes away: F(VARCHAR) finds \
             fewer and fewer instances that have it, and fails once none has",
            "warning[FLOE-ENGINE-0023]: upgrade of S: the service will not be ready for a while: 0 \
             available, but MIN_READY_INSTANCES is 1; requests are denied meanwhile",
        ]
    );
}

#[tokio::test]
async fn an_upgrade_can_not_change_a_block_volume() {
    let world = World::new(Policy::default());
    world.runtime.honour(NeedKind::BlockVolume);
    let with_volume = |text: String, size: &str| {
        text.replace(
            "\n$$",
            &format!(
                "\n    volumeMounts: [{{name: data, mountPath: /data}}]\n  \
                 volumes: [{{name: data, source: block, size: {size}}}]\n$$"
            ),
        )
    };
    world
        .run(&format!("{POOL}; {}", with_volume(create(""), "10Gi")))
        .await;
    let before = world.running().await;
    let upgrade = alter(|text| with_volume(text, "20Gi"));
    assert_eq!(code(&world.engine, &upgrade).await, "FLOE-ENGINE-0024");
    assert_eq!(table(&world.engine, "SHOW SERVICES").await, before);
}

#[tokio::test]
async fn an_idle_service_is_suspended_and_its_resumption_counts_anew() {
    let world = World::new(Policy::default());
    world
        .run(&format!("{POOL}; {}", create("AUTO_SUSPEND_SECS=300")))
        .await;
    world.running().await;
    let mut events = world.engine.events();
    let shown = world
        .until("suspended", |shown| {
            shown.cell(0, "status") == Some("SUSPENDED")
        })
        .await;
    assert!(shown.cell(0, "suspended_on").is_some());
    let told = event_words(&mut events);
    assert!(
        told.contains("S: suspending: no query has used the service for"),
        "{told}"
    );
    world.run("ALTER SERVICE s RESUME").await;
    world.running().await;
    world
        .until("suspended again", |shown| {
            shown.cell(0, "status") == Some("SUSPENDED")
        })
        .await;
}

#[tokio::test]
async fn a_query_uses_its_service_until_its_rows_are_read_or_dropped() {
    let world = World::new(Policy::default());
    let service = create("AUTO_SUSPEND_SECS=300")
        .replace("\n$$", "\n  endpoints: [{name: web, port: 80}]\n$$");
    let function = "CREATE FUNCTION f(a VARCHAR) RETURNS VARCHAR SERVICE=s ENDPOINT=web AS '/f'";
    world.run(&format!("{POOL}; {service}; {function}")).await;
    world.running().await;
    let rows = execute(&world.engine, "SELECT f('a')").await.unwrap();
    for _ in 0..100 {
        world.ten_seconds().await;
    }
    let shown = table(&world.engine, "SHOW SERVICES").await;
    assert_eq!(shown.cell(0, "status"), Some("RUNNING"));
    drop(rows);
    let suspended = |shown: &Table| shown.cell(0, "status") == Some("SUSPENDED");
    world.until("suspended", suspended).await;
}

#[tokio::test]
async fn a_service_with_a_public_endpoint_is_never_suspended_for_being_idle() {
    let world = World::new(Policy::default());
    let public = |text: String| {
        text.replace(
            "\n$$",
            "\n  endpoints: [{name: web, port: 80, public: true}]\n$$",
        )
    };
    world.run(POOL).await;
    let wrong = public(create("AUTO_SUSPEND_SECS=300"));
    assert_eq!(code(&world.engine, &wrong).await, "FLOE-SCALE-0005");
    world.run(&create("AUTO_SUSPEND_SECS=300")).await;
    assert_eq!(code(&world.engine, &alter(public)).await, "FLOE-SCALE-0005");
    world.run("ALTER SERVICE s SET AUTO_SUSPEND_SECS=0").await;
    world.run(&alter(public)).await;
    let wrong = "ALTER SERVICE s SET AUTO_SUSPEND_SECS=300";
    assert_eq!(code(&world.engine, wrong).await, "FLOE-SCALE-0005");
}

#[tokio::test]
async fn a_busy_service_gets_more_instances_and_keeps_them_when_the_engine_restarts() {
    let world = World::new(Policy::default());
    let busy = Script {
        millicores: 950,
        ..Script::default()
    };
    world.runtime.script(GOOD, busy);
    let service = create("MIN_INSTANCES=1 MAX_INSTANCES=2").replace(
        "app:v1\n",
        "app:v1\n    resources: {requests: {cpu: 1, memory: 1Gi}}\n",
    );
    let large = POOL.replace("CPU_X64_XS", "CPU_X64_M");
    assert_eq!(world.run(&format!("{large}; {service}")).await, [""; 0]);
    world.running().await;
    let mut events = world.engine.events();
    world
        .until("larger", |shown| {
            shown.cell(0, "target_instances") == Some("2")
        })
        .await;
    world.running().await;
    let told = event_words(&mut events);
    assert!(
        told.contains("S: scaling from 1 to 2: CPU is at 95 % of the request"),
        "{told}"
    );

    world.engine.shutdown(Duration::ZERO).await;
    let data = world.dir.path().join("data");
    drop(world.engine);
    let engine = eventually_open(Path::new(&data)).await;
    let shown = table(&engine, "SHOW SERVICES").await;
    assert_eq!(shown.cell(0, "target_instances"), Some("2"));
    execute(&engine, "ALTER SERVICE s SET MAX_INSTANCES=1")
        .await
        .unwrap();
    let shown = table(&engine, "SHOW SERVICES").await;
    assert_eq!(shown.cell(0, "target_instances"), Some("1"));
}

#[tokio::test]
async fn bounds_between_which_nothing_scales_are_a_warning() {
    let world = World::new(Policy::default());
    let warnings = world
        .run(&format!(
            "{POOL}; {}",
            create("MIN_INSTANCES=1 MAX_INSTANCES=2")
        ))
        .await;
    assert!(
        warnings[0].starts_with("warning[FLOE-ENGINE-0025]"),
        "{warnings:?}"
    );
}
