//! Uses every enabled part of the facade once, as somebody would who read the
//! README and added one line to a manifest.

#![forbid(unsafe_code)]

use std::error::Error;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    templates_become_specifications()?;
    names_are_derived()?;
    an_upgrade_is_planned()?;
    a_trace_is_replayed()?;
    a_batch_is_answered()?;
    #[cfg(feature = "notify")]
    notify::a_message_is_decoded()?;
    #[cfg(feature = "ingest")]
    ingest::files_are_handed_over_once()?;
    #[cfg(feature = "function")]
    function::rows_are_cut_into_batches()?;
    #[cfg(feature = "runtime-process")]
    runtime_process::a_plan_is_made_for_processes()?;
    #[cfg(feature = "sql")]
    sql::a_script_is_parsed_and_a_catalog_opened()?;
    println!("facade-user: every enabled part answered");
    Ok(())
}

fn templates_become_specifications() -> Outcome {
    use floe::spec::{ParseOptions, Port, parse};
    use floe::template::{UsingValue, Variables, expand};

    let template = "\
spec:
  containers:
  - name: echo
    image: {{ image_url }}
    env:
      CHARACTER_NAME: {{ character_name | default('Bob') }}
  endpoints:
  - name: echoendpoint
    port: {{ port }}
";
    let variables = Variables::from_iter([
        (
            "image_url".to_owned(),
            UsingValue::Text("\"/db/schema/repo/echo:v1\"".to_owned()),
        ),
        ("port".to_owned(), UsingValue::Number("8000".to_owned())),
    ]);
    let expansion = expand(template, &variables).map_err(|errors| format!("{errors:?}"))?;
    let parsed = parse(&expansion.text, &ParseOptions::default());
    let spec = parsed
        .spec
        .ok_or_else(|| format!("{:?}", parsed.findings))?;
    assert_eq!(spec.containers()[0].image, "/db/schema/repo/echo:v1");
    assert_eq!(
        spec.containers()[0].env,
        [("CHARACTER_NAME".to_owned(), "Bob".to_owned())]
    );
    assert_eq!(spec.endpoints()[0].port, Port::Single(8000));
    Ok(())
}

fn names_are_derived() -> Outcome {
    use floe::dns::{SchemaHash, label_of_object, service_name};

    let schema = SchemaHash::parse("k3m6")?;
    let name = service_name(&label_of_object("ECHO_SERVICE")?, &schema);
    assert_eq!(name, "echo-service.k3m6.svc.spcs.internal");
    Ok(())
}

fn an_upgrade_is_planned() -> Outcome {
    use floe::rollout::{Event, InstanceCount, Millis, Policy, Revision, Service};

    let mut service = Service::new(Policy::default());
    let commands = service.decide(
        Event::target(Revision(1), InstanceCount::new(2)?),
        Millis(0),
    );
    assert_eq!(commands.len(), 2);
    Ok(())
}

fn a_trace_is_replayed() -> Outcome {
    use floe::scale::{Bounds, ReplayOptions, Rules, Settings, Trace, replay};

    let settings = Settings {
        auto_suspend_secs: 300,
        ..Settings::default()
    };
    let trace = Trace::parse("seconds,queries\n0,0\n360,0\n")?;
    let bounds = Bounds::new(1, 1)?;
    let replay = replay(
        &trace,
        &Rules::new(&settings)?,
        bounds,
        &ReplayOptions::default(),
    )?;
    assert_eq!(replay.changes().count(), 1);
    Ok(())
}

fn a_batch_is_answered() -> Outcome {
    use floe::batch::rows::{ResponseWriter, read_request};

    let mut answer = Vec::new();
    let mut writer = ResponseWriter::new(&mut answer);
    for (number, (name,)) in read_request::<(String,)>(br#"{"data":[[0,"Alex"],[1,"Steve"]]}"#)? {
        writer.row(number, &format!("Hello {name}"))?;
    }
    writer.finish();
    assert_eq!(answer, br#"{"data":[[0,"Hello Alex"],[1,"Hello Steve"]]}"#);
    Ok(())
}

#[cfg(feature = "notify")]
mod notify {
    use floe::notify::{Cloud, EventKind, ResourceName, decode};

    pub fn a_message_is_decoded() -> super::Outcome {
        let body = br#"{"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "landing"},
            "object": {"key": "a+b.csv", "size": 7}}}]}"#;
        let decoded = decode(None, body);
        assert!(decoded.is_complete());
        assert_eq!(decoded.events[0].kind, EventKind::Created);
        let name = ResourceName::new(Cloud::Aws, None, "orders")?;
        assert_eq!(name.as_str(), "databricks-auto-ingest-orders");
        Ok(())
    }
}

#[cfg(feature = "ingest")]
mod ingest {
    use std::sync::Arc;

    use floe::ingest::memory::{MemoryLedger, MemorySource};
    use floe::ingest::{Batch, FileStream, Sink, SinkError, Trigger};
    use floe::notify::clock::ManualClock;
    use floe::notify::{BoxFuture, StreamId};

    use super::Outcome;

    #[derive(Debug)]
    struct Nowhere;

    impl Sink for Nowhere {
        fn deliver<'a>(
            &'a self,
            _: &'a StreamId,
            _: &'a Batch,
        ) -> BoxFuture<'a, Result<(), SinkError>> {
            Box::pin(std::future::ready(Ok(())))
        }
    }

    pub(super) fn files_are_handed_over_once() -> Outcome {
        let (clock, source) = (Arc::new(ManualClock::default()), MemorySource::default());
        source.put(b"in/a.csv", "1,2\n", &*clock);
        let ledger = MemoryLedger::default();
        for files in [1, 0] {
            let stream = FileStream::builder("s3://landing/in")
                .ledger(Arc::new(ledger.clone()))
                .source(Arc::new(source.clone()))
                .clock(clock.clone())
                .stream(StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?)
                .trigger(Trigger::AvailableNow)
                .build()?;
            let summary = clock
                .run(stream.run(&Nowhere))
                .ok_or("it waits for nothing")??;
            assert_eq!(summary.files, files);
        }
        Ok(())
    }
}

#[cfg(feature = "function")]
mod function {
    use std::num::NonZeroU32;
    use std::sync::Arc;

    use floe::batch::SqlType;
    use floe::function::arrow::array::{ArrayRef, RecordBatch, StringArray};
    use floe::function::{Client, FixedTarget, Function, FunctionSpec};

    pub fn rows_are_cut_into_batches() -> super::Outcome {
        let text = SqlType::parse("VARCHAR")?;
        let mut spec = FunctionSpec::new("GREET", [("NAME", text)], text, "/greet");
        spec.max_batch_rows = NonZeroU32::new(2);
        let targets = Arc::new(FixedTarget::new("127.0.0.1:8000"));
        let function = Function::new(spec, targets, Client::new(Default::default()))?;
        let names: ArrayRef = Arc::new(StringArray::from(vec!["Alex", "Steve", "Maria"]));
        let rows = RecordBatch::try_from_iter([("NAME", names)])?;
        assert_eq!(function.cut(&rows).collect::<Vec<_>>(), [0..2, 2..3]);
        Ok(())
    }
}

#[cfg(feature = "runtime-process")]
mod runtime_process {
    use std::sync::Arc;

    use floe::runtime::clock::ManualClock;
    use floe::runtime::sim::sample_plan;
    use floe::runtime::{InstanceKey, Runtime};
    use floe::runtime_process::{NetworkMode, ProcessOptions};

    pub fn a_plan_is_made_for_processes() -> super::Outcome {
        let options = ProcessOptions {
            state_dir: std::env::temp_dir().join("floe-facade-user"),
            clock: Arc::new(ManualClock::default()),
            network: NetworkMode::Loopback,
            owner: "facade-user".to_owned(),
        };
        assert!(matches!(options.network, NetworkMode::Loopback));
        let simulated = floe::runtime::sim::SimulatedRuntime::default();
        simulated.check(&sample_plan(InstanceKey::new("ECHO_SERVICE", 0, 1)))?;
        Ok(())
    }
}

#[cfg(feature = "sql")]
mod sql {
    use floe::datafusion::ServiceFunctions;
    use floe::engine::DataDir;
    use floe::image::ImagePath;
    use floe::sql::{Statement, parse_script};

    pub fn a_script_is_parsed_and_a_catalog_opened() -> super::Outcome {
        let script = "SHOW SERVICES; SELECT 1;";
        let parsed = parse_script(script).map_err(|errors| format!("{errors:?}"))?;
        assert!(matches!(
            parsed[0].statement,
            Statement::ShowServices { .. }
        ));
        assert_eq!(parsed.len(), 2);
        ImagePath::parse("/db/schema/repo/echo:v1")?;
        let _functions = ServiceFunctions::new();
        let folder = std::env::temp_dir().join(format!("floe-facade-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let held = DataDir::hold(&folder)?;
        assert!(
            DataDir::hold(&folder).is_err(),
            "a directory has one holder"
        );
        drop(held);
        std::fs::remove_dir_all(&folder)?;
        Ok(())
    }
}
