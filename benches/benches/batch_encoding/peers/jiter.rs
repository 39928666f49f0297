//! jiter's iterator into Arrow's builders.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Builder, Int64Builder, StringBuilder};
use floe_batch::SqlType;
use jiter::{Jiter, NumberInt, Peek};

use crate::Failed;

enum Builder {
    Text(StringBuilder),
    Raw(StringBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
}

pub(crate) fn decode(body: &[u8], types: &[SqlType]) -> Result<Vec<ArrayRef>, Failed> {
    let mut builders: Vec<_> = types.iter().map(Builder::new).collect();
    let mut jiter = Jiter::new(body);
    if jiter.next_object()? != Some("data") {
        return Err("the first key is not `data`".into());
    }
    let mut row = jiter.next_array()?;
    let mut expected = 0;
    while row.is_some() {
        let number = jiter.next_array()?.ok_or("the row is empty")?;
        if jiter.known_int(number)? != NumberInt::Int(expected) {
            return Err("another row".into());
        }
        expected += 1;
        for builder in &mut builders {
            let peek = jiter.array_step()?.ok_or("the row is too short")?;
            builder.read(&mut jiter, peek)?;
        }
        if jiter.array_step()?.is_some() {
            return Err("the row is too long".into());
        }
        row = jiter.array_step()?;
    }
    if jiter.next_key()?.is_some() {
        return Err("another key".into());
    }
    jiter.finish()?;
    Ok(builders.into_iter().map(Builder::finish).collect())
}

impl Builder {
    fn new(ty: &SqlType) -> Self {
        match ty {
            SqlType::Float => Self::Float(Float64Builder::new()),
            SqlType::Number(_) => Self::Int(Int64Builder::new()),
            SqlType::Variant => Self::Raw(StringBuilder::new()),
            _ => Self::Text(StringBuilder::new()),
        }
    }

    fn read(&mut self, jiter: &mut Jiter<'_>, peek: Peek) -> Result<(), Failed> {
        match self {
            Self::Raw(texts) => {
                let begin = jiter.current_index();
                jiter.known_skip(peek)?;
                texts.append_value(std::str::from_utf8(jiter.slice_to_current(begin))?);
            }
            _ if peek == Peek::Null => {
                jiter.known_null()?;
                self.null();
            }
            Self::Text(texts) => texts.append_value(jiter.known_str()?),
            // Without its feature for large numbers jiter has no others.
            Self::Int(numbers) => match jiter.known_int(peek)? {
                NumberInt::Int(number) => numbers.append_value(number),
            },
            Self::Float(numbers) => numbers.append_value(jiter.known_float(peek)?),
        }
        Ok(())
    }

    fn null(&mut self) {
        match self {
            Self::Text(texts) | Self::Raw(texts) => texts.append_null(),
            Self::Int(numbers) => numbers.append_null(),
            Self::Float(numbers) => numbers.append_null(),
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Text(mut texts) | Self::Raw(mut texts) => Arc::new(texts.finish()),
            Self::Int(mut numbers) => Arc::new(numbers.finish()),
            Self::Float(mut numbers) => Arc::new(numbers.finish()),
        }
    }
}
