//! What stands in parentheses behind a type.

use super::{TypeError, bad_parameters};

/// Precision and scale of a `NUMBER`.
///
/// ```
/// use floe_batch::NumberType;
///
/// let price = NumberType::new(10, 2)?;
/// assert_eq!((price.precision(), price.scale()), (10, 2));
/// assert!(NumberType::new(2, 3).is_err());
/// # Ok::<(), floe_batch::TypeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NumberType {
    precision: u8,
    scale: u8,
}

impl NumberType {
    /// The most decimal digits a `NUMBER` can have.
    pub const MAX_PRECISION: u8 = 38;

    /// The most digits behind the point; the scale 38 of other systems is not
    /// declarable in the dialect.
    pub const MAX_SCALE: u8 = 37;

    /// `NUMBER(38,0)`, which the integer types stand for.
    pub const INTEGER: Self = Self {
        precision: 38,
        scale: 0,
    };

    /// Makes a `NUMBER(precision, scale)`.
    ///
    /// # Errors
    ///
    /// [`TypeError::BadParameters`] unless the precision is 1 to 38 and the
    /// scale 0 to 37 and not above the precision.
    ///
    /// ```
    /// assert!(floe_batch::NumberType::new(38, 37).is_ok());
    /// assert!(floe_batch::NumberType::new(0, 0).is_err());
    /// ```
    pub fn new(precision: u8, scale: u8) -> Result<Self, TypeError> {
        let text = || format!("NUMBER({precision},{scale})");
        if precision == 0 || precision > Self::MAX_PRECISION {
            return Err(bad_parameters(&text(), "the precision is 1 to 38"));
        }
        if scale > Self::MAX_SCALE || scale > precision {
            let problem = "the scale is 0 to 37 and at most the precision";
            return Err(bad_parameters(&text(), problem));
        }
        Ok(Self { precision, scale })
    }

    /// Returns how many decimal digits there are in all.
    ///
    /// ```
    /// assert_eq!(floe_batch::NumberType::INTEGER.precision(), 38);
    /// ```
    pub fn precision(self) -> u8 {
        self.precision
    }

    /// Returns how many of the digits are behind the point.
    ///
    /// ```
    /// assert_eq!(floe_batch::NumberType::INTEGER.scale(), 0);
    /// ```
    pub fn scale(self) -> u8 {
        self.scale
    }

    #[cfg(feature = "arrow")]
    pub(crate) fn arrow_type(self) -> arrow::datatypes::DataType {
        // The scale is at most 37, so it always fits.
        let scale = i8::try_from(self.scale).unwrap_or(i8::MAX);
        arrow::datatypes::DataType::Decimal128(self.precision, scale)
    }
}

/// Longest text of a `VARCHAR`, in characters.
///
/// ```
/// use floe_batch::TextLength;
///
/// assert_eq!(TextLength::new(16)?.max_chars(), Some(16));
/// assert_eq!(TextLength::UNLIMITED.max_chars(), None);
/// assert!(TextLength::new(0).is_err());
/// # Ok::<(), floe_batch::TypeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TextLength(Option<u32>);

impl TextLength {
    /// No limit was declared.
    pub const UNLIMITED: Self = Self(None);

    /// One character, which `CHAR` without a length stands for.
    pub const ONE: Self = Self(Some(1));

    /// The most characters that can be declared.
    pub const MAX: u32 = 134_217_728;

    /// Makes a length of `max_chars` characters.
    ///
    /// # Errors
    ///
    /// [`TypeError::BadParameters`] unless it is 1 to [`TextLength::MAX`].
    ///
    /// ```
    /// assert!(floe_batch::TextLength::new(134_217_728).is_ok());
    /// ```
    pub fn new(max_chars: u32) -> Result<Self, TypeError> {
        if max_chars == 0 || max_chars > Self::MAX {
            let text = format!("VARCHAR({max_chars})");
            return Err(bad_parameters(
                &text,
                "the length is 1 to 134217728 characters",
            ));
        }
        Ok(Self(Some(max_chars)))
    }

    /// Returns the most characters a text may have; `None` without a limit.
    ///
    /// ```
    /// assert_eq!(floe_batch::TextLength::ONE.max_chars(), Some(1));
    /// ```
    pub fn max_chars(self) -> Option<u32> {
        self.0
    }
}

/// Longest value of a `BINARY`, in bytes.
///
/// ```
/// use floe_batch::BinaryLength;
///
/// assert_eq!(BinaryLength::new(16)?.max_bytes(), Some(16));
/// assert_eq!(BinaryLength::UNLIMITED.max_bytes(), None);
/// # Ok::<(), floe_batch::TypeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BinaryLength(Option<u32>);

impl BinaryLength {
    /// No limit was declared.
    pub const UNLIMITED: Self = Self(None);

    /// The most bytes that can be declared.
    pub const MAX: u32 = 67_108_864;

    /// Makes a length of `max_bytes` bytes.
    ///
    /// # Errors
    ///
    /// [`TypeError::BadParameters`] unless it is 1 to [`BinaryLength::MAX`].
    ///
    /// ```
    /// assert!(floe_batch::BinaryLength::new(0).is_err());
    /// ```
    pub fn new(max_bytes: u32) -> Result<Self, TypeError> {
        if max_bytes == 0 || max_bytes > Self::MAX {
            let text = format!("BINARY({max_bytes})");
            return Err(bad_parameters(&text, "the length is 1 to 67108864 bytes"));
        }
        Ok(Self(Some(max_bytes)))
    }

    /// Returns the most bytes a value may have; `None` without a limit.
    ///
    /// ```
    /// assert_eq!(floe_batch::BinaryLength::UNLIMITED.max_bytes(), None);
    /// ```
    pub fn max_bytes(self) -> Option<u32> {
        self.0
    }
}

/// How many digits behind the point the seconds of a time have, 0 to 9.
///
/// ```
/// use floe_batch::FractionDigits;
///
/// assert_eq!(FractionDigits::new(3)?.get(), 3);
/// assert!(FractionDigits::new(10).is_err());
/// # Ok::<(), floe_batch::TypeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FractionDigits(u8);

impl FractionDigits {
    /// Nanoseconds, which times have when nothing is declared.
    pub const NINE: Self = Self(9);

    /// Makes a number of digits.
    ///
    /// # Errors
    ///
    /// [`TypeError::BadParameters`] for more than nine.
    ///
    /// ```
    /// assert_eq!(floe_batch::FractionDigits::new(9)?, floe_batch::FractionDigits::NINE);
    /// # Ok::<(), floe_batch::TypeError>(())
    /// ```
    pub fn new(digits: u8) -> Result<Self, TypeError> {
        if digits > 9 {
            let text = format!("TIME({digits})");
            return Err(bad_parameters(
                &text,
                "seconds have 0 to 9 digits behind the point",
            ));
        }
        Ok(Self(digits))
    }

    /// Returns the number.
    ///
    /// ```
    /// assert_eq!(floe_batch::FractionDigits::NINE.get(), 9);
    /// ```
    pub fn get(self) -> u8 {
        self.0
    }

    /// The coarsest unit of Arrow that has the digits.
    #[cfg(feature = "arrow")]
    pub(crate) fn unit(self) -> arrow::datatypes::TimeUnit {
        use arrow::datatypes::TimeUnit;
        match self.0 {
            0 => TimeUnit::Second,
            1..=3 => TimeUnit::Millisecond,
            4..=6 => TimeUnit::Microsecond,
            _ => TimeUnit::Nanosecond,
        }
    }
}
