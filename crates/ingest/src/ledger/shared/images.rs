//! Images of the whole state, and what becomes of objects that nobody names any more.

use object_store::path::Path;

use super::error::SharedError;
use super::format::{Head, Kind, Named, begin, seal};
use super::handle::Core;
use super::store::Written;

/// Lost races after which an image is left to somebody else.
const MAX_TRIES: u32 = 16;

impl Core {
    /// Writes an image of the state and lets the head name it, unless there is a newer one. Then
    /// it deletes what can never be named again.
    pub(super) async fn make_image(&mut self) -> Result<(), SharedError> {
        if self.state.tag.is_none() {
            self.refresh().await?;
        }
        if self.state.position > self.state.head.imaged() {
            let image = self.write_image().await?;
            self.name_image(image).await?;
        }
        self.sweep().await
    }

    async fn write_image(&mut self) -> Result<Named, SharedError> {
        let mut out = begin(Kind::Image);
        self.state.replica.put_image(&mut out);
        let bytes = seal(out);
        loop {
            let image = Named {
                position: self.state.position,
                id: self.store.unique(),
                bytes: bytes.len() as u64,
            };
            let path = self.store.path("image", &image);
            if self.store.create(&path, bytes.clone()).await?.is_some() {
                return Ok(image);
            }
        }
    }

    /// Lets the head name an image. What lies before the image that it takes the place of is no
    /// longer listed: consumers that are further behind read the image.
    async fn name_image(&mut self, image: Named) -> Result<(), SharedError> {
        for attempt in 0..MAX_TRIES {
            let Some(base) = self.state.tag.clone() else {
                self.refresh().await?;
                continue;
            };
            // An image that is newer than the head's is above the floor, so that nobody has
            // deleted it meanwhile, however long this took.
            if self.state.head.imaged() >= image.position {
                return Ok(());
            }
            let head = with_image(&self.state.head, image);
            match self.store.put_head(head.encode(), Some(&base)).await {
                Written::Done(tag) => {
                    self.state.take(head, tag);
                    return Ok(());
                }
                Written::Refused => {}
                Written::Unknown(error) if error.is_transient() => {}
                Written::Unknown(error) => return Err(error),
            }
            self.store.pause(attempt).await;
            self.refresh().await?;
        }
        let ledger = self.store.name();
        Err(SharedError::Contended {
            ledger,
            races: MAX_TRIES,
        })
    }

    /// Deletes what lies before the floor and is not named. No head will ever name it: what is
    /// new in a head begins behind the floor of the head that it takes the place of.
    pub(super) async fn sweep(&mut self) -> Result<(), SharedError> {
        let head = self.state.head.clone();
        let segments = head.segments.iter().map(|segment| segment.named);
        let named: Vec<Path> = segments
            .map(|named| self.store.path("segment", &named))
            .chain(head.image.map(|image| self.store.path("image", &image)))
            .collect();
        for folder in ["segment", "image"] {
            for path in self.store.list(Some(folder)).await? {
                let position = position_of(&path);
                let is_dead = position.is_some_and(|position| position < head.floor);
                if is_dead && !named.contains(&path) {
                    self.store.delete(&path).await?;
                }
            }
        }
        Ok(())
    }
}

fn with_image(head: &Head, image: Named) -> Head {
    let mut head = head.clone();
    head.floor = head.imaged();
    head.image = Some(image);
    let floor = head.floor;
    head.segments.retain(|segment| segment.last > floor);
    let first = head.before_frames() + 1;
    let dead = (floor + 1).saturating_sub(first);
    let dead = usize::try_from(dead).unwrap_or(usize::MAX);
    head.frames.drain(..dead.min(head.frames.len()));
    head
}

/// The position that the name of an object begins with; none for what is not the ledger's.
fn position_of(path: &Path) -> Option<u64> {
    let parts = path.filename()?.split('-').map(str::parse::<u64>);
    let numbers: Vec<u64> = parts.collect::<Result<_, _>>().ok()?;
    match *numbers.as_slice() {
        [position, _handle, _number] => Some(position),
        _ => None,
    }
}
