//! `natlens search --facets`: the values of fields among the records that a search finds.
//!
//! Hides: how several fields stand in one table.
//! Knows nothing of: how values are counted.

use api::{Client, DescribeFacets, DescribeFacetsRequest, Facet, SearchLogRequest};

use crate::answer::{Answer, Form, Row};
use crate::failure::Failure;
use crate::outside::Outside;

/// Prints the facets of what `request` finds.
pub(super) fn print(
    client: &Client,
    request: SearchLogRequest,
    (fields, form): (&[String], Form),
    outside: &mut Outside,
) -> Result<(), Failure> {
    let SearchLogRequest { from, to, query_string, query_syntax, topic_id, .. } = request;
    let topic_id = topic_id.unwrap_or_default();
    let fields = fields.to_vec();
    let request =
        DescribeFacetsRequest { topic_id, from, to, query_string, query_syntax, fields, limit: None };
    let facets = client.call::<DescribeFacets>(&request)?.facets;
    let columns = ["field", "value", "records"].map(str::to_owned).to_vec();
    let rows = facets.iter().flat_map(rows).collect();
    Answer { columns, rows }.write(form, outside.results())?;
    for facet in &facets {
        outside.hint(format_args!("{}: {} values; {}", facet.field, facet.distinct, facet.statement));
    }
    Ok(())
}

fn rows(facet: &Facet) -> impl Iterator<Item = Row> {
    facet.values.iter().map(|value| Row {
        cells: vec![Some(facet.field.clone()), value.value.clone(), Some(value.count.to_string())],
        object: serde_json::json!({ "field": facet.field, "value": value.value, "records": value.count }),
    })
}
