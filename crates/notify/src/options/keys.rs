//! Every option, once.

use super::key::{Change, Group, Info, Key, Setting};
use super::rewrites::PathRewrites;
use super::time::{Interval, Moment};
use super::values::{ByteSize, CleanSource, FileFormat, IncrementalListing, PartitionColumns};
use crate::location::Cloud;
use crate::secret::Secret;

/// What options of a stream's source begin with.
pub const START: &str = "cloudFiles.";
/// What an option begins with that gives the created resources a tag.
pub const TAG_START: &str = "cloudFiles.resourceTag.";

const AWS: Cloud = Cloud::Aws;
const AZURE: Cloud = Cloud::Azure;
const GCP: Cloud = Cloud::Gcp;

/// Declares the options, and the list of all of them.
macro_rules! keys {
    ($($name:ident: $type:ident<$value:ty> = $option:literal, $group:expr, $about:literal
        $(, $method:ident($($argument:expr),*))*;)*) => {
        $(
            #[doc = concat!("`", $option, "`: ", $about, ".")]
            pub const $name: $type<$value> =
                Key::<$value>::new($option, $about, $group)$(.$method($($argument),*))*;
        )*

        /// What the table says about every option, in the order of the documentation;
        /// `cloudFiles.resourceTag.<key>` is not in it, because its name is the user's.
        pub const ALL: &[Info] = &[$(*$name.info()),*];

        #[cfg(test)]
        mod tests {
            use super::*;

            #[test]
            fn defaults_are_written_as_they_are() {
                $($name.agrees();)*
            }
        }
    };
}

keys! {
    // Both kinds of streams.
    PATH: Key<String> = "path", Group::Common,
        "the directory that is watched; a stream may be given it by other means",
        change(Change::Fixed);
    FORMAT: Key<FileFormat> = "cloudFiles.format", Group::Common,
        "what the files hold; required for a stream";
    ALLOW_OVERWRITES: Setting<bool> = "cloudFiles.allowOverwrites", Group::Common,
        "whether a file that changed is processed again, as a whole, in its latest version; \
         not with `cleanSource`",
        change(Change::Fixed), or("false", false);
    BACKFILL_INTERVAL: Key<Interval> = "cloudFiles.backfillInterval", Group::Common,
        "how often a listing looks for files that no event told of; it never makes duplicates";
    CLEAN_SOURCE: Setting<CleanSource> = "cloudFiles.cleanSource", Group::Common,
        "what becomes of files that were processed",
        or("OFF", CleanSource::Off);
    CLEAN_SOURCE_RETENTION: Setting<Interval> = "cloudFiles.cleanSource.retentionDuration",
        Group::Common,
        "how long processed files stay; more than 7 days for `DELETE`, at most `maxFileAge`",
        or("30 days", Interval::from_days(30));
    CLEAN_SOURCE_MOVE_DESTINATION: Key<String> = "cloudFiles.cleanSource.moveDestination",
        Group::Common,
        "where processed files are moved; not below the watched directory";
    INCLUDE_EXISTING_FILES: Setting<bool> = "cloudFiles.includeExistingFiles", Group::Common,
        "whether files count that are there before the first start",
        change(Change::FirstStart), or("true", true);
    MAX_BYTES_PER_TRIGGER: Key<ByteSize> = "cloudFiles.maxBytesPerTrigger", Group::Common,
        "how much a batch holds: the file that passes the bound is still in it; whichever bound \
         is reached first counts";
    MAX_FILES_PER_TRIGGER: Setting<u64> = "cloudFiles.maxFilesPerTrigger", Group::Common,
        "how many new files a batch holds at most",
        or("1000", 1000);
    MAX_FILE_AGE: Key<Interval> = "cloudFiles.maxFileAge", Group::Common,
        "how long a file is remembered; 14 days at least, 90 recommended; a file whose \
         message comes later is taken for old and left out";
    PARTITION_COLUMNS: Key<PartitionColumns> = "cloudFiles.partitionColumns", Group::Common,
        "Hive-style columns to take from paths; the empty text is none";
    USE_STRICT_GLOBBER: Setting<bool> = "cloudFiles.useStrictGlobber", Group::Common,
        "whether `*` stays within a directory, as in other file sources of Spark",
        or("false", false);
    VALIDATE_OPTIONS: Setting<bool> = "cloudFiles.validateOptions", Group::Common,
        "whether unknown and inconsistent options are errors, not warnings",
        or("true", true);
    SCHEMA_LOCATION: Key<String> = "cloudFiles.schemaLocation", Group::Common,
        "where the inferred schema is kept";
    SCHEMA_EVOLUTION_MODE: Key<String> = "cloudFiles.schemaEvolutionMode", Group::Common,
        "what happens to columns that appear later";
    SCHEMA_HINTS: Key<String> = "cloudFiles.schemaHints", Group::Common,
        "columns whose types are not inferred";
    INFER_COLUMN_TYPES: Key<bool> = "cloudFiles.inferColumnTypes", Group::Common,
        "whether types are inferred where the format has none";
    PATH_GLOB_FILTER: Key<String> = "pathGlobFilter", Group::Common,
        "a glob that the name of a file must match",
        alias("fileNamePattern");
    RECURSIVE_FILE_LOOKUP: Setting<bool> = "recursiveFileLookup", Group::Common,
        "whether nested directories without partition names are searched",
        or("false", false);
    MODIFIED_AFTER: Key<Moment> = "modifiedAfter", Group::Common,
        "only files modified after this time";
    MODIFIED_BEFORE: Key<Moment> = "modifiedBefore", Group::Common,
        "only files modified before this time";
    IGNORE_CORRUPT_FILES: Setting<bool> = "ignoreCorruptFiles", Group::Common,
        "whether files that cannot be read are passed over",
        or("false", false);
    IGNORE_MISSING_FILES: Setting<bool> = "ignoreMissingFiles", Group::Common,
        "whether files that are gone are passed over",
        or("false", false);
    RESOURCE_PREFIX: Key<String> = "floe.resourcePrefix", Group::Common,
        "what the names of created resources begin with; with another one the resources of the \
         original are not found",
        change(Change::FirstStart), default_words("the prefix of the original");
    STORE_ENDPOINT: Key<String> = "floe.storeEndpoint", Group::Common,
        "where the store that the files lie in is reached, instead of where its cloud has it: an \
         emulator, or a store of one's own";

    // Listing.
    USE_INCREMENTAL_LISTING: Setting<IncrementalListing> = "cloudFiles.useIncrementalListing",
        Group::Listing,
        "whether a listing goes on where the last one ended; deprecated, because files whose names \
         do not grow are not found",
        or("false", IncrementalListing::Never);

    // Notification.
    USE_NOTIFICATIONS: Setting<bool> = "cloudFiles.useNotifications", Group::Notification,
        "whether files are found by notification, not by listing",
        or("false", false);
    USE_MANAGED_FILE_EVENTS: Setting<bool> = "cloudFiles.useManagedFileEvents",
        Group::Notification,
        "whether files are found by a service of Databricks, which is not there outside of it",
        or("false", false);
    FETCH_PARALLELISM: Setting<u64> = "cloudFiles.fetchParallelism", Group::Notification,
        "how many workers take messages from the queue",
        or("1", 1);
    PATH_REWRITES: Key<PathRewrites> = "cloudFiles.pathRewrites", Group::Notification,
        "where files of a bucket are read instead, when a queue of yours is told of several \
         buckets";
    SERVICE_CREDENTIAL: Key<String> = "databricks.serviceCredential", Group::Notification,
        "the name of a credential that is kept elsewhere; in place of all others";

    // AWS.
    REGION: Key<String> = "cloudFiles.region", Group::Setup(AWS),
        "the region of bucket, topic and queue",
        default_words("the region of the machine");
    RESTRICT_TO_SAME_ACCOUNT: Setting<bool> =
        "cloudFiles.restrictNotificationSetupToSameAWSAccountId", Group::Setup(AWS),
        "whether the topic takes messages of buckets of its own account only",
        or("false", false);
    QUEUE_URL: Key<String> = "cloudFiles.queueUrl", Group::Own(AWS),
        "the URL of a queue that is there; nothing is set up then";
    AWS_ACCESS_KEY: Key<Secret> = "cloudFiles.awsAccessKey", Group::Login(AWS),
        "the access key; with `awsSecretKey`";
    AWS_SECRET_KEY: Key<Secret> = "cloudFiles.awsSecretKey", Group::Login(AWS),
        "the secret key; with `awsAccessKey`";
    ROLE_ARN: Key<String> = "cloudFiles.roleArn", Group::Login(AWS),
        "a role to assume";
    ROLE_EXTERNAL_ID: Key<Secret> = "cloudFiles.roleExternalId", Group::Login(AWS),
        "the external id for the role; with `roleArn`";
    ROLE_SESSION_NAME: Key<String> = "cloudFiles.roleSessionName", Group::Login(AWS),
        "a name for the session of the role; with `roleArn`";
    STS_ENDPOINT: Key<String> = "cloudFiles.stsEndpoint", Group::Login(AWS),
        "where the role is assumed; with `roleArn`";

    // Azure.
    RESOURCE_GROUP: Key<String> = "cloudFiles.resourceGroup", Group::Setup(AZURE),
        "the resource group of the storage account; required to set up";
    SUBSCRIPTION_ID: Key<String> = "cloudFiles.subscriptionId", Group::Setup(AZURE),
        "the id of the Azure subscription; required to set up";
    QUEUE_NAME: Key<String> = "cloudFiles.queueName", Group::Own(AZURE),
        "the name of a queue that is there; nothing is set up then";
    CLIENT_ID: Key<String> = "cloudFiles.clientId", Group::Login(AZURE),
        "the id of the service principal; with `clientSecret` and `tenantId`";
    CLIENT_SECRET: Key<Secret> = "cloudFiles.clientSecret", Group::Login(AZURE),
        "its secret";
    TENANT_ID: Key<String> = "cloudFiles.tenantId", Group::Login(AZURE),
        "its tenant";
    CONNECTION_STRING: Key<Secret> = "cloudFiles.connectionString", Group::Login(AZURE),
        "the connection string of the storage account; not needed by a service principal with the \
         role Storage Queue Data Contributor";

    // GCP.
    PROJECT_ID: Key<String> = "cloudFiles.projectId", Group::Setup(GCP),
        "the project of the bucket, in which topic and subscription are made";
    SUBSCRIPTION: Key<String> = "cloudFiles.subscription", Group::Own(GCP),
        "the name of a subscription that is there; nothing is set up then";
    CLIENT: Key<String> = "cloudFiles.client", Group::Login(GCP),
        "the id of the service account; all four of these or none, which is Google's default \
         chain";
    CLIENT_EMAIL: Key<String> = "cloudFiles.clientEmail", Group::Login(GCP),
        "its e-mail address";
    PRIVATE_KEY: Key<Secret> = "cloudFiles.privateKey", Group::Login(GCP),
        "its private key";
    PRIVATE_KEY_ID: Key<String> = "cloudFiles.privateKeyId", Group::Login(GCP),
        "the id of the private key";
}

#[cfg(test)]
trait Agrees {
    /// Whether the default and its text mean the same.
    fn agrees(&self);
}

#[cfg(test)]
impl<T> Agrees for Key<T> {
    fn agrees(&self) {
        assert!(
            !self.info().has_default(),
            "{} has no typed default",
            self.info().name
        );
    }
}

#[cfg(test)]
impl<T: super::OptionType + Copy> Agrees for Setting<T> {
    fn agrees(&self) {
        let info = self.info();
        let read = super::values::Value::read(info.kind, info.default);
        assert_eq!(read, Ok(self.default_value().into_value()), "{}", info.name);
        assert_eq!(self.default_value().into_value().to_string(), info.default);
    }
}
