//! Changes that Azure takes over and makes later ("Track asynchronous Azure operations").

use std::time::Duration;

use azure_core::http::{Method, Url};
use floe_notify::ResourceError;
use floe_notify::clock::Clock;

use super::{Answer, Arm, wire};
use crate::AzureError;
use crate::failure::{Call, Failure};

/// How often it is asked how a change is going …
const MAX_POLLS: u32 = 150;
/// … how long between two times, unless Azure says how long …
const PAUSE: Duration = Duration::from_secs(2);
/// … and how long at most.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// Where it is asked how a change is going.
enum Ask {
    /// A resource of its own with a status.
    Operation(Url),
    /// 202 until it is done.
    Location(Url),
    /// The resource itself.
    Resource,
}

impl Arm {
    /// Waits until a change that was taken over is made.
    pub(super) async fn settle(
        &self,
        clock: &dyn Clock,
        call: Call,
        id: &str,
        url: &Url,
        answer: Answer,
    ) -> Result<(), ResourceError> {
        let is_delete = call == Call::DELETE_EVENTS;
        let ask = match (&answer.operation, &answer.location) {
            (Some(link), _) => Ask::Operation(self.follow(call, id, link)?),
            (None, Some(link)) if answer.status == 202 => {
                Ask::Location(self.follow(call, id, link)?)
            }
            _ if is_delete && answer.status != 202 => return Ok(()),
            _ => {
                if is_done(call, id, wire::state(&answer.body), &answer)? && !is_delete {
                    return Ok(());
                }
                Ask::Resource
            }
        };
        let mut wait = answer.wait;
        for _ in 0..MAX_POLLS {
            clock.sleep(wait.unwrap_or(PAUSE).min(MAX_PAUSE)).await;
            let url = match &ask {
                Ask::Operation(url) | Ask::Location(url) => url,
                Ask::Resource => url,
            };
            let answer = match self.send(clock, call, Method::Get, url, None).await {
                Ok(answer) => answer,
                // What tells of a deletion may go together with what is deleted.
                Err(failure) if is_delete && failure.is_gone() => return Ok(()),
                Err(failure) => return Err(of_poll(failure).resource(id)),
            };
            let done = match &ask {
                Ask::Operation(_) => is_done(call, id, wire::status(&answer.body), &answer)?,
                Ask::Location(_) => answer.status != 202,
                Ask::Resource => {
                    is_done(call, id, wire::state(&answer.body), &answer)? && !is_delete
                }
            };
            if done {
                return Ok(());
            }
            wait = answer.wait;
        }
        let (call, polls) = (call.action.to_owned(), MAX_POLLS);
        let pending = AzureError::OperationPending { call, polls };
        Err(ResourceError::driver(id, pending))
    }
}

/// Whether a status is the last one; an error when it is a bad one.
fn is_done(call: Call, id: &str, status: &str, answer: &Answer) -> Result<bool, ResourceError> {
    let is = |word: &str| status.eq_ignore_ascii_case(word);
    if is("Succeeded") {
        return Ok(true);
    }
    if !is("Failed") && !is("Canceled") {
        return Ok(false);
    }
    let (code, message) = wire::error(&answer.body);
    let failure = Failure::of_answer(call, 0, &code, &message);
    // What fails for a permission, or because Event Grid is not registered, is told as such.
    let told = Failure {
        status: if code.contains("Authorization") {
            403
        } else {
            409
        },
        ..failure.clone()
    };
    match told.resource(id) {
        error @ ResourceError::Denied { .. } => Err(error),
        ResourceError::Driver { error, .. } if error.code().starts_with("FLOE-NOTIFY-") => {
            Err(ResourceError::Driver {
                resource: id.to_owned(),
                error,
            })
        }
        _ => {
            let answer = if code.is_empty() { status } else { &code };
            let error = AzureError::OperationFailed {
                call: call.action.to_owned(),
                answer: answer.to_owned(),
                reason: if failure.reason.is_empty() {
                    status.to_owned()
                } else {
                    failure.reason
                },
            };
            Err(ResourceError::driver(id, error))
        }
    }
}

/// Asking how a change is going needs to read, whatever the change is.
fn of_poll(failure: Failure) -> Failure {
    Failure {
        call: Call::READ_EVENTS,
        ..failure
    }
}
