//! Amazon resource names, and the URLs of queues.

use std::fmt;

use crate::codes;

/// The partition of all regions but those of China, the US government and the isolated ones.
const PARTITION: &str = "aws";

/// A text that is no ARN or no queue URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArnError {
    /// The text has not the form of an ARN.
    #[error("'{text}' is not an ARN: the form is arn:partition:service:region:account:resource")]
    NotAnArn {
        /// What was given.
        text: String,
    },
    /// The text has not the form of a queue URL.
    #[error(
        "'{text}' is not the URL of an SQS queue: the form is \
         https://sqs.<region>.amazonaws.com/<account>/<queue>"
    )]
    NotAQueueUrl {
        /// What was given.
        text: String,
    },
}

impl ArnError {
    /// The stable code of this error; `docs/errors/` has a page for it.
    ///
    /// ```
    /// let error = floe_notify::aws::Arn::parse("orders").unwrap_err();
    /// assert_eq!(error.code(), "FLOE-NOTIFY-0028");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAnArn { .. } | Self::NotAQueueUrl { .. } => codes::BAD_IDENTIFIER,
        }
    }
}

/// An ARN: `arn:partition:service:region:account:resource`.
///
/// ```
/// use floe_notify::aws::Arn;
///
/// let arn = Arn::parse("arn:aws:sns:us-east-2:123456789012:databricks-auto-ingest-Trades")?;
/// assert_eq!(arn.service(), "sns");
/// assert_eq!(arn.region(), "us-east-2");
/// assert_eq!(arn.account(), "123456789012");
/// assert_eq!(arn.resource(), "databricks-auto-ingest-Trades");
/// # Ok::<(), floe_notify::aws::ArnError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn(String);

impl Arn {
    /// Checks the form; region and account may be empty, as in the ARN of a bucket.
    ///
    /// # Errors
    ///
    /// [`ArnError::NotAnArn`].
    ///
    /// ```
    /// use floe_notify::aws::Arn;
    ///
    /// assert!(Arn::parse("arn:aws:s3:::acme-landing").is_ok());
    /// assert!(Arn::parse("arn:aws:s3").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, ArnError> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", partition, service, _, _, resource]
                if ![partition, service, resource]
                    .iter()
                    .any(|part| part.is_empty())
                    && !text.contains(char::is_whitespace) =>
            {
                Ok(Arn(text.to_owned()))
            }
            _ => Err(ArnError::NotAnArn {
                text: text.to_owned(),
            }),
        }
    }

    /// The whole ARN.
    ///
    /// ```
    /// let arn = floe_notify::aws::Arn::parse("arn:aws:s3:::acme")?;
    /// assert_eq!(arn.as_str(), "arn:aws:s3:::acme");
    /// # Ok::<(), floe_notify::aws::ArnError>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition, such as `aws` or `aws-cn`.
    ///
    /// ```
    /// let arn = floe_notify::aws::Arn::parse("arn:aws-cn:s3:::acme")?;
    /// assert_eq!(arn.partition(), "aws-cn");
    /// # Ok::<(), floe_notify::aws::ArnError>(())
    /// ```
    #[must_use]
    pub fn partition(&self) -> &str {
        self.part(1)
    }

    /// The service, such as `sns`.
    ///
    /// ```
    /// assert_eq!(floe_notify::aws::Arn::parse("arn:aws:s3:::acme")?.service(), "s3");
    /// # Ok::<(), floe_notify::aws::ArnError>(())
    /// ```
    #[must_use]
    pub fn service(&self) -> &str {
        self.part(2)
    }

    /// The region; empty for what has none.
    ///
    /// ```
    /// assert_eq!(floe_notify::aws::Arn::parse("arn:aws:s3:::acme")?.region(), "");
    /// # Ok::<(), floe_notify::aws::ArnError>(())
    /// ```
    #[must_use]
    pub fn region(&self) -> &str {
        self.part(3)
    }

    /// The account; empty for what names none.
    ///
    /// ```
    /// assert_eq!(floe_notify::aws::Arn::parse("arn:aws:s3:::acme")?.account(), "");
    /// # Ok::<(), floe_notify::aws::ArnError>(())
    /// ```
    #[must_use]
    pub fn account(&self) -> &str {
        self.part(4)
    }

    /// Everything behind the account.
    ///
    /// ```
    /// assert_eq!(floe_notify::aws::Arn::parse("arn:aws:s3:::acme/a:b")?.resource(), "acme/a:b");
    /// # Ok::<(), floe_notify::aws::ArnError>(())
    /// ```
    #[must_use]
    pub fn resource(&self) -> &str {
        self.part(5)
    }

    fn part(&self, index: usize) -> &str {
        self.0.splitn(6, ':').nth(index).unwrap_or_default()
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Where topics and queues live: the parts of their ARNs that they share.
///
/// Policies may have `*` for region and account; nothing is checked here.
///
/// ```
/// use floe_notify::aws::Place;
///
/// let place = Place::new("us-east-2", "123456789012");
/// assert_eq!(place.topic("orders"), "arn:aws:sns:us-east-2:123456789012:orders");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// `aws`, but in China (`aws-cn`) and the US government's regions (`aws-us-gov`).
    pub partition: String,
    /// The region of bucket, topic and queue.
    pub region: String,
    /// The account number.
    pub account: String,
}

impl Place {
    /// A place, in the partition that the name of the region implies.
    ///
    /// ```
    /// use floe_notify::aws::Place;
    ///
    /// assert_eq!(Place::new("cn-north-1", "1").partition, "aws-cn");
    /// assert_eq!(Place::new("us-gov-west-1", "1").partition, "aws-us-gov");
    /// assert_eq!(Place::new("*", "*").partition, "aws");
    /// ```
    #[must_use]
    pub fn new(region: &str, account: &str) -> Self {
        let partition = match region {
            _ if region.starts_with("cn-") => "aws-cn",
            _ if region.starts_with("us-gov-") => "aws-us-gov",
            _ => PARTITION,
        };
        Place {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
        }
    }

    /// The ARN of a topic, or a pattern of such ARNs.
    ///
    /// ```
    /// use floe_notify::aws::Place;
    ///
    /// assert_eq!(Place::new("*", "*").topic("acme-*"), "arn:aws:sns:*:*:acme-*");
    /// ```
    #[must_use]
    pub fn topic(&self, name: &str) -> String {
        self.arn("sns", name)
    }

    /// The ARN of a queue, or a pattern of such ARNs.
    ///
    /// ```
    /// use floe_notify::aws::Place;
    ///
    /// assert_eq!(Place::new("*", "*").queue("acme-*"), "arn:aws:sqs:*:*:acme-*");
    /// ```
    #[must_use]
    pub fn queue(&self, name: &str) -> String {
        self.arn("sqs", name)
    }

    /// The ARN of a bucket, or a pattern of such ARNs; neither region nor account stand in it.
    ///
    /// ```
    /// use floe_notify::aws::Place;
    ///
    /// assert_eq!(Place::new("*", "*").bucket("acme-*-logs"), "arn:aws:s3:::acme-*-logs");
    /// ```
    #[must_use]
    pub fn bucket(&self, name: &str) -> String {
        format!("arn:{}:s3:::{name}", self.partition)
    }

    fn arn(&self, service: &str, name: &str) -> String {
        let Place {
            partition,
            region,
            account,
        } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{name}")
    }
}

/// The URL of an SQS queue, which is what `cloudFiles.queueUrl` holds.
///
/// ```
/// use floe_notify::aws::QueueUrl;
///
/// let url = QueueUrl::parse(
///     "https://sqs.us-east-2.amazonaws.com/123456789012/databricks-auto-ingest-Trades",
/// )?;
/// assert_eq!(url.region(), Some("us-east-2"));
/// assert_eq!(url.account(), "123456789012");
/// assert_eq!(url.queue(), "databricks-auto-ingest-Trades");
/// # Ok::<(), floe_notify::aws::ArnError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueUrl(String);

impl QueueUrl {
    /// Checks the form; the host may be that of an emulator or of a private endpoint.
    ///
    /// # Errors
    ///
    /// [`ArnError::NotAQueueUrl`].
    ///
    /// ```
    /// use floe_notify::aws::QueueUrl;
    ///
    /// let local = QueueUrl::parse("http://localhost:4566/000000000000/orders")?;
    /// assert_eq!(local.region(), None);
    /// assert!(QueueUrl::parse("databricks-auto-ingest-Trades").is_err());
    /// # Ok::<(), floe_notify::aws::ArnError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, ArnError> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let parts: Vec<&str> = rest.unwrap_or_default().split('/').collect();
        let is_url = matches!(parts.as_slice(), [host, .., account, queue]
            if !host.is_empty()
                && !account.is_empty()
                && account.bytes().all(|b| b.is_ascii_digit())
                && !queue.is_empty()
                && queue.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
        if is_url {
            return Ok(QueueUrl(text.to_owned()));
        }
        Err(ArnError::NotAQueueUrl {
            text: text.to_owned(),
        })
    }

    /// The URL.
    ///
    /// ```
    /// let text = "https://sqs.eu-west-1.amazonaws.com/1/orders";
    /// assert_eq!(floe_notify::aws::QueueUrl::parse(text)?.as_str(), text);
    /// # Ok::<(), floe_notify::aws::ArnError>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The region that the host names; neither emulators nor private endpoints must name one.
    ///
    /// ```
    /// use floe_notify::aws::QueueUrl;
    ///
    /// let old = QueueUrl::parse("https://eu-west-1.queue.amazonaws.com/1/orders")?;
    /// assert_eq!(old.region(), Some("eu-west-1"));
    /// # Ok::<(), floe_notify::aws::ArnError>(())
    /// ```
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        let host = self.0.split('/').nth(2)?;
        let (before, _) = host.split_once(".amazonaws.com")?;
        let region = before
            .strip_prefix("sqs.")
            .or_else(|| before.strip_suffix(".queue"))?;
        (!region.is_empty() && !region.contains('.')).then_some(region)
    }

    /// The account number.
    ///
    /// ```
    /// let url = floe_notify::aws::QueueUrl::parse("https://sqs.eu-west-1.amazonaws.com/1/orders")?;
    /// assert_eq!(url.account(), "1");
    /// # Ok::<(), floe_notify::aws::ArnError>(())
    /// ```
    #[must_use]
    pub fn account(&self) -> &str {
        self.0.rsplit('/').nth(1).unwrap_or_default()
    }

    /// The name of the queue.
    ///
    /// ```
    /// let url = floe_notify::aws::QueueUrl::parse("https://sqs.eu-west-1.amazonaws.com/1/orders")?;
    /// assert_eq!(url.queue(), "orders");
    /// # Ok::<(), floe_notify::aws::ArnError>(())
    /// ```
    #[must_use]
    pub fn queue(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for QueueUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
