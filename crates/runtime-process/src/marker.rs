//! The mark that every process of an instance carries in its environment.

use floe_runtime::InstanceKey;

/// The environment variable of the mark.
pub(crate) const VARIABLE: &str = "FLOE_INSTANCE";

/// The variable that marks a holder; another one, so that a holder's own sweep spares it.
pub(crate) const HOLDER_VARIABLE: &str = "FLOE_HOLDER";

/// Longest part of a mark or of a file name. Linux allows 255 bytes for a file name.
const PART_LIMIT: usize = 160;

/// The marks of one instance: `<owner>/<service>/<instance>/<attempt>/`, and the container's
/// name behind it.
///
/// The slash at the end makes sure that attempt 1 is no prefix of attempt 10.
#[derive(Clone, Debug)]
pub(crate) struct Marker {
    value: String,
}

impl Marker {
    /// `owner` is already a [`part`].
    pub(crate) fn new(owner: &str, key: &InstanceKey) -> Self {
        let service = part(&key.service);
        Self {
            value: format!("{owner}/{service}/{}/{}/", key.instance, key.attempt),
        }
    }

    /// The value without the container's name.
    pub(crate) fn value(&self) -> &str {
        &self.value
    }

    /// What the environment entries of all processes of the instance begin with.
    pub(crate) fn entry_prefix(&self) -> String {
        format!("{VARIABLE}={}", self.value)
    }

    /// The value for one container.
    pub(crate) fn of_container(&self, container: &str) -> String {
        format!("{}{container}", self.value)
    }

    /// The whole environment entry of one container.
    pub(crate) fn entry_of_container(&self, container: &str) -> String {
        format!("{VARIABLE}={}", self.of_container(container))
    }
}

/// What the environment entries of all processes of an owner begin with.
pub(crate) fn entries_of_owner(owner: &str) -> [String; 2] {
    [VARIABLE, HOLDER_VARIABLE].map(|variable| format!("{variable}={owner}/"))
}

/// Turns any text into one part of a mark, which is also a file name: letters, digits, `_`, `-`
/// and inner dots stay, other bytes become `%XX`, and what is too long ends in a hash.
pub(crate) fn part(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for (index, byte) in text.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'_' | b'-')
            || (byte == b'.' && index > 0);
        if plain {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    if encoded.len() > PART_LIMIT {
        encoded.truncate(PART_LIMIT);
        encoded.push_str(&format!("-{:016x}", hash(text)));
    }
    encoded
}

/// FNV-1a with 64 bits: stable across releases, which the standard library's hasher is not.
pub(crate) fn hash(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_file_names_and_differ_when_the_texts_differ() {
        assert_eq!(part("ECHO_SERVICE"), "ECHO_SERVICE");
        assert_eq!(part("A.B.\"C d\""), "A.B.%22C%20d%22");
        assert_eq!(part(".."), "%2E.");
        assert_eq!(part("a/b\nc"), "a%2Fb%0Ac");
        let (long, longer) = ("x".repeat(300), "x".repeat(301));
        assert_ne!(part(&long), part(&longer));
        assert!(part(&long).len() < 255);
    }

    #[test]
    fn no_mark_is_a_prefix_of_another_attempt() {
        let mark = |attempt| Marker::new("me", &InstanceKey::new("S", 1, attempt)).entry_prefix();
        assert_eq!(mark(1), "FLOE_INSTANCE=me/S/1/1/");
        assert!(!mark(10).starts_with(&mark(1)));
    }
}
