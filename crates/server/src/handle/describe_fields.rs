//! Carries out `DescribeFields`.

use api::{DescribeFields, DescribeFieldsRequest, DescribeFieldsResponse, RecordField};
use flow::{FIELDS, FieldGroup, FieldKind};

use super::prelude::*;

impl Handle for DescribeFields {
    fn handle(_: &Asked, _: DescribeFieldsRequest) -> Result<DescribeFieldsResponse, Failure> {
        let fields = FIELDS.iter().map(|field| RecordField {
            name: field.name.to_owned(),
            kind: kind_word(field.kind).to_owned(),
            group: group_word(field.group).to_owned(),
            unit: field.unit.to_owned(),
            help: field.help.to_owned(),
            help_zh: field.help_zh.to_owned(),
        });
        Ok(DescribeFieldsResponse { fields: fields.collect() })
    }
}

fn kind_word(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "text",
        FieldKind::Long => "long",
        FieldKind::Address => "address",
    }
}

fn group_word(group: FieldGroup) -> &'static str {
    match group {
        FieldGroup::Standard => "standard",
        FieldGroup::Reply => "reply",
        FieldGroup::Translation => "translation",
        FieldGroup::State => "state",
        FieldGroup::Refusal => "refusal",
        FieldGroup::Place => "place",
        FieldGroup::Order => "order",
        FieldGroup::Ledger => "ledger",
    }
}
