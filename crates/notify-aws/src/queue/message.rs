//! Messages of SQS, as deliveries.

use aws_sdk_sqs::types::{Message as SqsMessage, MessageSystemAttributeName};
use floe_notify::clock::Timestamp;
use floe_notify::{Delivery, Message, MessageId, Receipt};

/// None when there is no receipt: then nothing can be done with the message.
pub(super) fn delivery(message: SqsMessage, deadline: Timestamp) -> Option<Delivery> {
    let token = message.receipt_handle?;
    let id = MessageId::new(message.message_id.unwrap_or_default());
    let mut content = Message::new(message.body.unwrap_or_default());
    for (name, value) in message.message_attributes.unwrap_or_default() {
        if let Some(text) = value.string_value {
            content = content.with_attribute(name, text);
        }
    }
    let mut delivery = Delivery::new(content, Receipt::new(id, token), deadline);
    let attributes = message.attributes.unwrap_or_default();
    let number = |name: MessageSystemAttributeName| attributes.get(&name)?.parse::<u64>().ok();
    if let Some(count) = number(MessageSystemAttributeName::ApproximateReceiveCount) {
        delivery = delivery.with_receive_count(u32::try_from(count).unwrap_or(u32::MAX));
    }
    if let Some(millis) = number(MessageSystemAttributeName::SentTimestamp) {
        delivery = delivery.with_sent(Timestamp::from_millis(millis));
    }
    Some(delivery)
}
