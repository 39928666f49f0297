//! `CALL …`

use super::cursor::Cursor;
use super::unsupported::not_supported;
use crate::ast::SystemCall;
use crate::{Spanned, SqlError};

/// What the names of all system functions start with.
const SYSTEM: &str = "SYSTEM$";

impl Cursor<'_> {
    /// `CALL SYSTEM$F(…)`
    pub(crate) fn call(&mut self) -> Result<SystemCall, SqlError> {
        let start = self.bump().start;
        if self.at_system_function() {
            return self.system_call();
        }
        let name = self.object_name()?;
        if self.eat_char("!") {
            let method = self.ident()?;
            return Err(not_supported(self, start, &format!("CALL {name}!{method}")));
        }
        let error = not_supported(self, start, &format!("CALL {name}"));
        self.expect_char("(")?;
        Err(error.with_hint("only `SYSTEM$…` functions can be called"))
    }

    /// `SYSTEM$F( literal [, …] )`
    pub(crate) fn system_call(&mut self) -> Result<SystemCall, SqlError> {
        if !self.at_system_function() {
            self.expect_thing("a system function such as `SYSTEM$GET_SERVICE_STATUS`");
            return Err(self.unexpected());
        }
        let token = self.bump();
        let name = Spanned::new(self.text_of(token).to_ascii_uppercase(), token.span());
        let args = self.list(Self::literal)?.value;
        Ok(SystemCall {
            name,
            args,
            alias: None,
        })
    }

    fn at_system_function(&self) -> bool {
        let prefix = self.peek_word().and_then(|word| word.get(..SYSTEM.len()));
        prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(SYSTEM))
    }
}
