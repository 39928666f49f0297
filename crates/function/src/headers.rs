//! The headers of a service-function request.
//!
//! Names and meaning follow "Data format" of the external functions in the Snowflake documentation:
//! the plain headers are for reading, their base64 twins carry the truth.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};

use crate::coding::GZIP;
use crate::{Compression, FunctionSpec};

const FORMAT: HeaderName = HeaderName::from_static("sf-external-function-format");
const VERSION: HeaderName = HeaderName::from_static("sf-external-function-format-version");
pub(crate) const QUERY_ID: HeaderName =
    HeaderName::from_static("sf-external-function-current-query-id");
/// The header that names a batch: the same on the first send, on every retry and on every poll.
pub(crate) const BATCH_ID: HeaderName =
    HeaderName::from_static("sf-external-function-query-batch-id");
pub(crate) const NAME: HeaderName = HeaderName::from_static("sf-external-function-name");
pub(crate) const NAME_BASE64: HeaderName =
    HeaderName::from_static("sf-external-function-name-base64");
pub(crate) const SIGNATURE: HeaderName = HeaderName::from_static("sf-external-function-signature");
pub(crate) const SIGNATURE_BASE64: HeaderName =
    HeaderName::from_static("sf-external-function-signature-base64");
pub(crate) const RETURN_TYPE: HeaderName =
    HeaderName::from_static("sf-external-function-return-type");
pub(crate) const RETURN_TYPE_BASE64: HeaderName =
    HeaderName::from_static("sf-external-function-return-type-base64");

/// The headers that are the same for every batch of a function.
pub(crate) fn of_function(spec: &FunctionSpec, compression: Compression) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(16);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    let agent = concat!("floe/", env!("CARGO_PKG_VERSION"));
    headers.insert(USER_AGENT, HeaderValue::from_static(agent));
    if compression == Compression::Gzip {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(GZIP));
    }
    headers.insert(FORMAT, HeaderValue::from_static("json"));
    headers.insert(VERSION, HeaderValue::from_static("1.0"));
    for (plain, base64, value) in [
        (NAME, NAME_BASE64, spec.name.clone()),
        (SIGNATURE, SIGNATURE_BASE64, spec.signature()),
        (RETURN_TYPE, RETURN_TYPE_BASE64, spec.returns.to_string()),
    ] {
        headers.insert(plain, readable(&value));
        headers.insert(base64, readable(&BASE64.encode(&value)));
    }
    headers
}

/// What a query says about itself in the headers of every batch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context {
    headers: HeaderMap,
    /// A context function that was declared and has no value.
    missing: Option<String>,
}

impl Context {
    /// The headers that `spec` asks for, out of all `values` that are there. Names are SQL
    /// identifiers and compared without regard to case.
    pub(crate) fn new(spec: &FunctionSpec, values: &[(String, String)]) -> Self {
        let mut context = Self::default();
        for declared in &spec.context_headers {
            let value = values
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(declared));
            match value {
                Some((_, value)) => context.add(declared, value),
                None => context.missing = Some(declared.clone()),
            }
        }
        context
    }

    pub(crate) fn missing(&self) -> Option<&str> {
        self.missing.as_deref()
    }

    fn add(&mut self, function: &str, value: &str) {
        let name = function.to_ascii_lowercase().replace('_', "-");
        for (suffix, value) in [
            ("", readable(value)),
            ("-base64", readable(&BASE64.encode(value))),
        ] {
            // The specification was checked to name context functions, which are header names.
            if let Ok(name) = HeaderName::try_from(format!("sf-context-{name}{suffix}")) {
                self.headers.insert(name, value);
            }
        }
    }
}

/// The headers of one batch.
pub(crate) fn of_batch(
    function: &HeaderMap,
    context: &Context,
    query_id: &str,
    batch_id: &str,
) -> HeaderMap {
    let mut headers = function.clone();
    headers.extend(context.headers.clone());
    headers.insert(QUERY_ID, readable(query_id));
    headers.insert(BATCH_ID, readable(batch_id));
    headers
}

/// `text` as a header may carry it: every run of other characters becomes one blank.
fn readable(text: &str) -> HeaderValue {
    let mut plain = String::with_capacity(text.len());
    let mut blank = false;
    for c in text.chars() {
        let fits = c == ' ' || c.is_ascii_graphic();
        if fits {
            plain.push(c);
        } else if !blank {
            plain.push(' ');
        }
        blank = !fits;
    }
    HeaderValue::from_str(plain.trim()).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use floe_batch::SqlType;

    fn text(headers: &HeaderMap, name: &str) -> String {
        headers[name].to_str().unwrap().to_owned()
    }

    #[test]
    fn all_headers_of_the_format_are_there() {
        let number = SqlType::parse("NUMBER(10,2)").unwrap();
        let spec = FunctionSpec::new("TAX", [("PRICE", number)], number, "/tax");
        let headers = of_batch(
            &of_function(&spec, Compression::None),
            &Context::default(),
            "q-1",
            "q-1:0:1:0:0",
        );
        for (name, value) in [
            ("content-type", "application/json"),
            ("accept", "*/*"),
            ("user-agent", concat!("floe/", env!("CARGO_PKG_VERSION"))),
            ("sf-external-function-format", "json"),
            ("sf-external-function-format-version", "1.0"),
            ("sf-external-function-current-query-id", "q-1"),
            ("sf-external-function-query-batch-id", "q-1:0:1:0:0"),
            ("sf-external-function-name", "TAX"),
            ("sf-external-function-name-base64", "VEFY"),
            ("sf-external-function-signature", "(PRICE NUMBER)"),
            (
                "sf-external-function-signature-base64",
                "KFBSSUNFIE5VTUJFUik=",
            ),
            ("sf-external-function-return-type", "NUMBER(10,2)"),
            (
                "sf-external-function-return-type-base64",
                "TlVNQkVSKDEwLDIp",
            ),
        ] {
            assert_eq!(text(&headers, name), value, "{name}");
        }
        assert_eq!(headers.len(), 13);
    }

    #[test]
    fn a_name_that_no_header_can_carry_is_blanked_and_kept_in_base64() {
        let spec = FunctionSpec::new("prüfe\r\nX: 1", [("ß", SqlType::Date)], SqlType::Date, "/");
        let headers = of_function(&spec, Compression::None);
        assert_eq!(text(&headers, "sf-external-function-name"), "pr fe X: 1");
        assert_eq!(text(&headers, "sf-external-function-signature"), "(  DATE)");
        let encoded = text(&headers, "sf-external-function-name-base64");
        assert_eq!(BASE64.decode(encoded).unwrap(), "prüfe\r\nX: 1".as_bytes());
    }

    #[test]
    fn context_functions_become_two_headers_each_and_only_declared_ones() {
        let mut spec = FunctionSpec::new("F", [("D", SqlType::Date)], SqlType::Date, "/");
        let values = [
            ("CURRENT_STATEMENT", "SELECT 1,\r\n  'ß'"),
            ("current_user", "ALEX"),
            ("LAST_QUERY_ID", ""),
            ("CURRENT_ROLE", "PUBLIC"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(Context::new(&spec, &values).headers.len(), 0);

        let declared = ["current_Statement", "CURRENT_USER", "LAST_QUERY_ID"];
        spec.context_headers = declared.map(str::to_owned).to_vec();
        let context = Context::new(&spec, &values);
        assert_eq!(context.missing(), None);
        let headers = of_batch(&of_function(&spec, Compression::None), &context, "q", "q:0");
        for (name, value) in [
            ("sf-context-current-statement", "SELECT 1,   ' '"),
            (
                "sf-context-current-statement-base64",
                "U0VMRUNUIDEsDQogICfDnyc=",
            ),
            ("sf-context-current-user", "ALEX"),
            ("sf-context-current-user-base64", "QUxFWA=="),
            ("sf-context-last-query-id", ""),
            ("sf-context-last-query-id-base64", ""),
        ] {
            assert_eq!(text(&headers, name), value, "{name}");
        }
        assert_eq!(headers.len(), 13 + 6);
        assert_eq!(
            Context::new(&spec, &values[1..]).missing(),
            Some("current_Statement")
        );
    }
}
