//! Values of fields, asked for and offered while a query is typed.

use api::{CompleteQueryRequest, DescribeFacetsRequest, FlowLog};

use crate::sign_in::refusal;
use crate::stand::{START, Stand, batch, question, record};

fn filled() -> (Stand, FlowLog) {
    let stand = Stand::start();
    let agent = stand.enrol("edge");
    let flow_log = stand.flow_log(&agent, "edge");
    let hosts = [1, 2, 2, 3, 3, 3, 12];
    let records =
        hosts.iter().zip(0..).map(|(host, second)| record(&agent, &flow_log, *host, second)).collect();
    agent.client.upload_batch(&batch(&agent, &flow_log, 1, records)).unwrap();
    (stand, flow_log)
}

fn facets(flow_log: &FlowLog, query: &str, fields: &[&str]) -> DescribeFacetsRequest {
    DescribeFacetsRequest {
        topic_id: flow_log.cloud_log_id.clone(),
        from: START * 1000,
        to: (START + 3600) * 1000,
        query_string: Some(query.to_owned()),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        limit: Some(2),
        ..DescribeFacetsRequest::default()
    }
}

#[test]
fn a_facet_names_the_query_that_gives_the_same_values() {
    let (stand, flow_log) = filled();
    let request =
        facets(&flow_log, "action:REJECT OR srcaddr:10.0.1.2 | SELECT 1", &["srcaddr", "reject-reason"]);
    let answer = stand.admin().call::<api::DescribeFacets>(&request).unwrap();
    let shown: Vec<(Option<&str>, u64)> =
        answer.facets[0].values.iter().map(|value| (value.value.as_deref(), value.count)).collect();
    assert_eq!(shown, [(Some("10.0.1.3"), 3), (Some("10.0.1.2"), 2)]);
    assert_eq!((answer.facets[0].distinct, answer.scanned.rows), (3, 7));
    assert_eq!(answer.facets[1].values[0], api::FacetValue { value: None, count: 6 });
    for facet in &answer.facets {
        let table = stand.admin().call::<api::SearchLog>(&question(&flow_log, &facet.statement)).unwrap();
        let rows: Vec<(String, String)> = table
            .analysis_results
            .unwrap()
            .into_iter()
            .map(|row| (row.data[0].value.clone(), row.data[1].value.clone()))
            .collect();
        let told: Vec<(String, String)> = facet
            .values
            .iter()
            .map(|found| (found.value.clone().unwrap_or("null".to_owned()), found.count.to_string()))
            .collect();
        assert_eq!(rows, told, "{}", facet.statement);
    }
    let refused = stand.admin().call::<api::DescribeFacets>(&facets(&flow_log, "*", &["nothing"]));
    assert_eq!(refusal(refused), "400 InvalidParameter");
}

#[test]
fn completion_offers_what_the_language_and_the_records_know() {
    let (stand, flow_log) = filled();
    let offered = |query: &str| {
        let request = CompleteQueryRequest {
            topic_id: flow_log.cloud_log_id.clone(),
            query_string: query.to_owned(),
            from: Some(START * 1000),
            to: Some((START + 3600) * 1000),
            ..CompleteQueryRequest::default()
        };
        let answer = stand.admin().call::<api::CompleteQuery>(&request).unwrap();
        let (start, end) = (usize::try_from(answer.offset).unwrap(), query.len());
        assert_eq!(usize::try_from(answer.length).unwrap(), end - start);
        let texts =
            answer.candidates.iter().map(|candidate| format!("{} {}", candidate.kind, candidate.text));
        (query[start..].to_owned(), texts.collect::<Vec<_>>())
    };
    assert_eq!(offered("srcaddr:10.0.1.1").1, ["Value 10.0.1.1", "Value 10.0.1.12"]);
    let (typed, hosts) = offered("action:REJECT AND srcaddr:");
    assert_eq!(
        (typed.as_str(), &hosts[..2]),
        ("", &["Value 10.0.1.3".to_owned(), "Value 10.0.1.2".to_owned()][..])
    );
    assert_eq!(offered("srca").1, ["Field srcaddr:", "Field natsrcaddr:"]);
    assert!(offered("* | SELECT coun").1.iter().any(|offer| offer.starts_with("Function count(")));
    assert_eq!(offered("\"open").1, [""; 0]);
}
