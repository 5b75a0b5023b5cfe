//! Carries out `DescribeLogHistogram`.

use std::sync::Arc;

use api::{DescribeLogHistogram, DescribeLogHistogramRequest, DescribeLogHistogramResponse, HistogramBucket};
use axum::body::Body;
use query::Syntax;

use super::prelude::*;
use crate::http::{JSON_BYTES_MAX, blocking, parse, read_body};
use crate::search::damaged::Damaged;
use crate::search::interval::interval;
use crate::search::{self, one_topic};

impl HandleWaiting for DescribeLogHistogram {
    async fn handle(asked: Asked, body: Body) -> Result<Answered<DescribeLogHistogramResponse>, Failure> {
        let request: DescribeLogHistogramRequest = parse(&read_body(body, JSON_BYTES_MAX).await?)?;
        let server = Arc::clone(&asked.server);
        let (topic, _) = one_topic(request.topic_id.as_deref(), None)?;
        let range = search::range(request.from, request.to)?;
        let width = interval(range, request.interval)?;
        let syntax = search::syntax("SyntaxRule", request.syntax_rule, Syntax::Lucene)?;
        let damaged = Damaged::wanted(request.allow_partial);
        let asking = asked.clone();
        let mut question = blocking(move || {
            search::question::<Self>(&asking, &topic, range, ((&request.query, syntax), damaged))
        })
        .await?;

        let buckets = loop {
            let buckets = server.engine.histogram(&question.scope, &question.query.search, width).await;
            if let Some(buckets) = question.ended(&asked, buckets).await? {
                break buckets;
            }
        };
        Ok(Answered::from(DescribeLogHistogramResponse {
            interval: i64::try_from(width.as_millis()).unwrap_or(i64::MAX),
            total_count: buckets.iter().map(|bucket| bucket.count).sum(),
            histogram_infos: buckets
                .iter()
                .map(|bucket| HistogramBucket { count: bucket.count, b_time: bucket.start.millis() })
                .collect(),
            left_out: question.left_out(),
        }))
    }
}
