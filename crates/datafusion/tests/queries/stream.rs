//! `COPY (… STREAM read_files(…)) TO …`, read.

use expect_test::{Expect, expect};
use floe_datafusion::ingest::{
    Compression, InputFormat, OutputFormat, StreamStatement, Trigger, parse_stream,
};
use floe_datafusion::query;
use floe_ingest::floe_notify::options::keys;

use crate::support::Fixture;

fn parse(sql: &str) -> StreamStatement {
    parse_stream(sql).unwrap().unwrap()
}

#[test]
fn a_stream_has_its_options_its_query_and_its_output() {
    let statement = parse(
        "COPY (SELECT a, my_echo_udf(b) AS c\n  FROM STREAM read_files('s3://landing/orders',\n  \
         useNotifications => true, cloudFiles.maxFilesPerTrigger => 50,\n  \
         CLOUDFILES.cleanSource.retentionDuration => '8 days', resourceTag.team => 'sales',\n  \
         ignoreMissingFiles => 'true', fileNamePattern => '*.json',\n  \
         checkpoint => 'state/orders', consumer => 'consumer-1', trigger => 'AvailableNow',\n  \
         format => 'JSON', schema => 'a INT, b STRING') AS o WHERE a > 1) TO 'out/orders' \
         STORED AS PARQUET OPTIONS (compression 'zstd')",
    );
    expect![[r#"
        path = s3://landing/orders
        cloudFiles.useNotifications = true
        cloudFiles.maxFilesPerTrigger = 50
        cloudFiles.cleanSource.retentionDuration = 8 days
        cloudFiles.resourceTag.team = sales
        ignoreMissingFiles = true
        pathGlobFilter = *.json
        cloudFiles.format = JSON
    "#]]
    .assert_eq(
        &statement
            .pairs()
            .iter()
            .map(|(name, value)| format!("{name} = {value}\n"))
            .collect::<String>(),
    );
    assert_eq!(statement.options.get(keys::MAX_FILES_PER_TRIGGER), 50);
    assert_eq!(statement.checkpoint, "state/orders");
    assert_eq!(statement.consumer.unwrap().as_str(), "consumer-1");
    assert_eq!(statement.trigger, Trigger::AvailableNow);
    assert_eq!(statement.reader.format, InputFormat::Json);
    assert!(statement.reader.ignore_missing && !statement.reader.ignore_corrupt);
    assert_eq!(statement.reader.schema.unwrap().fields().len(), 2);
    assert_eq!(statement.output.path, "out/orders");
    let compression = Compression::Zstd;
    assert_eq!(
        statement.output.format,
        OutputFormat::Parquet { compression }
    );
}

#[test]
fn the_query_reads_a_table_in_place_of_the_stream() {
    let sql = "COPY (SELECT o.a FROM TABLE(STREAM /* here */ read_files('/in', format => 'csv',
        checkpoint => '/s')) AS o JOIN read_files('p.csv') p ON p.a = o.a) TO 'out'";
    expect![[
        r#"SELECT o.a FROM "STREAM read_files('/in')" AS o JOIN read_files('p.csv') p ON p.a = o.a"#
    ]]
    .assert_eq(&parse(sql).query_text());
}

#[test]
fn a_relative_path_is_for_the_caller_to_complete() {
    let sql = "COPY (SELECT a FROM STREAM read_files('in/orders', format => 'csv',
        checkpoint => 's')) TO 'out'";
    let statement = parse(sql);
    assert_eq!(statement.path, "in/orders");
    assert!(statement.options.location().unwrap().is_none());
}

#[test]
fn values_that_may_be_secret_are_not_shown() {
    let sql = "COPY (SELECT a FROM STREAM read_files('s3://landing/in', format => 'csv',
        useNotifications => true, awsAccessKey => 'AKIAX', awsSecretKey => 'hush',
        checkpoint => '/s')) TO 'out'";
    let shown = format!("{:?}", parse(sql));
    assert!(
        !shown.contains("hush") && !shown.contains("AKIAX"),
        "{shown}"
    );
}

#[test]
fn the_format_of_the_output_is_told_or_taken_from_the_name() {
    let csv = OutputFormat::Csv {
        header: true,
        delimiter: b',',
    };
    let tabs = OutputFormat::Csv {
        header: false,
        delimiter: b'\t',
    };
    let parquet = OutputFormat::Parquet {
        compression: Compression::Snappy,
    };
    for (text, expected) in [
        ("'out'", parquet),
        ("'out.csv/'", csv),
        (
            "'out' STORED AS CSV OPTIONS (header false, 'format.delimiter' '\t')",
            tabs,
        ),
        ("'file:///out.v2' STORED AS json", OutputFormat::Json),
    ] {
        let sql = format!(
            "COPY (SELECT a FROM STREAM read_files('/in', format => 'csv', checkpoint => '/s')) \
             TO {text}"
        );
        assert_eq!(parse(&sql).output.format, expected, "{text}");
    }
}

#[test]
fn other_statements_are_none_of_ours() {
    for sql in [
        "SELECT 'STREAM read_files(' FROM t",
        "SELECT 1 -- FROM STREAM read_files('x')",
        "SELECT /* STREAM read_files( */ stream FROM stream AS read_files",
        "SELECT \"STREAM\" read_files FROM t",
        "COPY (SELECT * FROM read_files('x')) TO 'y'",
        "",
    ] {
        assert!(parse_stream(sql).unwrap().is_none(), "{sql}");
    }
}

fn check(sql: &str, expected: Expect) {
    let error = parse_stream(sql).map(|_| ()).unwrap_err();
    expected.assert_eq(&format!("{}: {error}", error.code()));
}

/// A stream with these options beside those that it needs.
fn check_options(options: &str, expected: Expect) {
    check(
        &format!(
            "COPY (SELECT a\nFROM STREAM read_files('/in', checkpoint => '/s', format => 'csv',\n\
             {options})) TO 'out'"
        ),
        expected,
    );
}

#[tokio::test]
async fn a_stream_outside_of_copy_says_what_to_write() {
    let sql = "SELECT *\n  FROM STREAM read_files('/in')";
    let expected = expect![
        "FLOE-QUERY-0017: STREAM read_files: a stream is read by COPY alone (line 2, column 8); write COPY (SELECT … FROM STREAM read_files('path', checkpoint => 'directory', format => 'json')) TO 'directory'"
    ];
    let parsed = parse_stream(sql).map(|_| ()).unwrap_err();
    let refused = query(&Fixture::start().await.context(), sql).await;
    let error = refused.err().unwrap();
    assert_eq!(error.to_string(), parsed.to_string());
    expected.assert_eq(&format!("{}: {error}", error.code()));
    for sql in [
        "CREATE VIEW v AS SELECT * FROM STREAM read_files('/in')",
        "EXPLAIN COPY (SELECT * FROM STREAM read_files('/in')) TO 'out'",
        "INSERT INTO t SELECT * FROM STREAM read_files('/in')",
        "COPY stream read_files ('/in') TO 'out'",
    ] {
        assert!(parse_stream(sql).is_err(), "{sql}");
    }
}

#[test]
fn one_stream_at_a_time() {
    check(
        "COPY (SELECT * FROM STREAM read_files('/a')\n JOIN STREAM read_files('/b') USING (x)) TO 'o'",
        expect![
            "FLOE-QUERY-0017: STREAM read_files: a statement reads one stream (line 2, column 7); write COPY (SELECT … FROM STREAM read_files('path', checkpoint => 'directory', format => 'json')) TO 'directory'"
        ],
    );
    check(
        "COPY (SELECT * FROM STREAM read_files('/a')) TO 'o'; SELECT 1",
        expect!["FLOE-QUERY-0002: expected one query, found 2 statements; run them one at a time"],
    );
}

#[test]
fn places_in_the_text_are_those_of_the_text() {
    check(
        "COPY (SELECT a FROM STREAM read_files('/in', x => 1) WHRE a) TO 'o'",
        expect![
            "FLOE-QUERY-0001: the query cannot be read: sql parser error: Expected: ), found: a at Line: 1, Column: 59"
        ],
    );
    check(
        "COPY (SELECT a FROM STREAM read_files('/in) TO 'o'",
        expect![
            "FLOE-QUERY-0001: the query cannot be read: sql parser error: Unterminated string literal at Line: 1, Column: 50"
        ],
    );
}

#[test]
fn wrong_options_are_told_with_their_place() {
    check_options(
        "useNotificatons => true",
        expect![
            "FLOE-QUERY-0018: STREAM read_files: there is no option `useNotificatons`; did you mean `cloudFiles.useNotifications`? (line 3, column 1)"
        ],
    );
    check_options(
        "encoding => 'latin1'",
        expect![
            "FLOE-QUERY-0018: STREAM read_files: there is no option `encoding`; beside the options of how files are found there are format, schema, header, delimiter (or sep), checkpoint, consumer and trigger (line 3, column 1)"
        ],
    );
    check_options(
        "  cloudFiles.formt => 'x'",
        expect![
            "FLOE-NOTIFY-0040: STREAM read_files: cloudFiles.formt: there is no such option; did you mean `cloudFiles.format`? (line 3, column 3)"
        ],
    );
    check_options(
        "maxFilesPerTrigger => 0",
        expect![
            "FLOE-NOTIFY-0046: STREAM read_files: cloudFiles.maxFilesPerTrigger: the value must be positive (line 3, column 1)"
        ],
    );
    check_options(
        "maxFilesPerTrigger => -1",
        expect![
            "FLOE-NOTIFY-0041: STREAM read_files: cloudFiles.maxFilesPerTrigger: the value is negative (line 3, column 1)"
        ],
    );
    check_options(
        "backfillInterval => 'often'",
        expect![
            "FLOE-NOTIFY-0041: STREAM read_files: cloudFiles.backfillInterval: the value is no interval: whole numbers and units, such as 1 day or 12 hours (line 3, column 1)"
        ],
    );
}

#[test]
fn options_that_are_given_twice_are_told_with_the_second_place() {
    check_options(
        "header => true, header => false",
        expect!["FLOE-QUERY-0018: STREAM read_files: `header` is given twice (line 3, column 17)"],
    );
    check_options(
        "sep => ';', delimiter => ','",
        expect![
            "FLOE-QUERY-0018: STREAM read_files: `delimiter` is given twice (line 3, column 13)"
        ],
    );
    check_options(
        "cloudFiles.format => 'json'",
        expect![
            "FLOE-NOTIFY-0042: STREAM read_files: cloudFiles.format: the option is given twice (line 3, column 1)"
        ],
    );
}

#[test]
fn values_that_cannot_be_are_told_with_their_place() {
    check_options(
        "trigger => 'once'",
        expect![
            "FLOE-QUERY-0018: STREAM read_files: trigger is 'availableNow' or 'continuous', not 'once' (line 3, column 1)"
        ],
    );
    check_options(
        "consumer => ''",
        expect![
            "FLOE-QUERY-0018: STREAM read_files: consumer: '' cannot name a consumer: use 1 to 128 bytes without control characters (line 3, column 1)"
        ],
    );
    check_options(
        "schema => 'a MONEY'",
        expect![
            "FLOE-QUERY-0018: STREAM read_files: schema: `MONEY` is no type of files; types are BOOLEAN, TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE, DECIMAL(p, s), STRING, BINARY, DATE, TIMESTAMP, ARRAY<…> and STRUCT<…> (line 3, column 1)"
        ],
    );
    check_options(
        "path => '/in'",
        expect![
            "FLOE-QUERY-0018: STREAM read_files: the path is the first argument (line 3, column 1)"
        ],
    );
    check_options(
        "header => 1 + 1",
        expect![
            "FLOE-QUERY-0018: STREAM read_files: header => 1 + 1 is not a literal (line 3, column 1)"
        ],
    );
    check_options(
        "'x'",
        expect![
            "FLOE-QUERY-0018: STREAM read_files: `'x'` must be written as name => value (line 2, column 13)"
        ],
    );
    check_options(
        "schemaEvolutionMode => 'rescue'",
        expect![
            "FLOE-QUERY-0018: STREAM read_files: schemaEvolutionMode is 'none': the columns of the first batch are kept, and columns that appear later are passed over (line 3, column 1)"
        ],
    );
    check_options(
        "partitionColumns => 'day'",
        expect![
            "FLOE-QUERY-0018: STREAM read_files: partitionColumns are not there; take them from the column _file (line 3, column 1)"
        ],
    );
    check_options(
        "awsAccessKey => 'AKIAX'",
        expect![
            "FLOE-NOTIFY-0045: STREAM read_files: cloudFiles.awsAccessKey: credentials for notifications are given (cloudFiles.awsAccessKey), but the stream lists its directory; write cloudFiles.useNotifications=true, or cloudFiles.validateOptions=false (line 3, column 1)"
        ],
    );
}

#[test]
fn what_is_missing_is_told() {
    let stream =
        |arguments: &str| format!("COPY (SELECT a FROM STREAM read_files({arguments})) TO 'o'");
    check(
        &stream("'/in', format => 'csv'"),
        expect![
            "FLOE-QUERY-0018: STREAM read_files: checkpoint => 'directory' is missing: where the stream remembers what it has read (line 1, column 28)"
        ],
    );
    check(
        &stream("'/in', checkpoint => '/s'"),
        expect![
            "FLOE-QUERY-0018: STREAM read_files: format => 'csv', 'json' or 'parquet' is missing (line 1, column 28)"
        ],
    );
    check(
        &stream("'/in', checkpoint => '/s', format => 'avro'"),
        expect![
            "FLOE-QUERY-0018: STREAM read_files: format is 'csv', 'json' or 'parquet', not 'avro' (line 1, column 66)"
        ],
    );
    check(
        &stream("'/in', checkpoint => '/s', format => 'json', header => true"),
        expect![
            "FLOE-QUERY-0018: STREAM read_files: header and delimiter are options of CSV files (line 1, column 84)"
        ],
    );
    check(
        &stream(""),
        expect![
            "FLOE-QUERY-0018: STREAM read_files: the first argument is the path in quotes: STREAM read_files('s3://bucket/orders', format => 'json', checkpoint => '/srv/state') (line 1, column 28)"
        ],
    );
    check(
        &stream("'ftp://x/in', checkpoint => '/s', format => 'csv'"),
        expect![
            "FLOE-NOTIFY-0020: STREAM read_files: path: 'ftp://x/in' is of no storage that can be watched: a path begins with s3://, s3a://, abfss://, wasbs://, gs:// or file://, or is an absolute path of this machine (line 1, column 28)"
        ],
    );
}

#[test]
fn outputs_that_cannot_be_written_are_refused() {
    let to = |text: &str| {
        format!(
            "COPY (SELECT a FROM STREAM read_files('/in', format => 'csv', checkpoint => '/s')) TO {text}"
        )
    };
    check(
        &to("'out' STORED AS ORC"),
        expect!["FLOE-QUERY-0019: COPY: STORED AS ORC is not there; write PARQUET, CSV or JSON"],
    );
    check(
        &to("'out' PARTITIONED BY (a)"),
        expect![
            "FLOE-QUERY-0019: COPY: PARTITIONED BY is not there for streams: every batch is one file"
        ],
    );
    check(
        &to("''"),
        expect!["FLOE-QUERY-0019: COPY: TO takes the path of a directory"],
    );
    check(
        &to("'s3://b/out'"),
        expect![
            "FLOE-QUERY-0019: COPY: `s3://b/out` is not on this machine; give a path of its file system"
        ],
    );
    check(
        &to("'out' OPTIONS (compression lzo)"),
        expect!["FLOE-QUERY-0019: COPY: compression is snappy, zstd or none, not `lzo`"],
    );
    check(
        &to("'out' STORED AS JSON OPTIONS (header true)"),
        expect![
            "FLOE-QUERY-0019: COPY: there is no option `header` of JSON files; Parquet has compression (snappy, zstd or none), CSV has header and delimiter"
        ],
    );
}
