//! The calls that change something.

use std::collections::HashMap;
use std::time::Duration;

use azure_storage_queue::models::QueueClientCreateOptions;
use floe_notify::clock::Clock;
use floe_notify::{Action, ResourceError, ResourceKind};

use super::set_up::SetUp;
use super::tear_down::Removal;
use super::{CloudFilesAzureResourceManager, LOOK_PAUSE, MAX_LOOKS, Request, queue_id};
use crate::failure::{Call, Failure};

/// The name of a deleted queue is free again after 30 seconds at the least ("Delete Queue"); what
/// is asked for sooner is asked for again after a pause.
const REUSE_PAUSE: Duration = Duration::from_secs(5);
const REUSE_TRIES: u32 = 24;

impl CloudFilesAzureResourceManager {
    /// Takes the steps; false when somebody else has created something in between, so that the
    /// plan no longer fits.
    pub(super) async fn apply(
        &self,
        clock: &dyn Clock,
        request: &Request<'_>,
        plan: &SetUp,
    ) -> Result<bool, ResourceError> {
        if plan.queue == Action::Create && !self.create_queue(clock, request).await? {
            return Ok(false);
        }
        if !plan.subscription.is_change() {
            return Ok(true);
        }
        let body = request.wanted.to_json();
        self.arm
            .put_subscription(clock, &request.wanted.id(), body)
            .await
    }

    /// False when somebody else has created it.
    async fn create_queue(
        &self,
        clock: &dyn Clock,
        request: &Request<'_>,
    ) -> Result<bool, ResourceError> {
        let resource = queue_id(request.account, &request.name);
        let client = self.data.queue(request.queues, &request.name);
        let client = client.map_err(|error| ResourceError::driver(&resource, error))?;
        let pairs = request.tags.pairs();
        let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let metadata: HashMap<String, String> = pairs.collect();
        for attempt in 1..=REUSE_TRIES {
            let options = QueueClientCreateOptions {
                metadata: Some(metadata.clone()),
                ..QueueClientCreateOptions::default()
            };
            let failure = match client.create(Some(options)).await {
                Ok(_) => return Ok(true),
                Err(error) => Failure::of(Call::WRITE_QUEUE, &error),
            };
            match failure.code.as_str() {
                "QueueAlreadyExists" => return Ok(false),
                "QueueBeingDeleted" if attempt < REUSE_TRIES => clock.sleep(REUSE_PAUSE).await,
                "QueueBeingDeleted" => {
                    return Err(ResourceError::Unavailable {
                        service: format!("queue {}", request.name),
                        reason: format!("it was deleted and is still going, {attempt} times"),
                    });
                }
                _ => return Err(failure.resource(&resource)),
            }
        }
        Ok(false)
    }

    /// Deletes one thing; what is not there any more is fine.
    pub(super) async fn delete(
        &self,
        clock: &dyn Clock,
        removal: &Removal<'_>,
    ) -> Result<(), ResourceError> {
        match removal.step.kind() {
            ResourceKind::Queue => self.delete_queue(removal).await,
            _ => self.delete_subscription(clock, removal).await,
        }
    }

    async fn delete_subscription(
        &self,
        clock: &dyn Clock,
        removal: &Removal<'_>,
    ) -> Result<(), ResourceError> {
        let scope = removal.view.account.id();
        let id = format!(
            "{scope}/providers/Microsoft.EventGrid/eventSubscriptions/{}",
            removal.name
        );
        for _ in 0..MAX_LOOKS {
            if self.arm.delete_subscription(clock, &id).await? {
                return Ok(());
            }
            clock.sleep(LOOK_PAUSE).await;
        }
        Err(ResourceError::LostRace {
            resource: removal.name.to_owned(),
            attempts: MAX_LOOKS,
        })
    }

    async fn delete_queue(&self, removal: &Removal<'_>) -> Result<(), ResourceError> {
        let resource = queue_id(&removal.view.account, removal.name);
        let client = self.data.queue(&removal.view.url, removal.name);
        let client = client.map_err(|error| ResourceError::driver(&resource, error))?;
        let Err(error) = client.delete(None).await else {
            return Ok(());
        };
        let failure = Failure::of(Call::DELETE_QUEUE, &error);
        if failure.is_gone() {
            return Ok(());
        }
        Err(failure.resource(&resource))
    }
}
