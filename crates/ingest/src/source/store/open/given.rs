//! The options that say something about stores.

use std::collections::BTreeMap;

use floe_notify::options::keys;
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
use floe_notify::options::{Key, OptionType};

use super::OpenError;

/// Options by their names, whose letters may be large or small.
pub(super) struct Given<'a>(&'a BTreeMap<String, String>);

impl<'a> Given<'a> {
    pub(super) const fn new(options: &'a BTreeMap<String, String>) -> Self {
        Self(options)
    }

    /// Roles and credentials that only the queues' clients understand.
    pub(super) fn refuse_foreign_logins(&self) -> Result<(), OpenError> {
        for option in [
            keys::SERVICE_CREDENTIAL.info().name,
            keys::ROLE_ARN.info().name,
        ] {
            if self.named(option).is_some() {
                return Err(OpenError::Unsupported { option });
            }
        }
        Ok(())
    }

    #[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
    pub(super) fn get<T: OptionType>(&self, key: &Key<T>) -> Option<&'a str> {
        self.named(key.info().name)
    }

    pub(super) fn named(&self, name: &str) -> Option<&'a str> {
        let options = self.0.iter();
        let mut values = options
            .filter(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim());
        values.find(|value| !value.is_empty())
    }

    /// Options that are given together or not at all.
    #[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
    pub(super) fn all<const N: usize>(
        &self,
        names: [&'static str; N],
    ) -> Result<Option<[&'a str; N]>, OpenError> {
        let values = names.map(|name| self.named(name));
        let Some(present) = values.iter().position(Option::is_some) else {
            return Ok(None);
        };
        let beside = names.get(present).copied().unwrap_or_default();
        for (name, value) in names.iter().zip(values) {
            if value.is_none() {
                return Err(OpenError::BadOption {
                    option: name,
                    reason: format!("it is missing, and {beside} is given; give both or none"),
                });
            }
        }
        Ok(Some(values.map(Option::unwrap_or_default)))
    }
}
