//! Messages of Azure Queue Storage, as deliveries.

use azure_storage_queue::models::ReceivedMessage;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use floe_notify::clock::Timestamp;
use floe_notify::{Delivery, Message, MessageId, Receipt};

/// Base64 as any client may have written it: with padding or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// None when there is no receipt: then nothing can be done with the message.
pub(super) fn delivery(message: ReceivedMessage, deadline: Timestamp) -> Option<Delivery> {
    let id = MessageId::new(message.message_id?);
    let receipt = Receipt::new(id, message.pop_receipt?);
    let content = Message::new(body(message.message_text.unwrap_or_default()));
    let mut delivery = Delivery::new(content, receipt, deadline);
    if let Some(count) = message.dequeue_count {
        delivery = delivery.with_receive_count(u32::try_from(count).unwrap_or(u32::MAX));
    }
    if let Some(time) = message.insertion_time
        && let Ok(seconds) = u64::try_from(time.unix_timestamp())
    {
        delivery = delivery.with_sent(Timestamp::from_millis(seconds.saturating_mul(1_000)));
    }
    Some(delivery)
}

/// The body that was meant, by the rule of the decoder of events: what does not begin like JSON,
/// but is the base64 form of something that does, is that.
fn body(text: String) -> Vec<u8> {
    if begins_json(text.as_bytes()) {
        return text.into_bytes();
    }
    let decoded = LENIENT.decode(text.trim()).ok();
    let decoded = decoded.filter(|bytes| begins_json(bytes));
    decoded.unwrap_or_else(|| text.into_bytes())
}

fn begins_json(bytes: &[u8]) -> bool {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    first.is_some_and(|byte| b"{[\"".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body_of(text: &str) -> String {
        String::from_utf8(body(text.to_owned())).unwrap()
    }

    #[test]
    fn base64_of_json_is_decoded_and_all_else_stays_as_it_is() {
        assert_eq!(body_of("eyJhIjoxfQ=="), r#"{"a":1}"#);
        assert_eq!(body_of("eyJhIjoxfQ"), r#"{"a":1}"#);
        assert_eq!(body_of(" eyJhIjoxfQ==\n"), r#"{"a":1}"#);
        // The base64 form of "hello", of nothing, and what is none.
        for plain in ["aGVsbG8=", "", "message 3", "{\"a\": 1}", "xxxx"] {
            assert_eq!(body_of(plain), plain);
        }
    }

    #[test]
    fn a_message_without_a_receipt_is_passed_over() {
        let deadline = Timestamp::from_millis(7);
        assert_eq!(delivery(ReceivedMessage::default(), deadline), None);
        let mut message = ReceivedMessage::default();
        message.message_id = Some("m".to_owned());
        message.pop_receipt = Some("r".to_owned());
        message.dequeue_count = Some(2);
        let made = delivery(message, deadline).unwrap();
        assert_eq!(made.receipt(), &Receipt::new(MessageId::new("m"), "r"));
        assert_eq!((made.receive_count(), made.deadline()), (Some(2), deadline));
    }
}
