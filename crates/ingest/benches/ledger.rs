//! The ledger in a file beside what it could have been: a plain table of the same store with the
//! same names and commits, and a set in memory with a log behind it.
//!
//! `cargo bench -p floe-ingest --bench ledger` measures 100,000 and 1,000,000 files; the variable
//! `FLOE_BENCH_FILES` names other numbers, `10000000` for one. Without `--bench`, or with
//! `--quick`, it only shows that everything runs.

#![forbid(unsafe_code)]

use std::collections::HashSet;
use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use floe_ingest::{
    Discovery, EmbeddedLedger, FileId, Founding, Ledger, ListingProgress, ListingReason,
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
/// Single look-ups that are timed.
const LOOKUPS: usize = 20_000;
const PLAIN: TableDefinition<'static, &[u8], ()> = TableDefinition::new("plain");

fn main() -> Result<(), Failed> {
    let has = |flag: &str| std::env::args().any(|argument| argument == flag);
    let quick = has("--quick") || !has("--bench");
    let counts = match std::env::var("FLOE_BENCH_FILES") {
        Ok(text) => vec![text.parse()?],
        Err(_) if quick => vec![5_000],
        Err(_) => vec![100_000, 1_000_000],
    };
    println!(
        "ledger: {PAGE} files a transaction, each durable; load {}",
        fs::read_to_string("/proc/loadavg")?.trim()
    );
    for count in counts {
        for names in [Names::Ordered, Names::Random] {
            println!("\n{count} files, {names:?} names");
            let ids = names.make(count)?;
            let keys: usize = ids.iter().map(|id| id.as_bytes().len()).sum();
            println!("  names: {:.1} bytes each", per(keys as f64, count));
            plain(&ids, keys)?;
            set(&ids)?;
            floe(&ids, keys)?;
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

impl Names {
    fn make(self, count: usize) -> Result<Vec<FileId>, Failed> {
        let mut dice = 7_u64;
        let ids = (0..count).map(|number| {
            let (day, part) = (number / 50_000, number % 50_000);
            let text = match self {
                Self::Ordered => {
                    format!("/landing/orders/day={day:05}/part-{part:05}-of-50000.snappy.parquet")
                }
                Self::Random => {
                    let (one, two) = (roll(&mut dice), roll(&mut dice));
                    let day = roll(&mut dice) % 30;
                    format!("/landing/orders/day={day:05}/{one:016x}{two:016x}.parquet")
                }
            };
            FileId::new(text.as_bytes(), None)
        });
        Ok(ids.collect::<Result<_, _>>()?)
    }
}

fn floe(ids: &[FileId], keys: usize) -> Result<(), Failed> {
    let directory = tempfile::tempdir_in(".")?;
    let ledger = EmbeddedLedger::open(directory.path())?;
    let start = Timestamp::from_millis(1_764_000_000_000);
    block_on(ledger.found(&founding()?, start))?;
    let claim = block_on(ledger.join(&Role::new("bench")?, start))?;
    let mut commits = Vec::new();
    let began = time();
    for (page, number) in ids.chunks(PAGE).zip(0_u64..) {
        let now = start.after(Duration::from_millis(number * 731));
        let files: Vec<_> = page
            .iter()
            .zip(0_u64..)
            .map(|(id, n)| discovery(id, n, now))
            .collect();
        let before = time();
        block_on(ledger.record(&claim, &files, None, now))?;
        commits.push(time() - before);
    }
    let took = time() - began;
    report("floe", ids.len(), took, &mut commits);
    let path = directory.path().join(EmbeddedLedger::FILE);
    drain(&ledger, &claim, start)?;
    let grown = fs::metadata(&path)?.len();
    let began = time();
    block_on(ledger.compact())?;
    let compacted = time() - began;
    let packed = fs::metadata(&path)?.len();
    println!(
        "  floe: all committed; file {} MB, {:.1} bytes a file beyond its name; compacted in \
         {:.1} s to {} MB, {:.1} bytes",
        grown >> 20,
        per(grown as f64 - keys as f64, ids.len()),
        compacted.as_secs_f64(),
        packed >> 20,
        per(packed as f64 - keys as f64, ids.len()),
    );
    drop(ledger);
    let began = time();
    let ledger = EmbeddedLedger::open(directory.path())?;
    println!("  floe: start-up {:.3} s", (time() - began).as_secs_f64());
    look_up(&ledger, ids)?;
    backfill(&ledger, ids)
}

/// Hands all files out and commits them, so that the log is empty.
fn drain(
    ledger: &EmbeddedLedger,
    claim: &floe_ingest::Claim,
    now: Timestamp,
) -> Result<(), Failed> {
    let bounds = floe_notify::options::BatchBounds {
        max_files: 1_000,
        max_bytes: None,
    };
    let (mut files, began) = (0, time());
    while let Some(batch) =
        block_on(ledger.next_batch(claim, bounds, Duration::from_secs(60), now))?
    {
        files += batch.files.len();
        block_on(ledger.commit(claim, batch.id, now))?;
    }
    let took = time() - began;
    let rate = files as f64 / took.as_secs_f64();
    println!("  floe: handed out and committed, 1000 a batch: {rate:.0} files/s");
    Ok(())
}

fn look_up(ledger: &EmbeddedLedger, ids: &[FileId]) -> Result<(), Failed> {
    let mut dice = 3;
    let mut single = Vec::new();
    for _ in 0..LOOKUPS.min(ids.len()) {
        let id = pick(ids, &mut dice)
            .cloned()
            .into_iter()
            .collect::<Vec<_>>();
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
    for _ in 0..LOOKUPS.min(ids.len()) / PAGE {
        let page: Vec<_> = (0..PAGE)
            .filter_map(|_| pick(ids, &mut dice).cloned())
            .collect();
        let before = time();
        block_on(ledger.unknown(&page))?;
        many.push((time() - before) / PAGE as u32);
    }
    let (half, most) = percentiles(&mut many);
    println!("  floe: look-ups 1000 at a time, anywhere: p50 {half:.2} µs each, p99 {most:.2} µs");
    Ok(())
}

/// A listing of all files, every thousandth of which is not known.
fn backfill(ledger: &EmbeddedLedger, ids: &[FileId]) -> Result<(), Failed> {
    let mut listed: Vec<&FileId> = ids.iter().collect();
    listed.sort_unstable();
    let before = memory("VmRSS")?;
    let (mut new, began) = (0, time());
    for page in listed.chunks(PAGE) {
        let mut page: Vec<_> = page.iter().map(|id| (*id).clone()).collect();
        if let Some(last) = page.last_mut() {
            let path = [last.as_bytes(), b"~"].concat();
            *last = FileId::new(&path, None)?;
        }
        let unknown = block_on(ledger.unknown(&page))?;
        new += unknown.iter().filter(|unknown| **unknown).count();
    }
    let took = time() - began;
    assert_eq!(new, listed.len().div_ceil(PAGE));
    println!(
        "  floe: backfill of {} listed: {:.2} s, {:.2} µs each; memory {} MB more than the {} MB \
         of the names",
        listed.len(),
        took.as_secs_f64(),
        took.as_secs_f64() * 1e6 / listed.len() as f64,
        memory("VmRSS")?.saturating_sub(before) >> 10,
        before >> 10,
    );
    record_known(ledger, &listed)
}

/// The same listing, were each page recorded though everything in it is known: what asking saves.
fn record_known(ledger: &EmbeddedLedger, listed: &[&FileId]) -> Result<(), Failed> {
    let now = Timestamp::from_millis(1_765_000_000_000);
    let claim = block_on(ledger.join(&Role::new("bench")?, now))?;
    let request = ListingRequest {
        reason: ListingReason::Backfill,
        prefix: Vec::new(),
    };
    block_on(ledger.request_listing(&claim, &request, now))?;
    let lease = Duration::from_secs(300);
    let listing = block_on(ledger.next_listing(&claim, lease, now))?.ok_or("no listing is due")?;
    let (mut files, mut commits, began) = (0, Vec::new(), time());
    for page in listed.chunks(PAGE).take(MOST_RECORDED) {
        let known: Vec<_> = page.iter().map(|id| discovery(id, 1, now)).collect();
        let after = page.last().map_or(Vec::new(), |id| id.path().to_vec());
        let progress = ListingProgress {
            listing: listing.id,
            round: listing.round,
            after,
            lease,
        };
        let before = time();
        let recorded = block_on(ledger.record(&claim, &known, Some(&progress), now))?;
        commits.push(time() - before);
        files += known.len();
        assert!(recorded.iter().all(|one| one.seq().is_none()));
    }
    report(
        "floe, known pages recorded",
        files,
        time() - began,
        &mut commits,
    );
    Ok(())
}

fn plain(ids: &[FileId], keys: usize) -> Result<(), Failed> {
    let directory = tempfile::tempdir_in(".")?;
    let path = directory.path().join("plain.redb");
    let mut database = Database::builder().set_cache_size(64 << 20).create(&path)?;
    let mut commits = Vec::new();
    let began = time();
    for page in ids.chunks(PAGE) {
        let before = time();
        let mut write = database.begin_write()?;
        write.set_durability(Durability::Immediate)?;
        let mut table = write.open_table(PLAIN)?;
        for id in page {
            table.insert(id.as_bytes(), ())?;
        }
        drop(table);
        write.commit()?;
        commits.push(time() - before);
    }
    report("redb, name -> ()", ids.len(), time() - began, &mut commits);
    let grown = fs::metadata(&path)?.len();
    database.compact()?;
    let packed = fs::metadata(&path)?.len();
    println!(
        "  redb: {:.1} bytes a file beyond its name, compacted {:.1}",
        per(grown as f64 - keys as f64, ids.len()),
        per(packed as f64 - keys as f64, ids.len()),
    );
    let read = database.begin_read()?;
    let table = read.open_table(PLAIN)?;
    let (mut dice, mut single) = (3, Vec::new());
    for _ in 0..LOOKUPS.min(ids.len()) {
        let Some(id) = pick(ids, &mut dice) else {
            break;
        };
        let before = time();
        assert!(table.get(id.as_bytes())?.is_some());
        single.push(time() - before);
    }
    let (half, most) = percentiles(&mut single);
    println!("  redb: one look-up on the same thread: p50 {half:.1} µs, p99 {most:.1} µs");
    Ok(())
}

/// A set in memory and a log on the disk: as little as one can do.
fn set(ids: &[FileId]) -> Result<(), Failed> {
    let directory = tempfile::tempdir_in(".")?;
    let path = directory.path().join("log");
    let mut log = File::create(&path)?;
    let before = memory("VmRSS")?;
    let (mut set, mut commits) = (HashSet::new(), Vec::new());
    let began = time();
    for page in ids.chunks(PAGE) {
        let before = time();
        let mut bytes = Vec::new();
        for id in page {
            if set.insert(id.as_bytes().to_vec()) {
                bytes.extend(id.as_bytes());
                bytes.push(b'\n');
            }
        }
        log.write_all(&bytes)?;
        log.sync_data()?;
        commits.push(time() - before);
    }
    report("set and log", ids.len(), time() - began, &mut commits);
    println!(
        "  set and log: {} MB of memory",
        memory("VmRSS")?.saturating_sub(before) >> 10
    );
    Ok(())
}

fn report(name: &str, files: usize, took: Duration, commits: &mut [Duration]) {
    let rate = files as f64 / took.as_secs_f64();
    let (half, most) = percentiles(commits);
    println!(
        "  {name}: {rate:.0} inserts/s durable; a commit p50 {:.1} ms, p99 {:.1} ms",
        half / 1e3,
        most / 1e3
    );
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

fn pick<'a>(ids: &'a [FileId], dice: &mut u64) -> Option<&'a FileId> {
    ids.get(usize::try_from(roll(dice) % ids.len() as u64).ok()?)
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
    let now = clock_gettime(ClockId::Monotonic);
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
