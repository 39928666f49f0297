//! What serde_json and sonic-rs read and write: rows with their number.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Decimal128Type, Float64Type};
use floe_batch::Encoder;
use floe_benches::shapes::Shape;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

/// The body as serde derives it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Body<R> {
    pub(crate) data: Vec<R>,
}

pub(crate) type Mixed3 = (u64, i64, Option<String>, String);
pub(crate) type Text = (u64, String);
pub(crate) type Feat10 = (u64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64);
pub(crate) type Variant = (u64, Box<RawValue>);

/// A row with its number apart from its arguments.
pub(crate) trait Row: Serialize + DeserializeOwned + Sized {
    type Arguments: Serialize + DeserializeOwned;

    fn of(columns: &[ArrayRef]) -> Vec<Self>;

    fn arguments(&self) -> Self::Arguments;
}

impl Row for Mixed3 {
    type Arguments = (i64, Option<String>, String);

    fn of(columns: &[ArrayRef]) -> Vec<Self> {
        let numbers = columns[0].as_primitive::<Decimal128Type>().values();
        let texts = columns[1].as_string::<i32>();
        let times = columns[2].as_string::<i32>();
        let row = |at: usize| {
            let text = texts.is_valid(at).then(|| texts.value(at).to_owned());
            let time = times.value(at).to_owned();
            (at as u64, numbers[at] as i64, text, time)
        };
        (0..texts.len()).map(row).collect()
    }

    fn arguments(&self) -> Self::Arguments {
        let (_, number, text, time) = self.clone();
        (number, text, time)
    }
}

impl Row for Text {
    type Arguments = (String,);

    fn of(columns: &[ArrayRef]) -> Vec<Self> {
        let texts = columns[0].as_string::<i32>();
        (0..texts.len())
            .map(|at| (at as u64, texts.value(at).to_owned()))
            .collect()
    }

    fn arguments(&self) -> Self::Arguments {
        (self.1.clone(),)
    }
}

impl Row for Feat10 {
    type Arguments = [f64; 10];

    fn of(columns: &[ArrayRef]) -> Vec<Self> {
        let column = |index: usize| columns[index].as_primitive::<Float64Type>().values();
        let c: [&[f64]; 10] = std::array::from_fn(|index| &column(index)[..]);
        let row = |r: usize| {
            (
                r as u64, c[0][r], c[1][r], c[2][r], c[3][r], c[4][r], c[5][r], c[6][r], c[7][r],
                c[8][r], c[9][r],
            )
        };
        (0..c[0].len()).map(row).collect()
    }

    fn arguments(&self) -> [f64; 10] {
        let (_, a, b, c, d, e, f, g, h, i, j) = *self;
        [a, b, c, d, e, f, g, h, i, j]
    }
}

impl Row for Variant {
    type Arguments = (serde_json::Value,);

    fn of(columns: &[ArrayRef]) -> Vec<Self> {
        let texts = columns[0].as_string::<i32>();
        let raw = |at: usize| RawValue::from_string(texts.value(at).to_owned());
        // The shape is made of JSON.
        (0..texts.len())
            .filter_map(|at| Some((at as u64, raw(at).ok()?)))
            .collect()
    }

    fn arguments(&self) -> Self::Arguments {
        (serde_json::from_str(self.1.get()).unwrap_or_default(),)
    }
}

/// The encoder for the shape; JSON in it was written by a JSON writer.
pub(crate) fn encoder(shape: &Shape) -> Encoder<'_> {
    Encoder::new(&shape.types).trust_json()
}
