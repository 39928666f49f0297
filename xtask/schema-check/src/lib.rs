//! What the proof of the schema needs: texts as JSON values, and the schema as a validator.

#![forbid(unsafe_code)]

use jsonschema::Validator;
use serde_json::Value;

/// The schema that `floe_spec` generates, made into a validator.
///
/// # Panics
///
/// When the schema is not one: then there is nothing to prove.
pub fn validator() -> Validator {
    let schema: Value = serde_json::from_str(&floe_spec::json_schema()).expect("it is JSON");
    jsonschema::draft202012::new(&schema).expect("it is a schema of draft 2020-12")
}

/// A YAML text as an editor hands it to a validator; none when it is not YAML.
pub fn value(text: &str) -> Option<Value> {
    let yaml: serde_yaml::Value = serde_yaml::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    serde_json::to_value(yaml).ok()
}

/// Everything that the validator says about a text, one line each.
pub fn complaints(validator: &Validator, text: &str) -> Vec<String> {
    let Some(value) = value(text) else {
        return vec!["this is not YAML".to_owned()];
    };
    let errors = validator.iter_errors(&value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}
