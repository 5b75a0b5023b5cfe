//! Addresses in segments: 16 bytes in the order of their numbers, IPv4 as `::ffff:a.b.c.d`.
//!
//! Hides: that both families share one column, and how an address becomes text in SQL.
//! Knows nothing of: searches.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray as _, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, lit,
};
use store::{address_bytes, address_of};

use crate::predicate::any_of;

/// Whether the address in `column` lies between two of the same family, both included.
pub(crate) fn between(column: &Expr, first: IpAddr, last: IpAddr) -> Expr {
    let within = |(low, high): (u128, u128)| match low == high {
        // Only an equation is looked up in the Bloom filters of segments.
        true => column.clone().eq(literal(low)),
        false => column.clone().between(literal(low), literal(high)),
    };
    any_of(spans(first, last).into_iter().map(within).collect())
}

/// The address in `column` as text in its shortest form (RFC 5952).
pub(crate) fn as_text(column: Expr) -> Expr {
    ScalarUDF::new_from_impl(AddressText::new()).call(vec![column])
}

/// The spans of stored numbers that addresses from `first` to `last` have.
fn spans(first: IpAddr, last: IpAddr) -> Vec<(u128, u128)> {
    let (low, high) = (stored(first), stored(last));
    if first.is_ipv4() {
        return vec![(low, high)];
    }
    // What lies inside the mapped block is IPv4, and no IPv6 prefix or range finds it.
    let below = (low, high.min(FIRST_MAPPED - 1));
    let above = (low.max(LAST_MAPPED + 1), high);
    [below, above].into_iter().filter(|(low, high)| low <= high).collect()
}

/// `::ffff:0.0.0.0`
const FIRST_MAPPED: u128 = 0xffff_0000_0000;
/// `::ffff:255.255.255.255`
const LAST_MAPPED: u128 = 0xffff_ffff_ffff;

fn stored(address: IpAddr) -> u128 {
    u128::from(Ipv6Addr::from(address_bytes(address)))
}

fn literal(number: u128) -> Expr {
    lit(ScalarValue::FixedSizeBinary(16, Some(number.to_be_bytes().to_vec())))
}

/// The function `address_text`, which SQL reaches only through the columns that hold addresses.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct AddressText {
    signature: Signature,
}

impl AddressText {
    /// What the function is called in plans.
    pub(crate) const NAME: &str = "address_text";

    fn new() -> Self {
        Self { signature: Signature::exact(vec![DataType::FixedSizeBinary(16)], Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for AddressText {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let stored = arrays.first().map(|array| array.as_fixed_size_binary()).into_iter().flatten();
        let mut texts = StringBuilder::new();
        for bytes in stored {
            texts.append_option(bytes.and_then(address_of).map(|address| address.to_string()));
        }
        Ok(ColumnarValue::Array(Arc::new(texts.finish()) as ArrayRef))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_keep_apart_though_they_share_a_column() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let covers = |first, last, text| {
            let spans = spans(address(first), address(last));
            spans.iter().any(|(low, high)| (*low..=*high).contains(&stored(address(text))))
        };
        assert!(covers("0.0.0.0", "255.255.255.255", "10.0.0.1"));
        assert!(!covers("0.0.0.0", "255.255.255.255", "::1"));
        assert!(!covers("0.0.0.0", "255.255.255.255", "::fffe:0:0"));
        let everything = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        assert!(covers("::", everything, "::1"));
        assert!(covers("::", everything, "2001:db8::7"));
        assert!(!covers("::", everything, "0.0.0.0"));
        assert!(!covers("::", everything, "255.255.255.255"));
    }
}
