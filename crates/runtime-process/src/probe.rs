//! Readiness probes: HTTP GET to the instance's own address, where 200 means ready.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use floe_runtime::Probe;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long one probe may take, the default that Kubernetes documents for `timeoutSeconds`;
/// the original documents none.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Wait before the first probe of a started container; it doubles up to the period, so that a
/// service that starts in a moment is not late by a whole period.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// What a probe found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Ready,
    Failing,
}

/// Probes for ever, and reports each time the verdict may have changed.
///
/// Before the first 200 every failure is reported; afterwards only `failure_threshold` failures
/// in a row make the container not ready, and one 200 makes it ready again.
pub(crate) async fn follow(
    ip: IpAddr,
    probe: &Probe,
    mut report: impl FnMut(Verdict),
) -> Infallible {
    let address = SocketAddr::new(ip, probe.port);
    let mut wait = FIRST_WAIT.min(probe.period);
    let mut failures = 0u32;
    let mut ever_ready = false;
    loop {
        tokio::time::sleep(wait).await;
        if is_ready(address, &probe.path).await {
            (failures, ever_ready, wait) = (0, true, probe.period);
            report(Verdict::Ready);
            continue;
        }
        failures = failures.saturating_add(1);
        if !ever_ready || failures >= probe.failure_threshold {
            report(Verdict::Failing);
        }
        if !ever_ready {
            wait = wait.saturating_mul(2).min(probe.period);
        }
    }
}

/// Asks once; anything but the status 200 within the time is a no.
async fn is_ready(address: SocketAddr, path: &str) -> bool {
    let answer = tokio::time::timeout(TIMEOUT, ask(address, path)).await;
    matches!(answer, Ok(Some(StatusCode::OK)))
}

async fn ask(address: SocketAddr, path: &str) -> Option<StatusCode> {
    let stream = TcpStream::connect(address).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let request = Request::get(path)
        .header(header::HOST, address.to_string())
        .header(header::USER_AGENT, "floe-probe")
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .ok()?;
    let answer = sender.send_request(request);
    // The connection is driven here, not spawned, so that the timeout drops it with the rest.
    // Its end decides nothing: an answer may have arrived together with the end.
    let drive = async {
        let _ = connection.await;
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        answer = answer => Some(answer.ok()?.status()),
        never = drive => match never {},
    }
}
