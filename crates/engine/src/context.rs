//! What context functions answer, for the functions that are declared with CONTEXT_HEADERS.

use crate::catalog::{DATABASE, SCHEMA};
use crate::statements::show::OWNER;
use crate::time;

/// What a query knows about itself.
pub(crate) struct Context<'a> {
    /// When it started, in milliseconds since the Unix epoch.
    pub(crate) now_ms: u64,
    /// Its text.
    pub(crate) statement: &'a str,
}

impl Context<'_> {
    /// The value of a context function, by its name in upper case; `None` for those that mean
    /// nothing here, such as a warehouse.
    pub(crate) fn value(&self, function: &str) -> Option<String> {
        let now = time::local(self.now_ms);
        // `2024-11-29 12:12:47.310 -0800`
        let (date, clock) = now.split_at_checked(10)?;
        let clock = clock.trim_start();
        Some(match function {
            "CURRENT_DATABASE" => DATABASE.to_owned(),
            "CURRENT_SCHEMA" => SCHEMA.to_owned(),
            "CURRENT_DATE" => date.to_owned(),
            "CURRENT_TIME" | "LOCALTIME" => clock.get(..8)?.to_owned(),
            "CURRENT_TIMESTAMP" | "LOCALTIMESTAMP" => now,
            "CURRENT_ROLE" | "CURRENT_USER" => OWNER.to_owned(),
            "CURRENT_STATEMENT" => self.statement.trim().to_owned(),
            "CURRENT_VERSION" => env!("CARGO_PKG_VERSION").to_owned(),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_query_and_what_means_nothing_is_not_made_up() {
        let context = Context {
            now_ms: 1_745_560_892_310,
            statement: " SELECT 1\n",
        };
        let value = |function| context.value(function);
        let now = time::local(1_745_560_892_310);
        assert_eq!(value("CURRENT_TIMESTAMP"), Some(now.clone()));
        assert_eq!(value("CURRENT_DATE").as_deref(), now.get(..10));
        assert_eq!(value("CURRENT_TIME").as_deref(), now.get(11..19));
        assert_eq!(value("CURRENT_STATEMENT").as_deref(), Some("SELECT 1"));
        assert_eq!(value("CURRENT_WAREHOUSE"), None);
    }
}
