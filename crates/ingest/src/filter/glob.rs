//! Patterns of names.

/// Most steps of one match: more than a long name and a sensible pattern need, and an end for
/// patterns that were made to have none.
const MAX_STEPS: usize = 1_000_000;

/// Most patterns that the braces of one pattern stand for.
const MAX_BRANCHES: usize = 1_000;

/// A pattern of one component of a path: `*` any bytes, `?` any byte, `[a-z]` and `[^a-z]` one of
/// these or none of these, `{a,b}` one of these, `\` takes the next byte as it is.
///
/// ```
/// use floe_ingest::Glob;
/// let glob = Glob::new("part-[0-9]*.{csv,json}");
/// assert!(glob.matches(b"part-7.csv") && glob.matches(b"part-17.json"));
/// assert!(!glob.matches(b"part-x.csv") && !glob.matches(b"part-7.txt"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    /// What the braces stand for, one pattern each.
    patterns: Vec<Vec<Part>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Byte(u8),
    One,
    Any,
    Class {
        negated: bool,
        ranges: Vec<(u8, u8)>,
    },
}

impl Glob {
    /// Reads a pattern. What is not closed stands for itself.
    ///
    /// ```
    /// assert!(floe_ingest::Glob::new("[a").matches(b"[a"));
    /// ```
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        let branches = branches(pattern.as_bytes());
        Self {
            patterns: branches.iter().map(|branch| parts(branch)).collect(),
        }
    }

    /// Whether a name fits as a whole.
    ///
    /// ```
    /// assert!(floe_ingest::Glob::new("*").matches(b""));
    /// ```
    #[must_use]
    pub fn matches(&self, name: &[u8]) -> bool {
        self.patterns.iter().any(|pattern| fits(pattern, name))
    }
}

/// The usual way: on a mismatch the last `*` takes one byte more.
fn fits(pattern: &[Part], name: &[u8]) -> bool {
    let (mut at, mut byte) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    for _ in 0..MAX_STEPS {
        match (pattern.get(at), name.get(byte)) {
            (None, None) => return true,
            (Some(Part::Any), _) => {
                star = Some((at + 1, byte));
                at += 1;
            }
            (Some(part), Some(one)) if part.takes(*one) => {
                at += 1;
                byte += 1;
            }
            _ => match star {
                Some((behind, taken)) if taken < name.len() => {
                    star = Some((behind, taken + 1));
                    (at, byte) = (behind, taken + 1);
                }
                _ => return false,
            },
        }
    }
    false
}

impl Part {
    fn takes(&self, byte: u8) -> bool {
        match self {
            Self::Byte(own) => *own == byte,
            Self::One => true,
            Self::Any => false,
            Self::Class { negated, ranges } => {
                ranges
                    .iter()
                    .any(|(from, to)| (*from..=*to).contains(&byte))
                    != *negated
            }
        }
    }
}

/// The patterns that the braces of a pattern stand for.
fn branches(pattern: &[u8]) -> Vec<Vec<u8>> {
    let mut done = Vec::new();
    let mut open = vec![pattern.to_vec()];
    while let Some(next) = open.pop() {
        match braces(&next) {
            Some(braces) if open.len() + done.len() < MAX_BRANCHES => {
                let whole = |choice: &Vec<u8>| [braces.before, choice, braces.after].concat();
                open.extend(braces.choices.iter().rev().map(whole));
            }
            _ => done.push(next),
        }
    }
    done
}

/// The first pair of braces.
struct Braces<'a> {
    before: &'a [u8],
    choices: Vec<Vec<u8>>,
    after: &'a [u8],
}

fn braces(pattern: &[u8]) -> Option<Braces<'_>> {
    let (mut depth, mut start) = (0_usize, 0);
    let mut choices: Vec<Vec<u8>> = Vec::new();
    let mut choice = Vec::new();
    let mut bytes = pattern.iter().copied().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'{' if depth == 0 => {
                depth = 1;
                start = at;
                continue;
            }
            b'{' => depth += 1,
            b'}' if depth == 1 => {
                choices.push(choice);
                let (before, after) = (pattern.get(..start)?, pattern.get(at + 1..)?);
                return Some(Braces {
                    before,
                    choices,
                    after,
                });
            }
            b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 1 => {
                choices.push(std::mem::take(&mut choice));
                continue;
            }
            b'\\' => {
                if depth > 0 {
                    choice.push(byte);
                }
                let (_, next) = bytes.next()?;
                if depth > 0 {
                    choice.push(next);
                }
                continue;
            }
            _ => {}
        }
        if depth > 0 {
            choice.push(byte);
        }
    }
    None
}

fn parts(pattern: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'*' => parts.push(Part::Any),
            b'?' => parts.push(Part::One),
            b'[' => match class(after) {
                Some((part, after)) => {
                    parts.push(part);
                    rest = after;
                }
                None => parts.push(Part::Byte(b'[')),
            },
            b'\\' => match after.split_first() {
                Some((next, after)) => {
                    parts.push(Part::Byte(*next));
                    rest = after;
                }
                None => parts.push(Part::Byte(b'\\')),
            },
            byte => parts.push(Part::Byte(*byte)),
        }
    }
    parts
}

/// What stands in brackets, and what comes behind them.
fn class(text: &[u8]) -> Option<(Part, &[u8])> {
    let (negated, mut text) = match text.split_first() {
        Some((b'^' | b'!', after)) => (true, after),
        _ => (false, text),
    };
    let mut ranges = Vec::new();
    loop {
        let (first, after) = text.split_first()?;
        text = after;
        match (first, after) {
            (b']', _) if !ranges.is_empty() => {
                return Some((Part::Class { negated, ranges }, after));
            }
            (from, [b'-', to, behind @ ..]) if *to != b']' => {
                ranges.push((*from, *to));
                text = behind;
            }
            (one, _) => ranges.push((*one, *one)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn patterns_fit_what_they_say() {
        let cases: [(&str, &str, bool); 16] = [
            ("*.csv", "a.csv", true),
            ("*.csv", "a.csv.gz", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbY", false),
            ("?", "", false),
            ("?", "x", true),
            ("[!0-9]x", "ax", true),
            ("[!0-9]x", "1x", false),
            ("[]a]", "]", true),
            ("[a-]", "-", true),
            ("{a,b{c,d}}.x", "bd.x", true),
            ("{a,b{c,d}}.x", "b.x", false),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("{a", "{a", true),
            ("", "", true),
        ];
        for (pattern, name, expected) in cases {
            let fits = Glob::new(pattern).matches(name.as_bytes());
            assert_eq!(fits, expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_pattern_made_to_take_for_ever_ends() {
        let glob = Glob::new(&"{a,b}".repeat(64));
        assert!(!glob.matches(b"x"));
        assert!(!Glob::new(&"*a".repeat(200)).matches(&[b'a'; 150]));
    }
}
