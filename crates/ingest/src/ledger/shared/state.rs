//! The state of one handle: a replica, and the head that it stands at.

use bytes::Bytes;

use super::error::SharedError;
use super::flight::Flight;
use super::format::{Frame, Head, Kind, Named, Segment, damaged, decode_segment, unseal};
use super::store::{Seen, Store, Tag};
use crate::memory::replica::wire::{Damage, Reader};
use crate::memory::replica::{Replica, replay};

/// How often a head is read again because what it names is gone, or it is an older one.
const MAX_READS: u32 = 8;

/// What one handle knows.
#[derive(Debug)]
pub(super) struct State {
    pub(super) replica: Replica,
    /// The frames that are applied.
    pub(super) position: u64,
    /// The head as it was read or written last.
    pub(super) head: Head,
    /// Its version; none when the replica is not where the head is.
    pub(super) tag: Option<Tag>,
    /// How often another head was read or written.
    pub(super) turn: u64,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            replica: Replica::default(),
            position: 0,
            head: Head::default(),
            tag: None,
            turn: 0,
        }
    }

    /// Takes note of the head that the replica stands at.
    pub(super) fn take(&mut self, head: Head, tag: Tag) {
        if self.head != head {
            self.turn += 1;
            self.head = head;
        }
        self.tag = Some(tag);
    }

    /// Brings the state to where the head is at some moment after this call. A flight whose frame
    /// is met is answered by it.
    pub(super) async fn refresh(
        &mut self,
        store: &Store,
        flight: &mut Flight,
    ) -> Result<(), SharedError> {
        let mut reads = 0;
        loop {
            let (head, tag) = match store.head(self.tag.as_ref()).await? {
                Seen::Same => return Ok(()),
                Seen::New(head, tag) => (head, tag),
                Seen::None => return Err(lost(store, "there is none any more".to_owned())),
            };
            self.tag = None;
            reads += 1;
            if head.position < self.position {
                let what = format!(
                    "it is at change {} and was at {}",
                    head.position, self.position
                );
                if reads >= MAX_READS {
                    return Err(lost(store, what));
                }
            } else if let Some(missing) = self.follow(store, &head, flight).await? {
                if reads >= MAX_READS {
                    return Err(damaged(&missing, Damage("it is not there")));
                }
            } else {
                self.take(head, tag);
                return Ok(());
            }
            store.pause(reads).await;
        }
    }

    /// Applies what a head has beyond this state; what is named and not there is returned.
    async fn follow(
        &mut self,
        store: &Store,
        head: &Head,
        flight: &mut Flight,
    ) -> Result<Option<String>, SharedError> {
        // Who knows nothing yet begins with the image, though the log may be listed from before it.
        if (self.position < head.floor || self.position == 0)
            && let Some(image) = &head.image
            && let Some(missing) = self.load(store, image, flight).await?
        {
            return Ok(Some(missing));
        }
        for segment in &head.segments {
            if segment.last <= self.position {
                continue;
            }
            let path = store.path("segment", &segment.named);
            let Some(bytes) = store.read(&path, segment.named.bytes).await? else {
                return Ok(Some(path.to_string()));
            };
            let frames = frames_of(path.as_ref(), segment, &bytes)?;
            self.apply(path.as_ref(), segment.named.position, &frames, flight)?;
        }
        let first = head.before_frames() + 1;
        self.apply(store.head_path().as_ref(), first, &head.frames, flight)?;
        if self.position == head.position {
            return Ok(None);
        }
        Err(damaged(
            store.head_path().as_ref(),
            Damage("its log has a gap"),
        ))
    }

    /// Takes the state of an image in the place of this one.
    async fn load(
        &mut self,
        store: &Store,
        image: &Named,
        flight: &mut Flight,
    ) -> Result<Option<String>, SharedError> {
        let path = store.path("image", image);
        let Some(bytes) = store.read(&path, image.bytes).await? else {
            return Ok(Some(path.to_string()));
        };
        let mut reader = unseal(Kind::Image, path.as_ref(), &bytes)?;
        let replica = Replica::read_image(&mut reader);
        let replica = replica.and_then(|replica| reader.end().map(|()| replica));
        self.replica = replica.map_err(|damage| damaged(path.as_ref(), damage))?;
        self.position = image.position;
        flight.lose(&store.name());
        Ok(None)
    }

    /// Applies those frames that are new here; the first of them has number `first`.
    fn apply(
        &mut self,
        object: &str,
        first: u64,
        frames: &[Frame],
        flight: &mut Flight,
    ) -> Result<(), SharedError> {
        for (frame, number) in frames.iter().zip(first..) {
            if number <= self.position {
                continue;
            }
            let tally = self.replica.tally();
            if number != self.position + 1 || tally != frame.before {
                // What follows would be applied to something else than it was made for.
                let what = "its log does not follow from the state before it";
                return Err(damaged(object, Damage(what)));
            }
            if flight.is_of(frame) {
                flight.settle(&mut self.replica);
            } else {
                let mut reader = Reader(&frame.actions);
                while !reader.0.is_empty() {
                    let replayed = replay(&mut reader, &mut self.replica);
                    replayed.map_err(|damage| damaged(object, damage))?;
                }
            }
            self.position = number;
        }
        Ok(())
    }
}

fn frames_of(path: &str, segment: &Segment, bytes: &Bytes) -> Result<Vec<Frame>, SharedError> {
    let frames = decode_segment(path, bytes)?;
    if segment.last - segment.named.position + 1 == frames.len() as u64 {
        return Ok(frames);
    }
    Err(damaged(
        path,
        Damage("it has not the frames that the head says"),
    ))
}

fn lost(store: &Store, what: String) -> SharedError {
    SharedError::Lost {
        object: store.head_path().to_string(),
        what,
    }
}
