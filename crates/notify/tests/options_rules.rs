//! Options: what they mean together, at a start and at a restart.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use floe_notify::options::{FileFormat, Kept, Start, keys};
use floe_notify::{Finding, Location, Options, codes};

fn shown(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|finding| match &finding.hint {
        Some(hint) => format!("{finding}\n  = {hint}\n"),
        None => format!("{finding}\n"),
    });
    lines.collect()
}

#[track_caller]
fn check(pairs: &[(&str, &str)], expected: Expect) {
    let (_, findings) = Options::parse(pairs.iter().copied());
    expected.assert_eq(&shown(&findings));
}

#[track_caller]
fn check_start(pairs: &[(&str, &str)], path: Option<&str>, schema: bool, expected: Expect) {
    let (options, findings) = Options::parse(pairs.iter().copied());
    assert_eq!(
        findings.iter().filter(|finding| finding.is_error()).count(),
        0,
        "{findings:#?}"
    );
    let path = path.map(|path| Location::parse(path).unwrap());
    let start = Start {
        path: path.as_ref(),
        has_schema: schema,
    };
    expected.assert_eq(&shown(&options.check_start(&start)));
}

// === Rules ===

#[test]
fn bounds_must_be_positive() {
    check(
        &[
            ("cloudFiles.maxFilesPerTrigger", "0"),
            ("cloudFiles.maxBytesPerTrigger", "0"),
            ("cloudFiles.backfillInterval", "0 days"),
        ],
        expect![[r#"
            error[FLOE-NOTIFY-0046] cloudFiles.maxFilesPerTrigger: the value must be positive
            error[FLOE-NOTIFY-0046] cloudFiles.maxBytesPerTrigger: the value must be positive
            error[FLOE-NOTIFY-0046] cloudFiles.backfillInterval: the value must be positive
        "#]],
    );
}

#[test]
fn credentials_without_notifications_are_an_error_that_says_both_ways_out() {
    check(
        &[
            ("cloudFiles.clientId", "i"),
            ("cloudFiles.clientSecret", "s"),
            ("cloudFiles.tenantId", "t"),
            ("cloudFiles.fetchParallelism", "4"),
        ],
        expect![[r#"
            error[FLOE-NOTIFY-0045] cloudFiles.clientId: credentials for notifications are given (cloudFiles.clientId, cloudFiles.clientSecret, cloudFiles.tenantId), but the stream lists its directory
              = write cloudFiles.useNotifications=true, or cloudFiles.validateOptions=false
            warning[FLOE-NOTIFY-0045] cloudFiles.fetchParallelism: the option has no effect, because the stream lists its directory
              = write cloudFiles.useNotifications=true
        "#]],
    );
}

#[test]
fn without_validation_unknown_and_inconsistent_options_are_warnings() {
    let (_, findings) = Options::parse([
        ("cloudFiles.formt", "json"),
        ("cloudFiles.connectionString", "s"),
        ("cloudFiles.validateOptions", "false"),
    ]);
    assert_eq!(findings.len(), 2);
    assert!(
        findings.iter().all(|finding| !finding.is_error()),
        "{findings:#?}"
    );
    // What would fail or lose data later stays an error.
    let (_, findings) = Options::parse([
        ("cloudFiles.validateOptions", "false"),
        ("cloudFiles.maxFilesPerTrigger", "0"),
        ("cloudFiles.cleanSource", "DELETE"),
        ("cloudFiles.allowOverwrites", "true"),
    ]);
    assert_eq!(
        findings.iter().filter(|finding| finding.is_error()).count(),
        2
    );
}

#[test]
fn credentials_are_whole_or_not_there() {
    check(
        &[
            ("cloudFiles.useNotifications", "true"),
            ("cloudFiles.awsAccessKey", "a"),
            ("cloudFiles.clientId", "i"),
            ("cloudFiles.privateKey", "p"),
            ("cloudFiles.roleSessionName", "s"),
            ("cloudFiles.stsEndpoint", "e"),
            ("databricks.serviceCredential", "c"),
        ],
        expect![[r#"
            error[FLOE-NOTIFY-0044] cloudFiles.awsAccessKey: the option needs `cloudFiles.awsSecretKey` beside it
            error[FLOE-NOTIFY-0044] cloudFiles.clientId: the option needs `cloudFiles.clientSecret`, `cloudFiles.tenantId` beside it
            error[FLOE-NOTIFY-0044] cloudFiles.privateKey: the option needs `cloudFiles.client`, `cloudFiles.clientEmail`, `cloudFiles.privateKeyId` beside it
            error[FLOE-NOTIFY-0044] cloudFiles.roleSessionName: the option is about a role and needs `cloudFiles.roleArn` beside it
            error[FLOE-NOTIFY-0044] cloudFiles.stsEndpoint: the option is about a role and needs `cloudFiles.roleArn` beside it
            error[FLOE-NOTIFY-0043] databricks.serviceCredential: the option stands in place of `cloudFiles.awsAccessKey`, `cloudFiles.roleSessionName`, `cloudFiles.stsEndpoint`, `cloudFiles.clientId`, `cloudFiles.privateKey`; give one or the other
        "#]],
    );
}

#[test]
fn managed_file_events_reject_six_options_and_are_not_there_here() {
    check(
        &[
            ("cloudFiles.useManagedFileEvents", "true"),
            ("cloudFiles.useIncrementalListing", "auto"),
            ("cloudFiles.useNotifications", "false"),
            ("cloudFiles.fetchParallelism", "2"),
            ("cloudFiles.backfillInterval", "1 day"),
            ("cloudFiles.pathRewrites", "{}"),
            ("cloudFiles.resourceTag.team", "sales"),
        ],
        expect![[r#"
            error[FLOE-NOTIFY-0043] cloudFiles.useIncrementalListing: the option does not go together with `cloudFiles.useManagedFileEvents`
              = leave out one of the two options
            error[FLOE-NOTIFY-0043] cloudFiles.useNotifications: the option does not go together with `cloudFiles.useManagedFileEvents`
              = leave out one of the two options
            error[FLOE-NOTIFY-0043] cloudFiles.fetchParallelism: the option does not go together with `cloudFiles.useManagedFileEvents`
              = leave out one of the two options
            error[FLOE-NOTIFY-0043] cloudFiles.backfillInterval: the option does not go together with `cloudFiles.useManagedFileEvents`
              = leave out one of the two options
            error[FLOE-NOTIFY-0043] cloudFiles.pathRewrites: the option does not go together with `cloudFiles.useManagedFileEvents`
              = leave out one of the two options
            error[FLOE-NOTIFY-0043] cloudFiles.resourceTag: the option does not go together with `cloudFiles.useManagedFileEvents`
              = leave out one of the two options
            error[FLOE-NOTIFY-0049] cloudFiles.useManagedFileEvents: managed file events are a service of Databricks and not there here
              = write cloudFiles.useNotifications=true
            warning[FLOE-NOTIFY-0049] cloudFiles.useIncrementalListing: the option is deprecated: files whose names do not grow are not found
              = use notifications, or list the whole directory
            warning[FLOE-NOTIFY-0049] cloudFiles.pathRewrites: paths are rewritten only for a queue of yours, and none is given
        "#]],
    );
}

#[test]
fn notifications_and_incremental_listing_exclude_one_another() {
    let with = |value: &str| {
        let pairs = [
            ("cloudFiles.useNotifications", "true"),
            ("cloudFiles.useIncrementalListing", value),
        ];
        Options::parse(pairs).1.len()
    };
    assert_eq!((with("true"), with("auto"), with("false")), (1, 1, 0));
}

#[test]
fn processed_files_are_cleaned_up_only_when_nothing_is_lost_by_it() {
    check(
        &[
            ("cloudFiles.cleanSource", "DELETE"),
            ("cloudFiles.cleanSource.retentionDuration", "7 days"),
            ("cloudFiles.cleanSource.moveDestination", "s3://acme/done"),
            ("cloudFiles.allowOverwrites", "true"),
            ("cloudFiles.maxFileAge", "6 days"),
        ],
        expect![[r#"
            error[FLOE-NOTIFY-0043] cloudFiles.cleanSource: a file that may still change cannot be deleted or moved; the option does not go together with `cloudFiles.allowOverwrites`
              = leave out one of the two options
            error[FLOE-NOTIFY-0046] cloudFiles.cleanSource.retentionDuration: files are deleted after more than 7 days, not after 7 days
            error[FLOE-NOTIFY-0046] cloudFiles.cleanSource.retentionDuration: files stay for 7 days, but are forgotten after 6 days and would be found again
              = give `cloudFiles.maxFileAge` at least the same length
            warning[FLOE-NOTIFY-0049] cloudFiles.maxFileAge: files are remembered for less than 14 days; a file whose message comes later is taken for old and left out
              = 90 days are recommended
            warning[FLOE-NOTIFY-0049] cloudFiles.cleanSource.moveDestination: files are not moved, because `cloudFiles.cleanSource` is not MOVE
        "#]],
    );
    check(
        &[
            ("cloudFiles.cleanSource", "MOVE"),
            ("cloudFiles.cleanSource.retentionDuration", "1 hour"),
        ],
        expect![[r#"
            error[FLOE-NOTIFY-0047] cloudFiles.cleanSource.moveDestination: files are to be moved, but it is not said where
        "#]],
    );
}

#[test]
fn with_a_queue_of_the_user_s_nothing_is_set_up_and_what_is_only_for_that_is_told() {
    check(
        &[
            ("cloudFiles.useNotifications", "true"),
            ("cloudFiles.queueName", "databricks-orders"),
            (
                "cloudFiles.queueUrl",
                "https://sqs.us-east-2.amazonaws.com/1/q",
            ),
            ("cloudFiles.resourceGroup", "g"),
            ("cloudFiles.resourceTag.team", "sales"),
        ],
        expect![[r#"
            error[FLOE-NOTIFY-0043] cloudFiles.queueUrl: queues of several clouds are given: cloudFiles.queueUrl, cloudFiles.queueName
            warning[FLOE-NOTIFY-0049] cloudFiles.resourceGroup: nothing is set up, because `cloudFiles.queueUrl` is given
            warning[FLOE-NOTIFY-0049] cloudFiles.resourceTag: nothing is set up, because `cloudFiles.queueUrl` is given
        "#]],
    );
}

#[test]
fn a_path_that_cannot_be_watched_is_told_with_its_own_code() {
    check(
        &[("path", "adl://acme.azuredatalakestore.net/orders")],
        expect![[r#"
            error[FLOE-NOTIFY-0021] path: 'adl://acme.azuredatalakestore.net/orders' is in Azure Data Lake Storage Gen1, which has no file notification; move the files to Gen2 and give an abfss:// path
        "#]],
    );
}

#[test]
fn reserved_tags_cannot_be_given() {
    check(
        &[
            ("cloudFiles.resourceTag.Vendor", "Acme"),
            ("cloudFiles.resourceTag.", "x"),
        ],
        expect![[r#"
            error[FLOE-NOTIFY-0027] cloudFiles.resourceTag.: the tag has no key
              = write cloudFiles.resourceTag.<key>
            error[FLOE-NOTIFY-0026] cloudFiles.resourceTag.Vendor: the tag is set by the system and cannot be given
              = choose another key
        "#]],
    );
}

// === Start ===

const NOTIFIED: (&str, &str) = ("cloudFiles.useNotifications", "true");
const JSON: (&str, &str) = ("cloudFiles.format", "json");

#[test]
fn a_start_needs_a_format_and_a_path_or_a_queue_with_a_schema() {
    check_start(
        &[NOTIFIED],
        None,
        true,
        expect![[r#"
            error[FLOE-NOTIFY-0047] cloudFiles.format: it is not said what the files hold
              = write cloudFiles.format=json, or another format
            error[FLOE-NOTIFY-0047] path: it is not said which directory to read
              = give a path, or the queue to take events from
        "#]],
    );
    let queue = (
        "cloudFiles.queueUrl",
        "https://sqs.us-east-2.amazonaws.com/1/q",
    );
    check_start(
        &[NOTIFIED, JSON, queue],
        None,
        false,
        expect![[r#"
            error[FLOE-NOTIFY-0047] path: without a path the schema of the files cannot be inferred
              = give a schema, or a path
        "#]],
    );
    check_start(&[NOTIFIED, JSON, queue], None, true, expect![[""]]);
    // Without notifications the queue is not used.
    check_start(
        &[JSON, queue],
        None,
        true,
        expect![[r#"
            error[FLOE-NOTIFY-0047] path: it is not said which directory to read
              = give a path, or the queue to take events from
        "#]],
    );
    check_start(
        &[NOTIFIED, JSON, queue],
        Some("s3://acme/orders"),
        false,
        expect![[""]],
    );
}

#[test]
fn a_setup_on_azure_needs_to_know_where_and_as_whom() {
    let path = Some("abfss://landing@acme.dfs.core.windows.net/orders");
    check_start(
        &[NOTIFIED, JSON],
        path,
        false,
        expect![[r#"
            error[FLOE-NOTIFY-0047] cloudFiles.resourceGroup: the option is required to set up notifications on Azure
            error[FLOE-NOTIFY-0047] cloudFiles.subscriptionId: the option is required to set up notifications on Azure
            error[FLOE-NOTIFY-0047] cloudFiles.clientId: event subscriptions are made by a service principal, and none is given
              = give cloudFiles.clientId, clientSecret and tenantId, or databricks.serviceCredential
        "#]],
    );
    let group = ("cloudFiles.resourceGroup", "g");
    let id = ("cloudFiles.subscriptionId", "s");
    let credential = ("databricks.serviceCredential", "c");
    check_start(
        &[NOTIFIED, JSON, group, id, credential],
        path,
        false,
        expect![[""]],
    );
    // A queue that is there needs none of it.
    check_start(
        &[NOTIFIED, JSON, ("cloudFiles.queueName", "q")],
        path,
        false,
        expect![[""]],
    );
}

#[test]
fn options_of_other_clouds_names_and_tags_that_the_cloud_does_not_take_are_told() {
    check_start(
        &[
            NOTIFIED,
            JSON,
            ("cloudFiles.region", "us-east-2"),
            ("cloudFiles.resourceTag.Team", "sales"),
            ("floe.resourcePrefix", "1st"),
        ],
        Some("gs://acme/orders"),
        false,
        expect![[r#"
            warning[FLOE-NOTIFY-0049] cloudFiles.region: the option has no effect, because the files are on GCP
            error[FLOE-NOTIFY-0024] floe.resourcePrefix: the resource name '1st-0' does not begin with a letter, which GCP does not take
            error[FLOE-NOTIFY-0027] cloudFiles.resourceTag.Team: a key begins with a lower-case letter on GCP
        "#]],
    );
}

#[test]
fn a_queue_url_is_a_url() {
    check_start(
        &[
            NOTIFIED,
            JSON,
            ("cloudFiles.queueUrl", "databricks-auto-ingest-orders"),
        ],
        Some("s3://acme/orders"),
        false,
        expect![[r#"
            error[FLOE-NOTIFY-0028] cloudFiles.queueUrl: 'databricks-auto-ingest-orders' is not the URL of an SQS queue: the form is https://sqs.<region>.amazonaws.com/<account>/<queue>
        "#]],
    );
}

#[test]
fn files_are_not_moved_to_where_they_are_found_again() {
    let moved = |to: &str| {
        let (options, findings) = Options::parse([
            JSON,
            ("cloudFiles.cleanSource", "MOVE"),
            ("cloudFiles.cleanSource.moveDestination", to),
        ]);
        assert_eq!(findings, []);
        let path = Location::parse("s3://acme/orders").unwrap();
        let start = Start {
            path: Some(&path),
            has_schema: false,
        };
        options
            .check_start(&start)
            .iter()
            .map(|it| it.code)
            .collect::<Vec<_>>()
    };
    assert_eq!(moved("s3://acme/orders/done"), [codes::OUT_OF_RANGE]);
    assert_eq!(moved("s3a://acme/orders"), [codes::OUT_OF_RANGE]);
    assert_eq!(moved("s3://acme/orders-done"), [""; 0]);
    assert_eq!(moved("s3://elsewhere/done"), [codes::DOUBTFUL_OPTION]);
    assert_eq!(moved("done"), [codes::UNKNOWN_STORAGE]);
}

// === Restart ===

#[test]
fn what_only_the_first_start_looks_at_stays_and_another_path_is_refused() {
    let (first, _) = Options::parse([JSON, ("path", "s3://acme/orders")]);
    let kept = first.keep();
    let (mut again, _) = Options::parse([
        ("cloudFiles.format", "csv"),
        ("path", "s3://acme/other"),
        ("cloudFiles.includeExistingFiles", "false"),
    ]);
    expect![[r#"
        error[FLOE-NOTIFY-0048] path: the stream was started with s3://acme/orders; it cannot be changed
          = start a new stream with a new checkpoint
        warning[FLOE-NOTIFY-0048] cloudFiles.includeExistingFiles: the stream was started with true; that stays so
          = only the first start looks at it
    "#]]
    .assert_eq(&shown(&again.restart(&kept)));
    assert!(again.get(keys::INCLUDE_EXISTING_FILES));
    assert_eq!(again.find(keys::FORMAT), Some(FileFormat::Csv));
}

fn pairs(name: &str, value: &str) -> BTreeMap<String, String> {
    [(name.to_owned(), value.to_owned())].into()
}

#[test]
fn a_stream_keeps_the_defaults_that_it_was_made_with() {
    let mut kept = Options::default().keep();
    kept.defaults
        .extend(pairs("cloudFiles.includeExistingFiles", "false"));
    kept.defaults
        .extend(pairs("cloudFiles.maxFilesPerTrigger", "7"));
    kept.defaults
        .extend(pairs("cloudFiles.fetchParallelism", "9"));
    let (mut again, _) = Options::parse([NOTIFIED, ("cloudFiles.fetchParallelism", "2")]);
    assert_eq!(again.restart(&kept), []);
    assert!(!again.get(keys::INCLUDE_EXISTING_FILES));
    assert_eq!(again.get(keys::MAX_FILES_PER_TRIGGER), 7);
    assert_eq!(again.get(keys::FETCH_PARALLELISM), 2);
}

#[test]
fn an_option_that_is_no_longer_given_has_its_default_again_but_for_what_is_frozen() {
    let (first, _) = Options::parse([
        ("cloudFiles.maxFilesPerTrigger", "5"),
        ("cloudFiles.includeExistingFiles", "false"),
        ("floe.resourcePrefix", "acme"),
    ]);
    let mut again = Options::default();
    assert_eq!(again.restart(&first.keep()), []);
    assert_eq!(again.get(keys::MAX_FILES_PER_TRIGGER), 1000);
    assert!(!again.get(keys::INCLUDE_EXISTING_FILES));
    assert_eq!(again.find(keys::RESOURCE_PREFIX).as_deref(), Some("acme"));
}

#[test]
fn a_checkpoint_that_cannot_be_read_is_an_error() {
    let given = pairs("cloudFiles.includeExistingFiles", "perhaps");
    let findings = Options::default().restart(&Kept {
        given,
        ..Kept::default()
    });
    assert!(findings[0].is_error() && findings[0].code == codes::FROZEN_OPTION);
}
