//! What searches and histograms have in common: where to look, and for what.
//!
//! Hides: how the texts of a request become a scope and a query.
//! Knows nothing of: how the engine finds anything.

pub(crate) mod context;
pub(crate) mod damaged;
pub(crate) mod interval;

use std::collections::HashMap;
use std::sync::Arc;

use api::{Operation, SearchTopic};
use engine::{FindOrder, Scope};
use flow::{TimeRange, Timestamp, TopicId};
use query::{IndexedFields, Query, Syntax};
use store::{GatewayFilter, TopicRow};

use crate::check;
use crate::failure::Failure;
use crate::http::{Asked, blocking};
use crate::object::index_rule::indexed_fields;
use crate::queries::{Listed, Statement};
use crate::search::damaged::Damaged;
use crate::settings::CqlSpace;

/// What is searched, and for what.
pub(crate) struct Subject {
    /// The topic.
    pub(crate) topic: TopicRow,
    /// What can be searched in it.
    pub(crate) index: IndexedFields,
    /// What to find.
    pub(crate) query: Query,
}

/// A checked question.
pub(crate) struct Question {
    /// The topic.
    pub(crate) topic: TopicRow,
    /// Its records in the time range, and what can be searched.
    pub(crate) scope: Scope,
    /// What to find.
    pub(crate) query: Query,
    /// Among the queries that run.
    pub(crate) listed: Listed,
    /// What becomes of records in damaged segments.
    pub(crate) damaged: Damaged,
}

/// Checks a question of operation `O`, and lists it among the queries that run. Waits for the catalog.
pub(crate) fn question<O: Operation>(
    asked: &Asked,
    topic: &TopicId,
    range: TimeRange,
    (text, damaged): ((&str, Syntax), Damaged),
) -> Result<Question, Failure> {
    let Subject { topic, index, query } = subject(asked, topic, text)?;
    let read = engine::range_with_before(&query, range);
    let snapshot = asked.server.store.snapshot(&asked.owner, &topic.id, read)?;
    let listed = asked.server.queries.list(Statement {
        operation: O::NAME,
        text: text.0.to_owned(),
        topic: topic.id.clone(),
        range,
        account: asked.owner.account.clone(),
        region: asked.owner.region.clone(),
        user: asked.caller.user()?.to_owned(),
    });
    let scope = Scope { snapshot, range, index, run: Arc::clone(listed.run()) };
    let mut question = Question { topic, scope, query, listed, damaged };
    question.leave_out_known(&asked.server.store)?;
    Ok(question)
}

/// Gives a question a snapshot of all segments of its topic, in and out of its range.
pub(crate) async fn take_all_segments(asked: &Asked, question: &mut Question) -> Result<(), Failure> {
    let (asked, topic) = (asked.clone(), question.topic.id.clone());
    let all = move || Ok(asked.server.store.snapshot(&asked.owner, &topic, TimeRange::ALWAYS)?);
    question.scope.snapshot = blocking(all).await?;
    Ok(())
}

/// Checks a query against the index of a topic. Waits for the catalog.
pub(crate) fn subject(
    asked: &Asked,
    topic: &TopicId,
    (text, syntax): (&str, Syntax),
) -> Result<Subject, Failure> {
    let store = &asked.server.store;
    let topic = store.topic(&asked.owner, topic)?;
    let index = store.index(&asked.owner, &topic.id)?.filter(|index| index.enabled).ok_or_else(|| {
        let message = format!("topic `{}` has no index in force: create one, or switch it on", topic.name);
        Failure::new("ResourceNotFound.IndexNotExist", message)
    })?;
    let index = indexed_fields(&index.settings);
    let syntax = match (syntax, asked.server.settings.cql_space) {
        (Syntax::Cql, CqlSpace::Or) => Syntax::CqlSpaceIsOr,
        (syntax, CqlSpace::And | CqlSpace::Or) => syntax,
    };
    let query = query::parse(text, syntax, &index)?;
    Ok(Subject { topic, index, query })
}

/// The time range of a request. Unit: Unix milliseconds.
pub(crate) fn range(from: i64, to: i64) -> Result<TimeRange, Failure> {
    if from >= to {
        let message = format!("From ({from}) must be before To ({to})");
        return Err(Failure::new("InvalidParameter", message));
    }
    Ok(TimeRange { from: Timestamp::from_millis(from), to: Timestamp::from_millis(to) })
}

/// Which records come first.
pub(crate) fn order(sort: Option<&str>) -> Result<FindOrder, Failure> {
    match sort.unwrap_or_default() {
        "" | "desc" => Ok(FindOrder::Newest),
        "asc" => Ok(FindOrder::Oldest),
        other => {
            let message = format!("Sort `{other}`: expected `asc` or `desc`");
            Err(Failure::new("InvalidParameter", message))
        }
    }
}

/// The rules that a number names.
pub(crate) fn syntax(parameter: &str, number: Option<u32>, default: Syntax) -> Result<Syntax, Failure> {
    match number {
        None => Ok(default),
        Some(0) => Ok(Syntax::Lucene),
        Some(1) => Ok(Syntax::Cql),
        Some(other) => {
            let message = format!("{parameter} is {other}: 0 (Lucene) and 1 (CQL) are accepted");
            Err(Failure::new("InvalidParameter", message))
        }
    }
}

/// The one topic of a request, and whether it was given as a list.
pub(crate) fn one_topic(
    topic: Option<&str>,
    topics: Option<&[SearchTopic]>,
) -> Result<(TopicId, Option<SearchTopic>), Failure> {
    let topic = topic.filter(|topic| !topic.is_empty());
    match (topic, topics.unwrap_or_default()) {
        (Some(topic), []) => Ok((check::parsed("TopicId", topic)?, None)),
        (None, [only]) => Ok((check::parsed("Topics.TopicId", &only.topic_id)?, Some(only.clone()))),
        (None, []) => Err(Failure::new("MissingParameter", "no topic is named: give TopicId")),
        (None, _) => {
            let message = "searching several topics at once is not offered: give one";
            Err(Failure::new("UnsupportedOperation", message))
        }
        (Some(_), _) => {
            let message = "TopicId and Topics exclude each other: leave one out";
            Err(Failure::new("InvalidParameter", message))
        }
    }
}

/// The names of all gateways of the caller, by id. Waits for the catalog.
pub(crate) fn gateway_names(asked: &Asked) -> Result<HashMap<String, String>, Failure> {
    let all = GatewayFilter::default();
    let found = asked.server.store.describe_gateways(&asked.owner, &all, store::Page::ALL)?;
    Ok(found.rows.into_iter().map(|row| (row.id.to_string(), row.name)).collect())
}
