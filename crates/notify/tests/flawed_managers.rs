//! The contract of resource managers catches what is wrong.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use expect_test::expect;
use floe_notify::clock::{Clock, ManualClock};
use floe_notify::contract::{
    MemoryFactory, ResourceFactory, ResourceWorld, resource_manager_contract,
};
use floe_notify::memory::MemoryCloud;
use floe_notify::{
    BoxFuture, EventQueue, NotificationService, Plan, QueueError, QueueId, ResourceError,
    ResourceManager, StreamId, TearDown,
};

/// One promise that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    PlansBySettingUp,
    PlansNothing,
    SetsUpAnew,
    SetsUpForNobody,
    AdoptsUnasked,
    TearsDownForOthers,
    TearsDownHalf,
    TearsDownWithoutLooking,
    ListsNothing,
    ListsWithoutStreams,
    TakesAnySuffix,
}

const FLAWS: [Flaw; 11] = [
    Flaw::PlansBySettingUp,
    Flaw::PlansNothing,
    Flaw::SetsUpAnew,
    Flaw::SetsUpForNobody,
    Flaw::AdoptsUnasked,
    Flaw::TearsDownForOthers,
    Flaw::TearsDownHalf,
    Flaw::TearsDownWithoutLooking,
    Flaw::ListsNothing,
    Flaw::ListsWithoutStreams,
    Flaw::TakesAnySuffix,
];

#[derive(Debug)]
struct Flawed {
    flaw: Flaw,
    cloud: MemoryCloud,
    manager: Arc<dyn ResourceManager>,
    set_ups: AtomicU32,
}

impl Flawed {
    async fn tear_down_all(&self, clock: &dyn Clock) -> Result<(), ResourceError> {
        for service in self.manager.list_notification_services(clock).await? {
            let Some(stream) = service.stream() else {
                continue;
            };
            let scope = TearDown::Created;
            self.manager
                .tear_down_notification_services(clock, stream, scope)
                .await?;
        }
        Ok(())
    }
}

impl ResourceManager for Flawed {
    fn name(&self) -> &str {
        "flawed"
    }

    fn plan_set_up<'a>(
        &'a self,
        clock: &'a dyn Clock,
        stream: &'a StreamId,
        suffix: &'a str,
    ) -> BoxFuture<'a, Result<Plan, ResourceError>> {
        Box::pin(async move {
            match self.flaw {
                Flaw::PlansNothing => return Ok(Plan::default()),
                Flaw::PlansBySettingUp => {
                    let manager = &self.manager;
                    manager
                        .set_up_notification_services(clock, stream, suffix)
                        .await?;
                }
                _ => {}
            }
            self.manager.plan_set_up(clock, stream, suffix).await
        })
    }

    fn set_up_notification_services<'a>(
        &'a self,
        clock: &'a dyn Clock,
        stream: &'a StreamId,
        suffix: &'a str,
    ) -> BoxFuture<'a, Result<QueueId, ResourceError>> {
        Box::pin(async move {
            let mut suffix = suffix.to_owned();
            let mut stream = stream.clone();
            let number = self.set_ups.fetch_add(1, Ordering::Relaxed);
            match self.flaw {
                Flaw::SetsUpAnew if !suffix.is_empty() => suffix = format!("{suffix}-{number}"),
                Flaw::SetsUpForNobody => {
                    stream = StreamId::parse("00000000-0000-0000-0000-000000000000")?;
                }
                Flaw::TakesAnySuffix => suffix = suffix.replace(' ', "-"),
                _ => {}
            }
            self.manager
                .set_up_notification_services(clock, &stream, &suffix)
                .await
        })
    }

    fn list_notification_services<'a>(
        &'a self,
        clock: &'a dyn Clock,
    ) -> BoxFuture<'a, Result<Vec<NotificationService>, ResourceError>> {
        Box::pin(async move {
            let list = self.manager.list_notification_services(clock).await?;
            Ok(match self.flaw {
                Flaw::ListsNothing => Vec::new(),
                Flaw::ListsWithoutStreams => {
                    let blank =
                        |service: &NotificationService| NotificationService::new(service.origin());
                    list.iter().map(blank).collect()
                }
                _ => list,
            })
        })
    }

    fn plan_tear_down<'a>(
        &'a self,
        clock: &'a dyn Clock,
        stream: &'a StreamId,
        scope: TearDown,
    ) -> BoxFuture<'a, Result<Plan, ResourceError>> {
        let adopts = self.flaw == Flaw::AdoptsUnasked;
        let scope = if adopts { TearDown::Adopt } else { scope };
        self.manager.plan_tear_down(clock, stream, scope)
    }

    fn tear_down_notification_services<'a>(
        &'a self,
        clock: &'a dyn Clock,
        stream: &'a StreamId,
        scope: TearDown,
    ) -> BoxFuture<'a, Result<Plan, ResourceError>> {
        let adopts = self.flaw == Flaw::AdoptsUnasked;
        let scope = if adopts { TearDown::Adopt } else { scope };
        Box::pin(async move {
            match self.flaw {
                Flaw::TearsDownForOthers => self.tear_down_all(clock).await?,
                Flaw::TearsDownHalf => {
                    let plan = self.manager.plan_tear_down(clock, stream, scope).await?;
                    self.cloud.fail_after(Some(6));
                    let manager = &self.manager;
                    let result = manager.tear_down_notification_services(clock, stream, scope);
                    let result = result.await;
                    self.cloud.fail_after(None);
                    return Ok(result.unwrap_or(plan));
                }
                Flaw::TearsDownWithoutLooking => {
                    let manager = &self.manager;
                    let done = manager.tear_down_notification_services(clock, stream, scope);
                    done.await?;
                    return Ok(Plan::default());
                }
                _ => {}
            }
            self.manager
                .tear_down_notification_services(clock, stream, scope)
                .await
        })
    }
}

struct World {
    flaw: Flaw,
    cloud: MemoryCloud,
}

impl World {
    fn flawed(&self, manager: Arc<dyn ResourceManager>) -> Arc<dyn ResourceManager> {
        Arc::new(Flawed {
            flaw: self.flaw,
            cloud: self.cloud.clone(),
            manager,
            set_ups: AtomicU32::new(0),
        })
    }
}

impl ResourceWorld for World {
    fn manager(&self) -> Arc<dyn ResourceManager> {
        self.flawed(ResourceWorld::manager(&self.cloud))
    }

    fn lister(&self) -> Arc<dyn ResourceManager> {
        self.flawed(ResourceWorld::lister(&self.cloud))
    }

    fn everything(&self) -> BoxFuture<'_, BTreeMap<String, String>> {
        ResourceWorld::everything(&self.cloud)
    }

    fn put_original<'a>(&'a self, suffix: &'a str, stream: &'a StreamId) -> BoxFuture<'a, bool> {
        ResourceWorld::put_original(&self.cloud, suffix, stream)
    }

    fn open<'a>(
        &'a self,
        queue: &'a QueueId,
    ) -> BoxFuture<'a, Result<Arc<dyn EventQueue>, QueueError>> {
        self.cloud.open(queue)
    }

    fn land<'a>(&'a self, clock: &'a dyn Clock, name: &'a str) -> BoxFuture<'a, ()> {
        self.cloud.land(clock, name)
    }

    fn fail_after(&self, calls: Option<u32>) -> bool {
        ResourceWorld::fail_after(&self.cloud, calls)
    }
}

impl ResourceFactory for Flaw {
    fn world(&self) -> BoxFuture<'_, Box<dyn ResourceWorld>> {
        Box::pin(async {
            let cloud = MemoryCloud::default();
            cloud.put_foreign_entry("landing", "thumbnails", "images/", "lambda:resize");
            Box::new(World { flaw: *self, cloud }) as Box<dyn ResourceWorld>
        })
    }
}

/// What the contract says against the resource manager.
fn verdict(factory: &dyn ResourceFactory) -> Option<String> {
    let clock = ManualClock::default();
    let run = || clock.run(resource_manager_contract(factory, &clock));
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Some(())) => None,
        Ok(None) => Some("it waits for ever".to_owned()),
        Err(panic) => {
            let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
            Some(said.unwrap_or_else(|| panic.downcast_ref::<String>().unwrap().clone()))
        }
    }
}

#[test]
fn every_broken_promise_is_caught() {
    assert_eq!(verdict(&MemoryFactory), None);
    assert_eq!(verdict(&Flaw::None), None);
    let mut verdicts = String::new();
    for flaw in FLAWS {
        let said = verdict(&flaw).unwrap_or_else(|| "PASSES".to_owned());
        // Up to the values that were found, which only people want to read.
        let said = said.split(['{', '[', '\n']).next().unwrap_or_default();
        verdicts.push_str(&format!("{flaw:?}: {}\n", said.trim_end()));
    }
    expect![[r#"
        PlansBySettingUp: assertion `left == right` failed: a plan changes nothing
        PlansNothing: the plan names the queue:
        SetsUpAnew: all is there now: reuse topic databricks-auto-ingest-contract-0
        SetsUpForNobody: assertion `left == right` failed
        AdoptsUnasked: it was not created here: delete notification landing/databricks-auto-ingest-contract
        TearsDownForOthers: assertion `left == right` failed: the plan tells what a tear-down does
        TearsDownHalf: assertion `left == right` failed: a tear-down undoes a set-up
        TearsDownWithoutLooking: assertion `left == right` failed: the plan tells what a tear-down does
        ListsNothing: assertion `left == right` failed: one service:
        ListsWithoutStreams: assertion `left == right` failed
        TakesAnySuffix: 'a suffix' is refused: None
    "#]].assert_eq(&verdicts);
}
