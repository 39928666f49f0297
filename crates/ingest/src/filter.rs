//! Which files a stream wants.

mod glob;

use floe_notify::clock::Timestamp;

pub use glob::Glob;

/// What is left out whatever the options say, and what the options leave out.
///
/// Left out are directory markers (`dir/`, `dir_$folder$`), what is being copied
/// (`._COPYING_`), and every path with a component below the stream's path that begins with `.`,
/// or with `_` unless it is a partition such as `_day=1`. Files of no bytes are files.
///
/// ```
/// use floe_ingest::{Filter, Glob};
/// use floe_notify::clock::Timestamp;
/// let filter = Filter {
///     prefix: b"in/".to_vec(),
///     name: Some(Glob::new("*.{csv,json}")),
///     ..Filter::default()
/// };
/// let takes = |key: &str| filter.takes(key.as_bytes(), Timestamp::default());
/// assert!(takes("in/a.csv") && takes("in/_day=1/a.json"));
/// assert!(!takes("in/_temporary/0/a.csv") && !takes("in/.a.csv") && !takes("in/a.txt"));
/// assert!(!takes("other/a.csv") && !takes("in/day=1/"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// What keys begin with.
    pub prefix: Vec<u8>,
    /// What the directory of the stream's path looks like, where it holds a glob: one pattern for
    /// each component, from the first one of the key on.
    pub directory: Vec<Glob>,
    /// What the last component looks like (`pathGlobFilter`).
    pub name: Option<Glob>,
    /// Only what was written later than that (`modifiedAfter`).
    pub modified_after: Option<Timestamp>,
    /// Only what was written earlier than that (`modifiedBefore`).
    pub modified_before: Option<Timestamp>,
}

impl Filter {
    /// Whether the stream wants a file of this key that was written then.
    ///
    /// ```
    /// use floe_ingest::Filter;
    /// use floe_notify::clock::Timestamp;
    /// let at = Timestamp::from_millis(5);
    /// let filter = Filter { modified_after: Some(at), ..Filter::default() };
    /// assert!(!filter.takes(b"a", at), "strictly after");
    /// ```
    #[must_use]
    pub fn takes(&self, key: &[u8], created: Timestamp) -> bool {
        let late = self.modified_after.is_none_or(|at| created > at);
        let early = self.modified_before.is_none_or(|at| created < at);
        late && early && self.takes_name(key)
    }

    /// Whether the stream wants files of this key, whenever they were written.
    ///
    /// ```
    /// assert!(!floe_ingest::Filter::default().takes_name(b"a/_SUCCESS"));
    /// ```
    #[must_use]
    pub fn takes_name(&self, key: &[u8]) -> bool {
        let Some(below) = key.strip_prefix(self.prefix.as_slice()) else {
            return false;
        };
        let name = below.rsplit(|byte| *byte == b'/').next().unwrap_or(below);
        !is_marker(below)
            && !below.split(|byte| *byte == b'/').any(is_hidden)
            && self.name.as_ref().is_none_or(|glob| glob.matches(name))
            && self.is_in_directory(key)
    }

    fn is_in_directory(&self, key: &[u8]) -> bool {
        let mut parts = key.split(|byte| *byte == b'/');
        let fits = self
            .directory
            .iter()
            .all(|glob| parts.next().is_some_and(|part| glob.matches(part)));
        // Behind the directory there is at least the name.
        fits && parts.next().is_some()
    }
}

fn is_marker(below: &[u8]) -> bool {
    below.is_empty()
        || below.ends_with(b"/")
        || below.ends_with(b"_$folder$")
        || below.ends_with(b"._COPYING_")
}

fn is_hidden(component: &[u8]) -> bool {
    match component.first() {
        Some(b'.') => true,
        Some(b'_') => !component.contains(&b'='),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Filter, Glob};

    #[test]
    fn hidden_and_temporary_names_are_left_out_and_partitions_are_not() {
        let filter = Filter {
            prefix: b"_in/.x/".to_vec(),
            ..Filter::default()
        };
        let cases: [(&str, bool); 14] = [
            ("_in/.x/a.csv", true),
            ("_in/.x/a_b.csv", true),
            ("_in/.x/empty", true),
            ("_in/.x/_a=1/b=_2/c.csv", true),
            ("_in/.x/a//b", true),
            ("_in/.x/", false),
            ("_in/.x/d/", false),
            ("_in/.x/d_$folder$", false),
            ("_in/.x/a.csv._COPYING_", false),
            ("_in/.x/_SUCCESS", false),
            ("_in/.x/_delta_log/0.json", false),
            ("_in/.x/.hidden/a.csv", false),
            ("_in/.x/b/.part-0.tmp", false),
            ("_in/a.csv", false),
        ];
        for (key, wanted) in cases {
            assert_eq!(filter.takes_name(key.as_bytes()), wanted, "{key}");
        }
    }

    #[test]
    fn a_glob_in_the_path_counts_component_by_component() {
        let directory = ["in", "day=*", "raw"].map(Glob::new).to_vec();
        let filter = Filter {
            prefix: b"in/".to_vec(),
            directory,
            ..Filter::default()
        };
        assert!(filter.takes_name(b"in/day=1/raw/a"));
        assert!(filter.takes_name(b"in/day=1/raw/deep/a"));
        assert!(
            !filter.takes_name(b"in/day=1/raw"),
            "the directory's own name is no file in it"
        );
        assert!(!filter.takes_name(b"in/day=1/x/raw/a"));
    }
}
