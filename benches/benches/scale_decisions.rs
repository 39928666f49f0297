//! Autoscaling: decisions per second, and whether their time grows with the length of a trace or
//! of the windows.
//!
//! `cargo bench -p floe-benches --bench scale_decisions` prints the table; `-- --quick` (or
//! `FLOE_BENCH_QUICK=1`) only shows that everything runs. Run as a test, it is always quick.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt::Write as _;

use floe_benches::machine;
use floe_benches::turns::{Contender, Turns, thread_time};
use floe_scale::{
    Aggregation, Autoscaler, Bounds, Event, Metric, MetricCondition, Millis, Observation, Policies,
    Reading, ReplayOptions, Rules, Scaling, Settings, Trace, replay,
};

type Failed = Box<dyn Error>;

/// Evaluations of the short life; the long one has eight times as many.
const SAMPLES: u64 = 10_000;
/// A window of five minutes, and the longest there is.
const WINDOWS: [u32; 2] = [300, floe_scale::MAX_STABILIZATION_SECS];

fn main() -> Result<(), Failed> {
    machine::keep_freed_memory()?;
    let turns = machine::turns();
    let Turns { rounds, turn } = turns;
    println!("scale_decisions: {rounds} rounds, turns of {turn:?} or more, CPU time, medians");
    println!(
        "floe-scale {}; {}; {}\n",
        machine::version("floe-scale"),
        machine::compiler(),
        machine::processor(),
    );
    println!("time of eight times as many samples: 8 is linear, 64 the square");
    for window in WINDOWS {
        let rules = rules(window)?;
        one_case(
            &format!("decide, windows of {window} s"),
            turns,
            &|samples| decide(&rules, samples),
        )?;
    }
    let rules = rules(300)?;
    let traces = [trace(SAMPLES)?, trace(8 * SAMPLES)?];
    one_case(
        "replay of a trace, all its decisions kept",
        turns,
        &|samples| {
            let [short, long] = &traces;
            let trace = if samples == SAMPLES { short } else { long };
            let replay = replay(
                trace,
                &rules,
                Bounds::new(1, 100)?,
                &ReplayOptions::default(),
            )?;
            Ok(replay.decisions.len())
        },
    )
}

fn one_case(
    name: &str,
    turns: Turns,
    run: &dyn Fn(u64) -> Result<usize, Failed>,
) -> Result<(), Failed> {
    // What fails once fails always; within the turns it is no longer looked at.
    run(SAMPLES)?;
    let mut contenders = [
        Contender::new("short", || run(SAMPLES).unwrap_or(0)),
        Contender::new("long", || run(8 * SAMPLES).unwrap_or(0)),
    ];
    let outcomes = turns.run(&mut contenders, &thread_time);
    if let [short, long] = outcomes.as_slice() {
        let each = short.run.as_secs_f64() / SAMPLES as f64;
        println!(
            "{name:<44} {:>8.0} ns a decision {:>10.0} decisions/s {:>6.1}",
            each * 1e9,
            1.0 / each,
            long.ratio,
        );
    }
    Ok(())
}

/// Two policies of two conditions each.
fn rules(window: u32) -> Result<Rules, Failed> {
    let condition = |name: &str, target| MetricCondition {
        metric: Metric::new(name),
        aggregation: Aggregation::Avg,
        stabilization_period_secs: window,
        scaling: Scaling::Target(target),
    };
    let policies = Policies {
        scale_up: Some(vec![condition("a", 60.0), condition("b", 60.0)]),
        scale_down: Some(vec![condition("a", 30.0), condition("b", 30.0)]),
        suspend: None,
    };
    let settings = Settings {
        policies,
        ..Settings::default()
    };
    Ok(Rules::new(&settings)?)
}

/// A value that rises slowly to 100 and falls again, so that windows fill and empty.
fn value(sample: u64) -> f64 {
    let step = sample % 400;
    (if step < 200 { step } else { 400 - step }) as f64 / 2.0
}

fn decide(rules: &Rules, samples: u64) -> Result<usize, Failed> {
    let mut scaler = Autoscaler::new(rules.clone(), Bounds::new(1, 100)?);
    let mut changes = 0;
    for sample in 0..samples {
        let current = scaler.target();
        let mut seen = Observation {
            current,
            running: true,
            ..Observation::default()
        };
        for name in ["a", "b"] {
            let reading = Reading::same(Some(value(sample)), current);
            seen.metrics.insert(Metric::new(name), reading);
        }
        let decision = scaler.decide(&Event::Observed(seen), Millis::secs(30 * sample));
        changes += usize::from(decision.before != decision.after);
    }
    Ok(changes)
}

fn trace(samples: u64) -> Result<Trace, Failed> {
    let mut text = String::from("seconds,a,b\n");
    for sample in 0..samples {
        let value = value(sample);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{},{value},{value}", 30 * sample);
    }
    Ok(Trace::parse(&text)?)
}
