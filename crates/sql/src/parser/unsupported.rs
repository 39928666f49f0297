//! Statements and properties of the dialect that are known and not carried out yet.
//!
//! They get an error that says so instead of one about a word that nobody
//! misspelt.

use super::cursor::Cursor;
use crate::{SqlError, SqlErrorKind};

/// First words of statements; where two fit, the longer one stands first.
pub(crate) const STATEMENTS: &[&str] = &[
    "EXECUTE JOB SERVICE",
    "EXECUTE SERVICE",
    "EXECUTE IMMEDIATE",
    "EXECUTE TASK",
    "EXECUTE NOTEBOOK",
    "EXECUTE",
    "GRANT SERVICE ROLE",
    "GRANT",
    "REVOKE SERVICE ROLE",
    "REVOKE",
    "USE DATABASE",
    "USE SCHEMA",
    "USE ROLE",
    "USE WAREHOUSE",
    "USE SECONDARY ROLES",
    "USE",
    "SET",
    "UNSET",
    "INSERT",
    "UPDATE",
    "DELETE",
    "MERGE",
    "TRUNCATE",
    "COPY INTO",
    "COPY FILES",
    "COPY",
    "PUT",
    "GET",
    "LIST",
    "LS",
    "REMOVE",
    "RM",
    "BEGIN",
    "DECLARE",
    "COMMIT",
    "ROLLBACK",
    "COMMENT",
    "UNDROP",
];

/// Objects that `CREATE`, `ALTER`, `DROP` and `DESCRIBE` know besides the supported ones.
pub(crate) const OBJECTS: &[&str] = &[
    "IMAGE REPOSITORY",
    "EXTERNAL ACCESS INTEGRATION",
    "EXTERNAL FUNCTION",
    "SECURE FUNCTION",
    "AGGREGATE FUNCTION",
    "TEMPORARY FUNCTION",
    "TEMP FUNCTION",
    "TEMPORARY",
    "TEMP",
    "TRANSIENT",
    "SECURE",
    "NETWORK RULE",
    "NETWORK POLICY",
    "SECURITY INTEGRATION",
    "API INTEGRATION",
    "STORAGE INTEGRATION",
    "NOTIFICATION INTEGRATION",
    "CATALOG INTEGRATION",
    "INTEGRATION",
    "EVENT TABLE",
    "DYNAMIC TABLE",
    "EXTERNAL TABLE",
    "ICEBERG TABLE",
    "HYBRID TABLE",
    "TABLE",
    "MATERIALIZED VIEW",
    "VIEW",
    "FILE FORMAT",
    "GIT REPOSITORY",
    "RESOURCE MONITOR",
    "MASKING POLICY",
    "ROW ACCESS POLICY",
    "APPLICATION PACKAGE",
    "APPLICATION ROLE",
    "APPLICATION",
    "DATABASE ROLE",
    "DATABASE",
    "SCHEMA",
    "ACCOUNT",
    "ALERT",
    "NOTEBOOK",
    "PIPE",
    "PROCEDURE",
    "ROLE",
    "SECRET",
    "SEQUENCE",
    "SHARE",
    "SNAPSHOT",
    "STAGE",
    "STREAM",
    "STREAMLIT",
    "TAG",
    "TASK",
    "USER",
    "WAREHOUSE",
];

/// What `SHOW` knows besides the supported lists.
pub(crate) const SHOWN: &[&str] = &[
    "COMPUTE POOL INSTANCE FAMILIES",
    "NODES",
    "ROLES IN SERVICE",
    "SERVICE ROLES",
    "IMAGE REPOSITORIES",
    "IMAGES",
    "SNAPSHOTS",
    "GRANTS",
    "FUTURE GRANTS",
    "EXTERNAL ACCESS INTEGRATIONS",
    "EXTERNAL FUNCTIONS",
    "NETWORK RULES",
    "INTEGRATIONS",
    "DATABASES",
    "SCHEMAS",
    "TABLES",
    "EVENT TABLES",
    "VIEWS",
    "COLUMNS",
    "OBJECTS",
    "STAGES",
    "STREAMLITS",
    "SECRETS",
    "PROCEDURES",
    "USER PROCEDURES",
    "ROLES",
    "USERS",
    "WAREHOUSES",
    "PARAMETERS",
    "VARIABLES",
    "TASKS",
    "TAGS",
    "APPLICATIONS",
    "NOTEBOOKS",
];

/// Properties of services, compute pools and functions.
const PROPERTIES: &[&str] = &[
    "TAG",
    "LOG_EVENT_LEVEL",
    "METRIC_LEVEL",
    "TRACE_LEVEL",
    "SERVICE_CALLER_TOKEN_VALIDITY_SECS",
    "BUDGET",
];

/// Clauses of functions that are not answered by a service.
const FUNCTION_CLAUSES: &[&str] = &[
    "LANGUAGE",
    "HANDLER",
    "RUNTIME_VERSION",
    "PACKAGES",
    "IMPORTS",
    "TARGET_PATH",
    "MEMOIZABLE",
    "API_INTEGRATION",
    "HEADERS",
    "COMPRESSION",
    "REQUEST_TRANSLATOR",
    "RESPONSE_TRANSLATOR",
    "EXTERNAL_ACCESS_INTEGRATIONS",
    "SECRETS",
];

impl Cursor<'_> {
    /// The error for a known phrase that comes next, behind what was read from `start` on.
    pub(crate) fn unsupported(
        &self,
        start: usize,
        verb: &str,
        phrases: &[&'static str],
    ) -> Option<SqlError> {
        let phrase = phrases.iter().find(|phrase| self.at_phrase(phrase))?;
        let mut ahead = self.clone();
        phrase.split(' ').for_each(|_| {
            ahead.bump();
        });
        let name = [verb, phrase].join(" ");
        Some(not_supported(&ahead, start, name.trim_start()))
    }

    /// The error for a known property that comes next.
    pub(crate) fn unsupported_property(&self) -> Option<SqlError> {
        self.unsupported(self.peek().start, "", PROPERTIES)
    }

    /// The error for a clause that belongs to another kind of function.
    pub(crate) fn unsupported_function_clause(&self) -> Option<SqlError> {
        let error = self.unsupported(self.peek().start, "", FUNCTION_CLAUSES)?;
        Some(error.with_hint("only functions with SERVICE and ENDPOINT can be created"))
    }
}

/// The error for something that was read from `start` to here.
pub(crate) fn not_supported(cursor: &Cursor<'_>, start: usize, name: &str) -> SqlError {
    let message = format!("`{name}` is not supported yet");
    SqlError::new(SqlErrorKind::NotSupported, cursor.span_from(start), message)
}
