//! A service with a log, functions over it, and a small table.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use floe_datafusion::datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use floe_datafusion::datafusion::arrow::util::pretty::pretty_format_batches;
use floe_datafusion::datafusion::datasource::MemTable;
use floe_datafusion::datafusion::prelude::SessionContext;
use floe_datafusion::{QueryError, QueryInfo, ServiceFunctions, Volatility, query, session};
use floe_function::floe_batch::SqlType;
use floe_function::{Client, ClientOptions, FixedTarget, Function, FunctionSpec};
use serde_json::{Value, json};
use tokio::sync::watch;

/// What the service got in one request.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) query_id: String,
    pub(crate) batch_id: String,
    pub(crate) rows: Vec<Vec<Value>>,
}

#[derive(Debug, Default)]
pub(crate) struct Service {
    log: Mutex<Vec<Received>>,
    answered: AtomicUsize,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
    seen: Mutex<HashSet<String>>,
    counter: AtomicUsize,
}

/// Counts a request that is being answered, also when its client goes away.
struct InFlight(Arc<Service>);

impl InFlight {
    fn of(service: &Arc<Service>) -> Self {
        let now = service.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        service.most_in_flight.fetch_max(now, Ordering::SeqCst);
        Self(Arc::clone(service))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Service {
    pub(crate) fn log(&self) -> Vec<Received> {
        self.log.lock().unwrap().clone()
    }

    /// The first argument of every row that `path` got, sorted.
    pub(crate) fn sent_to(&self, path: &str) -> Vec<String> {
        let mut sent: Vec<_> = self
            .log()
            .iter()
            .filter(|request| request.path == path)
            .flat_map(|request| &request.rows)
            .map(|row| row.get(1).map_or_else(String::new, text))
            .collect();
        sent.sort();
        sent
    }

    pub(crate) fn batch_sizes(&self) -> Vec<usize> {
        self.log()
            .iter()
            .map(|request| request.rows.len())
            .collect()
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    pub(crate) fn most_in_flight(&self) -> usize {
        self.most_in_flight.load(Ordering::SeqCst)
    }

    pub(crate) fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

type Shared = (Arc<Service>, watch::Receiver<bool>);

async fn answer(
    State((service, mut gate)): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let in_flight = InFlight::of(&service);
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let mut body: Value = serde_json::from_slice(&body).unwrap();
    let received = Received {
        path: uri.path().to_owned(),
        query_id: header("sf-external-function-current-query-id"),
        batch_id: header("sf-external-function-query-batch-id"),
        rows: serde_json::from_value(body["data"].take()).unwrap(),
    };
    let is_new = service
        .seen
        .lock()
        .unwrap()
        .insert(received.batch_id.clone());
    service.log.lock().unwrap().push(received.clone());
    match received.path.as_str() {
        "/refuse" => return (StatusCode::BAD_REQUEST, "no").into_response(),
        "/flaky" if is_new => return (StatusCode::SERVICE_UNAVAILABLE, "later").into_response(),
        "/gate" => drop(gate.wait_for(|open| *open).await.unwrap()),
        _ => {}
    }
    let answer = |row: &Vec<Value>| json!([row[0], result(&service, &received.path, &row[1..])]);
    let data: Vec<_> = received.rows.iter().map(answer).collect();
    service.answered.fetch_add(1, Ordering::SeqCst);
    drop(in_flight);
    (
        [("content-type", "application/json")],
        json!({ "data": data }).to_string(),
    )
        .into_response()
}

fn result(service: &Service, path: &str, args: &[Value]) -> Value {
    match path {
        "/join" => match args.iter().any(Value::is_null) {
            true => Value::Null,
            false => json!(args.iter().map(text).collect::<Vec<_>>().join("+")),
        },
        "/length" => args[0]
            .as_str()
            .map_or(Value::Null, |text| json!(text.chars().count())),
        "/double" => args[0]
            .as_i64()
            .map_or(Value::Null, |number| json!(number * 2)),
        "/echo" => args[0].clone(),
        "/constant" => json!("constant"),
        "/count" => json!(service.counter.fetch_add(1, Ordering::SeqCst)),
        _ => args[0]
            .as_str()
            .map_or(Value::Null, |text| json!(text.to_uppercase())),
    }
}

/// A service, and functions over it.
pub(crate) struct Fixture {
    pub(crate) service: Arc<Service>,
    pub(crate) functions: ServiceFunctions,
    pub(crate) info: QueryInfo,
    gate: watch::Sender<bool>,
    address: String,
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        let service = Arc::new(Service::default());
        let (gate, is_open) = watch::channel(false);
        let state = (Arc::clone(&service), is_open);
        let app = Router::new().fallback(answer).with_state(state);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let info = QueryInfo::new("q-1", 1_700_000_000_000);
        let functions = ServiceFunctions::in_schema("FLOE", "PUBLIC");
        let mut this = Self {
            service,
            functions,
            info,
            gate,
            address,
        };
        this.declare();
        this
    }

    fn declare(&mut self) {
        use Volatility::{Immutable, Volatile};
        self.add("SHOUT", &["VARCHAR"], "VARCHAR", "/shout", Volatile);
        self.add("WHISPER", &["VARCHAR"], "VARCHAR", "/whisper", Volatile);
        self.add("SHOUT_SAME", &["VARCHAR"], "VARCHAR", "/same", Immutable);
        self.add(
            "JOIN2",
            &["VARCHAR", "VARCHAR"],
            "VARCHAR",
            "/join",
            Volatile,
        );
        self.add(
            "LENGTH_OF",
            &["VARCHAR"],
            "NUMBER(38,0)",
            "/length",
            Volatile,
        );
        self.add(
            "DOUBLE_IT",
            &["NUMBER(38,0)"],
            "NUMBER(38,0)",
            "/double",
            Volatile,
        );
        self.add("CONSTANT", &[], "VARCHAR", "/constant", Volatile);
        self.add("COUNTER", &["VARCHAR"], "NUMBER(38,0)", "/count", Volatile);
        self.add(
            "COUNTER_SAME",
            &["VARCHAR"],
            "NUMBER(38,0)",
            "/count",
            Immutable,
        );
        self.add("REFUSE", &["VARCHAR"], "VARCHAR", "/refuse", Volatile);
        self.add("FLAKY", &["VARCHAR"], "VARCHAR", "/flaky", Volatile);
        self.add("GATE", &["VARCHAR"], "VARCHAR", "/gate", Volatile);
    }

    fn add(&mut self, name: &str, args: &[&str], returns: &str, path: &str, how: Volatility) {
        self.add_with(name, args, returns, path, how, |_| {});
    }

    pub(crate) fn add_with(
        &mut self,
        name: &str,
        args: &[&str],
        returns: &str,
        path: &str,
        volatility: Volatility,
        change: impl FnOnce(&mut FunctionSpec),
    ) {
        let ty = |text: &str| SqlType::parse(text).unwrap();
        let args = args
            .iter()
            .zip(["A", "B", "C"])
            .map(|(text, name)| (name, ty(text)));
        let mut spec = FunctionSpec::new(name, args, ty(returns), path);
        change(&mut spec);
        let targets = Arc::new(FixedTarget::new(&self.address));
        let function = Function::new(spec, targets, Client::new(ClientOptions::default())).unwrap();
        self.functions.insert(name, function, volatility);
    }

    /// A session with a table `people`, in two batches, and an empty table `nobody`.
    pub(crate) fn context(&self) -> SessionContext {
        let context = session(&self.functions, self.info.clone());
        let first = people(
            [1, 2, 3],
            [Some("Ann"), Some("Bob"), None],
            ["Oslo", "Rome", "Oslo"],
        );
        let second = people([4, 5], [Some("Dan"), Some("Eve")], ["Rome", "Oslo"]);
        let schema = first.schema();
        register(&context, "nobody", vec![RecordBatch::new_empty(schema)]);
        register(&context, "people", vec![first, second]);
        context
    }

    /// The result as a table of text.
    pub(crate) async fn rows(&self, sql: &str) -> String {
        let batches = query(&self.context(), sql)
            .await
            .unwrap()
            .collect()
            .await
            .unwrap();
        pretty_format_batches(&batches).unwrap().to_string() + "\n"
    }

    /// The first column, one text per row.
    pub(crate) async fn column(&self, sql: &str) -> Vec<String> {
        let table = self.rows(sql).await;
        let rows = table.lines().skip(3).filter(|line| line.starts_with('|'));
        rows.map(|line| line.split('|').nth(1).unwrap().trim().to_owned())
            .collect()
    }

    /// The error of planning.
    pub(crate) async fn refused(&self, sql: &str) -> QueryError {
        let planned = query(&self.context(), sql).await;
        planned
            .err()
            .unwrap_or_else(|| panic!("not refused: {sql}"))
    }

    /// The error of running.
    pub(crate) async fn failed(&self, sql: &str) -> QueryError {
        let frame = query(&self.context(), sql).await.unwrap();
        QueryError::from(frame.collect().await.unwrap_err())
    }

    pub(crate) fn open_gate(&self) {
        self.gate.send_replace(true);
    }
}

fn people<const N: usize>(
    ids: [i64; N],
    names: [Option<&str>; N],
    cities: [&str; N],
) -> RecordBatch {
    RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from(ids.to_vec())) as ArrayRef),
        ("name", Arc::new(StringArray::from(names.to_vec()))),
        ("city", Arc::new(StringArray::from(cities.to_vec()))),
    ])
    .unwrap()
}

pub(crate) fn register(context: &SessionContext, name: &str, batches: Vec<RecordBatch>) {
    let table = MemTable::try_new(batches[0].schema(), vec![batches]).unwrap();
    context.register_table(name, Arc::new(table)).unwrap();
}

/// A table `numbers` of one column `n`, in batches of the given sizes.
pub(crate) fn register_numbers(context: &SessionContext, sizes: &[usize]) {
    let mut next = 0;
    let batches = sizes
        .iter()
        .map(|size| {
            let texts = (next..next + size).map(|n| n.to_string());
            next += size;
            let column: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
            RecordBatch::try_from_iter([("n", column)]).unwrap()
        })
        .collect();
    register(context, "numbers", batches);
}

pub(crate) fn max_rows(rows: u32) -> impl FnOnce(&mut FunctionSpec) {
    move |spec| spec.max_batch_rows = NonZeroU32::new(rows)
}

/// Waits until `condition` holds, for ten seconds at most.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    const STEP: Duration = Duration::from_millis(5);
    for _ in 0..2000 {
        if condition() {
            return;
        }
        tokio::time::sleep(STEP).await;
    }
    panic!("never happened: {what}");
}
