//! Carries out `ExplainQuery`.

use api::{ExplainQuery, ExplainQueryRequest, ExplainQueryResponse};
use axum::body::Body;
use engine::{Explanation, Pruned};
use query::Syntax;

use super::prelude::*;
use crate::http::{JSON_BYTES_MAX, blocking, parse, read_body};
use crate::search;
use crate::search::damaged::Damaged;

impl HandleWaiting for ExplainQuery {
    async fn handle(asked: Asked, body: Body) -> Result<Answered<ExplainQueryResponse>, Failure> {
        let request: ExplainQueryRequest = parse(&read_body(body, JSON_BYTES_MAX).await?)?;
        let asking = asked.clone();
        let topic = check::parsed("TopicId", &request.topic_id)?;
        let range = search::range(request.from, request.to)?;
        let syntax = search::syntax("QuerySyntax", request.query_syntax, Syntax::Cql)?;
        let text = request.query_string.unwrap_or_default();
        // An explanation reads no record.
        let reads_none = Damaged::LeftOut(Vec::new());
        let question =
            move || search::question::<Self>(&asking, &topic, range, ((&text, syntax), reads_none));
        let mut question = blocking(question).await?;
        search::take_all_segments(&asked, &mut question).await?;
        let explanation = asked.server.engine.explain(&question.scope, &question.query).await;
        Ok(shown(&question.listed.ended(explanation)?).into())
    }
}

fn shown(explanation: &Explanation) -> ExplainQueryResponse {
    let Explanation { search, segments, by_statistics, by_bloom, segments_read, plan, .. } = explanation;
    let total = |pruned: &Pruned| wide(pruned.skipped + pruned.left);
    ExplainQueryResponse {
        search: search.clone(),
        segments_total: total(segments),
        segments_outside: wide(segments.skipped),
        segments_read: wide(*segments_read),
        row_groups_total: total(by_statistics),
        row_groups_by_statistics: wide(by_statistics.skipped),
        row_groups_by_bloom: wide(by_bloom.skipped),
        row_groups_read: wide(by_bloom.left),
        plan: plan.clone(),
        text: explanation.to_string(),
    }
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
