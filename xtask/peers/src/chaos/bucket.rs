//! Chaos over a bucket, with a queue and a shared ledger.

use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use hyper::Request;

use super::directory::Scratch;
use super::{Chaos, Consumer, Random, Report, content, count, name};
use crate::Upstream;
use crate::s3::{Messages, Proxy};

impl Chaos {
    /// Runs the stream over a bucket of an emulator of AWS at `emulator`, behind a proxy that
    /// delivers messages twice, late and in another order: as many processes as there are
    /// consumers, each killed by itself, with one ledger in the bucket.
    ///
    /// # Errors
    ///
    /// What kept it from being done; a stream that loses or repeats is a [`Report`].
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let chaos = floe_peers::chaos::Chaos::new("/nonexistent/floe", 3, 1, 1);
    /// let error = chaos.in_a_bucket("http://127.0.0.1:9").await.unwrap_err();
    /// assert!(error.contains("bucket"), "{error}");
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn in_a_bucket(&self, emulator: &str) -> Result<Report, String> {
        let root = Scratch::new()?;
        let place = root.path();
        let proxy = Proxy::start(emulator).await;
        let proxy = proxy.map_err(|error| error.to_string())?;
        proxy.set(|faults| {
            faults.messages = Messages {
                twice: true,
                reversed: true,
                delay: 1,
                packed: self.seed.is_multiple_of(2),
            };
        });
        let bucket = Bucket {
            store: Upstream::new(&proxy.url()),
            url: proxy.url(),
            name: format!("chaos-{}-{}", std::process::id(), self.seed),
        };
        bucket.make().await?;
        let mut random = self.random();
        let mut report = Report::default();
        let mut consumers = Vec::new();
        for number in 0..self.consumers {
            consumers.push(self.share_in(place, &bucket, number, false)?);
        }
        for turn in 0..self.kills {
            self.put(&bucket, turn, &mut random, &mut report).await?;
            tokio::time::sleep(random.life()).await;
            let number = random.below(u64::from(self.consumers));
            let slot = usize::try_from(number).unwrap_or_default();
            let Some(consumer) = consumers.get_mut(slot) else {
                continue;
            };
            match consumer.kill()? {
                None => report.kills += 1,
                Some(words) => report.ended.push(words),
            }
            let number = u8::try_from(slot).unwrap_or_default();
            *consumer = self.share_in(place, &bucket, number, false)?;
        }
        for consumer in &mut consumers {
            consumer.kill()?;
        }
        let mut last = self.share_in(place, &bucket, 0, true)?;
        // The proxy answers on this runtime meanwhile.
        let finished = tokio::task::spawn_blocking(move || last.finish()).await;
        finished.map_err(|error| error.to_string())??;
        count(&place.join("out"), report.landed, &mut report)?;
        Ok(report)
    }

    fn share_in(
        &self,
        place: &Path,
        bucket: &Bucket,
        number: u8,
        is_last: bool,
    ) -> Result<Consumer, String> {
        let data = place.join(format!("data-{number}"));
        let (path, state) = (format!("s3://{}/in", bucket.name), bucket.name.clone());
        let state = format!("s3://{state}/state");
        let mut command = self.command(&data, &path, &place.join("out"), &state);
        bucket.login(&mut command);
        command.args(["--consumer", &format!("consumer-{number}")]);
        command.args(["--notifications", "--option", "region=us-east-1"]);
        if is_last {
            command.arg("--available-now");
        }
        Consumer::start(command, place.join(format!("log-{number}")))
    }

    async fn put(
        &self,
        bucket: &Bucket,
        turn: u64,
        random: &mut Random,
        report: &mut Report,
    ) -> Result<(), String> {
        for _ in 0..self.share(turn) {
            let number = report.landed;
            let key = format!("in/day={}/{}", random.below(4), name(number));
            bucket.put(&key, content(number)).await?;
            report.landed += 1;
        }
        Ok(())
    }
}

/// A bucket of an emulator.
struct Bucket {
    store: Upstream,
    url: String,
    name: String,
}

impl Bucket {
    async fn make(&self) -> Result<(), String> {
        let made = self.send("", Bytes::new()).await;
        made.map_err(|error| format!("the bucket {} cannot be made: {error}", self.name))
    }

    async fn put(&self, key: &str, content: String) -> Result<(), String> {
        let key = key.replace('=', "%3D");
        self.send(&format!("/{key}"), content.into()).await
    }

    async fn send(&self, key: &str, body: Bytes) -> Result<(), String> {
        let request = Request::put(format!("/{}{key}", self.name)).body(body);
        let request = request.map_err(|error| error.to_string())?;
        let answer = self.store.send(request).await;
        match answer.status().is_success() {
            true => Ok(()),
            false => Err(format!(
                "{}: {}",
                answer.status(),
                String::from_utf8_lossy(answer.body())
            )),
        }
    }

    fn login(&self, command: &mut Command) {
        command
            .env("AWS_ENDPOINT_URL", &self.url)
            .env("FLOE_STORE_ENDPOINT", &self.url)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1");
    }
}
