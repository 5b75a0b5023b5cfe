//! `hamming_distance`, `array_join`, `to_base`, `from_base`: small functions of texts.
//!
//! Hides: nothing.
//! Knows nothing of: columns.

use super::row::{Given, Kind, Made, RowFunction, misfit};

pub(super) const FUNCTIONS: &[RowFunction] = &[
    RowFunction {
        name: "hamming_distance",
        takes: &[&[Kind::Text, Kind::Text]],
        gives: Kind::Long,
        of_row: hamming_distance,
    },
    RowFunction {
        name: "array_join",
        takes: &[&[Kind::Texts, Kind::Text]],
        gives: Kind::Text,
        of_row: array_join,
    },
    RowFunction { name: "to_base", takes: &[&[Kind::Long, Kind::Long]], gives: Kind::Text, of_row: to_base },
    RowFunction {
        name: "from_base",
        takes: &[&[Kind::Text, Kind::Long]],
        gives: Kind::Long,
        of_row: from_base,
    },
];

fn hamming_distance(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(left), Given::Text(right)] = given else { return Err(misfit()) };
    if left.chars().count() != right.chars().count() {
        return Err(format!("`{left}` and `{right}` are not equally long"));
    }
    let different = left.chars().zip(right.chars()).filter(|(left, right)| left != right).count();
    Ok(i64::try_from(different).ok().map(Made::Long))
}

fn array_join(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Texts(texts), Given::Text(between)] = given else { return Err(misfit()) };
    Ok(Some(Made::Text(texts.join(between))))
}

fn to_base(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Long(number), Given::Long(base)] = given else { return Err(misfit()) };
    let base = radix(*base)?;
    let mut rest = number.unsigned_abs();
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(rest % u64::from(base)).unwrap_or_default();
        digits.extend(char::from_digit(digit, base));
        rest /= u64::from(base);
        if rest == 0 {
            break;
        }
    }
    digits.extend((*number < 0).then_some('-'));
    Ok(Some(Made::Text(digits.into_iter().rev().collect())))
}

fn from_base(given: &[Given<'_>]) -> Result<Option<Made>, String> {
    let [Given::Text(text), Given::Long(base)] = given else { return Err(misfit()) };
    let number = i64::from_str_radix(text, radix(*base)?);
    number.map(|number| Some(Made::Long(number))).map_err(|error| format!("`{text}`: {error}"))
}

fn radix(base: i64) -> Result<u32, String> {
    let radix = u32::try_from(base).ok().filter(|radix| (2..=36).contains(radix));
    radix.ok_or_else(|| format!("base {base}: 2 to 36 are possible"))
}
