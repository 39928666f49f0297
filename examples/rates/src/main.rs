//! The service behind `TO_EURO(AMOUNT FLOAT, CURRENCY VARCHAR) RETURNS FLOAT … AS '/to-euro'`.
//!
//! `SERVER_PORT` is the port to listen on (8000; 0 picks a free one), `RATES` what a euro is worth,
//! as in `EUR=1 USD=1.08`. NULL, or a currency without a rate, gives NULL.

#![forbid(unsafe_code)]

use std::{collections::HashMap, env, error::Error, sync::Arc};

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use floe_function::server::{Answers, Batch, Book, BookOptions, ServeError};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

type Rates = Arc<HashMap<String, f64>>;

async fn to_euro(
    State(rates): State<Rates>,
    batch: Batch<(Option<f64>, Option<String>)>,
) -> Result<Answers, ServeError> {
    batch.map(|(amount, currency)| Some(amount? / rates.get(&currency?)?))
}

fn rates(text: &str) -> Option<Rates> {
    let rate = |rate: &str| {
        let (currency, worth) = rate.split_once('=')?;
        Some((currency.to_owned(), worth.parse().ok()?))
    };
    let rates: Option<HashMap<_, _>> = text.split_whitespace().map(rate).collect();
    rates.map(Arc::new)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let text = env::var("RATES").unwrap_or_else(|_| "EUR=1 USD=1.08 GBP=0.85".to_owned());
    let rates = rates(&text).ok_or("RATES is like EUR=1 USD=1.08")?;
    let port: u16 = env::var("SERVER_PORT")
        .as_deref()
        .unwrap_or("8000")
        .parse()?;
    // A batch that comes twice, because the caller lost the answer, is answered from the book.
    let book = Book::new(BookOptions::default());
    let app = Router::new()
        .route("/to-euro", book.route(post(to_euro)))
        .route("/healthcheck", get(async || "ready"))
        .with_state(rates);
    let mut terminate = signal(SignalKind::terminate())?;
    let listener = TcpListener::bind(("0.0.0.0", port)).await?;
    println!("listening on {}", listener.local_addr()?);
    // On SIGTERM it answers what it has begun, and ends.
    let stop = async move { _ = terminate.recv().await };
    axum::serve(listener, app)
        .with_graceful_shutdown(stop)
        .await?;
    Ok(())
}
