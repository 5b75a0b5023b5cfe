//! Carries out `TailLog`.

use std::collections::HashMap;

use api::{TailLog, TailLogRequest, TailLogResponse};
use flow::TopicId;
use futures::{Stream, StreamExt as _, stream};
use query::Syntax;
use store::TopicRow;

use super::prelude::*;
use crate::http::blocking;
use crate::object::record::{Surroundings, arriving_record_shown};
use crate::search::{self, Subject, gateway_names};
use crate::tail::{News, Wanted};

impl HandleStreaming for TailLog {
    async fn handle(
        asked: Asked,
        request: TailLogRequest,
    ) -> Result<impl Stream<Item = TailLogResponse> + Send + 'static, Failure> {
        let asking = asked.clone();
        let (subject, names) = blocking(move || {
            let topic: TopicId = check::parsed("TopicId", &request.topic_id)?;
            let syntax = search::syntax("QuerySyntax", request.query_syntax, Syntax::Cql)?;
            let text = request.query_string.as_deref().unwrap_or_default();
            Ok((search::subject(&asking, &topic, (text, syntax))?, gateway_names(&asking)?))
        })
        .await?;
        let Subject { topic, index, query } = subject;
        if query.sql.is_some() {
            let message = "a tail tells records and cannot analyse them: leave out what stands after `|`";
            return Err(Failure::new("InvalidParameter", message));
        }
        let wanted = Wanted { owner: asked.owner, topic: topic.id.clone(), search: query.search, index };
        let news = asked.server.tails.watch(wanted)?;
        let all = stream::unfold(news, |mut news| async { Some((news.recv().await?, news)) });
        Ok(all.map(move |news| shown(&news, &topic, &names)))
    }
}

fn shown(news: &News, topic: &TopicRow, names: &HashMap<String, String>) -> TailLogResponse {
    let around = Surroundings {
        topic_id: topic.id.as_str(),
        topic_name: &topic.name,
        gateway_name: &|id| names.get(id).cloned().unwrap_or_default(),
    };
    let results = news.records.iter().map(|record| arriving_record_shown(record, &around)).collect();
    TailLogResponse { results, skipped: news.skipped }
}
