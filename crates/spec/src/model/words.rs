//! The words of the format that stand for values of the model, each in one place.

use super::{Adjustment, Aggregation, Encryption, LogLevel, MetricGroup, Protocol, SecretKey};

macro_rules! words {
    ($kind:ident: $($value:ident = $word:literal),+) => {
        impl $kind {
            /// Each word with what it means.
            pub(crate) const WORDS: &'static [(&'static str, Self)] =
                &[$(($word, Self::$value)),+];

            /// The word of the specification.
            pub(crate) fn word(self) -> &'static str {
                match self {
                    $(Self::$value => $word),+
                }
            }
        }
    };
}

words!(Protocol: Http = "HTTP", Tcp = "TCP");
words!(LogLevel: Info = "INFO", Error = "ERROR", None = "NONE");
words!(MetricGroup: System = "system", SystemLimits = "system_limits", Status = "status",
    Network = "network", Storage = "storage");
words!(Encryption: Sse = "SNOWFLAKE_SSE", Full = "SNOWFLAKE_FULL");
words!(Aggregation: Min = "min", Max = "max", Avg = "avg");
words!(Adjustment: ChangeCount = "changeInstanceCount", ExactCount = "exactInstanceCount",
    PercentChange = "percentChangeInstanceCount");
words!(SecretKey: Username = "username", Password = "password", SecretString = "secret_string",
    AccessToken = "access_token");
