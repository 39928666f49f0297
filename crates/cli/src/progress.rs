//! What happens to services, told on standard error while statements run.

use std::io::{IsTerminal as _, Write as _};

use floe_engine::{Engine, ServiceEvent};
use tokio::sync::broadcast::error::RecvError;

/// Prints events until the engine is gone.
pub(crate) async fn tell(engine: Engine) {
    let mut events = engine.events();
    drop(engine);
    let styled = std::io::stderr().is_terminal();
    loop {
        match events.recv().await {
            Ok(event) => print(&event, styled),
            // The terminal was too slow; what was missed is in SHOW.
            Err(RecvError::Lagged(missed)) => eprintln!("  … {missed} events not shown"),
            Err(RecvError::Closed) => return,
        }
    }
}

fn print(event: &ServiceEvent, styled: bool) {
    let (on, off) = if styled {
        ("\u{1b}[2m", "\u{1b}[0m")
    } else {
        ("", "")
    };
    let line = format!("{on}  · {event}{off}\n");
    // One write a line, so that lines of several tasks do not mix.
    let _ = std::io::stderr().write_all(line.as_bytes());
}
