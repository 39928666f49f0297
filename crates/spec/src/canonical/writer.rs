//! Lines of YAML in the layout of the canonical text.

use std::fmt::Write;

/// Writes lines; a pending dash takes the place of one indentation step.
pub(super) struct Writer {
    text: String,
    level: usize,
    dash: bool,
}

impl Writer {
    /// Begins a document.
    pub(super) fn new() -> Self {
        Writer {
            text: "---\n".to_owned(),
            level: 0,
            dash: false,
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    /// Begins a line: indentation, or the dash of a list item.
    fn line(&mut self) {
        let (blanks, dash) = if self.dash {
            (self.level - 1, "- ")
        } else {
            (self.level, "")
        };
        for _ in 0..blanks {
            self.text.push_str("  ");
        }
        self.text.push_str(dash);
        self.dash = false;
    }

    fn key(&mut self, key: &str) {
        self.line();
        if is_bare_key(key) {
            self.text.push_str(key);
        } else {
            quote(&mut self.text, key);
        }
        self.text.push(':');
    }

    pub(super) fn bare(&mut self, key: &str, value: &str) {
        self.key(key);
        let _ = writeln!(self.text, " {value}");
    }

    pub(super) fn quoted(&mut self, key: &str, value: &str) {
        self.key(key);
        self.text.push(' ');
        quote(&mut self.text, value);
        self.text.push('\n');
    }

    pub(super) fn bare_if(&mut self, key: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.bare(key, &value.to_string());
        }
    }

    pub(super) fn quoted_if(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.quoted(key, value);
        }
    }

    pub(super) fn open(&mut self, key: &str) {
        self.key(key);
        self.text.push('\n');
        self.level += 1;
    }

    pub(super) fn close(&mut self) {
        self.level -= 1;
    }

    /// A list of maps; nothing when it is empty.
    pub(super) fn items<T>(&mut self, key: &str, items: &[T], write: impl Fn(&mut Writer, &T)) {
        if items.is_empty() {
            return;
        }
        self.open(key);
        for item in items {
            self.dash = true;
            write(self, item);
        }
        self.close();
    }

    pub(super) fn texts(&mut self, key: &str, texts: &[String]) {
        if texts.is_empty() {
            return self.bare(key, "[]");
        }
        self.open(key);
        for text in texts {
            self.dash = true;
            self.line();
            quote(&mut self.text, text);
            self.text.push('\n');
        }
        self.close();
    }
}

/// Words that YAML 1.1 or 1.2 readers take for something else than a text.
const RESERVED: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

fn is_bare_key(key: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(rest)
        && !RESERVED.iter().any(|word| word.eq_ignore_ascii_case(key))
}

/// A double-quoted YAML scalar on one line.
fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if is_printable(c) => out.push(c),
            _ => {
                let code = u32::from(c);
                let _ = match code {
                    0..=0xff => write!(out, "\\x{code:02x}"),
                    0x100..=0xffff => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
            }
        }
    }
    out.push('"');
}

/// What YAML 1.2 calls printable (section 5.1), without line breaks and the byte order mark.
pub(crate) fn is_printable(c: char) -> bool {
    matches!(c,
        ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}'
        | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}
