//! How actions and images are written: numbers of variable length, byte strings, a checksum.

use std::collections::BTreeMap;
use std::time::Duration;

use floe_notify::clock::Timestamp;

use crate::{Claim, FileId, Role};

/// Why bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damage(pub(crate) &'static str);

const CUT: Damage = Damage("it ends too early");

/// Most bytes of a number: seven bits each.
const MAX_NUMBER_BYTES: u32 = 10;

/// Most bytes that an identity leaves out because the one before it begins with them: so what is
/// read is larger than what was written by a small factor at most.
const MAX_SHARED: usize = 255;

pub(crate) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend(bytes);
}

pub(crate) fn put_optional(out: &mut Vec<u8>, number: Option<u64>) {
    match number {
        None => out.push(0),
        Some(number) => {
            out.push(1);
            put(out, number);
        }
    }
}

pub(crate) fn put_optional_bytes(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        None => out.push(0),
        Some(bytes) => {
            out.push(1);
            put_bytes(out, bytes);
        }
    }
}

pub(crate) fn put_time(out: &mut Vec<u8>, at: Timestamp) {
    put(out, at.as_millis());
}

/// Whole milliseconds, as leases and ages are compared.
pub(crate) fn put_duration(out: &mut Vec<u8>, time: Duration) {
    put(out, u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
}

pub(crate) fn put_claim(out: &mut Vec<u8>, claim: &Claim) {
    put_bytes(out, claim.role().as_str().as_bytes());
    put(out, claim.epoch());
}

pub(crate) fn put_texts(out: &mut Vec<u8>, texts: &BTreeMap<String, String>) {
    put(out, texts.len() as u64);
    for (name, text) in texts {
        put_bytes(out, name.as_bytes());
        put_bytes(out, text.as_bytes());
    }
}

/// Writes an identity without what it has in common with the one before it.
pub(crate) fn put_id(out: &mut Vec<u8>, id: &FileId, before: &[u8]) {
    let bytes = id.as_bytes();
    let pairs = bytes.iter().zip(before).take(MAX_SHARED);
    let shared = pairs.take_while(|(one, other)| one == other).count();
    put(out, shared as u64);
    put_bytes(out, bytes.get(shared..).unwrap_or_default());
}

/// Takes bytes apart. It never reserves room for more than is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn end(&self) -> Result<(), Damage> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Damage("something follows its end"))
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Damage> {
        let (first, rest) = self.0.split_first().ok_or(CUT)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn number(&mut self) -> Result<u64, Damage> {
        let mut number = 0_u64;
        for place in 0..MAX_NUMBER_BYTES {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << (7 * place);
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Damage("a number has no end"))
    }

    /// A number that is counted on, so that it must not be at its end.
    pub(crate) fn counter(&mut self) -> Result<u64, Damage> {
        let number = self.number()?;
        if number > u64::MAX / 2 {
            return Err(Damage("a number is larger than anybody has counted"));
        }
        Ok(number)
    }

    /// How many of something follow: never more than there are bytes, as each takes at least one.
    pub(crate) fn count(&mut self) -> Result<usize, Damage> {
        let count = usize::try_from(self.number()?).map_err(|_| CUT)?;
        if count > self.0.len() {
            return Err(CUT);
        }
        Ok(count)
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Damage> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(CUT)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Damage> {
        let length = self.count()?;
        self.take(length)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Damage> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Damage("a text is not UTF-8"))
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Damage> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Damage("something is neither there nor missing")),
        }
    }

    pub(crate) fn optional(&mut self) -> Result<Option<u64>, Damage> {
        self.flag()?.then(|| self.number()).transpose()
    }

    pub(crate) fn optional_bytes(&mut self) -> Result<Option<&'a [u8]>, Damage> {
        self.flag()?.then(|| self.bytes()).transpose()
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, Damage> {
        self.number().map(Timestamp::from_millis)
    }

    pub(crate) fn duration(&mut self) -> Result<Duration, Damage> {
        self.number().map(Duration::from_millis)
    }

    pub(crate) fn role(&mut self) -> Result<Role, Damage> {
        Role::new(self.text()?).map_err(|_| Damage("a role has no name that is allowed"))
    }

    pub(crate) fn claim(&mut self) -> Result<Claim, Damage> {
        Ok(Claim::new(self.role()?, self.number()?))
    }

    pub(crate) fn texts(&mut self) -> Result<BTreeMap<String, String>, Damage> {
        let mut texts = BTreeMap::new();
        for _ in 0..self.count()? {
            let name = self.text()?.to_owned();
            texts.insert(name, self.text()?.to_owned());
        }
        Ok(texts)
    }

    /// Reads what [`put_id`] wrote behind the same identity.
    pub(crate) fn id(&mut self, before: &[u8]) -> Result<FileId, Damage> {
        let shared = usize::try_from(self.number()?).map_err(|_| CUT)?;
        let front = before.get(..shared).filter(|_| shared <= MAX_SHARED);
        let front = front.ok_or(Damage("an identity shares more than there is"))?;
        self.plain_id(front)
    }

    pub(crate) fn plain_id(&mut self, front: &[u8]) -> Result<FileId, Damage> {
        let bytes = [front, self.bytes()?].concat();
        FileId::from_bytes(&bytes).map_err(|_| Damage("an identity is none of a file"))
    }
}

/// The checksum of ISO 3309 (CRC-32, as in Ethernet and zip), which finds what breaks by chance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crc(u32);

/// What a byte adds when so many bytes follow it, up to seven: so eight are taken at a time.
const TABLES: [[u32; 256]; 8] = {
    let mut tables = [[0; 256]; 8];
    let mut place = 0;
    while place < 256 {
        let mut rest = place as u32;
        let mut bit = 0;
        while bit < 8 {
            let carry = if rest & 1 == 1 { 0xEDB8_8320 } else { 0 };
            rest = (rest >> 1) ^ carry;
            bit += 1;
        }
        tables[0][place] = rest;
        place += 1;
    }
    let mut behind = 1;
    while behind < 8 {
        let mut place = 0;
        while place < 256 {
            let before: u32 = tables[behind - 1][place];
            tables[behind][place] = (before >> 8) ^ tables[0][(before & 0xFF) as usize];
            place += 1;
        }
        behind += 1;
    }
    tables
};

impl Default for Crc {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

impl Crc {
    pub(crate) fn of(bytes: &[u8]) -> u32 {
        let mut crc = Self::default();
        crc.update(bytes);
        crc.finish()
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let (eights, rest) = bytes.as_chunks::<8>();
        let [t0, t1, t2, t3, t4, t5, t6, t7] = &TABLES;
        let at = |table: &[u32; 256], byte: u8| table[usize::from(byte)];
        for &[a, b, c, d, e, f, g, h] in eights {
            let [w, x, y, z] = (self.0 ^ u32::from_le_bytes([a, b, c, d])).to_le_bytes();
            self.0 = at(t7, w) ^ at(t6, x) ^ at(t5, y) ^ at(t4, z);
            self.0 ^= at(t3, e) ^ at(t2, f) ^ at(t1, g) ^ at(t0, h);
        }
        for byte in rest {
            self.0 = (self.0 >> 8) ^ at(t0, self.0 as u8 ^ byte);
        }
    }

    pub(crate) const fn finish(self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Crc;

    #[test]
    fn the_checksum_is_the_one_that_everybody_knows() {
        // The check value of CRC-32/ISO-HDLC (Cook, "Catalogue of parametrised CRC algorithms").
        assert_eq!(Crc::of(b"123456789"), 0xCBF4_3926);
        assert_eq!(Crc::of(b""), 0);
    }

    #[test]
    fn it_does_not_matter_in_which_parts_the_bytes_come() {
        let bytes: Vec<u8> = (0..100_u8).map(|byte| byte.wrapping_mul(37)).collect();
        for length in 0..bytes.len() {
            for split in 0..=length {
                let mut crc = Crc::default();
                crc.update(&bytes[..split]);
                crc.update(&bytes[split..length]);
                assert_eq!(crc.finish(), Crc::of(&bytes[..length]));
            }
        }
        // A bit that falls over is always found.
        for bit in 0..800 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(Crc::of(&changed), Crc::of(&bytes));
        }
    }
}
