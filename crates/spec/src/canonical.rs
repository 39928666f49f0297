//! The canonical text: the same specification is always the same bytes.
//!
//! The layout is that of the `spec` column of DESCRIBE SERVICE in the Snowflake documentation:
//! a `---` line, two blanks of indentation, dashes not indented below their key, every text in
//! double quotes, keys bare, and of optional fields only what was written and is no default.

use std::fmt::Write;

use crate::model::Extras;
use crate::source::{Entry, Node, Value};
use crate::{Capabilities, Container, Endpoint, Port, Probe, Protocol, ResourceList, ServiceRole};
use crate::{ValidSpec, Volume, VolumeSource};

impl ValidSpec {
    /// The specification in canonical form, ending with a newline.
    ///
    /// `digests` gives the content digest (`sha256:…`) of an image as it is written in the
    /// specification; where it knows one, the container shows it. Only fields that were written
    /// appear; nothing is derived from a machine. The text can be read again and then has the
    /// same canonical text.
    ///
    /// ```
    /// use floe_spec::{ParseOptions, parse};
    ///
    /// let text = "spec: {container: [{name: echo, image: /d/s/r/echo, env: {PORT: 8000}}]}";
    /// let spec = parse(text, &ParseOptions::default()).spec.expect("valid");
    /// let digest = |image: &str| (image == "/d/s/r/echo").then(|| "sha256:d04a".to_owned());
    /// assert_eq!(
    ///     spec.canonical_text(&digest),
    ///     r#"---
    /// spec:
    ///   containers:
    ///   - name: "echo"
    ///     image: "/d/s/r/echo"
    ///     sha256: "@sha256:d04a"
    ///     env:
    ///       PORT: "8000"
    /// "#,
    /// );
    /// ```
    #[must_use]
    pub fn canonical_text(&self, digests: &dyn Fn(&str) -> Option<String>) -> String {
        let mut out = Writer {
            text: "---\n".to_owned(),
            level: 0,
            dash: false,
        };
        out.open("spec");
        out.items("containers", &self.containers, |out, item| {
            container(out, item, digests)
        });
        out.items("endpoints", &self.endpoints, endpoint);
        out.items("volumes", &self.volumes, volume);
        out.extras(&self.extras, &["logExporters", "platformMonitor"]);
        out.extras(&self.extras, &["resourceManagement", "networkPolicyConfig"]);
        out.close();
        capabilities(&mut out, &self.capabilities);
        out.items("serviceRoles", &self.service_roles, service_role);
        out.text
    }
}

fn container(out: &mut Writer, item: &Container, digests: &dyn Fn(&str) -> Option<String>) {
    out.quoted("name", &item.name);
    out.quoted("image", &item.image);
    if let Some(digest) = digests(&item.image) {
        out.quoted("sha256", &format!("@{digest}"));
    }
    for (key, list) in [("command", &item.command), ("args", &item.args)] {
        if let Some(list) = list {
            out.texts(key, list);
        }
    }
    if !item.env.is_empty() {
        out.open("env");
        for (name, value) in &item.env {
            out.quoted(name, value);
        }
        out.close();
    }
    if let Some(readiness) = &item.readiness_probe {
        probe(out, readiness);
    }
    out.extras(&item.extras, &["livenessProbe"]);
    if !item.resources.limits.is_empty() || !item.resources.requests.is_empty() {
        out.open("resources");
        amounts(out, "limits", &item.resources.limits);
        amounts(out, "requests", &item.resources.requests);
        out.close();
    }
    out.items("volumeMounts", &item.volume_mounts, |out, mount| {
        out.quoted("name", &mount.name);
        out.quoted("mountPath", &mount.mount_path);
    });
    out.extras(
        &item.extras,
        &["mountSessionToken", "sessionTokenConfig", "secrets"],
    );
}

fn probe(out: &mut Writer, probe: &Probe) {
    out.open("readinessProbe");
    out.bare("port", &probe.port.to_string());
    out.quoted("path", &probe.path);
    if probe.period_seconds != Probe::DEFAULT_PERIOD_SECONDS {
        out.bare("periodSeconds", &probe.period_seconds.to_string());
    }
    if probe.failure_threshold != Probe::DEFAULT_FAILURE_THRESHOLD {
        out.bare("failureThreshold", &probe.failure_threshold.to_string());
    }
    out.close();
}

fn amounts(out: &mut Writer, key: &str, list: &ResourceList) {
    if list.is_empty() {
        return;
    }
    out.open(key);
    if let Some(memory) = &list.memory {
        out.quoted("memory", &memory.to_string());
    }
    if let Some(cpu) = &list.cpu {
        out.quoted("cpu", &cpu.to_string());
    }
    if let Some(gpu) = list.gpu {
        out.quoted("nvidia.com/gpu", &gpu.to_string());
    }
    out.close();
}

fn endpoint(out: &mut Writer, item: &Endpoint) {
    out.quoted("name", &item.name);
    match item.port {
        Port::Single(port) => out.bare("port", &port.to_string()),
        Port::Range(low, high) => out.quoted("portRange", &format!("{low}-{high}")),
    }
    if item.public {
        out.bare("public", "true");
    }
    match item.protocol {
        Protocol::Http => {}
        Protocol::Tcp => out.quoted("protocol", "TCP"),
    }
    out.extras(&item.extras, &["corsSettings"]);
}

fn volume(out: &mut Writer, item: &Volume) {
    out.quoted("name", &item.name);
    out.quoted(
        "source",
        match &item.source {
            VolumeSource::Local => "local",
            VolumeSource::Memory => "memory",
            VolumeSource::Block => "block",
            VolumeSource::Stage { path: None } => "stage",
            VolumeSource::Stage { path: Some(path) } => path,
        },
    );
    if let Some(size) = &item.size {
        out.quoted("size", &size.to_string());
    }
    out.extras(&item.extras, &["uid", "gid", "blockConfig", "stageConfig"]);
}

fn capabilities(out: &mut Writer, capabilities: &Capabilities) {
    if *capabilities == Capabilities::default() {
        return;
    }
    out.open("capabilities");
    out.open("securityContext");
    for (key, value) in [
        ("executeAsCaller", capabilities.execute_as_caller),
        (
            "enableCustomCredentials",
            capabilities.enable_custom_credentials,
        ),
    ] {
        if value {
            out.bare(key, "true");
        }
    }
    out.close();
    out.close();
}

fn service_role(out: &mut Writer, role: &ServiceRole) {
    out.quoted("name", &role.name);
    out.texts("endpoints", &role.endpoints);
}

/// Writes lines; a pending dash takes the place of one indentation step.
struct Writer {
    text: String,
    level: usize,
    dash: bool,
}

impl Writer {
    /// Begins a line: indentation, or the dash of a list item.
    fn line(&mut self) {
        let (blanks, dash) = if self.dash {
            (self.level - 1, "- ")
        } else {
            (self.level, "")
        };
        for _ in 0..blanks {
            self.text.push_str("  ");
        }
        self.text.push_str(dash);
        self.dash = false;
    }

    fn key(&mut self, key: &str) {
        self.line();
        if is_bare_key(key) {
            self.text.push_str(key);
        } else {
            quote(&mut self.text, key);
        }
        self.text.push(':');
    }

    fn bare(&mut self, key: &str, value: &str) {
        self.key(key);
        let _ = writeln!(self.text, " {value}");
    }

    fn quoted(&mut self, key: &str, value: &str) {
        self.key(key);
        self.text.push(' ');
        quote(&mut self.text, value);
        self.text.push('\n');
    }

    fn open(&mut self, key: &str) {
        self.key(key);
        self.text.push('\n');
        self.level += 1;
    }

    fn close(&mut self) {
        self.level -= 1;
    }

    /// A list of maps; nothing when it is empty.
    fn items<T>(&mut self, key: &str, items: &[T], write: impl Fn(&mut Writer, &T)) {
        if items.is_empty() {
            return;
        }
        self.open(key);
        for item in items {
            self.dash = true;
            write(self, item);
        }
        self.close();
    }

    fn texts(&mut self, key: &str, texts: &[String]) {
        if texts.is_empty() {
            return self.bare(key, "[]");
        }
        self.open(key);
        for text in texts {
            self.dash = true;
            self.line();
            quote(&mut self.text, text);
            self.text.push('\n');
        }
        self.close();
    }

    fn extras(&mut self, extras: &Extras, keys: &[&str]) {
        for (key, node) in extras.iter().filter(|(key, _)| keys.contains(key)) {
            self.key(key);
            self.value(node);
        }
    }

    /// A value behind its key, ending the line. Depth is bounded by [`crate::limits::MAX_DEPTH`].
    fn value(&mut self, node: &Node) {
        match &node.value {
            Value::List(items) if !items.is_empty() => {
                self.text.push('\n');
                self.level += 1;
                for item in items {
                    self.dash = true;
                    self.item(item);
                }
                self.level -= 1;
            }
            Value::Map(entries) if !entries.is_empty() => {
                self.text.push('\n');
                self.level += 1;
                self.entries(entries);
                self.level -= 1;
            }
            _ => {
                self.text.push(' ');
                self.scalar(node);
            }
        }
    }

    /// A value behind a dash.
    fn item(&mut self, node: &Node) {
        match &node.value {
            Value::Map(entries) if !entries.is_empty() => self.entries(entries),
            Value::List(items) if !items.is_empty() => {
                // A list directly in a list: its items stand one step deeper, below a lone dash.
                self.line();
                self.text.truncate(self.text.trim_end_matches(' ').len());
                self.text.push('\n');
                self.level += 1;
                for item in items {
                    self.dash = true;
                    self.item(item);
                }
                self.level -= 1;
            }
            _ => {
                self.line();
                self.scalar(node);
            }
        }
    }

    fn entries(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.key(entry.key.as_deref().unwrap_or(""));
            self.value(&entry.value);
        }
    }

    fn scalar(&mut self, node: &Node) {
        match &node.value {
            Value::Null { .. } => self.text.push_str("null"),
            Value::Bool(value, _) => {
                let _ = write!(self.text, "{value}");
            }
            Value::Number(number) => self.text.push_str(number),
            Value::Text(text) => quote(&mut self.text, text),
            Value::List(_) => self.text.push_str("[]"),
            Value::Map(_) => self.text.push_str("{}"),
        }
        self.text.push('\n');
    }
}

/// Words that YAML 1.1 or 1.2 readers take for something else than a text.
const RESERVED: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

fn is_bare_key(key: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(rest)
        && !RESERVED.iter().any(|word| word.eq_ignore_ascii_case(key))
}

/// A double-quoted YAML scalar on one line.
fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if is_printable(c) => out.push(c),
            _ => {
                let code = u32::from(c);
                let _ = match code {
                    0..=0xff => write!(out, "\\x{code:02x}"),
                    0x100..=0xffff => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
            }
        }
    }
    out.push('"');
}

/// What YAML 1.2 calls printable (section 5.1), without line breaks and the byte order mark.
fn is_printable(c: char) -> bool {
    matches!(c,
        ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}'
        | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}
