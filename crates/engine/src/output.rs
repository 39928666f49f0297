//! What a statement answers: small tables, or a stream of rows.

use datafusion::execution::SendableRecordBatchStream;

/// The answer of one statement.
pub enum Output {
    /// A table that is complete in memory: SHOW, DESCRIBE, CREATE, CALL.
    Table(Table),
    /// The rows of a query, read as they come.
    Rows(Rows),
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Table(table) => f.debug_tuple("Table").field(table).finish(),
            Self::Rows(_) => f.write_str("Rows(..)"),
        }
    }
}

/// The rows of a running query, with what its service functions did so far.
pub struct Rows {
    /// Record batches in the query's order. Dropping it cancels the query.
    pub stream: SendableRecordBatchStream,
    /// Identifier of the query; the services see it in their headers.
    pub query_id: String,
    /// Counters of the service-function calls of this query.
    pub calls: crate::query::CallCounters,
}

/// A complete table of text values; `None` is SQL NULL.
///
/// ```
/// use floe_engine::Table;
/// let table = Table::status("Service ECHO_SERVICE successfully created.");
/// assert_eq!(table.columns, ["status"]);
/// assert_eq!(table.cell(0, "status"), Some("Service ECHO_SERVICE successfully created."));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Column names, in the order printed.
    pub columns: Vec<String>,
    /// Rows; every row has as many values as there are columns.
    pub rows: Vec<Vec<Option<String>>>,
}

impl Table {
    /// A table with these columns and no row yet.
    ///
    /// ```
    /// assert!(floe_engine::Table::new(&["name"]).rows.is_empty());
    /// ```
    #[must_use]
    pub fn new(columns: &[&str]) -> Self {
        Self {
            columns: columns.iter().map(|&name| name.to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// The one-row, one-column answer of a statement that changes something.
    ///
    /// ```
    /// assert_eq!(floe_engine::Table::status("OK").rows.len(), 1);
    /// ```
    #[must_use]
    pub fn status(text: impl Into<String>) -> Self {
        Self::value("status", text)
    }

    /// A one-row, one-column table under another name.
    ///
    /// ```
    /// assert_eq!(floe_engine::Table::value("A", "b").cell(0, "A"), Some("b"));
    /// ```
    #[must_use]
    pub fn value(column: &str, text: impl Into<String>) -> Self {
        let mut table = Self::new(&[column]);
        table.rows.push(vec![Some(text.into())]);
        table
    }

    /// The value at a row (0-based) and a column name; `None` for NULL or where there is none.
    ///
    /// ```
    /// assert_eq!(floe_engine::Table::status("OK").cell(1, "status"), None);
    /// ```
    #[must_use]
    pub fn cell(&self, row: usize, column: &str) -> Option<&str> {
        let index = self.columns.iter().position(|name| name == column)?;
        self.rows.get(row)?.get(index)?.as_deref()
    }
}
