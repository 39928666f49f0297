//! Bodies to columns, or to what others make of them.

use arrow::array::{Array, ArrayRef};
use floe_batch::levels::{self, Level};
use floe_batch::rows::read_request;
use floe_batch::{SqlType, decode_request};
use floe_benches::shapes::Shape;
use floe_benches::turns::{Contender, Turns};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::rows::{Body, Row};
use crate::{Failed, memcpy, peers, report};

pub(crate) fn table<R: Row>(
    title: &str,
    shape: &Shape,
    rows: &[R],
    body: &[u8],
    turns: Turns,
) -> Result<(), Failed> {
    check(shape, rows, body)?;
    let schema = peers::arrow_json::body_field(&shape.types);
    let mut contenders = vec![Contender::new("floe-batch, Arrow columns", || {
        decode_request(body, &shape.types).map_or(0, |columns| columns.len())
    })];
    for level in Level::all_here() {
        if level != Level::best() {
            contenders.push(Contender::new(level.name(), move || {
                levels::decode_request(level, body, &shape.types).map_or(0, |read| read.len())
            }));
        }
    }
    contenders.extend([
        Contender::new("floe-batch, typed rows", || {
            read_request::<R::Arguments>(body).map_or(0, |rows| rows.len())
        }),
        Contender::new("jiter to Arrow builders", || {
            peers::jiter::decode(body, &shape.types).map_or(0, |columns| columns.len())
        }),
        Contender::new("serde_json, typed rows", || {
            serde_json::from_slice::<Body<R>>(body).map_or(0, |body| body.data.len())
        }),
        Contender::new("serde_json, Value", || {
            serde_json::from_slice::<Value>(body).map_or(0, |_| 1)
        }),
        Contender::new("sonic-rs, Value", || {
            sonic_rs::from_slice::<sonic_rs::Value>(body).map_or(0, |_| 1)
        }),
    ]);
    if shape.types.contains(&SqlType::Variant) {
        contenders.extend(raw(body));
    } else {
        contenders.push(Contender::new("sonic-rs, typed rows", || {
            sonic_rs::from_slice::<Body<R>>(body).map_or(0, |body| body.data.len())
        }));
        contenders.push(Contender::new("arrow-json, Arrow columns", || {
            peers::arrow_json::decode(body, &schema).map_or(0, |batch| batch.num_rows())
        }));
    }
    contenders.push(memcpy(body));
    report(title, body.len(), rows.len(), turns, &mut contenders);
    Ok(())
}

/// JSON kept as text, borrowed from the body.
fn raw(body: &[u8]) -> [Contender<'_>; 2] {
    [
        Contender::new("serde_json, RawValue", || {
            serde_json::from_slice::<Body<(u64, &RawValue)>>(body).map_or(0, |body| body.data.len())
        }),
        Contender::new("sonic-rs, LazyValue", || {
            sonic_rs::from_slice::<Body<(u64, sonic_rs::LazyValue<'_>)>>(body)
                .map_or(0, |body| body.data.len())
        }),
    ]
}

/// Contenders that read different values would be no comparison.
fn check<R: Row>(shape: &Shape, rows: &[R], body: &[u8]) -> Result<(), Failed> {
    let same = |columns: &[ArrayRef]| {
        assert_eq!(columns.len(), shape.columns.len());
        for (column, expected) in columns.iter().zip(&shape.columns) {
            assert_eq!(column.len(), expected.len());
            // Peers read whole numbers into 64 bits.
            if column.data_type() == expected.data_type() {
                assert_eq!(column.as_ref(), expected.as_ref());
            }
        }
    };
    for level in Level::all_here() {
        same(&levels::decode_request(level, body, &shape.types)?);
    }
    same(&peers::jiter::decode(body, &shape.types)?);
    if !shape.types.contains(&SqlType::Variant) {
        let field = peers::arrow_json::body_field(&shape.types);
        same(&peers::arrow_json::columns(&peers::arrow_json::decode(
            body, &field,
        )?));
    }
    let typed = read_request::<R::Arguments>(body)?;
    assert_eq!(typed.len(), rows.len());
    for ((_, read), expected) in typed.iter().zip(rows) {
        let expected = serde_json::to_string(&expected.arguments())?;
        assert_eq!(serde_json::to_string(read)?, expected);
    }
    assert_eq!(
        serde_json::from_slice::<Body<R>>(body)?.data.len(),
        rows.len()
    );
    assert!(sonic_rs::from_slice::<sonic_rs::Value>(body).is_ok());
    Ok(())
}
