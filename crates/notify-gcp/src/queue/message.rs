//! Messages of Pub/Sub, as deliveries.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use floe_notify::clock::Timestamp;
use floe_notify::{Delivery, Message, MessageId, Receipt};
use serde::Deserialize;

use crate::failure::{Call, Failure, Kind};

/// The answer to a pull.
#[derive(Debug, Default, Deserialize)]
struct Answer {
    #[serde(default, rename = "receivedMessages")]
    messages: Vec<Pulled>,
}

/// One message as it was pulled.
#[derive(Debug, Deserialize)]
pub(super) struct Pulled {
    #[serde(rename = "ackId")]
    pub(super) ack_id: String,
    message: Content,
    #[serde(default, rename = "deliveryAttempt")]
    attempt: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct Content {
    #[serde(default)]
    data: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(rename = "messageId")]
    id: String,
}

/// Reads the answer to a pull.
pub(super) fn read(call: Call, text: &str) -> Result<Vec<Pulled>, Failure> {
    let unreadable = |reason: String| Failure::new(call, Kind::Unreadable, "", &reason);
    // A struct would also be read from an array, its fields in order.
    if !text.trim_start().starts_with('{') {
        return Err(unreadable("it is no JSON object".to_owned()));
    }
    let answer: Answer =
        serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
    if let Some(bad) = answer.messages.iter().find(|one| one.body().is_none()) {
        let reason = format!("the data of message {} are not base64", bad.message.id);
        return Err(unreadable(reason));
    }
    Ok(answer.messages)
}

impl Pulled {
    fn body(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.message.data).ok()
    }

    pub(super) fn receipt(&self) -> Receipt {
        Receipt::new(MessageId::new(self.message.id.clone()), self.ack_id.clone())
    }

    pub(super) fn into_delivery(self, deadline: Timestamp) -> Delivery {
        let receipt = self.receipt();
        let attempt = self.attempt;
        let mut content = Message::new(self.body().unwrap_or_default());
        for (name, value) in self.message.attributes {
            content = content.with_attribute(name, value);
        }
        let delivery = Delivery::new(content, receipt, deadline);
        match attempt {
            Some(count) if count > 0 => delivery.with_receive_count(count),
            // Pub/Sub counts only beside a dead-letter policy.
            _ => delivery,
        }
    }
}
