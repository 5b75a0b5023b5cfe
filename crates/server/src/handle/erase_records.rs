//! Carries out `EraseRecords`.

use api::{EraseRecords, EraseRecordsRequest, EraseRecordsResponse};
use axum::body::Body;
use query::Syntax;
use store::{ErasureRow, ErasureState};

use super::prelude::*;
use crate::http::{JSON_BYTES_MAX, blocking, parse, read_body};
use crate::search;
use crate::search::damaged::Damaged;

impl HandleWaiting for EraseRecords {
    async fn handle(asked: Asked, body: Body) -> Result<Answered<EraseRecordsResponse>, Failure> {
        let request: EraseRecordsRequest = parse(&read_body(body, JSON_BYTES_MAX).await?)?;
        let topic = check::parsed("TopicId", &request.topic_id)?;
        let range = search::range(request.from, request.to)?;
        let syntax = search::syntax("QuerySyntax", request.query_syntax, Syntax::Cql)?;
        let (asking, text) = (asked.clone(), request.query_string);
        // What would go must be known whole.
        let refuses = Damaged::Refuses;
        let question = move || search::question::<Self>(&asking, &topic, range, ((&text, syntax), refuses));
        let mut question = blocking(question).await?;
        let search = canonical(&question.query)?;
        let engine = &asked.server.engine;
        let counted = loop {
            let counted = engine.count_by_segment(&question.scope, &question.query.search).await;
            if let Some(counted) = question.ended(&asked, counted).await? {
                break counted;
            }
        };
        let mut response = EraseRecordsResponse {
            search: search.clone(),
            rows: counted.values().sum(),
            segments: counted.len() as u64,
            erasure_id: None,
        };
        if request.confirm == Some(true) {
            let order = move || order(&asked, (question.topic.id, search), range);
            response.erasure_id = Some(blocking(order).await?);
        }
        Ok(response.into())
    }
}

/// The search as the order keeps it: it is read again when it is carried out, perhaps after a restart.
fn canonical(query: &query::Query) -> Result<String, Failure> {
    if query.sql.is_some() {
        let message = "an erasure takes the records that a search finds: leave out what stands after `|`";
        return Err(Failure::new("InvalidParameter", message));
    }
    query.written(Syntax::Cql).ok_or_else(|| {
        let message =
            "an erasure cannot find by regular expressions, or is nested too deeply: write it with wildcards";
        Failure::new("InvalidParameter", message)
    })
}

fn order(
    asked: &Asked,
    (topic, search): (flow::TopicId, String),
    range: flow::TimeRange,
) -> Result<String, Failure> {
    let server = &asked.server;
    let index = server.store.index(&asked.owner, &topic)?;
    let index =
        index.ok_or_else(|| Failure::new("ResourceNotFound.IndexNotExist", "the topic has no index"))?;
    let order = ErasureRow {
        id: format!("erasure-{}", crate::sign_in::secret::random_hex::<4>()?),
        topic,
        search,
        index: index.settings,
        range,
        ordered_by: asked.caller.user()?.to_owned(),
        ordered: (server.clock)(),
        state: ErasureState::Running,
        rows: 0,
        segments: 0,
        ended: None,
        failure: String::new(),
    };
    server.store.order_erasure(&asked.owner, &order)?;
    tracing::info!(id = order.id, topic = %order.topic, user = order.ordered_by, "an erasure was ordered");
    server.erasing.ordered();
    Ok(order.id)
}
