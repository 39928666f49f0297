//! What the consumers of one process share, one of them at a time: it does what all of them ask
//! for, as one change of the head.

use std::sync::Arc;
use std::time::Duration;

use floe_notify::clock::Timestamp;
use object_store::path::Path;

use super::error::SharedError;
use super::flight::{Flight, Sent};
use super::format::{Frame, Head, Named, Segment, encode_segment};
use super::job::Queue;
use super::state::State;
use super::store::{Seen, Store, Tag, Written};

/// Most bytes of frames within the head; with more, they become a segment.
const MAX_FRAME_BYTES: usize = 32 << 10;

/// Lost races and failures after which a job is given up.
const MAX_RACES: u32 = 64;
const MAX_FAILURES: u32 = 6;

/// How long a head is trusted to be the newest before a change is tried on it. A consumer that was
/// paused for longer asks first, and so is told what became of its role, not that it lost a race.
const TRUST: Duration = Duration::from_secs(10);

/// What may be changed in tests: when segments and images are made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) frame_bytes: usize,
    /// Least bytes of segments behind the image before there is a new one.
    pub(super) tail_bytes: u64,
    /// Most segments behind the image before there is a new one.
    pub(super) segments: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            frame_bytes: MAX_FRAME_BYTES,
            tail_bytes: 1 << 20,
            segments: 512,
        }
    }
}

/// Everything of one handle.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) store: Store,
    pub(super) state: State,
    pub(super) flight: Flight,
    pub(super) bounds: Bounds,
    /// When the head was known to be the newest.
    pub(super) heard: Timestamp,
}

impl Core {
    /// Does what is in flight, or what waits, and answers it.
    pub(super) async fn serve(&mut self, queue: &Arc<Queue>) {
        if self.flight.is_empty() {
            self.flight.sent = None;
            self.flight.looks = queue.take();
        }
        if self.flight.is_empty() {
            return;
        }
        if let Err(error) = self.fly().await {
            self.give_up(&error);
        }
    }

    /// Answers what is in flight with an error. A state that does not fit the store any more is
    /// read anew by the next call.
    pub(super) fn give_up(&mut self, error: &SharedError) {
        self.flight.refuse(error);
        self.state.tag = None;
        if matches!(error, SharedError::Damaged { .. }) {
            self.state = State::new();
        }
    }

    async fn fly(&mut self) -> Result<(), SharedError> {
        let (mut races, mut failures) = (0, 0);
        let mut is_fresh = false;
        loop {
            let is_old = self.store.clock.now().since(self.heard) > TRUST;
            if self.flight.sent.is_some() || self.state.tag.is_none() || is_old {
                // What is sent may be in.
                self.refresh().await?;
                is_fresh = true;
            }
            let turn = self.state.turn;
            self.flight.sent = self.flight.sent.take().filter(|sent| sent.turn == turn);
            if self.flight.sent.is_none() {
                self.flight.sort(&self.state.replica);
                if self.flight.acts.is_empty() {
                    if is_fresh || self.flight.is_empty() {
                        self.flight.settle(&mut self.state.replica);
                        return Ok(());
                    }
                    self.refresh().await?;
                    is_fresh = true;
                    continue;
                }
                self.make_room().await?;
                if self.state.turn != turn {
                    continue;
                }
                let sent = self.prepare().await?;
                self.flight.sent = Some(sent);
            }
            let (Some(sent), Some(base)) = (self.flight.sent.clone(), &self.state.tag) else {
                continue;
            };
            match self.store.put_head(sent.bytes.clone(), Some(base)).await {
                Written::Done(tag) => {
                    self.land(sent, tag).await;
                    return Ok(());
                }
                Written::Refused => races += 1,
                Written::Unknown(error) => {
                    failures += 1;
                    if failures >= MAX_FAILURES || !error.is_transient() {
                        return Err(error);
                    }
                }
            }
            if races >= MAX_RACES {
                let ledger = self.store.name();
                return Err(SharedError::Contended { ledger, races });
            }
            self.store.pause(races + failures).await;
        }
    }

    pub(super) async fn refresh(&mut self) -> Result<(), SharedError> {
        let asked = self.store.clock.now();
        self.state.refresh(&self.store, &mut self.flight).await?;
        self.heard = asked;
        Ok(())
    }

    /// Makes the frame of what is in flight and the head that has it, and the segment if the head
    /// would become too large.
    async fn prepare(&mut self) -> Result<Sent, SharedError> {
        let mut actions = Vec::new();
        self.flight
            .acts
            .iter()
            .for_each(|job| job.put(&mut actions));
        let frame = Frame {
            id: self.store.unique(),
            before: self.state.replica.tally(),
            actions: actions.into(),
        };
        let mut head = self.state.head.clone();
        head.position += 1;
        head.frames.push(frame.clone());
        let bytes: usize = head.frames.iter().map(|frame| frame.actions.len()).sum();
        if bytes > self.bounds.frame_bytes {
            self.spill(&mut head).await?;
        }
        let bytes = head.encode();
        Ok(Sent {
            frame,
            turn: self.state.turn,
            head,
            bytes,
        })
    }

    /// Moves the frames of a head into a segment.
    async fn spill(&mut self, head: &mut Head) -> Result<(), SharedError> {
        let bytes = encode_segment(&head.frames);
        loop {
            let named = Named {
                position: head.before_frames() + 1,
                id: self.store.unique(),
                bytes: bytes.len() as u64,
            };
            let path = self.store.path("segment", &named);
            // What has the name already is an earlier try that was answered with an error.
            if self.store.create(&path, bytes.clone()).await?.is_some() {
                let last = head.position;
                head.segments.push(Segment { named, last });
                head.frames.clear();
                return Ok(());
            }
        }
    }

    /// Takes note that what was sent is in.
    async fn land(&mut self, sent: Sent, tag: Tag) {
        let spilled = sent.head.frames.is_empty();
        let before = self.tail(&self.state.head);
        self.flight.settle(&mut self.state.replica);
        self.state.position += 1;
        self.state.take(sent.head, tag);
        self.heard = self.store.clock.now();
        // Who passes the bound makes the image; everybody, if that one did not come to it.
        let tail = self.tail(&self.state.head);
        if spilled && tail >= 1.0 && (before < 1.0 || tail >= 2.0) {
            // Everything is answered by now. Without an image the log is longer, and it is
            // tried again long before it is too long.
            drop(self.make_image().await);
        }
    }

    /// How long the log behind the image is: 1 when there should be a new one.
    fn tail(&self, head: &Head) -> f64 {
        let imaged = head.imaged();
        let behind = head.segments.iter().filter(|segment| segment.last > imaged);
        let (count, bytes) = behind.fold((0_usize, 0_u64), |(count, bytes), segment| {
            (count + 1, bytes.saturating_add(segment.named.bytes))
        });
        let most = head.image.map_or(0, |image| image.bytes / 2);
        let most = most.max(self.bounds.tail_bytes).max(1);
        let by_count = count as f64 / self.bounds.segments.max(1) as f64;
        (bytes as f64 / most as f64).max(by_count)
    }

    /// Sees to it that the head does not grow for ever when images fail.
    async fn make_room(&mut self) -> Result<(), SharedError> {
        if self.state.head.segments.len() > self.bounds.segments.saturating_mul(8) {
            self.make_image().await?;
        }
        Ok(())
    }

    /// Gives this handle its number, and makes the head if there is none.
    pub(super) async fn enter(&mut self) -> Result<(), SharedError> {
        let mut attempt = 0;
        let mut unknown = None;
        while attempt < MAX_RACES {
            let known = self.store.head(None).await?;
            let written = match known {
                Seen::New(mut head, tag) => {
                    head.handles += 1;
                    let written = self.store.put_head(head.encode(), Some(&tag)).await;
                    if matches!(written, Written::Done(_)) {
                        self.store.handle = head.handles;
                        return Ok(());
                    }
                    written
                }
                Seen::None | Seen::Same => {
                    check_new(&self.store).await?;
                    match self.store.put_head(Head::default().encode(), None).await {
                        Written::Done(_) => continue,
                        written => written,
                    }
                }
            };
            if let Written::Unknown(error) = written {
                if matches!(error, SharedError::Denied { .. }) {
                    return Err(error);
                }
                refuse_unsupported(&self.store, &error)?;
                unknown = Some(error);
                attempt += 8;
            }
            self.store.pause(attempt).await;
            attempt += 1;
        }
        let ledger = self.store.name();
        Err(unknown.unwrap_or(SharedError::Contended {
            ledger,
            races: attempt,
        }))
    }
}

/// Refuses to make a head where there was one.
async fn check_new(store: &Store) -> Result<(), SharedError> {
    let about = store.about_path();
    let folders = ["segment", "image"].map(|folder| store.folder(folder));
    let is_ours =
        |path: &Path| *path == about || folders.iter().any(|folder| path.prefix_matches(folder));
    let paths = store.list(None).await?;
    let Some(found) = paths.iter().find(|path| is_ours(path)) else {
        return Ok(());
    };
    match store.head(None).await? {
        // Somebody made it meanwhile.
        Seen::New(..) => Ok(()),
        Seen::None | Seen::Same => Err(SharedError::Lost {
            object: store.head_path().to_string(),
            what: format!("there is none, and there is {found}"),
        }),
    }
}

/// Says what to do about a store that has no conditions at all.
pub(super) fn refuse_unsupported(store: &Store, error: &SharedError) -> Result<(), SharedError> {
    use object_store::Error;
    if let SharedError::Store { source, .. } = error
        && let Error::NotImplemented { .. } | Error::NotSupported { .. } = **source
    {
        return Err(SharedError::NoConditions {
            store: store.store_name(),
            what: source.to_string(),
        });
    }
    Ok(())
}
