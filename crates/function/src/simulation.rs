//! The whole client against a simulated service: thousands of runs in virtual time, each drawn from
//! a seed, and each checked against everything that is promised. What runs is the client of
//! production; only the network, the instances and the clock are not real.

mod checks;
mod log;
mod plan;
mod server;
mod time;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, AsArray as _, RecordBatch, StringArray};
use checks::Coverage;
use floe_batch::SqlType;
use futures::future::join_all;
use plan::{Bug, Plan, PlannedCall};
use server::{Instances, Seen, Server, Wire};
use time::Time;

use crate::endpoint::{BreakerLimits, Endpoint, EndpointLimits};
use crate::isolate::IsolationLimits;
use crate::{
    CallError, CallReport, Client, ClientOptions, Extensions, Function, FunctionSpec,
    OnBatchFailure,
};

/// One call that was made, and what came of it.
struct Ran {
    id: String,
    call: PlannedCall,
    took: Duration,
    ended: Ended,
}

enum Ended {
    Answered {
        values: Vec<Option<String>>,
        /// Of a call with a column of errors.
        errors: Option<Vec<Option<String>>>,
        report: CallReport,
    },
    Failed(CallError),
    Dropped,
}

/// Everything that is known after a run.
struct Run {
    plan: Plan,
    ran: Vec<Ran>,
    seen: Vec<Seen>,
    totals: CallReport,
    leased: usize,
    worked_again: usize,
    took: Duration,
}

fn function(plan: &Plan, bug: Option<Bug>, server: &Arc<Server>) -> Function {
    let text = SqlType::parse("VARCHAR").unwrap();
    let mut spec = FunctionSpec::new("F", [("TEXT", text)], text, "/f");
    spec.strict = plan.strict;
    spec.returns_not_null = plan.not_null;
    spec.max_batch_rows = NonZeroU32::new(100);
    spec.on_batch_failure = plan.on_failure;
    spec.max_batch_retries = plan.retries + u32::from(bug == Some(Bug::RetriesOnceMore));
    spec.batch_timeout = match bug {
        Some(Bug::OutlivesItsTime) => plan.timeout * 2,
        _ => plan.timeout,
    };
    let endpoint = EndpointLimits {
        retry_budget: match bug {
            Some(Bug::IgnoresTheBudget) => None,
            _ => plan.budget.clone(),
        },
        breaker: plan.breaker.clone(),
    };
    let most_sends = match (plan.isolation, bug) {
        (_, Some(Bug::DoesNotIsolate)) => None,
        (Some(_), Some(Bug::IsolatesWithoutBound)) => Some(u32::MAX),
        (most_sends, _) => most_sends,
    };
    let extensions = Extensions {
        endpoint: Endpoint::new(endpoint),
        isolation: most_sends.map(|most_sends| IsolationLimits { most_sends }),
    };
    let options = ClientOptions {
        try_timeout: plan.try_timeout,
        jitter_seed: plan.seed,
        ..ClientOptions::default()
    };
    let client = Client::simulated(options, Box::new(Wire(Arc::clone(server))));
    let targets = Arc::new(Instances(Arc::clone(server)));
    Function::with_extensions(spec, targets, client, extensions).unwrap()
}

fn column(texts: &[Option<String>]) -> RecordBatch {
    let column: ArrayRef = Arc::new(texts.iter().cloned().collect::<StringArray>());
    RecordBatch::try_from_iter([("TEXT", column)]).unwrap()
}

fn texts(column: &ArrayRef) -> Vec<Option<String>> {
    let texts = column.as_string::<i32>().iter();
    texts.map(|text| text.map(str::to_owned)).collect()
}

async fn answered(function: &Function, batch: u64, call: &PlannedCall) -> Ended {
    let rows = column(&call.rows);
    let result = if call.with_errors {
        let answers = function.call_with_errors("q", batch, &rows).await;
        answers.map(|answers| (answers.values, Some(answers.errors), answers.report))
    } else {
        let answers = function.call_with_report("q", batch, &rows).await;
        answers.map(|(values, report)| (values, None, report))
    };
    match result {
        Ok((values, errors, report)) => Ended::Answered {
            values: texts(&values),
            errors: errors.map(|errors| texts(&errors)),
            report,
        },
        Err(error) => Ended::Failed(error),
    }
}

async fn make(
    time: &Time,
    function: &Function,
    batch: u64,
    call: PlannedCall,
    bug: Option<Bug>,
) -> Ran {
    time.sleep(call.starts).await;
    let start = time.elapsed();
    let answered = answered(function, batch, &call);
    let mut ended = match call.dropped {
        Some(after) => tokio::select! {
            biased;
            ended = answered => ended,
            () = time.sleep(after) => Ended::Dropped,
        },
        None => answered.await,
    };
    if let (Some(Bug::NullsTheWholeBatch), Ended::Answered { values, .. }) = (bug, &mut ended)
        && values.contains(&None)
    {
        values.fill(None);
    }
    Ran {
        id: format!("q:{batch}:1:0:0"),
        call,
        took: time.elapsed() - start,
        ended,
    }
}

fn run(seed: u64, bug: Option<Bug>) -> Run {
    run_plan(Plan::new(seed), bug)
}

fn run_plan(plan: Plan, bug: Option<Bug>) -> Run {
    let server = Server::new(&plan, bug);
    let function = function(&plan, bug, &server);
    let time = &server.time;
    let calls = plan.calls.iter().cloned().enumerate();
    let calls = calls.map(|(n, call)| make(time, &function, n as u64, call, bug));
    let ran = time.run(join_all(calls));
    Run {
        ran,
        seen: server.seen(),
        totals: function.totals(),
        leased: server.leased(),
        worked_again: server.worked_again(),
        took: time.elapsed(),
        plan,
    }
}

/// Seeds of the main run: enough that every error and every extension takes part many times.
const SEEDS: u64 = 10_000;

#[test]
fn whatever_a_service_does_every_row_is_answered_once_or_there_is_one_coded_error() {
    let mut coverage = Coverage::default();
    for seed in 0..SEEDS {
        let run = run(seed, None);
        if let Err(broken) = checks::check(&run, &mut coverage) {
            panic!("seed {seed}: {broken}\n{:#?}\n{:#?}", run.plan, run.seen);
        }
    }
    coverage.assert_complete();
}

#[test]
fn a_client_with_a_bug_is_caught() {
    for (bug, word) in Bug::ALL {
        let mut broken = (0..SEEDS).filter_map(|seed| {
            let run = run(seed, Some(bug));
            checks::check(&run, &mut Coverage::default()).err()
        });
        assert!(
            broken.any(|broken| broken.contains(word)),
            "{bug:?} was not noticed"
        );
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in 0..200 {
        let (one, again) = (run(seed, None), run(seed, None));
        assert_eq!(one.totals, again.totals, "{seed}");
        assert_eq!(one.took, again.took, "{seed}");
        assert_eq!(one.seen.len(), again.seen.len(), "{seed}");
    }
}

/// A function without faults and extensions.
fn quiet(rows: &[&str]) -> Plan {
    let call = PlannedCall {
        rows: rows.iter().map(|text| Some((*text).to_owned())).collect(),
        with_errors: false,
        starts: Duration::ZERO,
        dropped: None,
    };
    Plan {
        seed: 1,
        retries: 3,
        timeout: Duration::from_secs(600),
        try_timeout: None,
        on_failure: OnBatchFailure::Abort,
        strict: false,
        not_null: false,
        isolation: None,
        budget: None,
        breaker: None,
        faults: 0,
        switch: None,
        down: Duration::ZERO,
        calls: vec![call],
    }
}

/// Sends of a hundred batches to a service that is down for a minute and then works; all of them
/// are answered.
fn sends_while_down(breaker: Option<BreakerLimits>) -> u64 {
    let quiet = quiet(&["0", "1", "2"]);
    let plan = Plan {
        retries: 50,
        down: Duration::from_secs(60),
        calls: vec![quiet.calls[0].clone(); 100],
        breaker,
        ..quiet
    };
    let run = run_plan(plan, None);
    checks::check(&run, &mut Coverage::default()).unwrap();
    assert_eq!(run.totals.rows_per_target.values().sum::<u64>(), 300);
    run.totals.sends
}

#[test]
fn a_breaker_keeps_batches_from_a_service_that_is_down_and_lets_them_go_when_it_works() {
    let without = sends_while_down(None);
    let with = sends_while_down(Some(BreakerLimits::default()));
    // A hundred for those that were on their way when it opened, a hundred that succeed, and a
    // probe after 1, 2, 4, 8, 16 and 30 seconds.
    assert!((200..=210).contains(&with), "{with}");
    assert!(without > 2 * with, "{without}");
}

#[test]
fn no_instance_is_kept_while_a_batch_waits_to_be_sent_again() {
    let plan = quiet(&["p500"]);
    let server = Server::new(&plan, None);
    let function = function(&plan, None, &server);
    let time = &server.time;
    // Every answer comes within 30 ms, and the first wait is one of 125 ms at least.
    let leased = async {
        time.sleep(Duration::from_millis(100)).await;
        (server.seen().len(), server.leased())
    };
    let call = make(time, &function, 0, plan.calls[0].clone(), None);
    let (ran, leased) = time.run(async { tokio::join!(call, leased) });
    assert!(matches!(ran.ended, Ended::Failed(_)));
    assert_eq!(leased, (1, 0));
}

#[test]
fn a_dropped_call_is_told_to_the_log_and_answers_nothing() {
    let mut plan = quiet(&["0", "1"]);
    plan.down = Duration::from_secs(5);
    plan.calls[0].dropped = Some(Duration::from_millis(1));
    let (run, lines) = log::of(|| run_plan(plan, None));
    assert!(matches!(run.ran[0].ended, Ended::Dropped));
    let line = "call cancelled function=F batch_id=q:0:1:0:0 sends=1";
    assert_eq!(lines, [line]);
    let expected = CallReport {
        batches: 1,
        rows: 2,
        sends: 1,
        cancelled_batches: 1,
        ..CallReport::default()
    };
    assert_eq!(run.totals, expected);
}
