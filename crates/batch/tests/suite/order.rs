//! Responses whose rows come in any order.

use arrow::array::AsArray;
use floe_batch::rows::read_response_in_any_order;
use floe_batch::{BatchError, decode_response_in_any_order};
use proptest::prelude::*;

use crate::model::ty;

/// Both readers, which must agree.
fn read(body: &str, rows: usize) -> Result<Vec<Option<String>>, BatchError> {
    let column = decode_response_in_any_order(body.as_bytes(), rows, &ty("VARCHAR"));
    let typed = read_response_in_any_order::<Option<String>>(body.as_bytes(), rows);
    let column = column.map(|column| {
        let texts = column.as_string::<i32>().iter();
        texts
            .map(|text| text.map(str::to_owned))
            .collect::<Vec<_>>()
    });
    assert_eq!(column, typed);
    column
}

fn body(rows: &[usize]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| match row % 7 {
            3 => format!("[{row},null]"),
            _ => format!("[{row},\"row {row}\"]"),
        })
        .collect();
    format!("{{\"data\":[{}]}}", rows.join(","))
}

#[test]
fn rows_that_are_missing_doubled_or_unknown_are_named() {
    let code = |rows: &[usize], sent| read(&body(rows), sent).map_err(|error| error.code());
    assert_eq!(code(&[2, 0], 3), Err("FLOE-BATCH-0020"));
    assert_eq!(code(&[2, 2, 0], 3), Err("FLOE-BATCH-0021"));
    assert_eq!(code(&[3, 1, 0], 3), Err("FLOE-BATCH-0023"));
    assert_eq!(code(&[2, 1, 0, 0], 3), Err("FLOE-BATCH-0024"));
    assert_eq!(code(&[], 1), Err("FLOE-BATCH-0020"));
    assert_eq!(code(&[], 0).map(|rows| rows.len()), Ok(0));
    let error = read(&body(&[1, 0, 64, 63]), 66).unwrap_err();
    assert!(
        matches!(error, BatchError::RowMissing { row: 2, .. }),
        "{error}"
    );
}

fn shuffled() -> impl Strategy<Value = Vec<usize>> {
    (0..300_usize).prop_flat_map(|rows| Just((0..rows).collect::<Vec<_>>()).prop_shuffle())
}

proptest! {
    #[test]
    fn any_order_is_put_in_order(rows in shuffled()) {
        let values = read(&body(&rows), rows.len()).unwrap();
        for (row, value) in values.iter().enumerate() {
            let expected = (row % 7 != 3).then(|| format!("row {row}"));
            prop_assert_eq!(value, &expected);
        }
    }
}
