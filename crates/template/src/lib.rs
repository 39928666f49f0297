//! Specification templates: variables and `default()`, expanded with a map back to the template.
//!
//! For whoever creates a service from a template and has to say, when something is wrong with
//! the outcome, where in the *template* it comes from. Of Jinja there is `{{ variable }}` and the
//! filter `default`, and nothing else; what is more is refused by name. Values come from the
//! `USING` clause of the statement and are checked so that none can add a line, a key or an item
//! to the specification.
//!
//! This crate is pure: no files, no clock, no network. The expression engine is private to it.
//!
//! ```
//! use floe_template::{UsingValue, Variables, expand};
//!
//! let template = "image: /db/schema/repo/echo:{{ tag }}\nport: {{ port | default(8000) }}\n";
//! let mut variables = Variables::new();
//! variables.insert("tag", UsingValue::Text("latest".to_owned()));
//!
//! let expansion = expand(template, &variables).expect("every variable has a value");
//! assert_eq!(expansion.text, "image: /db/schema/repo/echo:latest\nport: 8000\n");
//!
//! // The port is wrong for some reason: this is where it was written.
//! let at = expansion.text.find("8000").expect("it is there");
//! let origin = expansion.origin(at..at + 4);
//! assert_eq!(&template[origin.span], "{{ port | default(8000) }}");
//! assert_eq!(origin.variable.as_deref(), Some("port"));
//! ```
//!
//! The rules are those of the page *Snowpark Container Services: Working with services*, section
//! on specification templates, of the Snowflake documentation, and of the filter `default` in the
//! *Template Designer Documentation* of Jinja.

#![forbid(unsafe_code)]

mod context;
mod error;
mod expand;
mod expression;
mod insert;
mod json;
mod scan;
mod value;
mod variables;

pub use error::TemplateError;
pub use expand::{Expansion, Origin, expand, limits};
pub use value::{UsingValue, Variables};
pub use variables::{DefaultValue, TemplateVariable, VariableUse, variables};
