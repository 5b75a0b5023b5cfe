//! Carries out `DescribeFacets`.

use api::{DescribeFacets, DescribeFacetsRequest, DescribeFacetsResponse, Facet, FacetValue};
use axum::body::Body;
use query::{IndexedField, IndexedFields, Syntax};

use super::prelude::*;
use crate::http::{JSON_BYTES_MAX, blocking, parse, read_body};
use crate::object::query::scanned_shown;
use crate::object::table::text_of;
use crate::search;
use crate::search::damaged::Damaged;

/// How many values of a field are told when nobody says.
const LIMIT_DEFAULT: u64 = 5;

impl HandleWaiting for DescribeFacets {
    async fn handle(asked: Asked, body: Body) -> Result<Answered<DescribeFacetsResponse>, Failure> {
        let request: DescribeFacetsRequest = parse(&read_body(body, JSON_BYTES_MAX).await?)?;
        let topic = check::parsed("TopicId", &request.topic_id)?;
        let range = search::range(request.from, request.to)?;
        let syntax = search::syntax("QuerySyntax", request.query_syntax, Syntax::Cql)?;
        let limit = usize::try_from(request.limit.unwrap_or(LIMIT_DEFAULT)).unwrap_or(usize::MAX);
        if limit == 0 {
            return Err(Failure::new("InvalidParameter", "Limit is 0: 1 to 100 are accepted"));
        }
        let text = request.query_string.unwrap_or_default();
        let (asking, written) = (asked.clone(), text.clone());
        let question =
            move || search::question::<Self>(&asking, &topic, range, ((&written, syntax), Damaged::Refuses));
        let mut question = blocking(question).await?;

        let fields = counted(&question.scope.index, &request.fields)?;
        let engine = &asked.server.engine;
        let facets = engine.facets(&question.scope, &question.query.search, &fields, limit).await;
        // With damage, it has failed; there is nothing to ask again.
        let facets = question.ended(&asked, facets).await?.unwrap_or_default();
        // The search alone, as it was written.
        let search = question.query.sql.as_ref().map_or(text.as_str(), |sql| before_sql(&text, sql.offset));
        let facets = facets.into_iter().map(|facet| shown(facet, search, limit)).collect();
        let scanned = scanned_shown(&question.listed.run().progress());
        Ok(DescribeFacetsResponse { facets, scanned }.into())
    }
}

/// The fields of these names, if the index counts them.
fn counted<'a>(index: &'a IndexedFields, names: &[String]) -> Result<Vec<&'a IndexedField>, Failure> {
    let field = |name: &String| {
        index.counted(name).ok_or_else(|| {
            let message = format!("Fields: the index counts no field `{name}`");
            Failure::new("InvalidParameter", message)
        })
    };
    names.iter().map(field).collect()
}

/// What stands before the pipe.
fn before_sql(text: &str, sql_offset: usize) -> &str {
    let before = text.get(..sql_offset).unwrap_or(text);
    before.rsplit_once('|').map_or(before, |(search, _)| search).trim()
}

fn shown(facet: engine::Facet, search: &str, limit: usize) -> Facet {
    let search = if search.is_empty() { "*" } else { search };
    let name = &facet.field;
    let statement = format!(
        "{search} | SELECT \"{name}\" AS value, count(*) AS n GROUP BY \"{name}\" ORDER BY n DESC, value LIMIT {limit}"
    );
    let value =
        |found: &engine::FacetValue| FacetValue { value: text_of(&found.value), count: found.records };
    Facet {
        values: facet.values.iter().map(value).collect(),
        distinct: facet.distinct,
        statement,
        field: facet.field,
    }
}
