//! Who asks, when no option says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::ClientOptions;
use azure_core::{Error, Result};
use azure_identity::{
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};

/// A service principal, by options or by environment.
#[derive(Clone)]
pub(crate) struct Principal {
    pub(crate) tenant: String,
    pub(crate) client: String,
    pub(crate) secret: floe_notify::Secret,
}

impl Principal {
    /// The variables that all SDKs of Azure read.
    fn of_environment() -> Option<Self> {
        let value = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Some(Self {
            tenant: value("AZURE_TENANT_ID")?,
            client: value("AZURE_CLIENT_ID")?,
            secret: floe_notify::Secret::new(value("AZURE_CLIENT_SECRET")?),
        })
    }

    pub(crate) fn credential(&self, options: ClientOptions) -> Result<Arc<dyn TokenCredential>> {
        let secret = Secret::new(self.secret.reveal().to_owned());
        let options = ClientSecretCredentialOptions {
            client_options: options,
        };
        let made =
            ClientSecretCredential::new(&self.tenant, self.client.clone(), secret, Some(options))?;
        Ok(made)
    }
}

/// Asks one credential after the other, and stays with the first that gives a token.
#[derive(Debug)]
pub(crate) struct Chain {
    links: Vec<(&'static str, Arc<dyn TokenCredential>)>,
    /// The place of the one that gave a token, plus one; zero for none yet.
    found: AtomicUsize,
}

impl Chain {
    /// Environment, workload identity, managed identity, the tools of developers.
    pub(crate) fn default_chain(options: &ClientOptions) -> Self {
        let mut links: Vec<(&'static str, Arc<dyn TokenCredential>)> = Vec::new();
        if let Some(principal) = Principal::of_environment()
            && let Ok(credential) = principal.credential(options.clone())
        {
            links.push(("environment", credential));
        }
        // Each of these says at once when it has nothing to work with, and is left out then.
        let workload = WorkloadIdentityCredentialOptions {
            credential_options: ClientAssertionCredentialOptions {
                client_options: options.clone(),
            },
            ..WorkloadIdentityCredentialOptions::default()
        };
        if let Ok(credential) = WorkloadIdentityCredential::new(Some(workload)) {
            links.push(("workload identity", credential));
        }
        let managed = ManagedIdentityCredentialOptions {
            client_options: options.clone(),
            ..ManagedIdentityCredentialOptions::default()
        };
        if let Ok(credential) = ManagedIdentityCredential::new(Some(managed)) {
            links.push(("managed identity", credential));
        }
        if let Ok(credential) = DeveloperToolsCredential::new(None) {
            links.push(("developer tools", credential));
        }
        Self::new(links)
    }

    fn new(links: Vec<(&'static str, Arc<dyn TokenCredential>)>) -> Self {
        Self {
            links,
            found: AtomicUsize::new(0),
        }
    }
}

#[async_trait]
impl TokenCredential for Chain {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> Result<AccessToken> {
        let found = self.found.load(Ordering::Relaxed).checked_sub(1);
        if let Some((_, credential)) = found.and_then(|at| self.links.get(at)) {
            return credential.get_token(scopes, options).await;
        }
        let mut reasons = Vec::new();
        for (at, (name, credential)) in self.links.iter().enumerate() {
            match credential.get_token(scopes, options.clone()).await {
                Ok(token) => {
                    self.found.store(at + 1, Ordering::Relaxed);
                    return Ok(token);
                }
                Err(error) => reasons.push(format!("{name}: {error}")),
            }
        }
        let words = format!("nobody gives a token: {}", reasons.join("; "));
        Err(Error::with_message(ErrorKind::Credential, words))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use azure_core::time::OffsetDateTime;
    use futures::FutureExt as _;

    use super::*;

    #[derive(Debug)]
    struct Link {
        gives: bool,
        asked: Mutex<u32>,
    }

    impl Link {
        fn new(gives: bool) -> Arc<Self> {
            let asked = Mutex::new(0);
            Arc::new(Self { gives, asked })
        }

        fn asked(&self) -> u32 {
            *self.asked.lock().unwrap()
        }
    }

    #[async_trait]
    impl TokenCredential for Link {
        async fn get_token(
            &self,
            _scopes: &[&str],
            _options: Option<TokenRequestOptions<'_>>,
        ) -> Result<AccessToken> {
            *self.asked.lock().unwrap() += 1;
            if self.gives {
                let end = OffsetDateTime::UNIX_EPOCH;
                return Ok(AccessToken::new(Secret::new("token"), end));
            }
            Err(Error::with_message(ErrorKind::Credential, "not signed in"))
        }
    }

    fn ask(chain: &Chain) -> Result<AccessToken> {
        chain.get_token(&["scope"], None).now_or_never().unwrap()
    }

    #[test]
    fn the_first_that_gives_a_token_is_asked_alone_from_then_on() {
        let (empty, full, unused) = (Link::new(false), Link::new(true), Link::new(true));
        let chain = Chain::new(vec![
            ("empty", Arc::clone(&empty) as Arc<dyn TokenCredential>),
            ("full", Arc::clone(&full) as Arc<dyn TokenCredential>),
            ("unused", Arc::clone(&unused) as Arc<dyn TokenCredential>),
        ]);
        for _ in 0..3 {
            assert_eq!(ask(&chain).unwrap().token.secret(), "token");
        }
        assert_eq!((empty.asked(), full.asked(), unused.asked()), (1, 3, 0));
    }

    #[test]
    fn when_nobody_gives_a_token_all_reasons_are_told() {
        let chain = Chain::new(vec![
            ("one", Link::new(false) as Arc<dyn TokenCredential>),
            ("two", Link::new(false) as Arc<dyn TokenCredential>),
        ]);
        let words = ask(&chain).unwrap_err().to_string();
        assert_eq!(
            words,
            "nobody gives a token: one: not signed in; two: not signed in"
        );
    }
}
