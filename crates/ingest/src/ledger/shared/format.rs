//! The objects of a shared ledger as bytes: the head, segments of the log, images of the state.
//!
//! Each begins with what it is and its format, and ends with a checksum of everything before.

use bytes::Bytes;

use super::error::SharedError;
use crate::memory::replica::wire::{Crc, Damage, Reader, put, put_bytes};

/// The format that this version writes, and the newest that it reads. It stands for the bytes and
/// for the rules by which actions are applied: whoever changes one of them raises it.
pub(super) const FORMAT: u64 = 1;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Head,
    Segment,
    Image,
}

impl Kind {
    const fn magic(self) -> &'static [u8; 8] {
        match self {
            Self::Head => b"floehead",
            Self::Segment => b"floesegm",
            Self::Image => b"floeimag",
        }
    }
}

/// Begins an object.
pub(super) fn begin(kind: Kind) -> Vec<u8> {
    let mut out = kind.magic().to_vec();
    put(&mut out, FORMAT);
    out
}

/// Ends an object.
pub(super) fn seal(mut out: Vec<u8>) -> Bytes {
    let crc = Crc::of(&out);
    out.extend(crc.to_le_bytes());
    out.into()
}

/// Checks an object and returns what lies between its beginning and its end.
pub(super) fn unseal<'a>(
    kind: Kind,
    object: &str,
    bytes: &'a [u8],
) -> Result<Reader<'a>, SharedError> {
    let damaged = |damage: Damage| damaged(object, damage);
    let Some((rest, crc)) = bytes.split_last_chunk() else {
        return Err(damaged(Damage("it ends too early")));
    };
    let Some(body) = rest.strip_prefix(kind.magic()) else {
        return Err(damaged(Damage("it does not begin as such an object does")));
    };
    if Crc::of(rest) != u32::from_le_bytes(*crc) {
        return Err(damaged(Damage("its checksum does not fit")));
    }
    let mut reader = Reader(body);
    let found = reader.number().map_err(damaged)?;
    if found != FORMAT {
        return Err(SharedError::NewerFormat {
            object: object.to_owned(),
            found,
            known: FORMAT,
        });
    }
    Ok(reader)
}

pub(super) fn damaged(object: &str, Damage(what): Damage) -> SharedError {
    SharedError::Damaged {
        object: object.to_owned(),
        what: what.to_owned(),
    }
}

/// A name that nobody else gives: the number of a handle and one that rises in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Unique {
    pub(super) handle: u64,
    pub(super) number: u64,
}

/// Actions that are in or not as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) id: Unique,
    /// The tally of the state that it was made for.
    pub(super) before: u32,
    /// One action behind the other.
    pub(super) actions: Bytes,
}

/// An object that the head names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The first frame of a segment; the last that an image has in it.
    pub(super) position: u64,
    pub(super) id: Unique,
    pub(super) bytes: u64,
}

/// A part of the log that is an object of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) named: Named,
    pub(super) last: u64,
}

/// What the head says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// How many frames the log has had.
    pub(super) position: u64,
    /// Frames up to here are not listed any more, and objects from before it never will be.
    pub(super) floor: u64,
    /// Handles that were opened; so each has a number of its own.
    pub(super) handles: u64,
    pub(super) image: Option<Named>,
    /// What lies behind the floor, in its order.
    pub(super) segments: Vec<Segment>,
    /// What lies behind the segments, in its order.
    pub(super) frames: Vec<Frame>,
}

impl Head {
    /// The frame before the first of [`frames`](Self::frames).
    pub(super) const fn before_frames(&self) -> u64 {
        self.position - self.frames.len() as u64
    }

    /// The frame up to which there is an image; 0 when there is none.
    pub(super) fn imaged(&self) -> u64 {
        self.image.map_or(0, |image| image.position)
    }

    pub(super) fn encode(&self) -> Bytes {
        let mut out = begin(Kind::Head);
        put(&mut out, self.position);
        put(&mut out, self.floor);
        put(&mut out, self.handles);
        out.push(u8::from(self.image.is_some()));
        if let Some(image) = &self.image {
            put_named(&mut out, image);
        }
        put(&mut out, self.segments.len() as u64);
        for segment in &self.segments {
            put_named(&mut out, &segment.named);
            put(&mut out, segment.last);
        }
        put_frames(&mut out, &self.frames);
        seal(out)
    }

    pub(super) fn decode(object: &str, bytes: &Bytes) -> Result<Self, SharedError> {
        let reader = unseal(Kind::Head, object, bytes)?;
        let head = read_head(reader, bytes);
        head.map_err(|damage| damaged(object, damage))
    }
}

fn read_head(mut reader: Reader<'_>, bytes: &Bytes) -> Result<Head, Damage> {
    let (position, floor) = (reader.counter()?, reader.counter()?);
    let handles = reader.counter()?;
    let has_image = reader.flag()?;
    let image = has_image.then(|| read_named(&mut reader)).transpose()?;
    let mut segments = Vec::new();
    for _ in 0..reader.count()? {
        segments.push(Segment {
            named: read_named(&mut reader)?,
            last: reader.number()?,
        });
    }
    let frames = read_frames(&mut reader, bytes)?;
    reader.end()?;
    let head = Head {
        position,
        floor,
        handles,
        image,
        segments,
        frames,
    };
    check(&head)?;
    Ok(head)
}

/// Refuses a head whose parts leave a gap or overlap.
fn check(head: &Head) -> Result<(), Damage> {
    let before_frames = head.position.checked_sub(head.frames.len() as u64);
    let mut end = head.floor;
    for (place, segment) in head.segments.iter().enumerate() {
        let first = segment.named.position;
        // The first one may begin before the floor.
        let follows = first == end.wrapping_add(1) || place == 0 && first <= end;
        if !follows || first == 0 || segment.last < first || segment.last <= end {
            return Err(Damage("its segments leave a gap or overlap"));
        }
        end = segment.last;
    }
    if before_frames != Some(end) {
        return Err(Damage("its frames do not follow its segments"));
    }
    if !(head.floor..=head.position).contains(&head.imaged()) {
        return Err(Damage("its image is not where its log is"));
    }
    Ok(())
}

/// The content of a segment.
pub(super) fn encode_segment(frames: &[Frame]) -> Bytes {
    let mut out = begin(Kind::Segment);
    put_frames(&mut out, frames);
    seal(out)
}

pub(super) fn decode_segment(object: &str, bytes: &Bytes) -> Result<Vec<Frame>, SharedError> {
    let mut reader = unseal(Kind::Segment, object, bytes)?;
    let frames = read_frames(&mut reader, bytes);
    let whole = frames.and_then(|frames| reader.end().map(|()| frames));
    whole.map_err(|damage| damaged(object, damage))
}

fn put_unique(out: &mut Vec<u8>, id: Unique) {
    put(out, id.handle);
    put(out, id.number);
}

fn read_unique(reader: &mut Reader<'_>) -> Result<Unique, Damage> {
    Ok(Unique {
        handle: reader.number()?,
        number: reader.number()?,
    })
}

fn put_named(out: &mut Vec<u8>, named: &Named) {
    put(out, named.position);
    put_unique(out, named.id);
    put(out, named.bytes);
}

fn read_named(reader: &mut Reader<'_>) -> Result<Named, Damage> {
    Ok(Named {
        position: reader.number()?,
        id: read_unique(reader)?,
        bytes: reader.number()?,
    })
}

fn put_frames(out: &mut Vec<u8>, frames: &[Frame]) {
    put(out, frames.len() as u64);
    for frame in frames {
        put_unique(out, frame.id);
        put(out, u64::from(frame.before));
        put_bytes(out, &frame.actions);
    }
}

/// Frames share the bytes that they are read from.
fn read_frames(reader: &mut Reader<'_>, bytes: &Bytes) -> Result<Vec<Frame>, Damage> {
    let mut frames = Vec::new();
    for _ in 0..reader.count()? {
        let id = read_unique(reader)?;
        let before = u32::try_from(reader.number()?);
        frames.push(Frame {
            id,
            before: before.map_err(|_| Damage("a tally is too large"))?,
            actions: bytes.slice_ref(reader.bytes()?),
        });
    }
    Ok(frames)
}
