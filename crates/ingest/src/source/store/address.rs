//! Keys as paths of `object_store`, without a change.

use object_store::path::{Path, PathPart};

use crate::SourceError;

/// Which keys a store takes for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// `a//b` is not `a/b`, and `a\b` neither: S3 and Cloud Storage.
    #[cfg_attr(
        not(any(feature = "aws", feature = "gcp", test)),
        expect(dead_code, reason = "only these clouds have such keys")
    )]
    Bytes,
    /// `a//b` is not `a/b`, but `a\b` is: Azure.
    Slashes,
    /// `a//b` may be `a/b`.
    Parts,
}

/// The path of a key, which names this key and no other.
#[derive(Debug)]
pub(super) struct Address(Path);

impl Address {
    pub(super) fn of(key: &[u8], keys: Keys) -> Result<Self, SourceError> {
        let wrong = |reason: &str| SourceError::Unaddressable {
            key: key.escape_ascii().to_string(),
            reason: reason.to_owned(),
        };
        let text = std::str::from_utf8(key).map_err(|_| wrong("it is not UTF-8"))?;
        if text.is_empty() {
            return Err(wrong("it is empty"));
        }
        if text.starts_with('/') || text.ends_with('/') {
            return Err(wrong("it begins or ends with a slash"));
        }
        if keys == Keys::Slashes && text.contains('\\') {
            return Err(wrong(
                "it has a backslash, which the store takes for a slash",
            ));
        }
        let mut path = Path::ROOT;
        for part in text.split('/') {
            if part.is_empty() && keys == Keys::Parts {
                return Err(wrong("it has a part without a name"));
            }
            let part = PathPart::parse(part);
            let words = "it has a part that is . or .., or a control character";
            path = path.join(part.map_err(|_| wrong(words))?);
        }
        // Whatever else paths may do to keys one day: another key is never asked for.
        if path.as_ref() != text {
            return Err(wrong("it would become another key on its way"));
        }
        Ok(Self(path))
    }

    pub(super) const fn path(&self) -> &Path {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, Keys};

    #[test]
    fn a_path_is_its_key_byte_by_byte() {
        for key in [
            "a", "a/b", "a//b", " a /b ", "a%2Fb", "é/ß", "a?b#c", "a\\b", "..a", "a~",
        ] {
            let address = Address::of(key.as_bytes(), Keys::Bytes).unwrap();
            assert_eq!(address.path().as_ref(), key);
        }
    }

    #[test]
    fn what_would_become_another_key_is_refused_with_its_reason() {
        let cases: [(&[u8], &str); 8] = [
            (b"", "empty"),
            (b"/a", "slash"),
            (b"a/", "slash"),
            (b"a/./b", "control"),
            (b"a/../b", "control"),
            (b"a\nb", "control"),
            (b"a\x7fb", "control"),
            (b"a\xffb", "UTF-8"),
        ];
        for (key, words) in cases {
            let error = Address::of(key, Keys::Bytes).unwrap_err();
            assert_eq!(error.code(), "FLOE-INGEST-0033");
            assert!(error.to_string().contains(words), "{error}");
        }
        assert!(Address::of(b"a//b", Keys::Parts).is_err());
        assert!(Address::of(b"a\\b", Keys::Slashes).is_err());
        assert!(Address::of(b"a//b", Keys::Slashes).is_ok());
    }
}
