//! Rows of a table: a list of types and lengths, and then the values themselves.

use std::borrow::Cow;

use super::{Fault, fault};

/// The most columns that are read of a row.
const COLUMNS: usize = 8;

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing, or a column that the row does not have.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a point; what it is worth is not needed.
    Real,
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Blob(&'a [u8]),
}

/// One row: its number, its values, and where it lies.
pub struct Row<'a> {
    /// The row's number, which is also the value of a column `integer primary key`.
    pub id: i64,
    /// Offset in the file.
    pub offset: usize,
    values: [Value<'a>; COLUMNS],
}

/// How a file writes text.
#[derive(Clone, Copy)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16, the low byte first.
    Utf16Little,
    /// UTF-16, the high byte first.
    Utf16Big,
}

impl<'a> Row<'a> {
    /// Takes a row apart that lies at `offset` in the file.
    pub fn read(
        (id, offset): (i64, usize),
        payload: &'a [u8],
        encoding: Encoding,
    ) -> Result<Self, Fault> {
        let cut = || Fault { offset, what: "a row is shorter than its values".to_owned() };
        let mut types = Reader { bytes: payload, at: 0 };
        let length = types.varint().and_then(|length| usize::try_from(length).ok());
        let length = length.filter(|length| *length <= payload.len()).ok_or_else(cut)?;
        let mut bodies = Reader { bytes: payload, at: length };
        types.bytes = &payload[..length];
        let mut values = [const { Value::Null }; COLUMNS];
        for value in &mut values {
            if types.at >= length {
                break;
            }
            let kind = types.varint().ok_or_else(cut)?;
            let body = match kind {
                0 | 8 | 9 => 0,
                1..=4 => kind,
                5 => 6,
                6 | 7 => 8,
                12.. => (kind - 12) / 2,
                _ => return fault(offset, format!("a value of type {kind} does not exist")),
            };
            let body = usize::try_from(body).ok().and_then(|length| bodies.take(length));
            *value = Value::read(kind, body.ok_or_else(cut)?, encoding).ok_or_else(|| Fault {
                offset,
                what: "a text is not in the file's encoding".to_owned(),
            })?;
        }
        Ok(Self { id, offset, values })
    }

    /// The value of a column, from 0.
    pub fn value(&self, column: usize) -> &Value<'a> {
        self.values.get(column).unwrap_or(&Value::Null)
    }

    /// The whole number in a column.
    pub fn integer(&self, column: usize) -> Result<i64, Fault> {
        match self.value(column) {
            Value::Integer(number) => Ok(*number),
            _ => fault(self.offset, format!("column {column} of a row is no whole number")),
        }
    }

    /// The text in a column.
    pub fn text(&self, column: usize) -> Result<&str, Fault> {
        match self.value(column) {
            Value::Text(text) => Ok(text),
            _ => fault(self.offset, format!("column {column} of a row is no text")),
        }
    }

    /// The bytes in a column.
    pub fn blob(&self, column: usize) -> Result<&[u8], Fault> {
        match self.value(column) {
            Value::Blob(bytes) => Ok(bytes),
            _ => fault(self.offset, format!("column {column} of a row is no blob")),
        }
    }
}

impl<'a> Value<'a> {
    /// A value of a type that exists; `None` if it is a text that cannot be read.
    fn read(kind: i64, body: &'a [u8], encoding: Encoding) -> Option<Self> {
        Some(match kind {
            0 => Self::Null,
            1..=6 => Self::Integer(signed(body)),
            7 => Self::Real,
            8 => Self::Integer(0),
            9 => Self::Integer(1),
            _ if kind % 2 == 0 => Self::Blob(body),
            _ => Self::Text(encoding.decode(body)?),
        })
    }
}

impl Encoding {
    fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        let from_pair = match self {
            Self::Utf8 => return std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Self::Utf16Little => u16::from_le_bytes,
            Self::Utf16Big => u16::from_be_bytes,
        };
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units = pairs.iter().copied().map(from_pair);
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.ok().filter(|_| rest.is_empty()).map(Cow::Owned)
    }
}

/// Goes through bytes.
pub struct Reader<'a> {
    /// All of them.
    pub bytes: &'a [u8],
    /// The next one.
    pub at: usize,
}

impl<'a> Reader<'a> {
    /// The next so many bytes.
    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(taken)
    }

    /// A number in up to nine bytes: seven bits in each, and all eight in the ninth.
    pub fn varint(&mut self) -> Option<i64> {
        let mut number: u64 = 0;
        for _ in 0..8 {
            let byte = self.take(1)?[0];
            number = number << 7 | u64::from(byte & 0x7f);
            if byte < 0x80 {
                return Some(number.cast_signed());
            }
        }
        let last = self.take(1)?[0];
        Some((number << 8 | u64::from(last)).cast_signed())
    }
}

/// A number of up to eight bytes, the highest first, in two's complement.
fn signed(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|first| *first >= 0x80);
    let start = if negative { -1 } else { 0 };
    bytes.iter().fold(start, |number, byte| number << 8 | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(payload: &[u8]) -> Result<Row<'_>, Fault> {
        Row::read((7, 100), payload, Encoding::Utf8)
    }

    #[test]
    fn values_have_the_length_of_their_type() {
        for (kind, body, value) in [
            (0, &[][..], Value::Null),
            (1, &[0xff], Value::Integer(-1)),
            (2, &[0x80, 0], Value::Integer(-32_768)),
            (3, &[0x7f, 0xff, 0xff], Value::Integer(8_388_607)),
            (4, &[0xff, 0xff, 0xff, 0xfe], Value::Integer(-2)),
            (5, &[0, 0, 0, 1, 0, 0], Value::Integer(65_536)),
            (6, &[0x80, 0, 0, 0, 0, 0, 0, 0], Value::Integer(i64::MIN)),
            (7, &[0x3f, 0xf0, 0, 0, 0, 0, 0, 0], Value::Real),
            (8, &[], Value::Integer(0)),
            (9, &[], Value::Integer(1)),
            (12, &[], Value::Blob(&[])),
            (16, &[1, 2], Value::Blob(&[1, 2])),
            (13, &[], Value::Text("".into())),
            (17, &[0xc3, 0xbc], Value::Text("ü".into())),
        ] {
            let payload = [&[3, kind, 9], body].concat();
            let row = row(&payload).unwrap();
            assert_eq!((row.value(0), row.value(1)), (&value, &Value::Integer(1)), "type {kind}");
            assert_eq!((row.value(2), row.value(99)), (&Value::Null, &Value::Null));
            assert_eq!((row.id, row.offset), (7, 100));
        }
    }

    #[test]
    fn rows_that_lie_are_faults() {
        for (payload, said) in [
            (&[][..], "shorter than its values"),
            (&[9, 1, 1], "shorter than its values"),
            (&[2, 1], "shorter than its values"),
            (&[2, 0x81], "shorter than its values"),
            (&[2, 10], "a value of type 10"),
            (&[2, 17, 0xff, 0xff], "not in the file's encoding"),
            (&[10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "a value of type -1"),
        ] {
            let fault = row(payload).err().unwrap();
            assert!(fault.what.contains(said), "{payload:?}: {fault:?}");
            assert_eq!(fault.offset, 100);
        }
    }

    #[test]
    fn text_in_three_encodings() {
        let units: Vec<u16> = "a😀".encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        assert_eq!(Encoding::Utf16Little.decode(&little).unwrap(), "a😀");
        assert_eq!(Encoding::Utf16Big.decode(&big).unwrap(), "a😀");
        assert_eq!(Encoding::Utf16Big.decode(&big[..5]), None);
        assert_eq!(Encoding::Utf16Big.decode(&big[..4]), None);
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lowest bits are meant")]
    /// As the file format has it: groups of seven bits, and eight in a ninth byte.
    fn varint(number: u64) -> Vec<u8> {
        if number >> 56 != 0 {
            let upper = number >> 8;
            let groups = (0..8).rev().map(|group| (upper >> (7 * group)) as u8 | 0x80);
            return groups.chain([number as u8]).collect();
        }
        let groups = (1..9).find(|groups| number >> (7 * groups) == 0).unwrap();
        let last = |group| if group == 0 { 0 } else { 0x80 };
        (0..groups).rev().map(|group| (number >> (7 * group)) as u8 & 0x7f | last(group)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn numbers_go_round(bits in 0_u32..64, number in any::<u64>()) {
            let number = number >> bits;
            let bytes = varint(number);
            let mut reader = Reader { bytes: &bytes, at: 0 };
            prop_assert_eq!(reader.varint(), Some(number.cast_signed()));
            prop_assert_eq!(reader.at, bytes.len());
            let mut cut = Reader { bytes: &bytes[..bytes.len() - 1], at: 0 };
            prop_assert_eq!(cut.varint(), None);
        }

        #[test]
        fn any_row_does_not_panic(payload in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = row(&payload);
        }
    }
}
