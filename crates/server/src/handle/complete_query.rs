//! Carries out `CompleteQuery`.

use api::{Candidate, CompleteQuery, CompleteQueryRequest, CompleteQueryResponse};
use axum::body::Body;
use flow::{TimeRange, TopicId};
use query::{CandidateKind, Completion, Syntax};

use super::prelude::*;
use crate::http::{JSON_BYTES_MAX, blocking, parse, read_body};
use crate::object::table::text_of;
use crate::search::damaged::Damaged;
use crate::search::{self, Question};

/// How many candidates are told.
const CANDIDATES_MAX: usize = 100;

/// How many rows are read for values, at most, unless one segment has more: the newest, so that an answer comes while
/// somebody types.
const ROWS_MAX: u64 = 500_000;

impl HandleWaiting for CompleteQuery {
    async fn handle(asked: Asked, body: Body) -> Result<Answered<CompleteQueryResponse>, Failure> {
        let request: CompleteQueryRequest = parse(&read_body(body, JSON_BYTES_MAX).await?)?;
        let topic: TopicId = check::parsed("TopicId", &request.topic_id)?;
        let syntax = search::syntax("QuerySyntax", request.query_syntax, Syntax::Cql)?;
        let text = request.query_string;
        if text.len() > query::QUERY_BYTES_MAX {
            let message = format!(
                "QueryString has {} bytes: at most {} are accepted",
                text.len(),
                query::QUERY_BYTES_MAX
            );
            return Err(Failure::new("InvalidParameter", message));
        }
        let at = request.offset.map_or(text.len(), |at| usize::try_from(at).unwrap_or(usize::MAX));
        let (asking, of) = (asked.clone(), topic.clone());
        let index = blocking(move || Ok(search::subject(&asking, &of, ("*", Syntax::Cql))?.index)).await?;

        let completion = query::complete(&text, at, syntax, &index);
        let mut candidates: Vec<Candidate> = completion.candidates.iter().map(shown).collect();
        if let (Some(field), Some(from), Some(to)) = (&completion.value_of, request.from, request.to) {
            let range = search::range(from, to)?;
            let typed = text.get(completion.replaces.clone()).unwrap_or_default();
            let seen = seen(&asked, (topic, range), field, typed).await?;
            candidates.splice(0..0, seen);
        }
        candidates.truncate(CANDIDATES_MAX);
        Ok(answer(&completion, candidates).into())
    }
}

fn answer(completion: &Completion, candidates: Vec<Candidate>) -> CompleteQueryResponse {
    let wide = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let offset = wide(completion.replaces.start);
    CompleteQueryResponse { offset, length: wide(completion.replaces.len()), candidates }
}

/// Values of a field that records have and that begin as typed, the most frequent first.
async fn seen(
    asked: &Asked,
    (topic, range): (TopicId, TimeRange),
    field: &str,
    typed: &str,
) -> Result<Vec<Candidate>, Failure> {
    let asking = asked.clone();
    let question = move || {
        search::question::<CompleteQuery>(&asking, &topic, range, (("*", Syntax::Cql), Damaged::Refuses))
    };
    let mut question: Question = blocking(question).await?;
    let mut rows = 0u64;
    // They stand with the newest first.
    question.scope.snapshot.segments.retain(|segment| {
        let wanted = rows < ROWS_MAX;
        rows = rows.saturating_add(segment.rows());
        wanted
    });
    let indexed: Vec<_> = question.scope.index.counted(field).into_iter().collect();
    let engine = &asked.server.engine;
    let most = engine::FACET_VALUES_MAX;
    let facets = engine.facets(&question.scope, &question.query.search, &indexed, most).await;
    let facets = question.listed.ended(facets)?;
    let values = facets.iter().flat_map(|facet| &facet.values).filter_map(|value| text_of(&value.value));
    let wanted = typed.trim_matches('"').to_lowercase();
    let fitting = values.filter(|value| value.to_lowercase().starts_with(&wanted));
    let candidate =
        |text: String| Candidate { text: written(&text), kind: "Value".to_owned(), help: String::new() };
    Ok(fitting.map(candidate).collect())
}

/// The value as a search says it: in quotes where it is more than a word.
fn written(value: &str) -> String {
    let is_word = value.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if is_word && !value.is_empty() {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

fn shown(candidate: &query::Candidate) -> Candidate {
    let kind = match candidate.kind {
        CandidateKind::Field => "Field",
        CandidateKind::Value => "Value",
        CandidateKind::Operator => "Operator",
        CandidateKind::Keyword => "Keyword",
        CandidateKind::Function => "Function",
    };
    Candidate { text: candidate.text.clone(), kind: kind.to_owned(), help: candidate.help.to_owned() }
}
