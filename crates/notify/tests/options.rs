//! Options: how they are read, what they mean alone and together, and what is never printed.

use expect_test::{Expect, expect};
use floe_notify::options::{
    ByteSize, CleanSource, FileFormat, IncrementalListing, Interval, Kind, Moment, PathRewrites,
    Start, keys,
};
use floe_notify::{Finding, Location, Options, Secret, codes};
use proptest::prelude::*;

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

// === Reading ===

#[test]
fn every_option_is_read_by_its_name_in_any_case() {
    for info in keys::ALL {
        let value = match info.kind {
            Kind::Boolean => "TRUE",
            Kind::Whole => "7",
            Kind::Bytes => "10g",
            Kind::Interval => "20 days",
            Kind::Moment => "2026-01-31",
            Kind::Format => "JSON",
            Kind::Clean => "off",
            Kind::Incremental => "Auto",
            Kind::Rewrites => r#"{"a":"b"}"#,
            _ => "x",
        };
        for name in [info.name.to_owned(), info.name.to_uppercase()] {
            let (options, findings) = Options::parse([(name.as_str(), value)]);
            let unread = findings
                .iter()
                .any(|it| [codes::UNKNOWN_OPTION, codes::BAD_VALUE].contains(&it.code));
            assert!(!unread, "{name}: {findings:?}");
            let kept = options.to_pairs(false).contains_key(info.name);
            assert_eq!(kept, !info.secret, "{name}");
        }
    }
}

#[test]
fn no_two_options_have_one_name() {
    let mut names: Vec<String> = keys::ALL
        .iter()
        .map(|info| info.name.to_lowercase())
        .collect();
    names.extend(
        keys::ALL
            .iter()
            .filter_map(|info| info.alias)
            .map(str::to_lowercase),
    );
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn values_have_types() {
    let (options, findings) = Options::parse([
        ("cloudFiles.format", "csv"),
        ("cloudFiles.maxBytesPerTrigger", "512MB"),
        ("cloudFiles.maxFilesPerTrigger", " 12 "),
        ("cloudFiles.backfillInterval", "1 day"),
        ("cloudFiles.partitionColumns", "year,month"),
        ("modifiedAfter", "2021-01-01 00:00:00.000000 UTC+0"),
        ("fileNamePattern", "*.csv"),
        ("cloudFiles.cleanSource", "move"),
        ("cloudFiles.cleanSource.moveDestination", "s3://acme/done"),
    ]);
    assert_eq!(findings, []);
    assert_eq!(options.find(keys::FORMAT), Some(FileFormat::Csv));
    assert_eq!(
        options.find(keys::MAX_BYTES_PER_TRIGGER),
        Some(ByteSize::new(512 << 20))
    );
    assert_eq!(options.get(keys::MAX_FILES_PER_TRIGGER), 12);
    assert_eq!(
        options.find(keys::BACKFILL_INTERVAL),
        Some(Interval::from_days(1))
    );
    assert_eq!(
        options.find(keys::PARTITION_COLUMNS).unwrap().names(),
        ["year", "month"]
    );
    let moment = options.find(keys::MODIFIED_AFTER).unwrap();
    assert_eq!(moment.micros(), 1_609_459_200_000_000);
    assert_eq!(
        options.find(keys::PATH_GLOB_FILTER).as_deref(),
        Some("*.csv")
    );
    assert_eq!(options.get(keys::CLEAN_SOURCE), CleanSource::Move);
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let options = Options::default();
    assert!(options.get(keys::INCLUDE_EXISTING_FILES) && options.get(keys::VALIDATE_OPTIONS));
    assert!(!options.get(keys::USE_NOTIFICATIONS) && !options.get(keys::ALLOW_OVERWRITES));
    assert_eq!(options.get(keys::MAX_FILES_PER_TRIGGER), 1000);
    assert_eq!(options.get(keys::FETCH_PARALLELISM), 1);
    assert_eq!(
        options.get(keys::CLEAN_SOURCE_RETENTION),
        Interval::from_days(30)
    );
    assert_eq!(
        options.get(keys::USE_INCREMENTAL_LISTING),
        IncrementalListing::Never
    );
    assert_eq!(options.check(), []);
}

#[test]
fn values_that_cannot_be_read_are_told_all_at_once_and_never_repeated() {
    check(
        &[
            ("cloudFiles.format", "excel"),
            ("cloudFiles.maxFilesPerTrigger", "many"),
            ("cloudFiles.fetchParallelism", "-1"),
            ("cloudFiles.maxBytesPerTrigger", "1.5g"),
            ("cloudFiles.backfillInterval", "1 month"),
            ("cloudFiles.maxFileAge", "90"),
            ("cloudFiles.useNotifications", "yes"),
            ("cloudFiles.cleanSource", "KEEP"),
            ("cloudFiles.pathRewrites", "[]"),
            ("modifiedBefore", "yesterday"),
        ],
        expect![[r#"
            error[FLOE-NOTIFY-0041] cloudFiles.format: the value is none of `avro`, `binaryFile`, `csv`, `json`, `orc`, `parquet`, `text`, `xml`
            error[FLOE-NOTIFY-0041] cloudFiles.maxFilesPerTrigger: the value is no whole number
            error[FLOE-NOTIFY-0041] cloudFiles.fetchParallelism: the value is negative
            error[FLOE-NOTIFY-0041] cloudFiles.maxBytesPerTrigger: the value is no size: a whole number and b, k, m, g, t or p, such as 10g
            error[FLOE-NOTIFY-0041] cloudFiles.backfillInterval: months and years have no fixed length; write days
            error[FLOE-NOTIFY-0041] cloudFiles.maxFileAge: the value has a number without a unit, such as days
            error[FLOE-NOTIFY-0041] cloudFiles.useNotifications: the value is neither true nor false
            error[FLOE-NOTIFY-0041] cloudFiles.cleanSource: the value is none of `OFF`, `DELETE`, `MOVE`
            error[FLOE-NOTIFY-0041] cloudFiles.pathRewrites: the value is no JSON object of texts (line 1, column 0)
            error[FLOE-NOTIFY-0041] modifiedBefore: the value is no time, such as 2026-01-31 00:00:00.000000 UTC+0
        "#]],
    );
}

#[test]
fn unknown_options_are_told_with_the_one_that_was_meant() {
    check(
        &[
            ("cloudFiles.formt", "json"),
            ("cloudFiles.maxFilePerTrigger", "1"),
            ("cloudfiles.pathGlobFilter", "*.csv"),
            ("cloudFiles.serviceCredential", "x"),
            ("cloudFiles.allowOverwrite", "true"),
            ("cloudFiles.resourceTags", "{}"),
            ("cloudFiles.fullDirectoryScanInterval", "1 day"),
            ("cloudFiles.somethingElse", "x"),
            ("floe.prefix", "x"),
            ("maxFilesPerTrigger", "1"),
            ("header", "true"),
        ],
        expect![[r#"
            error[FLOE-NOTIFY-0040] cloudFiles.formt: there is no such option
              = did you mean `cloudFiles.format`?
            error[FLOE-NOTIFY-0040] cloudFiles.maxFilePerTrigger: there is no such option
              = did you mean `cloudFiles.maxFilesPerTrigger`?
            error[FLOE-NOTIFY-0040] cloudfiles.pathGlobFilter: there is no such option
              = did you mean `pathGlobFilter`?
            error[FLOE-NOTIFY-0040] cloudFiles.serviceCredential: there is no such option
              = did you mean `databricks.serviceCredential`?
            error[FLOE-NOTIFY-0040] cloudFiles.allowOverwrite: there is no such option
              = did you mean `cloudFiles.allowOverwrites`?
            error[FLOE-NOTIFY-0040] cloudFiles.resourceTags: there is no such option
              = write one option for each tag: `cloudFiles.resourceTag.<key>`
            error[FLOE-NOTIFY-0040] cloudFiles.fullDirectoryScanInterval: there is no such option
              = it is no option; `cloudFiles.backfillInterval` lists regularly
            error[FLOE-NOTIFY-0040] cloudFiles.somethingElse: there is no such option
            error[FLOE-NOTIFY-0040] floe.prefix: there is no such option
            warning[FLOE-NOTIFY-0040] maxFilesPerTrigger: the option goes to the reader of files as it is
              = did you mean `cloudFiles.maxFilesPerTrigger`?
        "#]],
    );
}

#[test]
fn an_option_given_twice_is_told_whatever_its_case_or_alias() {
    check(
        &[
            ("cloudFiles.maxFileAge", "90 days"),
            ("cloudFiles.MAXFILEAGE", "80 days"),
            ("pathGlobFilter", "*.csv"),
            ("fileNamePattern", "*.csv"),
            ("cloudFiles.resourceTag.team", "a"),
            ("cloudFiles.resourceTag.team", "b"),
        ],
        expect![[r#"
            error[FLOE-NOTIFY-0042] cloudFiles.MAXFILEAGE: the option is given twice
            error[FLOE-NOTIFY-0042] fileNamePattern: the option is given twice
            error[FLOE-NOTIFY-0042] cloudFiles.resourceTag.team: the option is given twice
        "#]],
    );
}

#[test]
fn more_options_or_longer_values_than_anybody_needs_are_refused() {
    let many = (0..2_000).map(|n| (format!("reader{n}"), "x"));
    let (options, findings) = Options::parse(many);
    assert_eq!(findings[0].code, codes::OUT_OF_RANGE);
    assert_eq!(
        options.reader_options().len(),
        floe_notify::options::MAX_OPTIONS
    );
    let long = "x".repeat(floe_notify::options::MAX_VALUE_BYTES + 1);
    let (_, findings) = Options::parse([("cloudFiles.schemaHints", long.as_str())]);
    assert_eq!(findings[0].code, codes::BAD_VALUE);
}

// === Secrets ===

#[test]
fn secrets_are_printed_nowhere() {
    const SECRET: &str = "c2VjcmV0LXZhbHVl";
    let secrets = keys::ALL
        .iter()
        .filter(|info| info.secret)
        .map(|info| info.name);
    let misspelled = [
        "cloudFiles.clientSecrt",
        "clientSecret",
        "cloudFiles.maxFileAge",
        "password",
    ];
    let pairs: Vec<(&str, &str)> = secrets
        .clone()
        .chain(misspelled)
        .map(|name| (name, SECRET))
        .collect();
    assert!(secrets.count() >= 6);
    let (options, findings) = Options::parse(pairs);
    let findings_text = format!("{findings:?}{}", shown(&findings));
    assert!(!findings_text.contains(SECRET));
    assert!(!format!("{options:?}").contains(SECRET), "{options:?}");
    assert_eq!(options.find(keys::CLIENT_SECRET).unwrap().reveal(), SECRET);
}

#[test]
fn options_print_their_names_and_values_but_for_secrets_and_what_is_not_ours() {
    let mut options = Options::default();
    options
        .set(keys::USE_NOTIFICATIONS, true)
        .set(keys::CLIENT_SECRET, Secret::new("hunter2"))
        .set_tag("team", "sales");
    expect![[r#"{"cloudFiles.clientSecret": ***, "cloudFiles.useNotifications": true, cloudFiles.resourceTag.team: sales}"#]]
        .assert_eq(&format!("{options:?}"));
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
            error[FLOE-NOTIFY-0049] cloudFiles.useManagedFileEvents: managed file events are a service of Databricks, which is not there here
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
            warning[FLOE-NOTIFY-0049] cloudFiles.maxFileAge: files are remembered for less than 14 days; a message that comes later makes a duplicate
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
            error[FLOE-NOTIFY-0027] Team: a key begins with a lower-case letter on GCP
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
    let kept = first.to_pairs(true);
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

#[test]
fn a_stream_keeps_the_defaults_that_it_was_made_with() {
    let kept = [(
        "cloudFiles.includeExistingFiles".to_owned(),
        "false".to_owned(),
    )]
    .into();
    let mut again = Options::default();
    assert_eq!(again.restart(&kept), []);
    assert!(!again.get(keys::INCLUDE_EXISTING_FILES));
}

#[test]
fn a_checkpoint_that_cannot_be_read_is_an_error() {
    let kept = [(
        "cloudFiles.includeExistingFiles".to_owned(),
        "perhaps".to_owned(),
    )]
    .into();
    let findings = Options::default().restart(&kept);
    assert!(findings[0].is_error() && findings[0].code == codes::FROZEN_OPTION);
}

// === Values ===

#[test]
fn paths_are_rewritten_by_prefix_where_a_component_ends_and_the_longest_counts() {
    let rewrites = PathRewrites::parse(
        r#"{"acme/path": "dbfs:/mnt/data-warehouse", "acme/path/x/": "/mnt/x/", "c@account": "/c"}"#,
    )
    .unwrap();
    for (container, key, expected) in [
        (
            "acme",
            "path/2017/08/fileA.json",
            Some("dbfs:/mnt/data-warehouse/2017/08/fileA.json"),
        ),
        ("acme", "path/x/a", Some("/mnt/x/a")),
        ("acme", "path2/a", None),
        ("acme2", "path/a", None),
        ("c@account", "a b/ü", Some("/c/a b/ü")),
    ] {
        assert_eq!(
            rewrites.rewrite(container, key).as_deref(),
            expected,
            "{container} {key}"
        );
    }
    for text in [
        "",
        "[]",
        "{\"a\":1}",
        "{\"\":\"x\"}",
        "{\"a\":\"x\",\"a\":\"y\"}",
        "{\"a\":\"x\"} x",
    ] {
        assert!(PathRewrites::parse(text).is_err(), "{text}");
    }
}

#[test]
fn sizes_are_powers_of_1024() {
    for (text, bytes) in [
        ("0", Some(0)),
        ("5", Some(5)),
        ("1b", Some(1)),
        ("1K", Some(1 << 10)),
        ("3 mb", Some(3 << 20)),
        ("10g", Some(10 << 30)),
        ("2t", Some(2 << 40)),
        ("1p", Some(1 << 50)),
        ("99999999999g", None),
        ("18446744073709551616", None),
        ("-1g", None),
        ("g", None),
        ("", None),
        ("1.5g", None),
        ("1gib", None),
    ] {
        assert_eq!(ByteSize::parse(text).map(ByteSize::bytes), bytes, "{text}");
    }
}

#[test]
fn times_are_read_with_their_zone() {
    let utc = |text| Moment::parse(text).map(|moment| moment.to_string());
    for (text, expected) in [
        (
            "2021-01-01 00:00:00.000000 UTC+0",
            Some("2021-01-01 00:00:00.000000 UTC+0"),
        ),
        (
            "2021-01-01T00:00:00Z",
            Some("2021-01-01 00:00:00.000000 UTC+0"),
        ),
        (
            "2021-01-01 00:00:00 UTC-8",
            Some("2021-01-01 08:00:00.000000 UTC+0"),
        ),
        (
            "2021-01-01 05:30:00.5+05:30",
            Some("2021-01-01 00:00:00.500000 UTC+0"),
        ),
        ("2024-02-29", Some("2024-02-29 00:00:00.000000 UTC+0")),
        (
            "1969-12-31 23:59:59.999999",
            Some("1969-12-31 23:59:59.999999 UTC+0"),
        ),
        ("2023-02-29", None),
        ("2021-13-01", None),
        ("2021-01-01 24:00", None),
        ("2021-01-01 00:00:00.0000000", None),
        ("2021-01-01 00:00:00 Europe/Paris", None),
        ("2021-01-01 00:00:00 UTC+19", None),
        ("2021-1-1", None),
    ] {
        assert_eq!(utc(text).as_deref(), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn values_are_read_as_they_are_written(micros: u32, secs in 0_u64..400_000_000, bytes: u64) {
        let size = ByteSize::new(bytes);
        prop_assert_eq!(ByteSize::parse(&size.to_string()), Some(size));
        let text = format!("{secs} seconds {micros} microseconds");
        let interval = Interval::parse(&text).unwrap();
        let expected = u128::from(secs) * 1_000_000 + u128::from(micros);
        prop_assert_eq!(interval.duration().as_micros(), expected);
        prop_assert_eq!(Interval::parse(&interval.to_string()), Ok(interval));
    }

    #[test]
    fn every_date_of_four_centuries_comes_back(year in 1800_i32..2200, month in 1_u32..13, day in 1_u32..32) {
        let text = format!("{year:04}-{month:02}-{day:02}");
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let read = Moment::parse(&text).map(|moment| moment.to_string());
        let expected = (day <= days).then(|| format!("{text} 00:00:00.000000 UTC+0"));
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn any_pairs_are_read_without_harm_and_what_is_kept_reads_the_same(
        pairs in prop::collection::vec(
            (
                prop::sample::select(keys::ALL.iter().map(|info| info.name).collect::<Vec<_>>()),
                prop::sample::select(vec!["true", "1", "10g", "1 day", "json", "{}", "", "é%", "OFF"]),
            ),
            0..12,
        ),
    ) {
        let (options, _) = Options::parse(pairs);
        let kept = options.to_pairs(false);
        let (again, _) = Options::parse(kept.iter());
        prop_assert_eq!(again.to_pairs(false), kept);
    }
}
