//! Batches as Arrow columns.

use arrow::array::{Array, ArrayRef};
use floe_batch::rows::read_request;
use floe_batch::{Encoder, SqlType, decode_request, encode_response};

use super::{Answers, ServeError, prove_count};

/// The rows of one request as Arrow columns, made by
/// [`RawBatch::columns`](super::RawBatch::columns).
///
/// For work that is done on columns: models, arrow's kernels. Bodies become columns and columns
/// bodies at the speed of memory, without a value per row in between.
///
/// ```
/// use floe_function::arrow::array::{AsArray, Int64Array};
/// use floe_function::floe_batch::SqlType;
/// use floe_function::server::{Answers, RawBatch, ServeError};
///
/// async fn lengths(raw: RawBatch) -> Result<Answers, ServeError> {
///     let text = SqlType::parse("VARCHAR").map_err(ServeError::failed)?;
///     let columns = raw.columns(&[text])?;
///     let texts = columns.columns()[0].as_string::<i32>();
///     let lengths = texts.iter().map(|text| Some(text?.len() as i64));
///     let lengths: Int64Array = lengths.collect();
///     columns.answer(&lengths)
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let answers = lengths(RawBatch::of(r#"{"data":[[0,"abc"],[1,null]]}"#)).await.unwrap();
/// assert_eq!(answers.body(), br#"{"data":[[0,3],[1,null]]}"#);
/// # });
/// ```
#[derive(Debug, Clone)]
#[must_use = "a batch that is not answered fails the query"]
pub struct Columns {
    columns: Vec<ArrayRef>,
    rows: usize,
    accepts_gzip: bool,
}

impl Columns {
    pub(super) fn read(
        body: &[u8],
        signature: &[SqlType],
        accepts_gzip: bool,
    ) -> Result<Self, ServeError> {
        let columns = decode_request(body, signature).map_err(ServeError::BadRequest)?;
        let rows = match columns.first() {
            Some(column) => column.len(),
            // A function without arguments has rows, but no column that could tell how many.
            None => read_request::<()>(body)
                .map_err(ServeError::BadRequest)?
                .len(),
        };
        Ok(Self {
            columns,
            rows,
            accepts_gzip,
        })
    }

    /// The columns, in the order of the arguments.
    ///
    /// ```
    /// use floe_function::floe_batch::SqlType;
    /// use floe_function::server::RawBatch;
    ///
    /// let signature = [SqlType::parse("BOOLEAN")?, SqlType::parse("FLOAT")?];
    /// let columns = RawBatch::of(r#"{"data":[[0,true,0.5]]}"#).columns(&signature)?;
    /// assert_eq!(columns.columns().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn columns(&self) -> &[ArrayRef] {
        &self.columns
    }

    /// How many rows they have.
    ///
    /// ```
    /// use floe_function::server::RawBatch;
    ///
    /// let columns = RawBatch::of(r#"{"data":[[0],[1]]}"#).columns(&[])?;
    /// assert_eq!(columns.rows(), 2);
    /// # Ok::<(), floe_function::server::ServeError>(())
    /// ```
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Answers row *n* with value *n* of `values`.
    ///
    /// # Errors
    ///
    /// [`ServeError::WrongCount`] unless there is one value per row; [`ServeError::Unwritable`]
    /// when the format cannot carry the type of the column.
    ///
    /// See [`Columns`] for an example.
    pub fn answer(self, values: &dyn Array) -> Result<Answers, ServeError> {
        prove_count(values.len(), self.rows)?;
        let mut body = Vec::new();
        encode_response(values, &mut body).map_err(ServeError::Unwritable)?;
        Ok(Answers::new(body, self.accepts_gzip))
    }

    /// Answers row *n* with value *n* of `values`, written as values of the declared type: text is
    /// JSON where that is `VARIANT`, `OBJECT` or `ARRAY`.
    ///
    /// # Errors
    ///
    /// As [`Columns::answer`]; and [`ServeError::Unwritable`] when the column is not of the type or
    /// a text is not JSON.
    ///
    /// ```
    /// use floe_batch::SqlType;
    /// use floe_batch::arrow::array::StringArray;
    /// use floe_function::server::RawBatch;
    ///
    /// let columns = RawBatch::of(r#"{"data":[[0]]}"#).columns(&[])?;
    /// let answers = columns.answer_as(&SqlType::Array, &StringArray::from(vec!["[1,2]"]))?;
    /// assert_eq!(answers.body(), br#"{"data":[[0,[1,2]]]}"#);
    /// # Ok::<(), floe_function::server::ServeError>(())
    /// ```
    pub fn answer_as(self, ty: &SqlType, values: &dyn Array) -> Result<Answers, ServeError> {
        prove_count(values.len(), self.rows)?;
        let mut body = Vec::new();
        Encoder::new(std::slice::from_ref(ty))
            .response(values, &mut body)
            .map_err(ServeError::Unwritable)?;
        Ok(Answers::new(body, self.accepts_gzip))
    }
}
