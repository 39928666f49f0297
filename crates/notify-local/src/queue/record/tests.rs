use proptest::prelude::*;

use super::*;

fn message(number: u64, body: &[u8]) -> Record {
    Record::Message(Stored {
        number,
        sent: Timestamp::from_millis(9),
        received: 3,
        message: Message::new(body).with_attribute("a", "ä"),
    })
}

fn bytes_of(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    records.iter().for_each(|record| record.write(&mut bytes));
    bytes
}

#[test]
fn the_checksum_is_that_of_gzip() {
    assert_eq!(
        crc(&[b"1234", b"56789"]),
        0xCBF4_3926,
        "the check value of CRC-32"
    );
}

#[test]
fn an_empty_rest_is_the_end_and_zeros_are_bad() {
    assert_eq!(Record::read(&[]), Err(NoRecord::End));
    assert_eq!(Record::read(&[0; 64]), Err(NoRecord::Bad));
}

proptest! {
    #[test]
    fn what_was_written_is_read(
        number: u64,
        body: Vec<u8>,
        list in proptest::collection::vec(any::<(u64, u32)>(), 0..9),
    ) {
        let numbers = list.iter().map(|(number, _)| *number).collect();
        for record in [message(number, &body), Record::Received(list), Record::Done(numbers)] {
            let bytes = bytes_of(std::slice::from_ref(&record));
            prop_assert_eq!(Record::read(&bytes), Ok((record, bytes.len())));
        }
    }

    #[test]
    fn a_record_that_ends_early_or_has_another_byte_is_bad(
        body in proptest::collection::vec(any::<u8>(), 0..40),
        at: prop::sample::Index,
        flip in 1_u8..,
    ) {
        let mut bytes = bytes_of(&[message(1, &body)]);
        let at = at.index(bytes.len());
        if at > 0 {
            prop_assert_eq!(Record::read(&bytes[..at]), Err(NoRecord::Bad));
        }
        bytes[at] ^= flip;
        prop_assert_eq!(Record::read(&bytes), Err(NoRecord::Bad));
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes: Vec<u8>) {
        let _ = Record::read(&bytes);
        if let Some(at) = Record::find(&bytes, 1 << 20) {
            prop_assert!(Record::read(&bytes[at..]).is_ok());
        }
    }

    #[test]
    fn behind_garbage_the_next_record_is_found(
        garbage in proptest::collection::vec(any::<u8>(), 1..60),
        fake: bool,
    ) {
        let mut bytes = garbage.clone();
        if fake {
            // What looks like the head of a record.
            bytes.extend(MAGIC);
            bytes.extend(7_u32.to_le_bytes());
        }
        let start = bytes.len();
        bytes.extend(bytes_of(&[message(5, b"whole")]));
        prop_assert_eq!(Record::find(&bytes, 1 << 20), Some(start));
        prop_assert_eq!(Record::find(&bytes, 1), None, "the budget is kept");
    }
}
