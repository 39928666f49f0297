//! Paths as `file` URIs (RFC 8089), which hold any bytes that a path may hold.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

const SCHEME: &str = "file://";

pub(crate) fn of_path(path: &Path) -> String {
    let mut uri = SCHEME.to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            // The unreserved characters of RFC 3986, and the slash.
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(*byte));
            }
            // Writing to a string cannot fail.
            _ => drop(write!(uri, "%{byte:02X}")),
        }
    }
    uri
}

/// Only absolute paths without a host.
pub(crate) fn to_path(uri: &str) -> Option<PathBuf> {
    let mut rest = uri.strip_prefix(SCHEME)?.as_bytes();
    let mut path = Vec::with_capacity(rest.len());
    while let Some((first, left)) = rest.split_first() {
        rest = left;
        if *first != b'%' {
            path.push(*first);
            continue;
        }
        let (digits, left) = rest.split_at_checked(2)?;
        rest = left;
        path.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
    }
    let is_good = path.starts_with(b"/") && !path.contains(&0);
    is_good.then(|| PathBuf::from(OsString::from_vec(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_any_bytes_come_back() {
        let odd = PathBuf::from(OsString::from_vec(b"/a b/%41/\xFF\n+\xC3\xA9".to_vec()));
        let uri = of_path(&odd);
        assert_eq!(uri, "file:///a%20b/%2541/%FF%0A%2B%C3%A9");
        assert_eq!(to_path(&uri), Some(odd));
    }

    #[test]
    fn what_is_no_absolute_path_is_refused() {
        for bad in [
            "/a",
            "file://host/a",
            "file:///a%0",
            "file:///%zz",
            "file:///%00",
            "file://",
        ] {
            assert_eq!(to_path(bad), None, "{bad}");
        }
    }
}
