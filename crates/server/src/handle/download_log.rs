//! Carries out `DownloadLog`.

use api::{DownloadLog, DownloadLogRequest};
use engine::{Download, DownloadForm, FileForm};
use flow::{Field, TopicId};
use futures::{Stream, StreamExt as _, stream};
use query::Syntax;

use super::prelude::*;
use crate::http::{FileAnswer, blocking};
use crate::search::damaged::Damaged;
use crate::search::{self, Question};

impl HandleFile for DownloadLog {
    async fn handle(
        asked: Asked,
        request: DownloadLogRequest,
    ) -> Result<FileAnswer<impl Stream<Item = Result<Vec<u8>, Failure>> + Send + 'static>, Failure> {
        let topic: TopicId = check::parsed("TopicId", &request.topic_id)?;
        let (file, content_type) = form(&request.format)?;
        let order = search::order(request.sort.as_deref())?;
        let fields = fields(request.fields.as_deref().unwrap_or_default())?;
        let range = search::range(request.from, request.to)?;
        let syntax = search::syntax("QuerySyntax", request.query_syntax, Syntax::Cql)?;
        let name = format!("{topic}.{}", request.format);
        let asking = asked.clone();
        let question = blocking(move || {
            let text = request.query_string.as_deref().unwrap_or_default();
            search::question::<Self>(&asking, &topic, range, ((text, syntax), Damaged::Refuses))
        });
        let question = question.await?;
        let query = &question.query;
        if query.sql.as_ref().is_some_and(|sql| sql.wanted == query::Wanted::Explanation) {
            let message = "an explanation is not downloaded: ask for it with SearchLog or ExplainQuery";
            return Err(Failure::new("InvalidParameter", message));
        }

        let form = DownloadForm { file, order, fields };
        let download = asked.server.engine.download(&question.scope, query, form)?;
        let mut parts = Parts { download, question, asked };
        // What is wrong with the query is known by now, and can still be answered with a status.
        let first = parts.next().await.transpose()?;
        let rest = stream::unfold(parts, |mut parts| async { Some((parts.next().await?, parts)) });
        Ok(FileAnswer { content_type, name, parts: stream::iter(first.map(Ok)).chain(rest) })
    }
}

/// The file while it is written, among the queries that run.
struct Parts {
    // Ends before it is no longer listed.
    download: Download,
    question: Question,
    asked: Asked,
}

impl Parts {
    async fn next(&mut self) -> Option<Result<Vec<u8>, Failure>> {
        match self.download.next().await {
            Some(Ok(part)) => Some(Ok(part)),
            // What is left out of an answer by request would make a file that is not whole.
            Some(Err(error)) => self.question.ended(&self.asked, Err(error)).await.transpose(),
            None => self.question.listed.ended(Ok(None)).unwrap_or_default(),
        }
    }
}

/// The form of the file, and its content type.
fn form(format: &str) -> Result<(FileForm, &'static str), Failure> {
    match format {
        "csv" => Ok((FileForm::Csv, "text/csv; charset=utf-8; header=present")),
        "ndjson" => Ok((FileForm::Ndjson, "application/x-ndjson")),
        "parquet" => Ok((FileForm::Parquet, "application/vnd.apache.parquet")),
        other => {
            let message = format!("Format `{other}`: expected `csv`, `ndjson` or `parquet`");
            Err(Failure::new("InvalidParameter", message))
        }
    }
}

fn fields(names: &[String]) -> Result<Vec<&'static Field>, Failure> {
    let known = |name: &String| {
        flow::field(name).ok_or_else(|| {
            let message = format!("Fields: there is no field `{name}`; DescribeFields lists them");
            Failure::new("InvalidParameter", message)
        })
    };
    names.iter().map(known).collect()
}
