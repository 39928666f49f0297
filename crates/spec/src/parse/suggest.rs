//! "Did you mean": the known word nearest to an unknown one, or the place where it belongs.

use crate::keys::{self, Map};

/// Words longer than this are not compared; no known word is half as long.
const MAX_COMPARED: usize = 64;

/// So many places make a word common.
const MANY_PLACES: usize = 3;

/// Words that the SQL statement takes, and not the specification.
const PROPERTIES: [&str; 8] = [
    "min_instances",
    "max_instances",
    "min_ready_instances",
    "auto_suspend_secs",
    "auto_resume",
    "query_warehouse",
    "external_access_integrations",
    "compute_pool",
];

/// What to do about an unknown key.
pub(super) fn for_key(text: &str, known: &'static Map) -> Option<String> {
    let here = nearest(text, known.keys.iter().map(|key| key.name));
    if let Some(name) = here.filter(|name| is_slip(text, name)) {
        return Some(format!("did you mean `{name}`?"));
    }
    let homes: Vec<&Map> = keys::maps()
        .into_iter()
        .filter(|map| {
            map.keys
                .iter()
                .any(|key| key.name == text || key.alias == Some(text))
        })
        .collect();
    // A word of many places, such as `name`, is not misplaced in any of them.
    if let Some(map) = homes.first().filter(|_| homes.len() < MANY_PLACES) {
        // A key that slipped one level too deep is easily mended, once one sees where it slipped.
        let beside = map.keys.iter().find(|key| {
            let below = key.map();
            below.is_some_and(|below| std::ptr::eq(below, known)) && !map.place.contains("beside")
        });
        let beside = beside.map_or_else(String::new, |key| format!(", beside `{}`", key.name));
        return Some(format!("`{text}` belongs {}{beside}", map.place));
    }
    if let Some(property) = PROPERTIES
        .iter()
        .find(|name| name.eq_ignore_ascii_case(text))
    {
        let property = property.to_ascii_uppercase();
        return Some(format!(
            "{property} belongs in the SQL statement that creates the service"
        ));
    }
    here.map(|name| format!("did you mean `{name}`?"))
}

/// Whether a known word was meant for sure: the same letters, or a long word with little changed.
fn is_slip(text: &str, name: &str) -> bool {
    name.eq_ignore_ascii_case(text) || (name.len() > 8 && distance(text, name) <= 2)
}

/// The word that differs least, when it differs in at most a third of its letters.
pub(super) fn nearest(
    text: &str,
    words: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    if text.len() > MAX_COMPARED {
        return None;
    }
    let text = text.to_ascii_lowercase();
    words
        .map(|word| (distance(&text, &word.to_ascii_lowercase()), word))
        .filter(|(distance, word)| *distance <= (word.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Letters to insert, remove, replace or swap with the neighbour.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let width = right.len() + 1;
    let mut before = vec![0; width];
    let mut above: Vec<usize> = (0..width).collect();
    for (row, &a) in left.iter().enumerate() {
        let mut line = vec![row + 1; width];
        for (column, &b) in right.iter().enumerate() {
            let replaced = above[column] + usize::from(a != b);
            let mut best = replaced.min(above[column + 1] + 1).min(line[column] + 1);
            let swapped = row > 0 && column > 0 && left[row - 1] == b && right[column - 1] == a;
            if swapped {
                best = best.min(before[column - 1] + 1);
            }
            line[column + 1] = best;
        }
        before = above;
        above = line;
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_edits_and_swaps() {
        for (left, right, expected) in [
            ("", "", 0),
            ("a", "", 1),
            ("port", "prot", 1),
            ("volumes", "volume", 1),
            ("abc", "xyz", 3),
            ("é", "e", 1),
        ] {
            assert_eq!(distance(left, right), expected, "{left} {right}");
            assert_eq!(distance(right, left), expected, "{right} {left}");
        }
    }

    #[test]
    fn a_misplaced_key_is_sent_to_its_place_and_a_misspelled_one_to_its_neighbour() {
        let hint = |text| for_key(text, &keys::CONTAINER);
        assert_eq!(
            hint("readynessProbe").as_deref(),
            Some("did you mean `readinessProbe`?")
        );
        assert_eq!(hint("ENV").as_deref(), Some("did you mean `env`?"));
        assert_eq!(
            hint("requests").as_deref(),
            Some("`requests` belongs under `resources`")
        );
        assert_eq!(
            hint("serviceRoles").as_deref(),
            Some("`serviceRoles` belongs at the top level, beside `spec`")
        );
        assert_eq!(
            hint("min_instances").as_deref(),
            Some("MIN_INSTANCES belongs in the SQL statement that creates the service")
        );
        assert_eq!(hint("somethingElse"), None);
        assert_eq!(
            hint("mountPath").as_deref(),
            Some("`mountPath` belongs in a volume mount")
        );
        let hint = |text| for_key(text, &keys::SECRET_NAME);
        assert_eq!(hint("name"), None);
        assert_eq!(
            hint("secretKeyRef").as_deref(),
            Some("`secretKeyRef` belongs in a secret, beside `snowflakeSecret`")
        );
        let hint = |text| for_key(text, &keys::SCALE_UP);
        assert_eq!(
            hint("allConditions").as_deref(),
            Some("did you mean `anyConditions`?")
        );
        let hint = |text| for_key(text, &keys::CONTAINER);
        assert_eq!(hint(&"x".repeat(100_000)), None);
    }
}
