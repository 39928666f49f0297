//! Which call a request is, and answers in the form of its service.

use bytes::Bytes;
use hyper::{Method, Request, Response};

use crate::answer;

/// A call as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name, for example `PutBucketNotification`, `Subscribe` or `ReceiveMessage`; of objects
    /// and buckets the method, for example `PUT object`.
    pub operation: String,
    /// The access key that it is signed with.
    pub access_key: String,
    /// The body, where it is text.
    pub body: String,
    pub(super) service: Service,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    S3,
    /// SNS and STS: forms in, XML out.
    Query,
    /// SQS: JSON both ways.
    Sqs,
}

impl Call {
    pub(super) fn of(request: &Request<Bytes>) -> Self {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let header = |name: &str| {
            let value = request.headers().get(name);
            value.and_then(|value| value.to_str().ok()).unwrap_or("")
        };
        let (service, operation) = if let Some(name) = header("x-amz-target").split('.').nth(1) {
            (Service::Sqs, name.to_owned())
        } else if let Some(action) = body
            .split('&')
            .find_map(|pair| pair.strip_prefix("Action="))
        {
            (Service::Query, action.to_owned())
        } else {
            (Service::S3, of_s3(request.method(), request.uri()))
        };
        let credential = header("authorization").split("Credential=").nth(1);
        let access_key = credential.and_then(|text| text.split('/').next());
        Self {
            operation,
            access_key: access_key.unwrap_or_default().to_owned(),
            body,
            service,
        }
    }

    /// Says no in the form that the service has for it.
    pub(super) fn refuse(&self, status: u16, code: &str, message: &str) -> Response<Bytes> {
        match self.service {
            Service::S3 => answer(
                status,
                "application/xml",
                format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
                     <Message>{message}</Message><RequestId>4442587FB7D0A2F9</RequestId>\
                     <HostId>vlR7PnpV2Ce81l0PRw6jlUpck7Jo5ZsQjryTjKlc5aLWGVHPZLj5NeC6</HostId>\
                     </Error>"
                ),
            ),
            Service::Query => answer(
                status,
                "text/xml",
                format!(
                    "<ErrorResponse><Error><Type>{}</Type><Code>{code}</Code>\
                     <Message>{message}</Message></Error>\
                     <RequestId>b25f48e8-84fd-11e6-80d9-574e0c4664cb</RequestId></ErrorResponse>",
                    fault(status)
                ),
            ),
            Service::Sqs => self.refuse_json(status, code, (code, message)),
        }
    }

    /// SQS has two names for some errors: one of its JSON form, and an older one in a header.
    pub(super) fn refuse_json(
        &self,
        status: u16,
        code: &str,
        (older, message): (&str, &str),
    ) -> Response<Bytes> {
        let body = serde_json::json!({
            "__type": format!("com.amazonaws.sqs#{code}"),
            "message": message,
        });
        let mut answer = answer(status, "application/x-amz-json-1.0", body.to_string());
        if let Ok(value) = format!("{older};{}", fault(status)).parse() {
            answer.headers_mut().insert("x-amzn-query-error", value);
        }
        answer
    }
}

const fn fault(status: u16) -> &'static str {
    if status < 500 { "Sender" } else { "Receiver" }
}

fn of_s3(method: &Method, uri: &hyper::Uri) -> String {
    let query = uri.query().unwrap_or_default();
    let is_notification = query
        .split('&')
        .any(|one| one.trim_end_matches('=') == "notification");
    let key = uri.path().trim_start_matches('/').split_once('/');
    match (method, is_notification, key) {
        (&Method::GET, true, _) => "GetBucketNotification".to_owned(),
        (&Method::PUT, true, _) => "PutBucketNotification".to_owned(),
        (_, _, Some((_, key))) if !key.is_empty() => format!("{method} object"),
        _ => format!("{method} bucket"),
    }
}
