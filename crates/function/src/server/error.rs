//! Why a batch was not answered with its rows.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use floe_batch::BatchError;

use crate::coding::GZIP;

/// Why a service did not answer a batch.
///
/// As a response it is the status of [`status`](Self::status) with one line of text: the code and
/// the message. The caller shows that line to whoever runs the query.
///
/// ```
/// use axum::response::IntoResponse;
/// use floe_function::server::ServeError;
///
/// let error = ServeError::WrongCount { answered: 1, sent: 2 };
/// assert_eq!(error.code(), "FLOE-FUNCTION-0021");
/// assert_eq!(error.into_response().status(), 500);
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The body is not a batch with the arguments of this function. Expected when the SQL function
    /// and the service disagree about the arguments.
    #[error("the request is not a batch of rows for this function: {0} ({code})", code = .0.code())]
    BadRequest(#[source] BatchError),
    /// The author's function answered another number of rows than it was given.
    #[error("the service answered {answered} rows of a batch of {sent}; answer every row once")]
    WrongCount {
        /// Rows answered.
        answered: usize,
        /// Rows sent.
        sent: usize,
    },
    /// An answer cannot be written as JSON.
    #[error("an answer cannot be written: {0}")]
    Unwritable(#[source] BatchError),
    /// The author's function failed as a whole; the caller sends the batch again.
    #[error("the batch failed: {message}")]
    Failed {
        /// The text of the author's error.
        message: String,
    },
    /// The body is larger than the service reads.
    #[error(
        "the request is larger than {limit} bytes; lower MAX_BATCH_ROWS, or let the service read \
         more with RequestLimit"
    )]
    TooLarge {
        /// The most bytes that are read.
        limit: usize,
    },
    /// The body broke off before its end.
    #[error("the request broke off before its end: {message}")]
    Incomplete {
        /// What the connection says.
        message: String,
    },
    /// The body is compressed and does not come out whole.
    #[error("the compressed request cannot be read: {message}")]
    Undecodable {
        /// What is wrong with it.
        message: String,
    },
    /// The body is coded for its way as nobody reads it here.
    #[error("the Content-Encoding of the request is `{encoding}`; send it plain, or as gzip")]
    UnknownEncoding {
        /// The header.
        encoding: String,
    },
    /// The author's function refused one row for good; the caller does not send the batch again.
    #[error("row {row} was refused: {message}")]
    RowRefused {
        /// The number of the row, as it was sent.
        row: u64,
        /// The text of the author's error.
        message: String,
    },
    /// The batch id is known, but with other rows.
    #[error(
        "batch {batch_id} was sent before with other rows; give every batch an id of its own and \
         send the same bytes when it is sent again"
    )]
    OtherRows {
        /// The batch id.
        batch_id: String,
    },
    /// Somebody asked for the result of a batch that is not in the book.
    #[error(
        "batch {batch_id} is not known here: it was never sent to this instance, or its answer was \
         forgotten; send it again"
    )]
    UnknownBatch {
        /// The batch id.
        batch_id: String,
    },
    /// As many batches are being worked on as are allowed.
    #[error("{running} batches are being worked on, which is the most at a time; send it later")]
    Busy {
        /// Batches that are being worked on.
        running: usize,
        /// When to send it again, in the header `Retry-After`.
        retry_after: Duration,
    },
    /// The work on a batch ended without an answer.
    #[error(
        "the work on the batch {}", if *panicked {
            "panicked; the log of the service says where"
        } else {
            "was given up before its end, since the service stops"
        }
    )]
    WorkLost {
        /// Whether it panicked; else it was dropped.
        panicked: bool,
    },
    /// The answer is larger than everything that a book keeps.
    #[error(
        "the answer is larger than {limit} bytes, the most that is kept; lower MAX_BATCH_ROWS, or \
         raise BookOptions::kept_bytes"
    )]
    AnswerTooLarge {
        /// The most bytes that are kept.
        limit: usize,
    },
}

impl ServeError {
    /// The author's own error for the whole batch, with status 500: the caller sends the batch
    /// again under the same id.
    ///
    /// ```
    /// use floe_function::server::ServeError;
    ///
    /// let error = ServeError::failed("no model loaded");
    /// assert_eq!(error.to_string(), "the batch failed: no model loaded");
    /// assert_eq!(error.status(), 500);
    /// ```
    pub fn failed(error: impl ToString) -> Self {
        Self::Failed {
            message: error.to_string(),
        }
    }

    /// The stable code of the error, which has a page in `docs/errors`.
    ///
    /// ```
    /// use floe_function::server::ServeError;
    ///
    /// assert_eq!(ServeError::failed("out of memory").code(), "FLOE-FUNCTION-0023");
    /// ```
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "FLOE-FUNCTION-0020",
            Self::WrongCount { .. } => "FLOE-FUNCTION-0021",
            Self::Unwritable(_) => "FLOE-FUNCTION-0022",
            Self::Failed { .. } => "FLOE-FUNCTION-0023",
            Self::TooLarge { .. } => "FLOE-FUNCTION-0024",
            Self::Incomplete { .. } => "FLOE-FUNCTION-0025",
            Self::RowRefused { .. } => "FLOE-FUNCTION-0026",
            Self::OtherRows { .. } => "FLOE-FUNCTION-0027",
            Self::UnknownBatch { .. } => "FLOE-FUNCTION-0028",
            Self::Busy { .. } => "FLOE-FUNCTION-0029",
            Self::WorkLost { .. } => "FLOE-FUNCTION-0030",
            Self::AnswerTooLarge { .. } => "FLOE-FUNCTION-0031",
            Self::Undecodable { .. } => "FLOE-FUNCTION-0032",
            Self::UnknownEncoding { .. } => "FLOE-FUNCTION-0033",
        }
    }

    /// The HTTP status it is answered with: the caller sends the batch again after 429 and 500,
    /// not after the others.
    ///
    /// ```
    /// use floe_function::server::ServeError;
    ///
    /// let refused = ServeError::RowRefused { row: 3, message: "no such currency".into() };
    /// assert_eq!((refused.code(), refused.status()), ("FLOE-FUNCTION-0026", 422));
    /// ```
    pub fn status(&self) -> u16 {
        match self {
            Self::TooLarge { .. } | Self::BadRequest(BatchError::BodyTooLarge { .. }) => 413,
            Self::BadRequest(_) | Self::Incomplete { .. } | Self::Undecodable { .. } => 400,
            Self::UnknownBatch { .. } => 404,
            Self::OtherRows { .. } => 409,
            Self::UnknownEncoding { .. } => 415,
            Self::RowRefused { .. } => 422,
            Self::Busy { .. } => 429,
            Self::WrongCount { .. }
            | Self::Unwritable(_)
            | Self::Failed { .. }
            | Self::WorkLost { .. }
            | Self::AnswerTooLarge { .. } => 500,
        }
    }

    /// The body of the response.
    pub(super) fn line(&self) -> String {
        format!("{}: {self}\n", self.code())
    }
}

impl IntoResponse for ServeError {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, self.line()).into_response();
        let hint = match self {
            Self::Busy { retry_after, .. } => {
                // The header counts whole seconds; part of one is rounded up, so that nobody comes
                // before the time.
                let seconds = retry_after.as_millis().div_ceil(1000);
                let seconds = HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX));
                Some((header::RETRY_AFTER, seconds))
            }
            // RFC 9110, section 12.5.3: what could be sent instead.
            Self::UnknownEncoding { .. } => {
                Some((header::ACCEPT_ENCODING, HeaderValue::from_static(GZIP)))
            }
            _ => None,
        };
        response.headers_mut().extend(hint);
        response
    }
}
