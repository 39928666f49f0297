//! `FROM …` and `USING (…)`.

use std::collections::BTreeMap;

use super::cursor::{Cursor, shown};
use crate::ast::{InlineSpec, SpecKind, SpecLocation, SpecSource, UsingArg, UsingLiteral};
use crate::lexer::TokenKind;
use crate::{Spanned, SqlError, SqlErrorKind};

/// The words that introduce a text and those that introduce a file.
const INLINE: [(&str, SpecKind); 2] = [
    ("SPECIFICATION", SpecKind::Specification),
    ("SPECIFICATION_TEMPLATE", SpecKind::Template),
];
const FILE: [(&str, SpecKind); 4] = [
    ("SPECIFICATION_FILE", SpecKind::Specification),
    ("SPECIFICATION_TEMPLATE_FILE", SpecKind::Template),
    // The key of the first releases, still printed by tutorials.
    ("SPEC", SpecKind::Specification),
    // Written by users in place of SPECIFICATION_FILE; after a stage it can
    // mean nothing else.
    ("SPECIFICATION", SpecKind::Specification),
];

/// The two clauses while they are being collected; they need not be neighbours.
#[derive(Debug, Default)]
pub(crate) struct SourceClauses {
    from: Option<Spanned<(SpecKind, SpecLocation)>>,
    using: Option<Spanned<Vec<UsingArg>>>,
}

impl SourceClauses {
    /// Reads a `FROM` or `USING` clause, when one comes next.
    pub(crate) fn maybe_clause(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, SqlError> {
        let keyword = cursor.peek().span();
        if cursor.eat_unless(self.from.is_some(), "FROM") {
            let (kind, location) = cursor.spec_location()?;
            let span = cursor.span_from(keyword.start);
            let clause = Spanned::new((kind, location), span);
            cursor.set_once(&mut self.from, "FROM", keyword, clause)?;
            return Ok(true);
        }
        if self.has_from() && cursor.eat_unless(self.using.is_some(), "USING") {
            let using = cursor.using()?;
            cursor.set_once(&mut self.using, "USING", keyword, using)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// True once a `FROM` clause was read.
    pub(crate) fn has_from(&self) -> bool {
        self.from.is_some()
    }

    /// The collected source, when there was a `FROM`.
    pub(crate) fn finish(self) -> Option<SpecSource> {
        let Spanned {
            value: (kind, location),
            span,
        } = self.from?;
        // The documentation has an example of a template under the plain
        // keyword; with USING it can mean nothing else.
        let kind = if self.using.is_some() {
            SpecKind::Template
        } else {
            kind
        };
        let using = self.using.map(|using| using.value).unwrap_or_default();
        Some(SpecSource {
            kind,
            location,
            using,
            span,
        })
    }
}

impl Cursor<'_> {
    fn spec_location(&mut self) -> Result<(SpecKind, SpecLocation), SqlError> {
        if let Some(stage) = self.maybe_stage()? {
            return self.spec_file(Some(stage));
        }
        // `SPECIFICATION 'text'` and `SPECIFICATION = 'file'` differ in the
        // `=` alone; the second needs a stage.
        for (word, kind) in INLINE {
            if !self.eat(word) {
                continue;
            }
            return Ok((kind, SpecLocation::Inline(self.inline_spec(word)?)));
        }
        self.spec_file(None)
    }

    fn inline_spec(&mut self, keyword: &str) -> Result<InlineSpec, SqlError> {
        let span = self.peek().span();
        let error = match self.maybe_decoded()? {
            Some(decoded) => {
                let text = Spanned::new(decoded.value, span);
                return Ok(InlineSpec {
                    text,
                    body: decoded.body,
                    shifts: decoded.shifts,
                });
            }
            None => self.wrong_value(keyword, "a string"),
        };
        if self.peek().kind == TokenKind::Char('=') {
            return Err(error.with_hint(format!(
                "write `FROM @stage {keyword}_FILE = '…'`, or the text itself without `=`"
            )));
        }
        Err(error)
    }

    fn spec_file(
        &mut self,
        stage: Option<Spanned<String>>,
    ) -> Result<(SpecKind, SpecLocation), SqlError> {
        // Without a stage the plain keyword introduces a text, see above.
        let usable = if stage.is_some() {
            &FILE[..]
        } else {
            &FILE[..2]
        };
        for (word, kind) in usable {
            if self.eat(word) {
                self.expect_char("=")?;
                let path = self.text(word)?;
                return Ok((*kind, SpecLocation::File { stage, path }));
            }
        }
        Err(self.unexpected())
    }

    pub(super) fn using(&mut self) -> Result<Spanned<Vec<UsingArg>>, SqlError> {
        let mut seen = BTreeMap::new();
        self.list(|cursor| {
            let arg = cursor.using_arg()?;
            match seen.insert(arg.key.value.clone(), arg.key.span.clone()) {
                None => Ok(arg),
                Some(first) => {
                    let what = format!("the variable `{}`", shown(&arg.key.value));
                    Err(cursor.twice(&what, arg.key.span, &first))
                }
            }
        })
    }

    fn using_arg(&mut self) -> Result<UsingArg, SqlError> {
        let key = self.using_key()?;
        if !self.eat_arrow() && !self.eat_char("=") {
            return Err(self.unexpected());
        }
        let start = self.peek().start;
        let value = self.using_value(&key.value)?;
        Ok(UsingArg {
            key,
            value,
            span: self.span_from(start),
        })
    }

    /// A variable's name keeps its case, quoted or not, and any word will do.
    fn using_key(&mut self) -> Result<Spanned<String>, SqlError> {
        let token = self.peek();
        self.expect_thing("a variable name");
        match token.kind {
            TokenKind::Word => {
                self.bump();
                Ok(Spanned::new(self.text_of(token).to_owned(), token.span()))
            }
            TokenKind::QuotedIdent => {
                Ok(self.ident()?.into_spanned(|key| key.written().to_owned()))
            }
            _ => Err(self.unexpected()),
        }
    }

    fn using_value(&mut self, key: &str) -> Result<UsingLiteral, SqlError> {
        if let Some(text) = self.maybe_text()? {
            return Ok(UsingLiteral::Text(text.value));
        }
        if self.eat("TRUE") {
            return Ok(UsingLiteral::Bool(true));
        }
        if self.eat("FALSE") {
            return Ok(UsingLiteral::Bool(false));
        }
        if let Some(number) = self.maybe_signed_number()? {
            return Ok(UsingLiteral::Number(number.value));
        }
        if self.peek_word().is_some() {
            let message = format!("the value of `{key}` is a number, TRUE, FALSE or a string");
            let error = self.error_here(SqlErrorKind::InvalidValue, message);
            return Err(error.with_hint("put a text in single quotes"));
        }
        Err(self.unexpected())
    }
}
