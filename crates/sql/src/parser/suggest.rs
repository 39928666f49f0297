//! "Did you mean …?"

/// Words longer than this are not compared; no keyword is.
const MAX_COMPARED: usize = 64;

/// The candidate nearest to a misspelt word, when one is near enough.
pub(crate) fn nearest<'a>(
    found: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let found = found.to_ascii_uppercase();
    if found.chars().count() > MAX_COMPARED {
        return None;
    }
    // A third of the letters may be wrong: enough for a slip, too little to
    // turn one word into another.
    let allowed = (found.chars().count() / 3).min(3);
    candidates
        .into_iter()
        .map(|candidate| (distance(&found, candidate), candidate))
        .filter(|(distance, _)| (1..=allowed).contains(distance))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, remove, replace or swap with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    let mut last = None;
    for (i, l) in left.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, r) in right.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX);
            let mut best = (at(&row, j) + usize::from(l != *r))
                .min(at(&row, j + 1) + 1)
                .min(at(&next, j) + 1);
            let swapped = j > 0 && last == Some(*r) && right.get(j - 1) == Some(&l);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
        last = Some(l);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn a_swap_of_neighbours_is_one_slip() {
        assert_eq!(distance("SERVCIE", "SERVICE"), 1);
        assert_eq!(distance("", "AB"), 2);
        assert_eq!(distance("AB", "AB"), 0);
    }

    #[test]
    fn a_word_that_has_nothing_in_common_is_not_suggested() {
        assert_eq!(nearest("WAREHOUSE", ["SERVICE", "FUNCTION"]), None);
        assert_eq!(
            nearest("min_instance", ["MAX_INSTANCES", "MIN_INSTANCES"]),
            Some("MIN_INSTANCES")
        );
    }
}
