//! Code, strings and comments of a Rust file told apart.

/// A Rust text twice, line by line and column by column as long as the
/// original: once with only its code, once with only its comments. The quotes
/// of strings are code, their contents are neither.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mask {
    pub(super) code: String,
    pub(super) comments: String,
}

impl Mask {
    pub(super) fn of(text: &str) -> Self {
        let mut scanner = Scanner {
            chars: text.chars().collect(),
            at: 0,
            mask: Self {
                code: String::new(),
                comments: String::new(),
            },
        };
        while scanner.peek(0).is_some() {
            scanner.step();
        }
        scanner.mask
    }

    /// Lines of code with their numbers from 1.
    pub(super) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }

    /// Lines of comments with their numbers from 1.
    pub(super) fn comment_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.comments
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }
}

/// What a character belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
    mask: Mask,
}

impl Scanner {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn take(&mut self, kind: Kind) {
        let Some(c) = self.peek(0) else { return };
        self.at += 1;
        let other = if c == '\n' { '\n' } else { ' ' };
        self.mask
            .code
            .push(if kind == Kind::Code { c } else { other });
        self.mask
            .comments
            .push(if kind == Kind::Comment { c } else { other });
    }

    fn step(&mut self) {
        match (self.peek(0), self.peek(1)) {
            (Some('/'), Some('/')) => self.line_comment(),
            (Some('/'), Some('*')) => self.block_comment(),
            (Some('"'), _) => self.string(),
            (Some('r'), Some('"' | '#')) if self.starts_raw_string() => self.raw_string(),
            (Some('\''), _) => self.character_or_lifetime(),
            _ => self.take(Kind::Code),
        }
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|c| c != '\n') {
            self.take(Kind::Comment);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while let Some(c) = self.peek(0) {
            let pair = (c, self.peek(1));
            match pair {
                ('/', Some('*')) => depth += 1,
                ('*', Some('/')) => depth -= 1,
                _ => {}
            }
            if matches!(pair, ('/', Some('*')) | ('*', Some('/'))) {
                self.take(Kind::Comment);
            }
            self.take(Kind::Comment);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.take(Kind::Code);
        while let Some(c) = self.peek(0) {
            match c {
                '"' => return self.take(Kind::Code),
                '\\' => {
                    self.take(Kind::Literal);
                    self.take(Kind::Literal);
                }
                _ => self.take(Kind::Literal),
            }
        }
    }

    /// At an `r` that begins `r"…"` or `r#"…"#` (`br` and `cr` too) and is not
    /// the end of a name.
    fn starts_raw_string(&self) -> bool {
        let before = |back: usize| self.at.checked_sub(back).map(|at| self.chars[at]);
        let in_name = match before(1) {
            Some('b' | 'c') => before(2).is_some_and(is_name),
            Some(c) => is_name(c),
            None => false,
        };
        let mut quote = 1;
        while self.peek(quote) == Some('#') {
            quote += 1;
        }
        !in_name && self.peek(quote) == Some('"')
    }

    fn raw_string(&mut self) {
        self.take(Kind::Code);
        let mut hashes = 0;
        while self.peek(0) == Some('#') {
            self.take(Kind::Code);
            hashes += 1;
        }
        self.take(Kind::Code);
        while let Some(c) = self.peek(0) {
            let closes = c == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#'));
            if closes {
                for _ in 0..=hashes {
                    self.take(Kind::Code);
                }
                return;
            }
            self.take(Kind::Literal);
        }
    }

    /// `'x'` and `'\n'` are characters; `'a` is a lifetime.
    fn character_or_lifetime(&mut self) {
        let inner = match (self.peek(1), self.peek(2)) {
            (Some('\\'), _) => 2,
            (Some(_), Some('\'')) => 1,
            _ => return self.take(Kind::Code),
        };
        self.take(Kind::Code);
        for _ in 0..inner {
            self.take(Kind::Literal);
        }
        while self.peek(0).is_some_and(|c| c != '\'' && c != '\n') {
            self.take(Kind::Literal);
        }
        self.take(Kind::Code);
    }
}

/// Whether the character can stand in a Rust name.
pub(super) fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The bytes at which `word` stands in `code` as a whole name.
pub(super) fn find_word<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| {
            let before = code[..*at].chars().next_back().is_some_and(is_name);
            let after = code[at + word.len()..].chars().next().is_some_and(is_name);
            !before && !after
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        Mask::of(text).code
    }

    #[test]
    fn comments_are_kept_apart_and_may_be_nested() {
        let mask = Mask::of("a /* b /* c */ d */ e // f\ng");
        assert_eq!(mask.code, "a                   e     \ng");
        assert_eq!(mask.comments.trim_end(), "  /* b /* c */ d */   // f");
    }

    #[test]
    fn strings_are_blanked_with_their_escapes() {
        assert_eq!(code(r#"f("a\"b", x)"#), r#"f("    ", x)"#);
        assert_eq!(code("f(\"// no\"); g"), "f(\"     \"); g");
        assert_eq!(code("b\"{\" c\"}\""), "b\" \" c\" \"");
    }

    #[test]
    fn raw_strings_end_at_their_own_number_of_hashes() {
        assert_eq!(code("r#\"a\"b{\"#;x"), "r#\"    \"#;x");
        assert_eq!(code("br\"\\\";x"), "br\" \";x");
        assert_eq!(code("for\"a\""), "for\" \"");
        assert_eq!(code("r#fn + 1"), "r#fn + 1");
    }

    #[test]
    fn characters_are_blanked_and_lifetimes_are_not() {
        assert_eq!(code("'{' '\\'' '\\u{7d}' &'a T"), "' ' '  ' '      ' &'a T");
        assert_eq!(code("b'\"' x"), "b' ' x");
    }

    #[test]
    fn lines_stay_where_they_are() {
        let text = "a\n\"b\nc\"\n// d\ne";
        let mask = Mask::of(text);
        assert_eq!(mask.code.lines().count(), text.lines().count());
        assert_eq!(mask.code_lines().last(), Some((5, "e")));
        assert_eq!(mask.comment_lines().nth(3), Some((4, "// d")));
    }

    #[test]
    fn an_open_string_or_comment_ends_with_the_text() {
        assert_eq!(code("a \"b"), "a \" ");
        assert_eq!(code("a /* b"), "a     ");
    }

    #[test]
    fn words_are_found_only_whole() {
        assert_eq!(
            find_word("operand::x rand::y", "rand").collect::<Vec<_>>(),
            [11]
        );
        assert_eq!(
            find_word("unsafe_code unsafe", "unsafe").collect::<Vec<_>>(),
            [12]
        );
    }
}
