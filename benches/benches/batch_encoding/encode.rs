//! Columns or rows to bodies.

use std::io::Write;

use floe_batch::SqlType;
use floe_batch::levels::{self, Level};
use floe_batch::rows::RequestWriter;
use floe_benches::shapes::Shape;
use floe_benches::turns::{Contender, Turns};
use serde::Serialize;

use crate::rows::{self, Body, Row};
use crate::{Failed, memcpy, peers, report};

/// A way to write a body into a buffer that was cleared.
type Write_<'a> = Box<dyn Fn(&mut Vec<u8>) -> bool + 'a>;

pub(crate) fn table<R: Row>(
    title: &str,
    shape: &Shape,
    rows: Vec<R>,
    turns: Turns,
) -> Result<(), Failed> {
    let count = rows.len();
    let arguments: Vec<R::Arguments> = rows.iter().map(Row::arguments).collect();
    let rows = Body { data: rows };
    let batch = peers::arrow_json::numbered(shape)?;
    let mut ways: Vec<(&'static str, Write_<'_>)> = vec![(
        "floe-batch, Arrow columns",
        Box::new(|out| {
            rows::encoder(shape)
                .request(&shape.columns, 0..count, out)
                .is_ok()
        }),
    )];
    for level in Level::all_here() {
        if level != Level::best() {
            ways.push((
                level.name(),
                Box::new(move |out| {
                    levels::encode_request(level, rows::encoder(shape), &shape.columns, out).is_ok()
                }),
            ));
        }
    }
    if shape.types.contains(&SqlType::Variant) {
        ways.push((
            "floe-batch, JSON checked",
            Box::new(|out| {
                let encoder = floe_batch::Encoder::new(&shape.types);
                encoder.request(&shape.columns, 0..count, out).is_ok()
            }),
        ));
    } else {
        // Trees are written with their keys in another order.
        ways.push((
            "floe-batch, typed rows",
            Box::new(|out| typed(&arguments, out)),
        ));
    }
    ways.extend::<[(&'static str, Write_<'_>); 3]>([
        (
            "arrow-json",
            Box::new(|out| peers::arrow_json::encode(&batch, out).is_ok()),
        ),
        (
            "itoa, zmij, json-escape-simd",
            Box::new(|out| peers::hand::encode(&shape.columns, &shape.types, out)),
        ),
        (
            "serde_json, typed rows",
            Box::new(|out| serde_json::to_writer(out, &rows).is_ok()),
        ),
    ]);
    if !shape.types.contains(&SqlType::Variant) {
        // It knows raw JSON only as a type of its own.
        ways.push(("sonic-rs, typed rows", Box::new(|out| sonic(&rows, out))));
    }
    let body = check(&ways);
    let mut contenders: Vec<_> = ways
        .iter()
        .map(|(name, way)| contender(name, way))
        .collect();
    contenders.push(memcpy(&body));
    report(title, body.len(), count, turns, &mut contenders);
    Ok(())
}

fn contender<'a>(name: &'static str, way: &'a Write_<'a>) -> Contender<'a> {
    let mut out = Vec::new();
    Contender::new(name, move || {
        out.clear();
        usize::from(way(&mut out)) + out.len()
    })
}

fn typed<A: Serialize>(arguments: &[A], out: &mut Vec<u8>) -> bool {
    let mut writer = RequestWriter::new(out);
    let written = arguments.iter().all(|row| writer.row(row).is_ok());
    writer.finish();
    written
}

fn sonic<R: Row>(rows: &Body<R>, out: &mut Vec<u8>) -> bool {
    sonic_rs::to_writer(sonic_rs::writer::BufferedWriter::new(&mut *out), rows).is_ok()
        && out.flush().is_ok()
}

/// The bytes that all ways write: the same, or the comparison is none. Only floats may differ, in
/// how their exponents are spelt.
fn check(ways: &[(&'static str, Write_<'_>)]) -> Vec<u8> {
    let mut first = Vec::new();
    for (index, (name, way)) in ways.iter().enumerate() {
        let mut body = Vec::new();
        assert!(way(&mut body), "{name}");
        if index == 0 {
            first = body;
        } else {
            let difference = body.len().abs_diff(first.len());
            assert!(
                difference <= first.len() / 50,
                "{name}: {difference} bytes apart"
            );
            assert!(
                serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok(),
                "{name}"
            );
        }
    }
    first
}
