//! Credentials and endpoints, as clients.

use std::fmt;
use std::sync::Arc;

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions, Url};
use azure_storage_queue::{
    QueueClient, QueueClientOptions, QueueServiceClient, QueueServiceClientOptions,
};

use crate::AzureError;
use crate::arm::Arm;
use crate::cloud::AzureCloud;
use crate::connection_string::{ConnectionString, Key};
use crate::credential::{Chain, Principal};
use crate::shared_key::SharedKeyPolicy;

/// How often one request is sent again that fails on its way.
const MAX_RETRIES: u32 = 3;

/// What a builder was told of how to reach Azure.
#[derive(Clone, Default)]
pub(crate) struct Reach {
    pub(crate) cloud: AzureCloud,
    pub(crate) management: Option<Url>,
    pub(crate) authority: Option<Url>,
    pub(crate) queues: Option<Url>,
    pub(crate) client: Option<ClientOptions>,
    pub(crate) credential: Option<Arc<dyn TokenCredential>>,
    pub(crate) principal: Option<Principal>,
    pub(crate) string: Option<ConnectionString>,
}

impl Reach {
    fn options(&self) -> ClientOptions {
        self.client.clone().unwrap_or_else(|| ClientOptions {
            retry: RetryOptions::exponential(ExponentialRetryOptions {
                max_retries: MAX_RETRIES,
                ..ExponentialRetryOptions::default()
            }),
            ..ClientOptions::default()
        })
    }

    fn token_credential(&self) -> Result<Arc<dyn TokenCredential>, AzureError> {
        if let Some(credential) = &self.credential {
            return Ok(Arc::clone(credential));
        }
        let mut options = self.options();
        options.cloud = Some(Arc::new(self.configuration()));
        match &self.principal {
            None => Ok(Arc::new(Chain::default_chain(&options))),
            Some(principal) => {
                let made = principal.credential(options);
                made.map_err(|error| AzureError::Credentials {
                    call: "a token".to_owned(),
                    reason: error.to_string(),
                })
            }
        }
    }

    fn configuration(&self) -> CloudConfiguration {
        let Some(url) = &self.authority else {
            return match self.cloud {
                AzureCloud::Public => CloudConfiguration::AzurePublic,
                AzureCloud::China => CloudConfiguration::AzureChina,
                AzureCloud::Government => CloudConfiguration::AzureGovernment,
            };
        };
        let mut custom = CustomConfiguration::default();
        url.as_str().clone_into(&mut custom.authority_host);
        custom.into()
    }

    pub(crate) fn management(&self) -> Result<Arm, AzureError> {
        let url = self.cloud.management_url();
        // The token is for the cloud, whatever stands in front of it.
        let scope = format!("{url}/.default");
        let base = match &self.management {
            Some(url) => url.clone(),
            None => parsed(url)?,
        };
        let credential = self.token_credential()?;
        Ok(Arm::new(base, &scope, credential, self.options()))
    }

    pub(crate) fn data(&self) -> Result<Data, AzureError> {
        let mut options = self.options();
        let mut signature = None;
        let mut credential = None;
        match self
            .string
            .as_ref()
            .map(|string| (&string.account, &string.key))
        {
            Some((account, Key::Shared(key))) => {
                let policy = SharedKeyPolicy::new(account, key.reveal())?;
                options.per_try_policies.push(Arc::new(policy));
            }
            Some((_, Key::Signature(text))) => signature = Some(text.clone()),
            None => credential = Some(self.token_credential()?),
        }
        Ok(Data {
            options,
            credential,
            signature,
        })
    }
}

/// How queues are reached.
#[derive(Clone)]
pub(crate) struct Data {
    options: ClientOptions,
    credential: Option<Arc<dyn TokenCredential>>,
    signature: Option<floe_notify::Secret>,
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match (&self.credential, &self.signature) {
            (Some(_), _) => "token",
            (None, Some(_)) => "shared access signature",
            (None, None) => "account key",
        };
        f.debug_tuple("Data").field(&how).finish()
    }
}

impl Data {
    pub(crate) fn service(&self, queues: &Url) -> Result<QueueServiceClient, AzureError> {
        let options = QueueServiceClientOptions {
            client_options: self.options.clone(),
            ..QueueServiceClientOptions::default()
        };
        let url = self.signed(queues.clone());
        QueueServiceClient::new(url, self.credential.clone(), Some(options))
            .map_err(|error| refused(&error))
    }

    pub(crate) fn queue(&self, queues: &Url, name: &str) -> Result<QueueClient, AzureError> {
        let options = QueueClientOptions {
            client_options: self.options.clone(),
            ..QueueClientOptions::default()
        };
        let mut url = queues.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(name);
        }
        QueueClient::new(self.signed(url), self.credential.clone(), Some(options))
            .map_err(|error| refused(&error))
    }

    fn signed(&self, mut url: Url) -> Url {
        if let Some(signature) = &self.signature {
            url.set_query(Some(signature.reveal()));
        }
        url
    }
}

pub(crate) fn parsed(url: &str) -> Result<Url, AzureError> {
    Url::parse(url).map_err(|error| AzureError::Refused {
        call: url.to_owned(),
        answer: "no URL".to_owned(),
        reason: error.to_string(),
    })
}

fn refused(error: &azure_core::Error) -> AzureError {
    AzureError::Refused {
        call: "the queues of the storage account".to_owned(),
        answer: "no request was sent".to_owned(),
        reason: error.to_string(),
    }
}
