//! Responses whose rows come in any order.

use arrow::array::AsArray;
use floe_batch::rows::{read_response, read_response_in_any_order};
use floe_batch::{BatchError, decode_response, decode_response_in_any_order};
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

#[test]
fn nothing_is_sized_by_the_rows_that_are_expected_or_by_their_numbers() {
    for sent in [usize::MAX, usize::MAX / 4, 1 << 33] {
        for (rows, first_missing) in [
            (vec![], 0),
            (vec![1, 0], 2),
            (vec![2, 1], 0),
            (vec![0, sent - 1], 1),
            (vec![sent - 1, sent - 1], 0),
        ] {
            let error = read(&body(&rows), sent).unwrap_err();
            assert!(
                matches!(error, BatchError::RowMissing { row, .. } if row == first_missing),
                "{rows:?} of {sent}: {error}"
            );
        }
    }
    let two = body(&[0, 1]);
    let ordered = decode_response(two.as_bytes(), usize::MAX, &ty("VARCHAR"));
    assert_eq!(ordered.unwrap_err().code(), "FLOE-BATCH-0020");
    let ordered = read_response::<&str>(two.as_bytes(), usize::MAX);
    assert_eq!(ordered.unwrap_err().code(), "FLOE-BATCH-0020");
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
