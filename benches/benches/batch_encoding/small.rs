//! Batches of a few rows, where what is done once per batch counts.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use floe_batch::{decode_request, encode_request};
use floe_benches::shapes::{self, Shape};
use floe_benches::turns::{Contender, Turns};

use crate::rows::{Body, Mixed3, Row};
use crate::{Failed, memcpy, peers, report};

/// Rows of a batch.
const ROWS: [usize; 4] = [1, 4, 10, 100];

pub(crate) fn tables(turns: Turns) -> Result<(), Failed> {
    for count in ROWS {
        let shape = shapes::mixed3(count);
        decode(&shape, count, turns)?;
        encode(&shape, count, turns)?;
    }
    Ok(())
}

fn decode(shape: &Shape, count: usize, turns: Turns) -> Result<(), Failed> {
    let mut body = Vec::new();
    encode_request(&shape.columns, 0..count, &mut body)?;
    let body = body.as_slice();
    let field = peers::arrow_json::body_field(&shape.types);
    let mut contenders = [
        Contender::new("floe-batch, Arrow columns", || {
            decode_request(body, &shape.types).map_or(0, |columns| columns.len())
        }),
        Contender::new("floe-batch, typed rows", || {
            floe_batch::rows::read_request::<<Mixed3 as Row>::Arguments>(body)
                .map_or(0, |rows| rows.len())
        }),
        Contender::new("serde_json, typed rows", || {
            serde_json::from_slice::<Body<Mixed3>>(body).map_or(0, |body| body.data.len())
        }),
        Contender::new("serde_json, to Arrow columns", || {
            serde_json::from_slice::<Body<Mixed3>>(body)
                .map_or(0, |body| columns_of(&body.data).len())
        }),
        Contender::new("arrow-json, Arrow columns", || {
            peers::arrow_json::decode(body, &field).map_or(0, |batch| batch.num_rows())
        }),
        memcpy(body),
    ];
    report("decode mixed3", body.len(), count, turns, &mut contenders);
    Ok(())
}

/// The arrays that typed rows become.
fn columns_of(rows: &[Mixed3]) -> [ArrayRef; 3] {
    [
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.1))),
        Arc::new(StringArray::from_iter(
            rows.iter().map(|row| row.2.as_deref()),
        )),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.3))),
    ]
}

fn encode(shape: &Shape, count: usize, turns: Turns) -> Result<(), Failed> {
    let rows = Body {
        data: Mixed3::of(&shape.columns),
    };
    let body = serde_json::to_vec(&rows)?;
    let [mut columns_out, mut serde_out] = [const { Vec::new() }; 2];
    let mut contenders = [
        Contender::new("floe-batch, Arrow columns", || {
            columns_out.clear();
            encode_request(&shape.columns, 0..count, &mut columns_out).map_or(0, |()| 1)
        }),
        Contender::new("serde_json, typed rows", || {
            serde_out.clear();
            serde_json::to_writer(&mut serde_out, &rows).map_or(0, |()| 1)
        }),
        memcpy(&body),
    ];
    report("encode mixed3", body.len(), count, turns, &mut contenders);
    Ok(())
}
