//! The ledger in a file beside what it could have been: a plain table of the same store with the
//! same names and commits, and a set in memory with a log behind it.
//!
//! `cargo bench -p floe-ingest --bench ledger` measures 100,000 and 1,000,000 files;
//! `-- --files 10000000` another number, and `-- --names random` (or `ordered`) one kind of names.
//! Without `--bench`, or with `--quick`, it only shows that everything runs.
//!
//! Names are made when they are needed, so that what the process has in memory is the ledger's.
//! Every 10,000 files are handed out and committed before the next ones come, as in a stream that
//! keeps up; only the recording is timed for the rate of inserts. What each contender took of the
//! processor and wrote is told beside the rate, because others may want both at the same time.

#![forbid(unsafe_code)]

use std::collections::HashSet;
use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use floe_ingest::{
    Claim, Discovery, EmbeddedLedger, FileId, Founding, Ledger, ListingProgress, ListingReason,
    ListingRequest, Role, Sighting, VersionRule,
};
use floe_notify::StreamId;
use floe_notify::clock::Timestamp;
use redb::{Database, Durability, ReadableDatabase as _, TableDefinition};
use rustix::time::{ClockId, clock_gettime};

type Failed = Box<dyn Error + Send + Sync>;

/// Files that one durable transaction makes known.
const PAGE: usize = 1_000;
/// Most pages of known files that are recorded all the same.
const MOST_RECORDED: usize = 200;
/// Pages that are recorded before they are handed out and committed.
const PAGES_BEHIND: usize = 10;
/// Single look-ups that are timed.
const LOOKUPS: usize = 20_000;
/// Most objects of the listing that is compared.
const LISTED: usize = 1_000_000;
/// Most files that the set in memory is given.
const MOST_IN_SET: usize = 2_000_000;
const PLAIN: TableDefinition<'static, &[u8], ()> = TableDefinition::new("plain");

fn main() -> Result<(), Failed> {
    let has = |flag: &str| std::env::args().any(|argument| argument == flag);
    let value = |flag: &str| {
        let mut arguments = std::env::args().skip_while(|argument| argument != flag);
        arguments.nth(1)
    };
    let quick = has("--quick") || !has("--bench");
    let counts = match value("--files") {
        Some(text) => vec![text.parse()?],
        None if quick => vec![5_000],
        None => vec![100_000, 1_000_000],
    };
    let kinds = match value("--names").as_deref() {
        Some("ordered") => vec![Names::Ordered],
        Some("random") => vec![Names::Random],
        _ => vec![Names::Ordered, Names::Random],
    };
    println!("ledger: {PAGE} files a transaction, each durable");
    for count in counts {
        for names in &kinds {
            let load = fs::read_to_string("/proc/loadavg")?;
            println!("\n{count} files, {names:?} names; load {}", load.trim());
            let files = Files {
                count,
                names: *names,
            };
            let keys = files
                .all()
                .try_fold(0, |sum, id| Ok::<_, Failed>(sum + id?.as_bytes().len()))?;
            println!("  names: {:.1} bytes each", per(keys as f64, count));
            floe(files, keys)?;
            plain(files, keys)?;
            if count <= MOST_IN_SET {
                set(files)?;
            }
        }
    }
    Ok(())
}

#[derive(Clone, Copy, Debug)]
enum Names {
    /// With a date and a number, found in their order.
    Ordered,
    /// With a random number of 128 bits in hexadecimal behind a date.
    Random,
}

/// The files of one run.
#[derive(Clone, Copy, Debug)]
struct Files {
    count: usize,
    names: Names,
}

impl Files {
    fn name(self, number: usize) -> Result<FileId, Failed> {
        let text = match self.names {
            Names::Ordered => {
                let (day, part) = (number / 50_000, number % 50_000);
                format!("/landing/orders/day={day:05}/part-{part:05}-of-50000.snappy.parquet")
            }
            Names::Random => {
                let mut dice = number as u64 * 3;
                let (one, two) = (roll(&mut dice), roll(&mut dice));
                let day = roll(&mut dice) % 30;
                format!("/landing/orders/day={day:05}/{one:016x}{two:016x}.parquet")
            }
        };
        Ok(FileId::new(text.as_bytes(), None)?)
    }

    fn all(self) -> impl Iterator<Item = Result<FileId, Failed>> {
        (0..self.count).map(move |number| self.name(number))
    }

    /// Pages in the order in which they are found.
    fn pages(self) -> impl Iterator<Item = Result<Vec<FileId>, Failed>> {
        (0..self.count).step_by(PAGE).map(move |start| {
            let end = (start + PAGE).min(self.count);
            (start..end).map(|number| self.name(number)).collect()
        })
    }

    fn pick(self, dice: &mut u64) -> Result<FileId, Failed> {
        self.name(usize::try_from(roll(dice) % self.count as u64)?)
    }
}

fn floe(files: Files, keys: usize) -> Result<(), Failed> {
    let directory = tempfile::tempdir_in(".")?;
    let ledger = EmbeddedLedger::open(directory.path())?;
    let start = Timestamp::from_millis(1_764_000_000_000);
    block_on(ledger.found(&founding()?, start))?;
    let claim = block_on(ledger.join(&Role::new("bench")?, start))?;
    let (mut meter, mut drained, mut tenth) = (Meter::default(), Duration::ZERO, 0);
    for (page, number) in files.pages().zip(0_u64..) {
        let now = start.after(Duration::from_millis(number * 731));
        let found: Vec<_> = page?
            .iter()
            .zip(0_u64..)
            .map(|(id, n)| discovery(id, n, now))
            .collect();
        meter.measure(|| Ok(block_on(ledger.record(&claim, &found, None, now))?))?;
        if meter.commits.len() % PAGES_BEHIND == 0 {
            drained += drain(&ledger, &claim, now)?;
        }
        if meter.commits.len() == (files.count / PAGE).div_ceil(10) {
            tenth = memory("VmRSS")?;
        }
    }
    drained += drain(&ledger, &claim, start)?;
    meter.report("floe", files.count);
    println!(
        "  floe: handed out and committed, 1000 a batch: {:.0} files/s; memory {} MB at a tenth, \
         {} MB at the end",
        files.count as f64 / drained.as_secs_f64(),
        tenth >> 10,
        memory("VmRSS")? >> 10,
    );
    let path = directory.path().join(EmbeddedLedger::FILE);
    size("floe", "as grown", &path, keys, files.count)?;
    let began = time();
    block_on(ledger.compact())?;
    let compacted = time() - began;
    size("floe", "compacted", &path, keys, files.count)?;
    drop(ledger);
    let began = time();
    let ledger = EmbeddedLedger::open(directory.path())?;
    println!(
        "  floe: compacted in {:.1} s; start-up {:.3} s",
        compacted.as_secs_f64(),
        (time() - began).as_secs_f64()
    );
    look_up(&ledger, files)?;
    backfill(&ledger, files)
}

/// Tells how long a file is, and how much of the disk it takes: it grows by doubling, and what was
/// never written takes nothing.
fn size(name: &str, when: &str, path: &Path, keys: usize, count: usize) -> Result<(), Failed> {
    let found = fs::metadata(path)?;
    let beyond = |bytes: u64| per(bytes as f64 - keys as f64, count);
    println!(
        "  {name}: {when}: {} MB, {:.1} bytes a file beyond its name; on the disk {:.1}",
        found.len() >> 20,
        beyond(found.len()),
        beyond(found.blocks() * 512),
    );
    Ok(())
}

/// Hands out and commits what waits, and returns how long that took.
fn drain(ledger: &EmbeddedLedger, claim: &Claim, now: Timestamp) -> Result<Duration, Failed> {
    let bounds = floe_notify::options::BatchBounds {
        max_files: 1_000,
        max_bytes: None,
    };
    let (began, lease) = (time(), Duration::from_secs(60));
    while let Some(batch) = block_on(ledger.next_batch(claim, bounds, lease, now))? {
        block_on(ledger.commit(claim, batch.id, now))?;
    }
    Ok(time() - began)
}

fn look_up(ledger: &EmbeddedLedger, files: Files) -> Result<(), Failed> {
    let mut dice = 3;
    let mut single = Vec::new();
    for _ in 0..LOOKUPS.min(files.count) {
        let id = [files.pick(&mut dice)?];
        let before = time();
        let unknown = block_on(ledger.unknown(&id))?;
        single.push(time() - before);
        assert_eq!(unknown, [false]);
    }
    let (half, most) = percentiles(&mut single);
    println!(
        "  floe: one look-up, with two changes of threads: p50 {half:.1} µs, p99 {most:.1} µs"
    );
    let mut many = Vec::new();
    for _ in 0..LOOKUPS.min(files.count) / PAGE {
        let page: Result<Vec<_>, _> = (0..PAGE).map(|_| files.pick(&mut dice)).collect();
        let page = page?;
        let before = time();
        block_on(ledger.unknown(&page))?;
        many.push((time() - before) / PAGE as u32);
    }
    let (half, most) = percentiles(&mut many);
    println!("  floe: look-ups 1000 at a time, anywhere: p50 {half:.2} µs each, p99 {most:.2} µs");
    Ok(())
}

/// A listing of at most [`LISTED`] objects, every thousandth of which is not known.
fn backfill(ledger: &EmbeddedLedger, files: Files) -> Result<(), Failed> {
    let step = files.count.div_ceil(LISTED);
    let listed = (0..files.count).step_by(step);
    let listed: Result<Vec<_>, _> = listed.map(|number| files.name(number)).collect();
    let mut listed = listed?;
    listed.sort_unstable();
    let before = memory("VmRSS")?;
    let (mut new, mut took) = (0, Duration::ZERO);
    for page in listed.chunks_mut(PAGE) {
        if let Some(last) = page.last_mut() {
            let path = [last.as_bytes(), b"~"].concat();
            *last = FileId::new(&path, None)?;
        }
        let began = time();
        let unknown = block_on(ledger.unknown(page))?;
        took += time() - began;
        new += unknown.iter().filter(|unknown| **unknown).count();
    }
    assert_eq!(new, listed.len().div_ceil(PAGE));
    println!(
        "  floe: backfill of {} listed: {:.2} s, {:.2} µs each; memory {} MB, of which {} MB were \
         there before, with the names",
        listed.len(),
        took.as_secs_f64(),
        took.as_secs_f64() * 1e6 / listed.len() as f64,
        memory("VmRSS")? >> 10,
        before >> 10,
    );
    record_known(ledger, &listed)
}

/// The same listing, were each page recorded though everything in it is known: what asking saves.
fn record_known(ledger: &EmbeddedLedger, listed: &[FileId]) -> Result<(), Failed> {
    let now = Timestamp::from_millis(1_765_000_000_000);
    let claim = block_on(ledger.join(&Role::new("bench")?, now))?;
    let request = ListingRequest {
        reason: ListingReason::Backfill,
        prefix: Vec::new(),
    };
    block_on(ledger.request_listing(&claim, &request, now))?;
    let lease = Duration::from_secs(300);
    let listing = block_on(ledger.next_listing(&claim, lease, now))?.ok_or("no listing is due")?;
    let (mut files, began) = (0, time());
    for page in listed.chunks(PAGE).take(MOST_RECORDED) {
        let known: Vec<_> = page.iter().map(|id| discovery(id, 1, now)).collect();
        let after = page.last().map_or(Vec::new(), |id| id.path().to_vec());
        let progress = ListingProgress {
            listing: listing.id,
            round: listing.round,
            after,
            lease,
        };
        let recorded = block_on(ledger.record(&claim, &known, Some(&progress), now))?;
        files += known.len();
        assert!(recorded.iter().all(|one| one.seq().is_none()));
    }
    println!(
        "  floe: the same with every page recorded: {:.2} µs each",
        per((time() - began).as_secs_f64() * 1e6, files)
    );
    Ok(())
}

fn plain(files: Files, keys: usize) -> Result<(), Failed> {
    let directory = tempfile::tempdir_in(".")?;
    let path = directory.path().join("plain.redb");
    let mut database = Database::builder().set_cache_size(64 << 20).create(&path)?;
    let mut meter = Meter::default();
    for page in files.pages() {
        let page = page?;
        meter.measure(|| {
            let mut write = database.begin_write()?;
            write.set_durability(Durability::Immediate)?;
            let mut table = write.open_table(PLAIN)?;
            for id in &page {
                table.insert(id.as_bytes(), ())?;
            }
            drop(table);
            Ok(write.commit()?)
        })?;
    }
    meter.report("redb, name -> ()", files.count);
    size("redb", "as grown", &path, keys, files.count)?;
    database.compact()?;
    size("redb", "compacted", &path, keys, files.count)?;
    let read = database.begin_read()?;
    let table = read.open_table(PLAIN)?;
    let (mut dice, mut single) = (3, Vec::new());
    for _ in 0..LOOKUPS.min(files.count) {
        let id = files.pick(&mut dice)?;
        let before = time();
        assert!(table.get(id.as_bytes())?.is_some());
        single.push(time() - before);
    }
    let (half, most) = percentiles(&mut single);
    println!("  redb: one look-up on the same thread: p50 {half:.1} µs, p99 {most:.1} µs");
    Ok(())
}

/// A set in memory and a log on the disk: as little as one can do.
fn set(files: Files) -> Result<(), Failed> {
    let directory = tempfile::tempdir_in(".")?;
    let path = directory.path().join("log");
    let mut log = File::create(&path)?;
    let before = memory("VmRSS")?;
    let (mut set, mut meter) = (HashSet::new(), Meter::default());
    for page in files.pages() {
        let page = page?;
        meter.measure(|| {
            let mut bytes = Vec::new();
            for id in &page {
                if set.insert(id.as_bytes().to_vec()) {
                    bytes.extend(id.as_bytes());
                    bytes.push(b'\n');
                }
            }
            log.write_all(&bytes)?;
            Ok(log.sync_data()?)
        })?;
    }
    meter.report("set and log", files.count);
    println!(
        "  set and log: {} MB of memory",
        memory("VmRSS")?.saturating_sub(before) >> 10
    );
    Ok(())
}

/// What durable transactions took.
#[derive(Debug, Default)]
struct Meter {
    commits: Vec<Duration>,
    processor: Duration,
    written: u64,
}

impl Meter {
    fn measure<T>(&mut self, work: impl FnOnce() -> Result<T, Failed>) -> Result<T, Failed> {
        let (written, processor, before) = (written()?, clock(ClockId::ProcessCPUTime), time());
        let done = work()?;
        self.commits.push(time() - before);
        self.processor += clock(ClockId::ProcessCPUTime) - processor;
        self.written += self::written()? - written;
        Ok(done)
    }

    fn report(&mut self, name: &str, files: usize) {
        let took: Duration = self.commits.iter().sum();
        let (half, most) = percentiles(&mut self.commits);
        println!(
            "  {name}: {:.0} inserts/s durable; a commit p50 {:.1} ms, p99 {:.1} ms; {:.1} µs of \
             the processor and {:.0} bytes written for each file",
            files as f64 / took.as_secs_f64(),
            half / 1e3,
            most / 1e3,
            self.processor.as_secs_f64() * 1e6 / files as f64,
            per(self.written as f64, files),
        );
    }
}

/// Bytes that this process has written so far.
fn written() -> Result<u64, Failed> {
    let account = fs::read_to_string("/proc/self/io")?;
    let line = account.lines().find_map(|line| line.strip_prefix("wchar:"));
    Ok(line.ok_or("no such line")?.trim().parse()?)
}

/// The median and the 99th percentile in microseconds.
fn percentiles(times: &mut [Duration]) -> (f64, f64) {
    times.sort_unstable();
    let at = |hundredths: usize| {
        let place = (times.len() * hundredths / 100).min(times.len().saturating_sub(1));
        times
            .get(place)
            .map_or(0.0, |time| time.as_secs_f64() * 1e6)
    };
    (at(50), at(99))
}

fn discovery(id: &FileId, number: u64, now: Timestamp) -> Discovery {
    Discovery {
        id: id.clone(),
        size: 1_000_000 + number * 977,
        created: Timestamp::from_millis(now.as_millis() - 2_000 - number),
        sighting: Sighting::Event,
    }
}

fn founding() -> Result<Founding, Failed> {
    Ok(Founding {
        stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?,
        path: "/landing".to_owned(),
        rule: VersionRule::KeyAlone,
        options: std::collections::BTreeMap::new(),
        defaults: std::collections::BTreeMap::new(),
    })
}

fn roll(dice: &mut u64) -> u64 {
    *dice = dice.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*dice ^ (*dice >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn per(total: f64, count: usize) -> f64 {
    total / count as f64
}

/// A line of the kernel's account of this process, in kilobytes.
fn memory(name: &str) -> Result<u64, Failed> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(number.ok_or("no such line")?.parse()?)
}

fn time() -> Duration {
    clock(ClockId::Monotonic)
}

fn clock(id: ClockId) -> Duration {
    let now = clock_gettime(id);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}
