//! "Did you mean": the known word nearest to an unknown one.

/// Words longer than this are not compared; no known word is as long.
const MAX_COMPARED: usize = 96;

/// The word that differs least, when it differs in at most a third of its letters.
pub(crate) fn nearest<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
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

/// Whether one word was meant for the other beyond doubt: at most two letters of a long word.
pub(crate) fn is_slip(text: &str, word: &str) -> bool {
    /// Shorter words have too many neighbours that mean something else.
    const LONG: usize = 8;
    let (text, word) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
    text == word || (word.len() > LONG && text.len() < MAX_COMPARED && distance(&text, &word) <= 2)
}

/// Letters to insert, remove, replace or swap with the neighbour.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    // Three lines of the table of distances are enough: two above for swaps, and the one in work.
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, a) in left.iter().enumerate() {
        let mut line = vec![row + 1];
        for (column, b) in right.iter().enumerate() {
            let at =
                |line: &[usize], column: usize| line.get(column).copied().unwrap_or(MAX_COMPARED);
            let mut best = (at(&above, column) + usize::from(a != b))
                .min(at(&above, column + 1) + 1)
                .min(at(&line, column) + 1);
            let other_way = row > 0
                && column > 0
                && left.get(row - 1) == Some(b)
                && right.get(column - 1) == Some(a);
            if other_way {
                best = best.min(at(&before, column - 1) + 1);
            }
            line.push(best);
        }
        before = std::mem::replace(&mut above, line);
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
            ("path", "paht", 1),
            ("files", "file", 1),
            ("abc", "xyz", 3),
            ("é", "e", 1),
        ] {
            assert_eq!(distance(left, right), expected, "{left} {right}");
            assert_eq!(distance(right, left), expected, "{right} {left}");
        }
    }

    #[test]
    fn a_text_of_any_length_is_no_harm_and_no_slip() {
        let long = "x".repeat(1_000_000);
        assert_eq!(nearest(&long, ["format"].into_iter()), None);
        assert!(!is_slip(&long, "includeExistingFiles"));
    }
}
