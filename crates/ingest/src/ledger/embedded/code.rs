//! How records are written: numbers of variable length, differences and byte strings.

use super::fault::Fault;

/// Most bytes of a number: seven bits each.
const MAX_NUMBER_BYTES: u32 = 10;

#[inline]
pub(super) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Writes by how much `number` differs from `base`, whichever is larger.
pub(super) fn put_difference(out: &mut Vec<u8>, number: u64, base: u64) {
    let difference = number.wrapping_sub(base).cast_signed();
    put(
        out,
        ((difference << 1) ^ (difference >> 63)).cast_unsigned(),
    );
}

pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend(bytes);
}

pub(super) fn put_optional(out: &mut Vec<u8>, number: Option<u64>) {
    match number {
        None => out.push(0),
        Some(number) => {
            out.push(1);
            put(out, number);
        }
    }
}

/// How many bytes two strings have in common at their beginning.
pub(super) fn shared(one: &[u8], other: &[u8]) -> usize {
    let pairs = one.iter().zip(other);
    pairs.take_while(|(one, other)| one == other).count()
}

/// Takes a record apart; whatever does not fit is damage.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> Result<u8, Fault> {
        let Some((first, rest)) = self.0.split_first() else {
            return Err(CUT);
        };
        self.0 = rest;
        Ok(*first)
    }

    #[inline]
    pub(super) fn number(&mut self) -> Result<u64, Fault> {
        // Most numbers take one byte.
        if let [first @ 0..0x80, rest @ ..] = self.0 {
            self.0 = rest;
            return Ok(u64::from(*first));
        }
        self.long_number()
    }

    fn long_number(&mut self) -> Result<u64, Fault> {
        let mut number = 0_u64;
        for place in 0..MAX_NUMBER_BYTES {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << (7 * place);
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Fault::Damaged("a number has no end"))
    }

    #[inline]
    pub(super) fn difference(&mut self, base: u64) -> Result<u64, Fault> {
        let folded = self.number()?;
        let difference = (folded >> 1) ^ (folded & 1).wrapping_neg();
        Ok(base.wrapping_add(difference))
    }

    #[inline]
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Fault> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        let Some((bytes, rest)) = self.0.split_at_checked(length) else {
            return Err(CUT);
        };
        self.0 = rest;
        Ok(bytes)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Fault> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Fault::Damaged("a text is not UTF-8"))
    }

    pub(super) fn optional(&mut self) -> Result<Option<u64>, Fault> {
        match self.byte()? {
            0 => Ok(None),
            1 => self.number().map(Some),
            _ => Err(Fault::Damaged(
                "an optional number is neither there nor missing",
            )),
        }
    }
}

const CUT: Fault = Fault::Damaged("a record ends too early");
