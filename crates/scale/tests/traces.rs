//! Traces as users write them, good and bad, and what a replay makes of them.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use std::fmt::Write as _;
use std::time::Duration;

use expect_test::{Expect, expect};
use floe_scale::{
    Aggregation, Bounds, Facts, Metric, MetricCondition, Policies, Replay, ReplayOptions, Rules,
    Scaling, Settings, Trace, TraceError, replay,
};
use proptest::prelude::*;

fn refused(text: &str, expected: Expect) {
    let error = Trace::parse(text).unwrap_err();
    expected.assert_eq(&format!("{}: {error}", error.code()));
}

fn try_play(trace: &str, settings: &Settings) -> Result<Replay, TraceError> {
    let trace = Trace::parse(trace)?;
    let rules = Rules::new(settings).unwrap();
    let bounds = Bounds::new(1, 4).unwrap();
    replay(&trace, &rules, bounds, &ReplayOptions::default())
}

fn play(trace: &str, settings: &Settings) -> Replay {
    try_play(trace, settings).unwrap()
}

fn queue(aggregation: Aggregation) -> Settings {
    let condition = MetricCondition {
        metric: Metric::new("queue"),
        aggregation,
        stabilization_period_secs: 60,
        scaling: Scaling::Target(10.0),
    };
    Settings {
        policies: Policies {
            scale_up: Some(vec![condition]),
            ..Policies::default()
        },
        ..Settings::default()
    }
}

// === bad traces ===

#[test]
fn a_text_without_rows_is_refused() {
    for text in [
        "\n\n",
        "# nothing\n",
        "\u{feff}",
        "seconds,queue\n",
        "seconds\r\n\r\n",
    ] {
        assert_eq!(Trace::parse(text), Err(TraceError::Empty), "{text:?}");
    }
    refused(
        "",
        expect![
            "FLOE-SCALE-0010: the trace has no rows; it begins with a line of column names, with rows below"
        ],
    );
}

#[test]
fn a_text_without_a_header_is_refused() {
    refused(
        "0,1\n30,2\n",
        expect![
            "FLOE-SCALE-0011: line 1: there is no column `seconds`; cells are separated by commas, and one of them holds the seconds since the beginning"
        ],
    );
    refused(
        "seconds;queue\n0;1\n",
        expect![
            "FLOE-SCALE-0012: line 1: `seconds;queue` names no column; write `metric`, `metric{label=value}`, `metric[0]` or `sum(metric)`"
        ],
    );
}

#[test]
fn columns_that_would_count_twice_are_refused() {
    refused(
        "seconds,queue,queue\n",
        expect!["FLOE-SCALE-0013: line 1: `queue` is given twice"],
    );
    refused(
        "seconds,seconds\n",
        expect!["FLOE-SCALE-0013: line 1: `seconds` is given twice"],
    );
    refused(
        "seconds,queue,sum(queue)\n",
        expect!["FLOE-SCALE-0013: line 1: `queue` is given twice"],
    );
    refused(
        "seconds,queue[0],queue[1],queue\n",
        expect!["FLOE-SCALE-0013: line 1: `queue` is given twice"],
    );
    assert!(Trace::parse("seconds,queue[0],queue[1]\n0,1,2\n").is_ok());
}

#[test]
fn rows_of_another_width_are_refused() {
    refused(
        "seconds,queue\n0,1\n30\n",
        expect!["FLOE-SCALE-0014: line 3: 1 cells, but the header names 2 columns"],
    );
    refused(
        "seconds,queue\n0,1,2\n",
        expect!["FLOE-SCALE-0014: line 2: 3 cells, but the header names 2 columns"],
    );
}

#[test]
fn cells_that_are_no_numbers_are_refused() {
    for (row, shown) in [
        ("0,NaN", "`NaN` in column `queue`"),
        ("0,inf", "`inf` in column `queue`"),
        ("0,1e999", "`1e999` in column `queue`"),
        ("0,1 2", "`1 2` in column `queue`"),
        ("-1,1", "`-1` in column `seconds`"),
        (",1", "`` in column `seconds`"),
        ("1e3,1", "`1e3` in column `seconds`"),
        (
            "2026-01-01T00:00:00Z,1",
            "`2026-01-01T00:00:00Z` in column `seconds`",
        ),
        ("999999999999,1", "`999999999999` in column `seconds`"),
    ] {
        let error = Trace::parse(&format!("seconds,queue\n{row}\n")).unwrap_err();
        assert_eq!(
            (error.code(), error.line()),
            ("FLOE-SCALE-0015", Some(2)),
            "{row}"
        );
        assert!(error.to_string().contains(shown), "{error}");
    }
    let long = format!("seconds,queue\n0,{}\n", "x".repeat(10_000));
    assert!(Trace::parse(&long).unwrap_err().to_string().len() < 200);
}

#[test]
fn rows_out_of_order_are_refused() {
    refused(
        "seconds,queue\n60,1\n# a remark\n30,1\n",
        expect!["FLOE-SCALE-0016: line 4: 30 s comes after 60 s; rows are sorted by `seconds`"],
    );
    assert!(
        Trace::parse("seconds\n60\n60\n").is_ok(),
        "two at one moment"
    );
}

#[test]
fn commands_bounds_and_quotes_are_proved() {
    refused(
        "seconds,command\n0,stop\n",
        expect!["FLOE-SCALE-0017: line 2: `stop` is no command; there are `suspend` and `resume`"],
    );
    refused(
        "seconds,queue\n0,\"1\n",
        expect!["FLOE-SCALE-0019: line 2: a quote does not end where its cell ends"],
    );
    refused(
        "seconds,que\"ue\n0,1\n",
        expect!["FLOE-SCALE-0019: line 1: a quote does not end where its cell ends"],
    );
    let error = try_play("seconds,min_instances\n0,\n30,5\n", &Settings::default()).unwrap_err();
    expect![
        "FLOE-SCALE-0018: line 3: MIN_INSTANCES is 5 and MAX_INSTANCES is 4; the least must be 1 or more, and not above the most"
    ]
    .assert_eq(&format!("{}: {error}", error.code()));
}

#[test]
fn huge_traces_are_refused_before_they_cost_much() {
    let text = " ".repeat((32 << 20) + 1);
    refused(
        &text,
        expect!["FLOE-SCALE-0021: the trace has more than 33554432 bytes"],
    );
    let mut header = "seconds".to_owned();
    for number in 0..1_000 {
        let _ = write!(header, ",m{number}");
    }
    refused(
        &header,
        expect!["FLOE-SCALE-0021: the trace has more than 1000 columns"],
    );
    refused(
        "seconds\n0\n31622401\n",
        expect!["FLOE-SCALE-0021: the trace has more than 31622400 seconds"],
    );
}

// === good traces ===

#[test]
fn line_ends_marks_remarks_quotes_and_space_are_no_matter() {
    let plain = Trace::parse("seconds,\"a{b=c,d=e}\"\n0,1\n30,2\n").unwrap();
    for text in [
        "\u{feff}seconds,\"a{b=c,d=e}\"\r\n0,1\r\n30,2\r\n",
        "seconds,\"a{b=c,d=e}\"\n0,1\n30,2",
        "seconds , \"a{d=e,b=c}\" \n 0 , 1 \n30,\"2\"\n",
        "seconds,\"a{b=\"\"c\"\",d=\"\"e\"\"}\"\n0,1.0\n30,2\n",
    ] {
        assert_eq!(Trace::parse(text).unwrap(), plain, "{text}");
    }
    let missing = || Trace::parse("seconds,a\n0,\n30,1\n").unwrap();
    assert_eq!(missing(), missing());
    let remarks = Trace::parse("# of last night\n\nseconds,\"a{b=c,d=e}\"\n\n0,1\n# late\n30,2\n");
    assert_eq!(remarks.unwrap().len(), 2);
}

#[test]
fn seconds_may_count_from_any_beginning_and_have_fractions() {
    let replay = play(
        "seconds,command\n1764000000.25,\n1764000030.5,suspend\n",
        &queue(Aggregation::Avg),
    );
    let lines = replay.json_lines();
    assert!(lines.starts_with("{\"seconds\":1764000000.25,"), "{lines}");
    assert!(
        lines.contains("\n{\"seconds\":1764000030.5,\"decision\":\"suspend\""),
        "{lines}"
    );
    assert!(
        replay.table().contains("0:00:30  suspend"),
        "{}",
        replay.table()
    );
}

#[test]
fn a_sum_is_spread_over_the_instances_and_a_value_of_each_is_not() {
    let rows = |column: &str| {
        let mut text = format!("seconds,{column}\n");
        for row in 0..60 {
            let _ = writeln!(text, "{},30", row * 30);
        }
        text
    };
    // 30 in all are 10 for each of three instances, 7.5 for each of four.
    let spread = play(&rows("sum(queue)"), &queue(Aggregation::Avg));
    assert_eq!(spread.points.last().unwrap().target, 3);
    let each = play(&rows("queue"), &queue(Aggregation::Avg));
    assert_eq!(
        each.points.last().unwrap().target,
        4,
        "30 each, however many there are"
    );
}

#[test]
fn values_of_single_instances_are_missing_for_those_that_the_trace_does_not_know() {
    let mut text = "seconds,queue[0],queue[1]\n".to_owned();
    for row in 0..20 {
        let _ = writeln!(text, "{},20,0", row * 30);
    }
    let replay = play(&text, &queue(Aggregation::Max));
    assert_eq!(
        replay.changes().next().unwrap().after,
        2,
        "instance 1 does not exist at first"
    );
    let avg = play(&text, &queue(Aggregation::Avg));
    assert!(
        avg.json_lines().contains("\"value\":10,"),
        "{}",
        avg.table()
    );
}

#[test]
fn a_value_holds_for_two_minutes_and_a_row_of_events_says_nothing_about_it() {
    let gap = "seconds,queue,min_instances\n0,20,\n30,20,\n31,,1\n210,20,\n";
    let replay = play(gap, &queue(Aggregation::Avg));
    expect![[r#"
           time  decision  instances  metric  value  threshold  reason
        0:00:00  keep ×2   1          queue   20     ≥ 10       scaleUp: avg queue is 20, at least 10 for 0 of 60 s
        0:00:31  keep      1                                    MIN_INSTANCES is now 1 and MAX_INSTANCES 4
        0:01:00  scale up  1 → 2      queue   20     ≥ 10       scaleUp: avg queue is 20, at least 10 throughout 60 s
        0:01:30  keep      2          queue   20     ≥ 10       scaleUp: avg queue is 20, at least 10, and asks for the 2 that there are
        0:02:00  keep ×2   2          queue   20     ≥ 10       scaleUp: avg queue is 20, at least 10, but the last change was 60 s ago, and 120 s must lie between two
        0:03:00  keep      2          queue          ≥ 10       scaleUp: no value of queue is known, and what is not known changes nothing
        0:03:30  keep      2          queue   20     ≥ 10       scaleUp: avg queue is 20, at least 10 for 30 of 60 s
    "#]]
    .assert_eq(&replay.table());
}

#[test]
fn a_query_resumes_a_suspended_service_unless_auto_resume_is_off() {
    let text = "seconds,queries\n0,0\n330,0\n400,1\n430,0\n";
    let settings = Settings {
        auto_suspend_secs: 300,
        ..Settings::default()
    };
    let replay = play(text, &settings);
    expect![[r#"
        {"seconds":330,"decision":"suspend","before":1,"after":0,"reason":"idle","text":"no query has used the service for 330 s, more than AUTO_SUSPEND_SECS = 300"}
        {"seconds":400,"decision":"resume","before":0,"after":1,"reason":"asked_to_resume","text":"resumed, beginning with MIN_INSTANCES"}
    "#]]
    .assert_eq(&changes(&replay));

    let trace = Trace::parse(text).unwrap();
    let options = ReplayOptions {
        auto_resume: false,
        start_delay: Duration::ZERO,
    };
    let bounds = Bounds::new(1, 1).unwrap();
    let stays = floe_scale::replay(&trace, &Rules::new(&settings).unwrap(), bounds, &options);
    assert_eq!(stays.unwrap().changes().count(), 1);
}

#[test]
fn a_query_between_two_looks_is_use() {
    let settings = Settings {
        auto_suspend_secs: 300,
        ..Settings::default()
    };
    let idle = play("seconds,queries\n0,0\n330,0\n", &settings);
    assert_eq!(idle.changes().count(), 1);
    let used = play("seconds,queries\n0,0\n310,1\n315,0\n330,0\n", &settings);
    assert_eq!(used.changes().count(), 0);
    let runs = play("seconds,queries\n0,0\n310,1\n3000,1\n", &settings);
    assert_eq!(
        runs.changes().count(),
        0,
        "one that runs on is use all the time"
    );
}

fn changes(replay: &Replay) -> String {
    let lines = replay.json_lines();
    let changes = lines.lines().filter(|line| !line.contains("\"keep\""));
    changes.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_replay_says_what_the_trace_lacks_and_what_nobody_reads() {
    let replay = play(
        "seconds,queue.lenght,seen[0],seen[1]\n0,1,1,1\n",
        &queue(Aggregation::Avg),
    );
    let table = replay.table();
    let notes: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("note"))
        .collect();
    assert_eq!(
        notes,
        [
            "note: the trace has no column for queue, so rules that look at it change nothing",
            "note: no rule looks at column `queue.lenght`",
            "note: no rule looks at column `seen`",
        ]
    );
}

#[test]
fn labels_choose_columns_and_containers_are_added_up_for_the_cpu_rule() {
    let mut text = "seconds,container.cpu.usage{snow.service.container.name=main},\
                    container.cpu.usage{snow.service.container.name=side}\n"
        .to_owned();
    for row in 0..12 {
        let _ = writeln!(text, "{},0.5,0.4", row * 30);
    }
    let cpu = Settings {
        cpu_request: Some(1.0),
        ..Settings::default()
    };
    assert!(
        play(&text, &cpu)
            .table()
            .contains("CPU is at 90 % of the request")
    );

    let condition = MetricCondition {
        metric: Metric::new("container.cpu.usage").in_container("side"),
        ..queue(Aggregation::Max).policies.scale_up.unwrap()[0].clone()
    };
    let side = Settings {
        policies: Policies {
            scale_up: Some(vec![condition]),
            ..Policies::default()
        },
        ..Settings::default()
    };
    let table = play(&text, &side).table();
    assert!(table.contains("max container.cpu.usage{snow.service.container.name=side} is 0.4"));
}

// === rules ===

#[test]
fn rules_that_cannot_be_followed_are_refused_with_their_place() {
    let with = |change: fn(&mut MetricCondition)| {
        let mut settings = queue(Aggregation::Avg);
        change(&mut settings.policies.scale_up.as_mut().unwrap()[0]);
        Rules::new(&settings).unwrap_err().to_string()
    };
    let window = with(|condition| condition.stabilization_period_secs = 0);
    expect!["scaleUp.anyConditions[0]: the stabilisation period is between 1 and 604800 seconds"]
        .assert_eq(&window);
    let number = with(|condition| condition.scaling = Scaling::Target(f64::NAN));
    expect!["scaleUp.anyConditions[0]: a target is a number that is not negative, and bounds are numbers"]
        .assert_eq(&number);
    for (settings, code) in [
        (
            Settings {
                cpu_request: Some(0.0),
                ..Settings::default()
            },
            "FLOE-SCALE-0008",
        ),
        (
            Settings {
                cpu_request: Some(f64::INFINITY),
                ..Settings::default()
            },
            "FLOE-SCALE-0008",
        ),
        (
            Settings {
                facts: Facts {
                    job: true,
                    ..Facts::default()
                },
                ..queue(Aggregation::Avg)
            },
            "FLOE-SCALE-0006",
        ),
    ] {
        assert_eq!(Rules::new(&settings).unwrap_err().code(), code);
    }
}

// === anything at all ===

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_text_is_read_or_refused_and_never_panics(text in "\\PC{0,200}") {
        let _ = Trace::parse(&text);
        let _ = Trace::parse(&format!("seconds,queue\n{text}"));
    }

    #[test]
    fn any_table_of_cells_is_replayed_or_refused(
        rows in prop::collection::vec(
            (0_u32..2_000, "|[0-9]{1,3}|1e30[0-9]|-5", "|0|[1-9]", "|[0-9]{1,2}", "|suspend|resume"),
            1..60,
        )
    ) {
        let mut rows = rows;
        rows.sort_by_key(|row| row.0);
        let mut text = "seconds,sum(queue),queries,max_instances,command\n".to_owned();
        for (at, value, queries, max, command) in &rows {
            let _ = writeln!(text, "{at},{value},{queries},{max},{command}");
        }
        if let Ok(replay) = try_play(&text, &queue(Aggregation::Avg)) {
            let svg = replay.svg("Anything");
            prop_assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            prop_assert!(!replay.json_lines().contains("NaN"));
            prop_assert_eq!(replay.json_lines().lines().count(), replay.decisions.len());
            prop_assert!(replay.table().lines().count() <= replay.decisions.len() + 3);
        }
    }
}
