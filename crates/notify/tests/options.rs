//! Options: how they are read, and what is never printed.

use expect_test::{Expect, expect};
use floe_notify::options::{
    ByteSize, CleanSource, FileFormat, IncrementalListing, Interval, Kind, Moment, PathRewrites,
    keys,
};
use floe_notify::{Finding, Options, Secret, codes};
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
            _ if info.name == "path" => "/srv/landing",
            _ => "x",
        };
        for name in [info.name.to_owned(), info.name.to_uppercase()] {
            let (options, findings) = Options::parse([(name.as_str(), value)]);
            let unread = findings
                .iter()
                .any(|it| [codes::UNKNOWN_OPTION, codes::BAD_VALUE].contains(&it.code));
            assert!(!unread, "{name}: {findings:?}");
            let kept = options.to_pairs().contains_key(info.name);
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
fn a_batch_ends_with_the_bound_that_is_reached_first_and_the_one_on_bytes_is_soft() {
    let count = |files: &str, bytes: &str, size: u64| {
        let (options, findings) = Options::parse([
            ("cloudFiles.maxFilesPerTrigger", files),
            ("cloudFiles.maxBytesPerTrigger", bytes),
        ]);
        assert_eq!(findings, []);
        options
            .batch_bounds()
            .count(std::iter::repeat_n(size, 2_000))
    };
    // 12 GB: the file that passes the bound is still in the batch.
    assert_eq!(count("1000", "10g", 3_000_000_000), 4);
    assert_eq!(count("3", "10g", 3_000_000_000), 3);
    assert_eq!(count("1000", "10g", 10 << 30), 1);
    assert_eq!(count("1000", "10g", 20 << 30), 1);
    assert_eq!(count("1000", "10g", 1), 1000);
    assert_eq!(count("1000", "10g", 0), 1000);
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
    fn every_date_of_four_centuries_comes_back(
        year in 1800_i32..2200,
        month in 1_u32..13,
        day in 1_u32..32,
    ) {
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
        let kept = options.to_pairs();
        let (again, _) = Options::parse(kept.iter());
        prop_assert_eq!(again.to_pairs(), kept);
    }
}
