//! Writes the reference of fields from the field table.
//!
//! Hides: the form of the page.
//! Knows nothing of: what the fields mean; the table says it.

use flow::{FIELDS, FieldGroup, FieldKind, STANDARD_FIELDS};

/// The page as Markdown.
pub(super) fn page() -> String {
    let mut page = String::from(
        "# Fields of a record\n\nMade from the field table (`crates/flow/src/field.rs`). A field that does not apply is absent: `-` in the\n\
         text form, missing in JSON. Moments are Unix time.\n",
    );
    let mut group = None;
    for (place, field) in FIELDS.iter().enumerate() {
        if group != Some(field.group) {
            group = Some(field.group);
            let title = title(field.group);
            page +=
                &format!("\n## {title}\n\n| field | kind | unit | meaning | 含义 |\n|---|---|---|---|---|\n");
        }
        let kind = match field.kind {
            FieldKind::Text => "text",
            FieldKind::Long => "long",
            FieldKind::Address => "address",
        };
        let number = if place < STANDARD_FIELDS { format!(" ({})", place + 1) } else { String::new() };
        let (name, unit, help, help_zh) = (field.name, field.unit, field.help, field.help_zh);
        page += &format!("| `{name}`{number} | {kind} | {unit} | {help} | {help_zh} |\n");
    }
    page
}

fn title(group: FieldGroup) -> &'static str {
    match group {
        FieldGroup::Standard => "Standard: the published 14, in the order of the text form",
        FieldGroup::Reply => "Reply: the way back, in the same record",
        FieldGroup::Translation => "Translation",
        FieldGroup::State => "State of the conversation",
        FieldGroup::Refusal => "Refusal: only with `action` `REJECT`",
        FieldGroup::Place => "Place: from inventory and offline data",
        FieldGroup::Order => "Order and loss",
        FieldGroup::Ledger => "Ledger: only in the topic `nat-gateway-ledger`",
    }
}
