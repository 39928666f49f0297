//! "Did you mean": the known word nearest to an unknown one, or the place where it belongs.

use super::fields::Key;
use super::{containers, endpoints, resources, top, volumes};

/// Words longer than this are not compared; no known word is half as long.
const MAX_COMPARED: usize = 64;

/// All maps and their keys, to say where a misplaced key belongs.
const PLACES: [(&str, &[Key]); 11] = [
    ("at the top level, beside `spec`", top::TOP),
    ("under `spec`", top::SPEC),
    ("in a container", containers::CONTAINER),
    ("under `readinessProbe`", containers::PROBE),
    ("in a volume mount", containers::MOUNT),
    ("under `resources`", resources::RESOURCES),
    ("under `requests` or `limits`", resources::AMOUNTS),
    ("in an endpoint", endpoints::ENDPOINT),
    ("in a volume", volumes::VOLUME),
    ("under `capabilities`", top::CAPABILITIES),
    ("under `securityContext`", top::SECURITY),
];

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
pub(super) fn for_key(text: &str, known: &'static [Key]) -> Option<String> {
    let here = nearest(text, known.iter().map(|key| key.name));
    if let Some(name) = here.filter(|name| name.eq_ignore_ascii_case(text)) {
        return Some(format!("did you mean `{name}`?"));
    }
    let belongs = PLACES.iter().find(|(_, keys)| {
        keys.iter()
            .any(|key| key.name == text || key.alias == Some(text))
    });
    if let Some((place, _)) = belongs {
        return Some(format!("`{text}` belongs {place}"));
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
        let hint = |text| for_key(text, containers::CONTAINER);
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
        assert_eq!(hint(&"x".repeat(100_000)), None);
    }
}
