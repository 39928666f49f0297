//! What an image says about running it.

use std::collections::HashMap;

use oci_spec::image::{Config, ImageConfiguration};

/// How a container of an image is run, unless its specification says otherwise.
///
/// ```
/// let config = floe_image::ImageConfig::default();
/// assert!(config.entrypoint.is_empty() && config.cmd.is_empty());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// The program and its fixed arguments; may be empty.
    pub entrypoint: Vec<String>,
    /// Further arguments, or the whole command when `entrypoint` is empty.
    pub cmd: Vec<String>,
    /// Environment variables as `(name, value)`, in order.
    pub env: Vec<(String, String)>,
    /// The directory inside the image to start in.
    pub working_dir: Option<String>,
    /// Free-form labels, sorted by name.
    pub labels: Vec<(String, String)>,
}

impl ImageConfig {
    pub(crate) fn from_oci(oci: &ImageConfiguration) -> Self {
        let Some(config) = oci.config() else {
            return Self::default();
        };
        let list = |values: &Option<Vec<String>>| values.clone().unwrap_or_default();
        let env = list(config.env())
            .into_iter()
            .map(|entry| match entry.split_once('=') {
                Some((name, value)) => (name.to_owned(), value.to_owned()),
                None => (entry, String::new()),
            });
        let labels = config.labels().clone().unwrap_or_default();
        let mut labels: Vec<(String, String)> = labels.into_iter().collect();
        labels.sort();
        Self {
            entrypoint: list(config.entrypoint()),
            cmd: list(config.cmd()),
            env: env.collect(),
            working_dir: text(config.working_dir()),
            labels,
        }
    }

    /// The user an image wants to run as, `user[:group]` by name or number.
    pub(crate) fn user(oci: &ImageConfiguration) -> Option<String> {
        text(oci.config().as_ref()?.user())
    }

    pub(crate) fn to_oci(&self) -> Config {
        let list = |values: &[String]| (!values.is_empty()).then(|| values.to_vec());
        let env: Vec<String> = self
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let labels: HashMap<String, String> = self.labels.clone().into_iter().collect();
        let mut config = Config::default();
        config
            .set_entrypoint(list(&self.entrypoint))
            .set_cmd(list(&self.cmd))
            .set_env(list(&env))
            .set_working_dir(self.working_dir.clone())
            .set_labels((!labels.is_empty()).then_some(labels));
        config
    }
}

/// Builders write an empty string for "not set".
fn text(value: &Option<String>) -> Option<String> {
    value.clone().filter(|text| !text.is_empty())
}
