//! `containers`: what runs in one instance.

use std::collections::BTreeSet;

use super::Walk;
use super::fields::{Fields, join, names};
use crate::keys::{CONTAINER, LIVENESS, MOUNT, Map, READINESS};
use crate::limits::{MAX_CONTAINERS, MAX_KEY_BYTES, MAX_MOUNTS, MAX_VOLUMES};
use crate::source::{Node, Value};
use crate::{Container, Probe, VolumeMount, codes};

impl Walk<'_> {
    pub(super) fn containers(&mut self, spec: &Fields<'_>) -> Vec<Container> {
        let items = self.list(spec, "containers", MAX_CONTAINERS);
        let path = spec.path_of("containers");
        if items.is_empty()
            && spec
                .get("containers")
                .is_none_or(|node| matches!(node.value, Value::List(_)))
        {
            let message = "a specification needs at least one container";
            self.error(codes::MISSING_FIELD, &path, &spec.place, message)
                .hint = Some("add `containers:` with a `name` and an `image`".to_owned());
        }
        self.unique("container", &path, items);
        let volumes: BTreeSet<&str> = names(spec.items("volumes"))
            .map(|(_, name, _)| name)
            .collect();
        items
            .iter()
            .enumerate()
            .filter_map(|(at, item)| self.container(item, &format!("{path}[{at}]"), &volumes))
            .collect()
    }

    fn container(
        &mut self,
        item: &Node,
        path: &str,
        volumes: &BTreeSet<&str>,
    ) -> Option<Container> {
        let fields = self.fields(item, path, &CONTAINER)?;
        let name = self.name(&fields, "a container");
        let image = self.image(&fields);
        let command = self.texts(&fields, "command", "[\"python\", \"main.py\"]");
        let args = self.texts(&fields, "args", "[\"--port\", \"8000\"]");
        let env = self.env(&fields);
        let readiness_probe = self.probe(&fields, "readinessProbe", &READINESS);
        let liveness_probe = self.probe(&fields, "livenessProbe", &LIVENESS);
        let resources = self.resources(&fields);
        let volume_mounts = self.mounts(&fields, volumes);
        let mount_session_token = self.boolean(&fields, "mountSessionToken").unwrap_or(true);
        let secrets = self.secrets(&fields);
        let session_token = self.session_token(&fields, mount_session_token, &volume_mounts);
        Some(Container {
            name: name?,
            image: image?,
            command,
            args,
            env,
            readiness_probe,
            liveness_probe,
            resources,
            volume_mounts,
            mount_session_token,
            session_token,
            secrets,
        })
    }

    fn image(&mut self, fields: &Fields<'_>) -> Option<String> {
        let node = self.required(fields, "image")?;
        let path = fields.path_of("image");
        let image = self.text(node, &path)?;
        let message = if image.is_empty() {
            "the image is empty"
        } else if image.contains(|c: char| c.is_whitespace() || c.is_control()) {
            "an image must not hold white space"
        } else {
            self.image_case(image, &path, node);
            return Some(image.to_owned());
        };
        self.error(codes::BAD_IMAGE, &path, &node.range, message)
            .hint = Some("write `/database/schema/repository/image:tag`".to_owned());
        None
    }

    /// Repositories have lower-case names; deployed specifications spell them otherwise.
    fn image_case(&mut self, image: &str, path: &str, node: &Node) {
        let name = image.split('@').next().unwrap_or(image);
        let slash = name.rfind('/').map_or(0, |at| at + 1);
        // A tag may have capitals; it stands behind the last `/`.
        let repository = match name.get(slash..).and_then(|last| last.find(':')) {
            Some(tag) => name.get(..slash + tag).unwrap_or(name),
            None => name,
        };
        if repository.contains(|c: char| c.is_ascii_uppercase()) {
            let rest = image.get(repository.len()..).unwrap_or("");
            let lower = repository.to_ascii_lowercase();
            let message = "an image path is written in lower case";
            self.warn(codes::IMAGE_CASE, path, &node.range, message)
                .hint = Some(format!("write `{lower}{rest}`"));
        }
    }

    fn env(&mut self, fields: &Fields<'_>) -> Vec<(String, String)> {
        let Some(node) = fields.get("env") else {
            return Vec::new();
        };
        let path = fields.path_of("env");
        let entries = match &node.value {
            Value::Map(entries) => entries,
            // Templates make an empty list of no variables.
            _ if node.value.is_empty() => return Vec::new(),
            _ => {
                self.wrong_type(&path, node, "a map of variables").hint =
                    Some("write each variable as `NAME: value`".to_owned());
                return Vec::new();
            }
        };
        let mut env = Vec::with_capacity(entries.len());
        for entry in entries {
            // Keys that are too long were reported with the keys of all maps.
            let Some(name) = entry
                .key
                .as_deref()
                .filter(|key| key.len() <= MAX_KEY_BYTES)
            else {
                continue;
            };
            let path = join(&path, name);
            if name.is_empty() || name.contains(|c: char| c == '=' || c.is_control()) {
                let message = "a variable's name must not be empty, hold `=` or control characters";
                self.error(codes::BAD_TEXT, &path, &entry.key_range, message);
                continue;
            }
            if let Some(value) = self.env_value(&entry.value, &path, name) {
                self.place(path, &entry.value.range);
                env.push((name.to_owned(), value));
            }
        }
        env
    }

    fn env_value(&mut self, node: &Node, path: &str, name: &str) -> Option<String> {
        match &node.value {
            Value::Null { spelled } => {
                if *spelled {
                    let message =
                        format!("YAML reads this as nothing, so `{name}` is set to the empty text");
                    self.warn(codes::NULL_ENV, path, &node.range, message).hint =
                        Some("put quotes around it to pass the word itself".to_owned());
                }
                Some(String::new())
            }
            Value::List(_) | Value::Map(_) => {
                self.wrong_type(path, node, "a text, a number or a boolean")
                    .hint = Some("put quotes around the whole value to pass it as text".to_owned());
                None
            }
            Value::Bool(..) | Value::Number(_) | Value::Text(_) => {
                self.text(node, path).map(str::to_owned)
            }
        }
    }

    fn probe(&mut self, container: &Fields<'_>, name: &str, known: &'static Map) -> Option<Probe> {
        let fields = self.below(container, name, known)?;
        let port = self.required(&fields, "port");
        let port = port.and_then(|node| self.port(node, &fields.path_of("port")));
        let path = self.required(&fields, "path");
        let path = path.and_then(|node| self.probe_path(node, &fields.path_of("path")));
        let period = if name == "livenessProbe" {
            Probe::DEFAULT_LIVENESS_PERIOD_SECONDS
        } else {
            Probe::DEFAULT_PERIOD_SECONDS
        };
        let mut count = |name: &str, default: u32| {
            let Some(node) = fields.get(name) else {
                return Some(default);
            };
            self.number(node, &fields.path_of(name), codes::BAD_NUMBER, 1..=u32::MAX)
        };
        let period_seconds = count("periodSeconds", period);
        let failure_threshold = count("failureThreshold", Probe::DEFAULT_FAILURE_THRESHOLD);
        Some(Probe {
            port: port?,
            path: path?,
            period_seconds: period_seconds?,
            failure_threshold: failure_threshold?,
        })
    }

    fn probe_path(&mut self, node: &Node, path: &str) -> Option<String> {
        let text = self.text(node, path)?;
        if text.is_empty() || !text.chars().all(|c| c.is_ascii_graphic() && c != '#') {
            let message = "a probe's path holds visible ASCII characters only, and no `#`";
            self.error(codes::BAD_PROBE_PATH, path, &node.range, message)
                .hint = Some("write a path such as `/healthcheck`".to_owned());
            return None;
        }
        if text.starts_with('/') {
            return Some(text.to_owned());
        }
        self.loose(node, path, "begin the path with `/`");
        Some(format!("/{text}"))
    }

    fn mounts(&mut self, container: &Fields<'_>, volumes: &BTreeSet<&str>) -> Vec<VolumeMount> {
        let mut mounts: Vec<VolumeMount> = Vec::new();
        let mut taken = BTreeSet::new();
        let path = container.path_of("volumeMounts");
        for (at, item) in self
            .list(container, "volumeMounts", MAX_MOUNTS)
            .iter()
            .enumerate()
        {
            let Some(fields) = self.fields(item, &format!("{path}[{at}]"), &MOUNT) else {
                continue;
            };
            let name = self.mounted_volume(&fields, volumes);
            let mount_path = self.mount_path(&fields, &mut taken);
            if let (Some(name), Some(mount_path)) = (name, mount_path) {
                mounts.push(VolumeMount { name, mount_path });
            }
        }
        mounts
    }

    fn mounted_volume(&mut self, fields: &Fields<'_>, volumes: &BTreeSet<&str>) -> Option<String> {
        let node = self.required(fields, "name")?;
        let path = fields.path_of("name");
        let name = self.text(node, &path)?;
        if volumes.contains(name) {
            return Some(name.to_owned());
        }
        let shown: String = name.chars().take(63).collect();
        let known: Vec<String> = volumes
            .iter()
            .take(MAX_VOLUMES)
            .map(|name| format!("`{}`", name.chars().take(63).collect::<String>()))
            .collect();
        let known = known.join(", ");
        self.error(
            codes::UNKNOWN_VOLUME,
            &path,
            &node.range,
            format!("there is no volume `{shown}`"),
        )
        .hint = Some(if known.is_empty() {
            "add it under `spec.volumes`".to_owned()
        } else {
            format!("the volumes are {known}")
        });
        None
    }

    /// The directory of a mount; `taken` holds those of the mounts before it.
    fn mount_path<'n>(
        &mut self,
        fields: &Fields<'n>,
        taken: &mut BTreeSet<&'n str>,
    ) -> Option<String> {
        let node = self.required(fields, "mountPath")?;
        let path = fields.path_of("mountPath");
        let text = self.text(node, &path)?;
        let trimmed = text.trim_end_matches('/');
        let message = if !text.starts_with('/') {
            "a mount path must be absolute: begin it with `/`"
        } else if trimmed.is_empty() {
            "a volume cannot take the place of the root directory"
        } else if trimmed.split('/').any(|part| part == "..") {
            "a mount path must not hold `..`"
        } else if !taken.insert(trimmed) {
            "another volume is mounted at this path already"
        } else {
            return Some(text.to_owned());
        };
        self.error(codes::BAD_MOUNT_PATH, &path, &node.range, message);
        None
    }
}
