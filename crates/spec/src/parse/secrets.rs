//! Secrets and session tokens of a container.

use super::Walk;
use super::fields::Fields;
use crate::keys::{SECRET, SECRET_NAME, SESSION_TOKEN};
use crate::limits::MAX_SECRETS;
use crate::source::{Node, Value};
use crate::{
    SecretKey, SecretSource, SecretTarget, SecretUse, SessionTokenConfig, VolumeMount, codes,
};

/// Directories that the operating system or the platform uses itself.
const RESERVED: [&str; 4] = ["/dev", "/proc", "/sys", "/snowflake"];

impl Walk<'_> {
    pub(super) fn secrets(&mut self, container: &Fields<'_>) -> Vec<SecretUse> {
        let items = self.list(container, "secrets", usize::MAX);
        let path = container.path_of("secrets");
        let before = self.secrets;
        self.secrets += items.len();
        if before <= MAX_SECRETS && self.secrets > MAX_SECRETS {
            let message = format!("a service may have {MAX_SECRETS} secrets in all its containers");
            self.error(codes::TOO_MANY, &path, container.range("secrets"), message);
        }
        items
            .iter()
            .enumerate()
            .filter_map(|(at, item)| self.secret(item, &format!("{path}[{at}]")))
            .collect()
    }

    fn secret(&mut self, item: &Node, path: &str) -> Option<SecretUse> {
        let fields = self.fields(item, path, &SECRET)?;
        let secret = self.required(&fields, "snowflakeSecret");
        let secret = secret.and_then(|node| self.secret_source(node, &fields));
        let key = self.word(&fields, "secretKeyRef", SecretKey::WORDS);
        let target = self.secret_target(&fields, key);
        Some(SecretUse {
            secret: secret?,
            target: target?,
        })
    }

    fn secret_source(&mut self, node: &Node, secret: &Fields<'_>) -> Option<SecretSource> {
        let path = secret.path_of("snowflakeSecret");
        if !matches!(node.value, Value::Map(_)) {
            return self
                .text_of(secret, "snowflakeSecret")
                .map(SecretSource::Object);
        }
        let fields = self.fields(node, &path, &SECRET_NAME)?;
        match (fields.has("objectName"), fields.has("objectReference")) {
            (true, false) => self
                .text_of(&fields, "objectName")
                .map(SecretSource::Object),
            (false, true) => self
                .text_of(&fields, "objectReference")
                .map(SecretSource::Reference),
            (given, _) => {
                let message = if given {
                    "a secret has either `objectName` or `objectReference`, not both"
                } else {
                    "the secret needs `objectName` or `objectReference`"
                };
                self.error(codes::SECRET_SOURCE, &path, &fields.place, message);
                None
            }
        }
    }

    fn secret_target(
        &mut self,
        fields: &Fields<'_>,
        key: Option<SecretKey>,
    ) -> Option<SecretTarget> {
        let key_path = fields.path_of("secretKeyRef");
        match (fields.get("envVarName"), fields.get("directoryPath")) {
            (Some(_), Some(both)) => {
                let path = fields.path_of("directoryPath");
                let message = "a secret has either `envVarName` or `directoryPath`, not both";
                self.error(codes::SECRET_TARGET, &path, &both.range, message);
                None
            }
            (Some(node), None) => {
                let name = self.variable_name(node, &fields.path_of("envVarName"));
                // One that stands a level too deep has its own finding.
                if !fields.has("secretKeyRef") && !is_misplaced(fields) {
                    let message = "`secretKeyRef` is missing, which says what part of the secret \
                                   the variable gets";
                    let place = &fields.place;
                    self.warn(codes::SECRET_KEY, &fields.path, place, message)
                        .hint = Some(
                        "add `secretKeyRef: secret_string`, or `username` or `password`".to_owned(),
                    );
                }
                Some(SecretTarget::Env { name: name?, key })
            }
            (None, Some(node)) => {
                if fields.has("secretKeyRef") {
                    let message = "`secretKeyRef` has an effect with `envVarName` only: a \
                                   directory gets a file for every part";
                    let range = fields.range("secretKeyRef");
                    self.warn(codes::SECRET_KEY, &key_path, range, message);
                }
                let directory = self.directory(node, &fields.path_of("directoryPath"));
                directory.map(SecretTarget::Directory)
            }
            (None, None) => {
                let message = "the secret appears nowhere in the container";
                self.warn(codes::SECRET_TARGET, &fields.path, &fields.place, message)
                    .hint =
                    Some("add `envVarName` with `secretKeyRef`, or `directoryPath`".to_owned());
                Some(SecretTarget::Unstated)
            }
        }
    }

    fn variable_name(&mut self, node: &Node, path: &str) -> Option<String> {
        let name = self.text(node, path)?;
        if name.is_empty() || name.contains(|c: char| c == '=' || c.is_control()) {
            let message = "a variable's name must not be empty, hold `=` or control characters";
            self.error(codes::BAD_TEXT, path, &node.range, message);
            return None;
        }
        Some(name.to_owned())
    }

    fn directory(&mut self, node: &Node, path: &str) -> Option<String> {
        let text = self.text(node, path)?;
        if text.starts_with('/') && !text.split('/').any(|part| part == "..") {
            return Some(text.to_owned());
        }
        let message = "a directory is an absolute path without `..`";
        self.error(codes::BAD_DIRECTORY, path, &node.range, message)
            .hint = Some("write for example `/usr/local/creds`".to_owned());
        None
    }

    pub(super) fn session_token(
        &mut self,
        container: &Fields<'_>,
        mounted: bool,
        volumes: &[VolumeMount],
    ) -> Option<SessionTokenConfig> {
        let fields = self.below(container, "sessionTokenConfig", &SESSION_TOKEN)?;
        let path = container.path_of("sessionTokenConfig");
        let names = ["path", "permission", "mountConnectionConfig"];
        if !mounted {
            let message = "`mountSessionToken: false` leaves no token to configure";
            let range = container.range("sessionTokenConfig");
            self.error(codes::SESSION_TOKEN, &path, range, message).hint =
                Some("remove one of the two".to_owned());
        } else if !names.iter().any(|name| fields.has(name)) {
            let message = "`sessionTokenConfig` must hold at least one field";
            let range = container.range("sessionTokenConfig");
            self.error(codes::SESSION_TOKEN, &path, range, message);
        }
        let directory = self.token_directory(&fields, container, volumes);
        let permission = self.permission(&fields);
        if fields.has("permission") && !fields.has("path") {
            let message = "`permission` needs `path` beside it";
            let path = fields.path_of("permission");
            self.error(
                codes::SESSION_TOKEN,
                &path,
                fields.range("permission"),
                message,
            );
        }
        Some(SessionTokenConfig {
            path: directory,
            permission,
            mount_connection_config: self
                .boolean(&fields, "mountConnectionConfig")
                .unwrap_or(false),
        })
    }

    fn token_directory(
        &mut self,
        fields: &Fields<'_>,
        container: &Fields<'_>,
        volumes: &[VolumeMount],
    ) -> Option<String> {
        let node = fields.get("path")?;
        let path = fields.path_of("path");
        let text = self.text(node, &path)?;
        let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
        let parts = || text.split('/').skip(1);
        let problem = if !text.starts_with('/') {
            "the directory must be absolute: begin it with `/`".to_owned()
        } else if parts().any(|part| part.is_empty() || matches!(part, "." | "..")) {
            "the directory must be normalised: no `.`, `..`, `//` and no `/` at its end".to_owned()
        } else if !text.chars().all(letter) {
            "the directory may hold letters, digits, `/`, `-`, `_` and `.` only".to_owned()
        } else if let Some(reserved) = reserved(text) {
            format!("`{reserved}` is reserved")
        } else if let Some(taken) = taken(container, volumes).find(|other| overlaps(text, other)) {
            let taken: String = taken.chars().take(200).collect();
            format!("`{taken}` is mounted in this container already")
        } else {
            return Some(text.to_owned());
        };
        self.error(codes::BAD_DIRECTORY, &path, &node.range, problem)
            .hint = Some("choose a directory of its own, such as `/opt/token`".to_owned());
        None
    }

    fn permission(&mut self, fields: &Fields<'_>) -> Option<String> {
        let node = fields.get("permission")?;
        let path = fields.path_of("permission");
        let text = self.text(node, &path)?;
        let octal = text.len() == 4
            && text.starts_with('0')
            && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
        let mode = u32::from_str_radix(text, 8).ok().filter(|_| octal);
        let quoted = matches!(node.value, Value::Text(_)) && node.quoted;
        let problem = match mode {
            _ if !quoted => "the mode must stand in quotes: YAML would read it as a number",
            None => "the mode is four octal digits, the first of them 0",
            Some(mode) if mode & 0o400 == 0 => "the owner must be allowed to read the file",
            Some(mode) if mode & !0o644 != 0 => "the mode must not grant more than `0644`",
            Some(_) => return Some(text.to_owned()),
        };
        self.error(codes::BAD_PERMISSION, &path, &node.range, problem)
            .hint = Some("write `\"0400\"`, `\"0600\"`, `\"0640\"` or `\"0644\"`".to_owned());
        None
    }
}

/// Whether the key of a secret stands under `snowflakeSecret` instead of beside it.
fn is_misplaced(secret: &Fields<'_>) -> bool {
    let Some(Value::Map(entries)) = secret.get("snowflakeSecret").map(|node| &node.value) else {
        return false;
    };
    entries
        .iter()
        .any(|entry| entry.key.as_deref() == Some("secretKeyRef"))
}

/// The reserved directory that this one is in or around; the default place is free to name.
fn reserved(directory: &str) -> Option<&'static str> {
    let free = directory == SessionTokenConfig::DEFAULT_PATH;
    RESERVED
        .into_iter()
        .find(|other| !free && overlaps(directory, other))
}

/// Directories of the container that something else is mounted at.
fn taken<'a>(
    container: &'a Fields<'_>,
    volumes: &'a [VolumeMount],
) -> impl Iterator<Item = &'a str> {
    let mounts = volumes.iter().map(|mount| mount.mount_path.as_str());
    let secrets = container.items("secrets").iter().filter_map(|item| {
        let Value::Map(entries) = &item.value else {
            return None;
        };
        let entry = entries
            .iter()
            .find(|entry| entry.key.as_deref() == Some("directoryPath"))?;
        entry.value.value.scalar()
    });
    mounts.chain(secrets)
}

/// Whether one of two directories holds the other, or both are the same.
fn overlaps(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim_end_matches('/'), other.trim_end_matches('/'));
    let holds = |outer: &str, inner: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    holds(one, other) || holds(other, one)
}
