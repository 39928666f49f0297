//! A specification as it is written, before it is proved.

use serde::Serialize as _;

use crate::canonical::writer::is_printable;
use crate::parse::{self, too_large};
use crate::position::LineIndex;
use crate::source::{self, Node};
use crate::{Finding, ParseOptions, Parsed, Severity, limits, wire};

/// A specification as it is written: a text that was read into values, and nothing proved yet.
///
/// It is made from a text, from [`wire`] types or by a [`crate::SpecBuilder`].
/// [`ServiceSpec::validate`] makes a [`crate::ValidSpec`] of it, or tells what is wrong.
///
/// ```
/// use floe_spec::{ParseOptions, ServiceSpec, wire};
///
/// let spec = ServiceSpec::builder()
///     .container(wire::Container {
///         name: "echo".into(),
///         image: "/db/schema/repo/echo:1".into(),
///         env: [("SERVER_PORT", 8000)].into_iter().collect(),
///         ..wire::Container::default()
///     })
///     .endpoint("echoendpoint", 8000)
///     .build();
/// let valid = spec.validate(&ParseOptions::default()).spec.expect("nothing is wrong");
/// assert_eq!(valid.endpoints()[0].name, "echoendpoint");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceSpec {
    text: String,
    read: Result<Node, Box<Finding>>,
}

impl ServiceSpec {
    /// Reads a text as YAML or JSON, without proving anything.
    ///
    /// # Errors
    ///
    /// The one finding that says why the text has no values: it is too long or no YAML.
    ///
    /// ```
    /// use floe_spec::{ServiceSpec, codes};
    ///
    /// assert!(ServiceSpec::read("spec: {container: no list}").is_ok());
    /// assert_eq!(ServiceSpec::read("spec: [").unwrap_err().code, codes::SYNTAX);
    /// ```
    pub fn read(text: &str) -> Result<Self, Box<Finding>> {
        Ok(ServiceSpec {
            text: text.to_owned(),
            read: Ok(read(text)?),
        })
    }

    /// Begins a specification in code.
    ///
    /// ```
    /// assert!(floe_spec::ServiceSpec::builder().build().text().contains("containers"));
    /// ```
    #[must_use]
    pub fn builder() -> crate::SpecBuilder {
        crate::SpecBuilder::default()
    }

    /// The text that positions of findings refer to: as it was read, or JSON made from values.
    ///
    /// ```
    /// assert_eq!(floe_spec::ServiceSpec::read("spec: {}").unwrap().text(), "spec: {}");
    /// ```
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Proves the specification, or tells everything that is wrong with it.
    ///
    /// ```
    /// use floe_spec::{ParseOptions, ServiceSpec, codes};
    ///
    /// let spec = ServiceSpec::read("spec: {containers: []}").unwrap();
    /// let parsed = spec.validate(&ParseOptions::default());
    /// assert_eq!(parsed.findings[0].code, codes::MISSING_FIELD);
    /// ```
    #[must_use]
    pub fn validate(&self, options: &ParseOptions) -> Parsed {
        match &self.read {
            Ok(root) => parse::check(root, &LineIndex::new(&self.text), options),
            Err(finding) => Parsed {
                spec: None,
                findings: vec![Finding::clone(finding)],
            },
        }
    }
}

impl From<wire::Document> for ServiceSpec {
    /// Values become a JSON text, so that what is wrong with them has a place to point at.
    fn from(document: wire::Document) -> Self {
        let text = json(&document);
        ServiceSpec {
            read: read(&text),
            text,
        }
    }
}

fn read(text: &str) -> Result<Node, Box<Finding>> {
    if text.len() > limits::MAX_SPEC_BYTES {
        return Err(Box::new(too_large(text)));
    }
    let index = LineIndex::new(text);
    source::read(text, &index).map_err(|error| {
        Box::new(Finding {
            code: error.code,
            severity: Severity::Error,
            path: String::new(),
            span: Some(index.span(&error.range)),
            message: error.message,
            notes: Vec::new(),
            hint: error.hint,
        })
    })
}

/// JSON that is YAML, too: what YAML does not print stands as an escape.
fn json(document: &wire::Document) -> String {
    let mut bytes = Vec::new();
    let mut writer = serde_json::Serializer::pretty(&mut bytes);
    // These types hold texts, numbers and lists only, which JSON always takes but for numbers
    // that are none; those are left out as `null` by the serializer itself.
    if document.serialize(&mut writer).is_err() {
        bytes.clear();
    }
    let mut text = String::with_capacity(bytes.len());
    for c in String::from_utf8_lossy(&bytes).chars() {
        if c == '\n' || is_printable(c) {
            text.push(c);
        } else {
            text.extend(format!("\\u{:04x}", u32::from(c)).chars());
        }
    }
    text
}
