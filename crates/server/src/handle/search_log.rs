//! Carries out `SearchLog`.

use std::collections::HashMap;
use std::sync::Arc;

use api::{SearchLog, SearchLogRequest, SearchLogResponse, SearchTopic, SearchTopicAnswer, SearchTopics};
use axum::body::Body;
use engine::{FindOrder, Found, Page, Table};
use flow::TopicId;
use query::Syntax;

use super::prelude::*;
use crate::http::{JSON_BYTES_MAX, blocking, parse, read_body};
use crate::object::query::scanned_shown;
use crate::object::record::{Surroundings, record_shown};
use crate::object::table::{columns_shown, items_shown, records_shown};
use crate::search::context::{Checksum, Context, checksum};
use crate::search::damaged::Damaged;
use crate::search::{self, Question, gateway_names};

/// How many records a page has when nobody says, and at most. Source: the published API.
const LIMIT_DEFAULT: u64 = 100;
const LIMIT_MAX: u64 = 1000;

/// How many records all pages of an answer have together. Source: the published API.
const LISTED_MAX: u64 = engine::FIND_RECORDS_MAX;

/// Says of an answer that nothing was left out by sampling.
const EXACT: f64 = 1.0;

impl HandleWaiting for SearchLog {
    async fn handle(asked: Asked, body: Body) -> Result<Answered<SearchLogResponse>, Failure> {
        let request: SearchLogRequest = parse(&read_body(body, JSON_BYTES_MAX).await?)?;
        let server = Arc::clone(&asked.server);
        let wanted = wanted_by(&request)?;
        let (asking, range, text) =
            (asked.clone(), search::range(request.from, request.to)?, wanted.text.clone());
        let (topic, syntax) = (wanted.topic.clone(), wanted.syntax);
        let damaged = Damaged::wanted(request.allow_partial);
        let mut question =
            blocking(move || search::question::<Self>(&asking, &topic, range, ((&text, syntax), damaged)))
                .await?;

        let response = if question.query.sql.is_some() {
            let table = table(&asked, &mut question).await?;
            let newer = request.use_new_analysis.unwrap_or(false);
            SearchLogResponse {
                analysis: true,
                list_over: true,
                results: Some(Vec::new()),
                col_names: Some(if newer { Vec::new() } else { names_of(&table.columns) }),
                analysis_results: Some(if newer { Vec::new() } else { items_shown(&table) }),
                analysis_records: newer.then(|| records_shown(&table)),
                columns: newer.then(|| columns_shown(&table.columns)),
                sampling_rate: EXACT,
                cut: table.cut,
                ..SearchLogResponse::default()
            }
        } else {
            let (order, page) = (wanted.order, wanted.page);
            let found = loop {
                let found = server.engine.find(&question.scope, &question.query.search, order, page).await;
                if let Some(found) = question.ended(&asked, found).await? {
                    break found;
                }
            };
            let names = blocking(move || gateway_names(&asked)).await?;
            records_answer(&wanted, &question, &found, &names)
        };
        let scanned = Some(scanned_shown(&question.listed.run().progress()));
        let response = SearchLogResponse { scanned, left_out: question.left_out(), ..response };
        Ok(by_topic(&wanted, &question, response).into())
    }
}

/// The rows of the SQL, or what it would read when that is asked.
async fn table(asked: &Asked, question: &mut Question) -> Result<Table, Failure> {
    let engine = &asked.server.engine;
    let explains = question.query.sql.as_ref().is_some_and(|sql| sql.wanted == query::Wanted::Explanation);
    if explains {
        search::take_all_segments(asked, question).await?;
        let explained = engine.explain(&question.scope, &question.query).await;
        return Ok(question.listed.ended(explained)?.table());
    }
    loop {
        let answer = engine.analyse(&question.scope, &question.query).await;
        if let Some(table) = question.ended(asked, answer).await? {
            return Ok(table);
        }
    }
}

/// What a request wants, checked.
struct Wanted {
    topic: TopicId,
    listed_topic: Option<SearchTopic>,
    text: String,
    syntax: Syntax,
    order: FindOrder,
    page: Page,
    /// Records of the pages before.
    listed: u64,
    checksum: Checksum,
}

fn wanted_by(request: &SearchLogRequest) -> Result<Wanted, Failure> {
    let (topic, listed_topic) = search::one_topic(request.topic_id.as_deref(), request.topics.as_deref())?;
    let (text, syntax) = match (&request.query_string, &request.query) {
        (Some(text), _) => (text.clone(), search::syntax("QuerySyntax", request.query_syntax, Syntax::Cql)?),
        (None, Some(text)) => {
            (text.clone(), search::syntax("SyntaxRule", request.syntax_rule, Syntax::Lucene)?)
        }
        (None, None) => (String::new(), Syntax::Cql),
    };
    let order = search::order(request.sort.as_deref())?;
    if !(0.0..=1.0).contains(&request.sampling_rate.unwrap_or(EXACT)) {
        return Err(Failure::new("InvalidParameter", "SamplingRate must lie between 0 and 1"));
    }
    let checksum =
        checksum(&[topic.as_str(), &text, &format!("{syntax:?} {order:?} {} {}", request.from, request.to)]);
    let context = listed_topic.as_ref().map_or(&request.context, |topic| &topic.context);
    let context = context.as_deref().filter(|context| !context.is_empty());
    let (page, listed) = page_of(request, context, checksum)?;
    Ok(Wanted { topic, listed_topic, text, syntax, order, page, listed, checksum })
}

fn page_of(
    request: &SearchLogRequest,
    context: Option<&str>,
    checksum: Checksum,
) -> Result<(Page, u64), Failure> {
    let limit = request.limit.unwrap_or(LIMIT_DEFAULT);
    let offset = request.offset.unwrap_or(0);
    if !(1..=LIMIT_MAX).contains(&limit) {
        let message = format!("Limit is {limit}: 1 to {LIMIT_MAX} are accepted");
        return Err(Failure::new("InvalidParameter", message));
    }
    let Some(context) = context else { return Ok((Page { after: None, offset, limit }, 0)) };
    if offset > 0 {
        let message = "Offset and Context exclude each other: leave one out";
        return Err(Failure::new("InvalidParameter", message));
    }
    let context = Context::decode(context, checksum)?;
    let listed = u64::from(context.listed);
    let left = LISTED_MAX.saturating_sub(listed);
    if left == 0 {
        let message =
            format!("an answer has at most {LISTED_MAX} records: narrow the search or its time range");
        return Err(Failure::new("LimitExceeded.SearchResultTooLarge", message));
    }
    Ok((Page { after: Some(context.after), offset: 0, limit: limit.min(left) }, listed))
}

fn records_answer(
    wanted: &Wanted,
    question: &Question,
    found: &Found,
    gateway_names: &HashMap<String, String>,
) -> SearchLogResponse {
    let around = Surroundings {
        topic_id: question.topic.id.as_str(),
        topic_name: &question.topic.name,
        gateway_name: &|id| gateway_names.get(id).cloned().unwrap_or_default(),
    };
    let listed = wanted.listed + found.records.len() as u64;
    let last = found.records.last().filter(|_| found.more && listed < LISTED_MAX);
    let context = last.map(|last| {
        let context = Context { after: last.position, listed: u32::try_from(listed).unwrap_or(u32::MAX) };
        context.encode(wanted.checksum)
    });
    SearchLogResponse {
        context: context.unwrap_or_default(),
        list_over: !found.more,
        analysis: false,
        results: Some(found.records.iter().map(|record| record_shown(record, &around)).collect()),
        col_names: Some(Vec::new()),
        analysis_results: Some(Vec::new()),
        sampling_rate: EXACT,
        cut: found.more,
        ..SearchLogResponse::default()
    }
}

/// Repeats the answer's context for the topic, when topics were given as a list.
fn by_topic(wanted: &Wanted, question: &Question, response: SearchLogResponse) -> SearchLogResponse {
    if wanted.listed_topic.is_none() {
        return response;
    }
    let info = SearchTopicAnswer {
        topic_id: question.topic.id.to_string(),
        period: question.topic.period_days,
        context: response.context.clone(),
    };
    SearchLogResponse { topics: Some(SearchTopics { errors: Vec::new(), infos: vec![info] }), ..response }
}

fn names_of(columns: &[engine::Column]) -> Vec<String> {
    columns.iter().map(|column| column.name.clone()).collect()
}
