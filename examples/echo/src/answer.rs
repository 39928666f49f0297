//! What the service answers to one batch: the work itself, and the ways to get it wrong.

use floe_batch::BatchError;
use floe_batch::rows::{ResponseWriter, read_request};

use crate::Fault;

/// A row of the request: its number and the text, which may be NULL.
pub(crate) type Row = (u64, (Option<String>,));

/// Reads the rows of a request.
pub(crate) fn read(body: &[u8]) -> Result<Vec<Row>, BatchError> {
    read_request::<(Option<String>,)>(body)
}

/// Writes `<name> said <text>` for every row, or what `fault` makes of it.
pub(crate) fn write(
    mut rows: Vec<Row>,
    name: &str,
    fault: Option<Fault>,
) -> Result<Vec<u8>, BatchError> {
    match fault {
        Some(Fault::Rubbish) => return Ok(b"I said something that is not JSON".to_vec()),
        Some(Fault::Short) => {
            rows.pop();
        }
        Some(Fault::Duplicate) => rows.extend(rows.last().cloned()),
        Some(Fault::Reorder) => rows.reverse(),
        Some(Fault::Unhealthy | Fault::Hang | Fault::Error500) | None => {}
    }
    let mut body = Vec::new();
    let mut writer = ResponseWriter::new(&mut body);
    for (number, (text,)) in rows {
        writer.row(number, &text.map(|text| format!("{name} said {text}")))?;
    }
    writer.finish();
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fault: Option<Fault>, expected: &str) {
        let rows = read(br#"{"data":[[0,"Hello"],[1,null],[2,"\"Ahoy\"\n"]]}"#).unwrap();
        let body = write(rows, "Bob", fault).unwrap();
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }

    #[test]
    fn every_row_is_said_and_null_stays_null() {
        let expected = r#"{"data":[[0,"Bob said Hello"],[1,null],[2,"Bob said \"Ahoy\"\n"]]}"#;
        check(None, expected);
        check(Some(Fault::Unhealthy), expected);
    }

    #[test]
    fn each_fault_breaks_the_answer_in_its_way() {
        check(Some(Fault::Rubbish), "I said something that is not JSON");
        check(
            Some(Fault::Short),
            r#"{"data":[[0,"Bob said Hello"],[1,null]]}"#,
        );
        check(
            Some(Fault::Duplicate),
            concat!(
                r#"{"data":[[0,"Bob said Hello"],[1,null],"#,
                r#"[2,"Bob said \"Ahoy\"\n"],[2,"Bob said \"Ahoy\"\n"]]}"#
            ),
        );
        check(
            Some(Fault::Reorder),
            r#"{"data":[[2,"Bob said \"Ahoy\"\n"],[1,null],[0,"Bob said Hello"]]}"#,
        );
    }

    #[test]
    fn an_empty_batch_is_answered_empty_whatever_the_fault() {
        for fault in [
            None,
            Some(Fault::Short),
            Some(Fault::Duplicate),
            Some(Fault::Reorder),
        ] {
            assert_eq!(write(Vec::new(), "I", fault).unwrap(), br#"{"data":[]}"#);
        }
    }
}
