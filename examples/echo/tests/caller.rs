//! What a caller of the service sees of its faults: a coded error, never a wrong row.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail their test by panicking"
)]

use std::sync::Arc;
use std::time::Duration;

use floe_batch::SqlType;
use floe_function::arrow::array::{ArrayRef, AsArray as _, RecordBatch, StringArray};
use floe_function::{CallError, Client, ClientOptions, FixedTarget, Function, FunctionSpec};
use floe_sample_echo::{Fault, Log, Options, Server};

async fn call(fault: Option<Fault>) -> Result<Vec<Option<String>>, CallError> {
    let host = "127.0.0.1".parse().unwrap();
    let options = Options {
        host,
        port: 0,
        fault,
        ..Options::default()
    };
    let server = Server::bind(options, Log::memory()).await.unwrap();
    let targets = Arc::new(FixedTarget::new(server.address().to_string()));
    tokio::spawn(server.run(std::future::pending::<&str>()));

    let text = SqlType::parse("VARCHAR").unwrap();
    let mut spec = FunctionSpec::new("MY_ECHO_UDF", [("INPUTTEXT", text)], text, "/echo");
    spec.max_batch_retries = 1;
    let options = ClientOptions {
        try_timeout: Some(Duration::from_millis(200)),
        ..Default::default()
    };
    let function = Function::new(spec, targets, Client::new(options)).unwrap();
    let column: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("c")]));
    let rows = RecordBatch::try_from_iter([("INPUTTEXT", column)]).unwrap();
    let answers = function.call("q", 0, &rows).await?;
    Ok(answers
        .as_string::<i32>()
        .iter()
        .map(|text| text.map(str::to_owned))
        .collect())
}

#[tokio::test]
async fn a_service_without_fault_answers_every_row() {
    let expected = [
        Some("I said a".to_owned()),
        None,
        Some("I said c".to_owned()),
    ];
    assert_eq!(call(None).await.unwrap(), expected);
    assert_eq!(call(Some(Fault::Unhealthy)).await.unwrap(), expected);
}

#[tokio::test]
async fn every_fault_becomes_a_coded_error() {
    for (fault, code, part) in [
        (
            Fault::Rubbish,
            "FLOE-FUNCTION-0010",
            "at byte 0: the body is not JSON: expected a value, found `I` (FLOE-BATCH-0011)",
        ),
        (
            Fault::Short,
            "FLOE-FUNCTION-0010",
            "row number 2 is missing",
        ),
        (
            Fault::Duplicate,
            "FLOE-FUNCTION-0010",
            "3 rows, but another one follows",
        ),
        (
            Fault::Reorder,
            "FLOE-FUNCTION-0010",
            "row number 2 comes before row number 0",
        ),
        (
            Fault::Hang,
            "FLOE-FUNCTION-0007",
            "last: no answer within 0.2 s",
        ),
        (
            Fault::Error500,
            "FLOE-FUNCTION-0007",
            "answered 500: `I say nothing",
        ),
    ] {
        let error = call(Some(fault)).await.unwrap_err();
        assert_eq!(error.code(), code, "{fault:?}: {error}");
        assert!(error.to_string().contains(part), "{fault:?}: {error}");
    }
}
