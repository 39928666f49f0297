//! Finding out what there is.

use std::collections::BTreeMap;

use azure_core::http::Url;
use azure_storage_queue::models::{
    ListQueuesIncludeType, QueueClientGetPropertiesResultHeaders as _,
    QueueServiceClientListQueuesOptions,
};
use floe_notify::azure::StorageAccount;
use floe_notify::clock::Clock;
use floe_notify::{Cloud, ResourceError, Tags, has_prefix};
use futures::TryStreamExt as _;

use super::view::View;
use super::{CloudFilesAzureResourceManager, Request, queue_id};
use crate::AzureError;
use crate::failure::{Call, Failure};

/// Most pages of the list of queues; a page holds up to 5,000 ("List Queues").
const MAX_PAGES: usize = 200;

impl CloudFilesAzureResourceManager {
    /// What matters to one set-up.
    pub(super) async fn look_for(
        &self,
        clock: &dyn Clock,
        request: &Request<'_>,
    ) -> Result<View, ResourceError> {
        let mut view = View {
            account: request.account.clone(),
            url: request.queues.clone(),
            queues: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
        };
        for one in self.arm.subscriptions(clock, &request.account.id()).await? {
            view.subscriptions.insert(one.name.clone(), one);
        }
        if let Some(tags) = self.queue_tags(request).await? {
            view.queues.insert(request.name.clone(), tags);
        }
        Ok(view)
    }

    /// Everything whose name begins as ours do, and what fills those queues.
    pub(super) async fn look_at_all(&self, clock: &dyn Clock) -> Result<Vec<View>, ResourceError> {
        let accounts = match &self.account {
            Some(one) => vec![one.clone()],
            None => self.accounts(clock).await?,
        };
        let mut views = Vec::with_capacity(accounts.len());
        for (account, url) in accounts {
            let mut view = View {
                queues: self.queues(&account, &url).await?,
                subscriptions: BTreeMap::new(),
                account,
                url,
            };
            let id = view.account.id();
            for one in self.arm.subscriptions(clock, &id).await? {
                let fills_ours = view.queues.keys().any(|queue| one.fills(&id, queue));
                if fills_ours || has_prefix(&one.name, &self.prefix) {
                    view.subscriptions.insert(one.name.clone(), one);
                }
            }
            views.push(view);
        }
        Ok(views)
    }

    /// The storage accounts of the resource group.
    async fn accounts(
        &self,
        clock: &dyn Clock,
    ) -> Result<Vec<(StorageAccount, Url)>, ResourceError> {
        let (subscription, group) = (&self.subscription, &self.resource_group);
        let group = format!("/subscriptions/{subscription}/resourceGroups/{group}");
        let found = self.arm.accounts(clock, &group).await?;
        let found = found.into_iter().map(|(name, url)| {
            let account = StorageAccount {
                subscription: self.subscription.clone(),
                resource_group: self.resource_group.clone(),
                name,
            };
            (account, url)
        });
        Ok(found.collect())
    }

    /// The tags of the queue; none when it is not there.
    async fn queue_tags(&self, request: &Request<'_>) -> Result<Option<Tags>, ResourceError> {
        let resource = queue_id(request.account, &request.name);
        let client = self.data.queue(request.queues, &request.name);
        let client = client.map_err(|error| ResourceError::driver(&resource, error))?;
        let failed = |error| Failure::of(Call::READ_QUEUE, &error);
        let found = match client.get_properties(None).await.map_err(failed) {
            Ok(found) => found,
            Err(failure) if failure.is_gone() => return Ok(None),
            Err(failure) => return Err(failure.resource(&resource)),
        };
        let metadata = found.metadata().map_err(failed);
        let metadata = metadata.map_err(|failure| failure.resource(&resource))?;
        Ok(Some(Tags::of_resource(Cloud::Azure, metadata)))
    }

    async fn queues(
        &self,
        account: &StorageAccount,
        url: &Url,
    ) -> Result<BTreeMap<String, Tags>, ResourceError> {
        let resource = account.id();
        let refused = |error| ResourceError::driver(&resource, error);
        let failed = |error| Failure::of(Call::READ_QUEUE, &error).resource(&resource);
        let options = QueueServiceClientListQueuesOptions {
            include: Some(vec![ListQueuesIncludeType::Metadata]),
            prefix: Some(format!("{}-", self.prefix)),
            ..QueueServiceClientListQueuesOptions::default()
        };
        let service = self.data.service(url).map_err(refused)?;
        let mut pages = service
            .list_queues(Some(options))
            .map_err(failed)?
            .into_pages();
        let mut queues = BTreeMap::new();
        for _ in 0..MAX_PAGES {
            let Some(page) = pages.try_next().await.map_err(failed)? else {
                return Ok(queues);
            };
            for one in page.into_model().map_err(failed)?.queue_items {
                let metadata = one.metadata.unwrap_or_default();
                let tags = Tags::of_resource(Cloud::Azure, metadata);
                queues.insert(one.name.unwrap_or_default(), tags);
            }
        }
        Err(refused(AzureError::TooMany {
            call: Call::READ_QUEUE.action.to_owned(),
            pages: MAX_PAGES,
        }))
    }
}
