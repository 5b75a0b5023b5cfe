//! Tests of values as they are printed: phrases, wildcards and patterns.
//!
//! Hides: when a test needs no printing at all, and that neighbours with the same value are tested once.
//! Knows nothing of: which columns there are.

use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::net::Ipv4Addr;
use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, AsArray as _, BooleanArray};
use datafusion::arrow::compute::or_kleene;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{DataFusionError, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, lit,
};
use flow::{FieldKind, FlowId};
use query::{Case, Delimiters, Phrase, Piece, Word};
use store::address_of;

use crate::address;
use crate::predicate::any_of;

/// How text is cut into words, and how words are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cutting {
    pub(crate) delimiters: Delimiters,
    pub(crate) case: Case,
}

/// Whether the text in `column` has the phrase.
pub(crate) fn has_phrase(column: &Expr, phrase: &Phrase, cutting: &Cutting) -> Expr {
    in_any(&[(FieldKind::Text, column.clone())], phrase, cutting)
}

/// Whether the printed value in any of the columns has the phrase.
pub(crate) fn in_any(columns: &[(FieldKind, Expr)], phrase: &Phrase, cutting: &Cutting) -> Expr {
    let mut without_printing = Vec::new();
    let mut printed = Vec::new();
    for (kind, column) in columns {
        match way(*kind, column, phrase, cutting) {
            Way::Never => {}
            Way::Compare(test) => without_printing.push(test),
            Way::Print => printed.push(column.clone()),
        }
    }
    if !printed.is_empty() {
        let test = Test::Phrase { phrase: phrase.clone(), cutting: cutting.clone() };
        without_printing.push(PrintedTest::new(test).call(printed));
    }
    any_of(without_printing)
}

/// How to tell whether a value has a phrase.
enum Way {
    /// No value of the column can.
    Never,
    /// By comparing the value itself.
    Compare(Expr),
    /// By looking at the value as it is printed.
    Print,
}

fn way(kind: FieldKind, column: &Expr, phrase: &Phrase, cutting: &Cutting) -> Way {
    let alphabet: fn(char) -> bool = match kind {
        FieldKind::Text => |_| true,
        FieldKind::Long => |c| c.is_ascii_digit() || c == '-',
        FieldKind::Address => |c| c.is_ascii_hexdigit() || matches!(c, '.' | ':'),
    };
    if !literals(phrase).all(alphabet) {
        return Way::Never;
    }
    let [Word::Exact(word)] = phrase.words() else { return Way::Print };
    let stays_whole = |alphabet: &str| !alphabet.chars().any(|c| cutting.delimiters.separate(c));
    match kind {
        FieldKind::Text if cutting.delimiters == Delimiters::default() && cutting.case == Case::Sensitive => {
            Way::Compare(column.clone().eq(lit(word.as_str())))
        }
        FieldKind::Long if stays_whole("-0123456789") => {
            let number = word.parse::<i64>().ok().filter(|number| number.to_string() == *word);
            number.map_or(Way::Never, |number| Way::Compare(column.clone().eq(lit(number))))
        }
        // A word with dots is found in IPv4 only, when dots do not cut.
        FieldKind::Address if stays_whole(".0123456789") && word.contains('.') && !word.contains(':') => {
            let address = word.parse::<Ipv4Addr>().ok();
            address.map_or(Way::Never, |address| {
                Way::Compare(address::between(column, address.into(), address.into()))
            })
        }
        FieldKind::Text | FieldKind::Long | FieldKind::Address => Way::Print,
    }
}

/// Whether sixteen hexadecimal digits can have the phrase.
pub(crate) fn could_be_flow_id(phrase: &Phrase, cutting: &Cutting) -> bool {
    let is_cut = "0123456789abcdef".chars().any(|c| cutting.delimiters.separate(c));
    if is_cut {
        return true;
    }
    match phrase.words() {
        [Word::Exact(word)] => FlowId::written(&word.to_ascii_lowercase()).is_some(),
        [Word::Wildcard(_) | Word::Pattern(_)] => literals(phrase).all(|c| c.is_ascii_hexdigit()),
        _ => false,
    }
}

/// Whether the printed value in `column` as a whole is the word, in any case.
pub(crate) fn looks_like(column: &Expr, word: Word) -> Expr {
    PrintedTest::new(Test::Whole(word)).call(vec![column.clone()])
}

/// The characters that a value must have for the phrase to be in it.
fn literals(phrase: &Phrase) -> impl Iterator<Item = char> {
    let characters = |word: &Word| match word {
        Word::Exact(word) => word.chars().collect::<Vec<_>>(),
        Word::Wildcard(wildcard) => wildcard.pieces().iter().flat_map(literal).collect(),
        Word::Pattern(_) => Vec::new(),
    };
    phrase.words().iter().flat_map(characters).collect::<Vec<_>>().into_iter()
}

fn literal(piece: &Piece) -> Vec<char> {
    match piece {
        Piece::Literal(text) => text.chars().collect(),
        Piece::AnyRun | Piece::AnyOne => Vec::new(),
    }
}

/// The function that tests printed values; what it looks for is part of it.
#[derive(Debug)]
struct PrintedTest {
    name: String,
    signature: Signature,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Phrase { phrase: Phrase, cutting: Cutting },
    Whole(Word),
}

impl PrintedTest {
    fn new(test: Test) -> Self {
        Self { name: format!("has[{test}]"), signature: Signature::variadic_any(Volatility::Immutable), test }
    }

    fn call(self, columns: Vec<Expr>) -> Expr {
        ScalarUDF::new_from_impl(self).call(columns)
    }
}

impl Test {
    fn holds(&self, text: &str) -> bool {
        match self {
            Self::Phrase { phrase, cutting } => {
                let whole = cutting.delimiters == Delimiters::default();
                match phrase.words() {
                    // The usual case, without cutting and without a copy.
                    [Word::Exact(word)] if whole && word.is_ascii() && text.is_ascii() => {
                        match cutting.case {
                            Case::Insensitive => word.eq_ignore_ascii_case(text),
                            Case::Sensitive => word == text,
                        }
                    }
                    _ => phrase.is_in(text, &cutting.delimiters, cutting.case),
                }
            }
            Self::Whole(word) => word.matches(text, Case::Insensitive),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is of a library and grows with it")]
    fn column(&self, values: &ArrayRef) -> Result<BooleanArray, DataFusionError> {
        Ok(match values.data_type() {
            DataType::Utf8 => self.texts(values.as_string::<i32>().iter()),
            DataType::Utf8View => self.texts(values.as_string_view().iter()),
            DataType::Int64 => self.printed(values.as_primitive::<Int64Type>().iter()),
            DataType::FixedSizeBinary(16) => {
                self.printed(values.as_fixed_size_binary().iter().map(|bytes| bytes.and_then(address_of)))
            }
            other => return exec_err!("values of type {other} are not searched for words"),
        })
    }

    /// Tests a column of texts; segments are sorted, so that equal values stand together.
    fn texts<'a>(&self, texts: impl Iterator<Item = Option<&'a str>>) -> BooleanArray {
        let mut before: Option<(&str, bool)> = None;
        let mut test = |text| match before {
            Some((same, holds)) if same == text => holds,
            _ => {
                let holds = self.holds(text);
                before = Some((text, holds));
                holds
            }
        };
        texts.map(|text| text.map(&mut test)).collect()
    }

    /// Tests a column of values that are no text.
    fn printed<T: fmt::Display>(&self, values: impl Iterator<Item = Option<T>>) -> BooleanArray {
        let mut text = String::new();
        let mut test = |value| {
            text.clear();
            write!(text, "{value}").is_ok() && self.holds(&text)
        };
        values.map(|value| value.map(&mut test)).collect()
    }
}

impl ScalarUDFImpl for PrintedTest {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let mut found: Option<BooleanArray> = None;
        for array in ColumnarValue::values_to_arrays(&args.args)? {
            let here = self.test.column(&array)?;
            found = Some(match found {
                Some(before) => or_kleene(&before, &here)?,
                None => here,
            });
        }
        match found {
            Some(found) => Ok(ColumnarValue::Array(Arc::new(found) as ArrayRef)),
            None => exec_err!("`{}` tests at least one value", self.name),
        }
    }
}

// The name tells what is looked for, not how text is cut, and settings of a text index have no hash.
impl Hash for PrintedTest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl PartialEq for PrintedTest {
    fn eq(&self, other: &Self) -> bool {
        self.test == other.test
    }
}

impl Eq for PrintedTest {}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Whole(word) => std::slice::from_ref(word),
            Self::Phrase { phrase, .. } => phrase.words(),
        };
        words.iter().enumerate().try_for_each(|(at, word)| {
            f.write_str(if at == 0 { "" } else { " " })?;
            match word {
                Word::Exact(word) => f.write_str(word),
                Word::Wildcard(wildcard) => write!(f, "{wildcard}"),
                Word::Pattern(pattern) => write!(f, "{pattern}"),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use query::{IndexedFields, Search, Syntax, parse};

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: bool) {
        let search = parse(text, Syntax::Cql, &IndexedFields::all()).unwrap().search;
        let Search::FullText(phrase) = search else { panic!("{text} is no phrase") };
        let cutting = Cutting { delimiters: Delimiters::default(), case: Case::Insensitive };
        assert_eq!(could_be_flow_id(&phrase, &cutting), expected, "{text}");
    }

    #[test]
    fn a_hash_is_only_computed_for_what_could_be_one() {
        check("6c8ae485822289e0", true);
        check("6C8AE485822289E0", true);
        check("6c8a*", true);
        check("REJECT", false);
        check("10.0.0.1", false);
        check("6c8ae485", false);
        check("\"6c8ae485822289e0 drop\"", false);
        check("drop*", false);
    }
}
