//! Logsets, topics and indexes.

use expect_test::{Expect, expect};

use crate::stand::Stand;

/// Asks one operation after the other; `LOGSET` and `TOPIC` stand for the ids that were answered.
#[track_caller]
fn check(story: &[(&str, &str)], expected: Expect) {
    let stand = Stand::start();
    let key = stand.admin_bearer();
    let (mut logset, mut topic) = (String::new(), String::new());
    let mut text = String::new();
    for (operation, body) in story {
        let body = body.replace("LOGSET", &logset).replace("TOPIC", &topic);
        let answer = stand.ask(&format!("cls/{operation}"), &body, &[("authorization", &key)]);
        let json = answer.json();
        if operation.starts_with("Create") {
            logset = json["LogsetId"].as_str().map_or(logset, str::to_owned);
            topic = json["TopicId"].as_str().map_or(topic, str::to_owned);
        }
        let mut line = match json["Error"]["Message"].as_str() {
            Some(message) => format!("{operation}: {} {message}", answer.outcome()),
            None => format!("{operation}: {}", answer.body),
        };
        for (id, name) in [(&logset, "LOGSET"), (&topic, "TOPIC")] {
            if !id.is_empty() {
                line = line.replace(id.as_str(), name);
            }
        }
        text.push_str(&line);
        text.push('\n');
    }
    expected.assert_eq(&text);
}

#[test]
fn a_logset_is_deleted_when_it_is_empty() {
    check(
        &[
            ("CreateLogset", r#"{"LogsetName": "edge", "Tags": [{"Key": "team", "Value": "net"}]}"#),
            ("CreateLogset", r#"{"LogsetName": "edge"}"#),
            ("CreateTopic", r#"{"LogsetId": "LOGSET", "TopicName": "flows", "Period": 7}"#),
            ("CreateTopic", r#"{"LogsetId": "LOGSET", "TopicName": "flows"}"#),
            ("DescribeLogsets", r#"{"Filters": [{"Key": "tag:team", "Values": ["net"]}]}"#),
            ("DeleteLogset", r#"{"LogsetId": "LOGSET"}"#),
            ("DeleteTopic", r#"{"TopicId": "TOPIC"}"#),
            ("DeleteLogset", r#"{"LogsetId": "LOGSET"}"#),
            ("DeleteLogset", r#"{"LogsetId": "LOGSET"}"#),
        ],
        expect![[r#"
            CreateLogset: {"LogsetId":"LOGSET"}
            CreateLogset: 409 InvalidParameter.LogsetConflict logset `edge` already exists
            CreateTopic: {"TopicId":"TOPIC"}
            CreateTopic: 409 InvalidParameter.TopicConflict topic `flows` already exists
            DescribeLogsets: {"TotalCount":1,"Logsets":[{"LogsetId":"LOGSET","LogsetName":"edge","CreateTime":"2026-11-23 08:00:00","Tags":[{"Key":"team","Value":"net"}],"TopicCount":1,"MetricTopicCount":0,"RoleName":"","AssumerName":""}]}
            DeleteLogset: 409 FailedOperation.LogsetNotEmpty logset `LOGSET` is not empty: delete what it holds first
            DeleteTopic: {}
            DeleteLogset: {}
            DeleteLogset: 404 ResourceNotFound.LogsetNotExist logset `LOGSET` does not exist
        "#]],
    );
}

#[test]
fn a_topic_is_found_and_changed() {
    check(
        &[
            ("CreateLogset", r#"{"LogsetName": "edge"}"#),
            ("CreateTopic", r#"{"LogsetId": "LOGSET", "TopicName": "flows"}"#),
            (
                "ModifyTopic",
                r#"{"TopicId": "TOPIC", "TopicName": "flows-2", "Period": 3640, "Describes": "all"}"#,
            ),
            ("DescribeTopics", r#"{"Filters": [{"Key": "topicName", "Values": ["flows"]}]}"#),
            (
                "DescribeTopics",
                r#"{"Filters": [{"Key": "topicName", "Values": ["flows"]}], "PreciseSearch": 1}"#,
            ),
            ("ModifyTopic", r#"{"TopicId": "TOPIC", "Period": 4000}"#),
            ("CreateTopic", r#"{"LogsetId": "LOGSET", "TopicName": "a|b"}"#),
            ("CreateTopic", r#"{"LogsetId": "LOGSET", "TopicName": "cold", "StorageType": "cold"}"#),
            ("CreateTopic", r#"{"LogsetId": "not-there", "TopicName": "x"}"#),
        ],
        expect![[r#"
            CreateLogset: {"LogsetId":"LOGSET"}
            CreateTopic: {"TopicId":"TOPIC"}
            ModifyTopic: {}
            DescribeTopics: {"Topics":[{"LogsetId":"LOGSET","TopicId":"TOPIC","TopicName":"flows-2","PartitionCount":1,"Index":false,"AssumerName":"","CreateTime":"2026-11-23 08:00:00","Status":true,"Tags":[],"AutoSplit":true,"MaxSplitPartitions":50,"StorageType":"hot","Period":3640,"MaxBytes":0,"Describes":"all","BizType":0}],"TotalCount":1}
            DescribeTopics: {"Topics":[],"TotalCount":0}
            ModifyTopic: 400 FailedOperation.InvalidPeriod Period is 4000 days: 1 to 3600 are accepted, and 3640 for ever
            CreateTopic: 400 InvalidParameter TopicName holds `|`: choose a name without it
            CreateTopic: 400 UnsupportedOperation cold storage is not offered: use `hot`, or leave StorageType out
            CreateTopic: 404 ResourceNotFound.LogsetNotExist logset `not-there` does not exist
        "#]],
    );
}

#[test]
fn an_index_is_made_changed_and_removed() {
    check(
        &[
            ("CreateLogset", r#"{"LogsetName": "edge"}"#),
            ("CreateTopic", r#"{"LogsetId": "LOGSET", "TopicName": "flows"}"#),
            ("DescribeIndex", r#"{"TopicId": "TOPIC"}"#),
            ("CreateIndex", r#"{"TopicId": "TOPIC", "Rule": {}}"#),
            (
                "CreateIndex",
                r#"{"TopicId": "TOPIC", "Rule": {"KeyValue": {"CaseSensitive": false, "KeyValues": [
                    {"Key": "dstport", "Value": {"Type": "long", "SqlFlag": true}}]}}}"#,
            ),
            (
                "CreateIndex",
                r#"{"TopicId": "TOPIC", "Rule": {"FullText": {"CaseSensitive": false, "Tokenizer": " "}}}"#,
            ),
            ("ModifyIndex", r#"{"TopicId": "TOPIC", "Status": false, "MetadataFlag": 1}"#),
            ("DescribeIndex", r#"{"TopicId": "TOPIC"}"#),
            ("DeleteIndex", r#"{"TopicId": "TOPIC"}"#),
            ("DeleteIndex", r#"{"TopicId": "TOPIC"}"#),
        ],
        expect![[r#"
            CreateLogset: {"LogsetId":"LOGSET"}
            CreateTopic: {"TopicId":"TOPIC"}
            DescribeIndex: 404 ResourceNotFound.IndexNotExist index of topic `TOPIC` does not exist
            CreateIndex: 400 InvalidParameter the rule is empty: give at least one of FullText and KeyValue
            CreateIndex: {}
            CreateIndex: 409 InvalidParameter.IndexConflict index of topic `TOPIC` already exists
            ModifyIndex: {}
            DescribeIndex: {"TopicId":"TOPIC","Status":false,"Rule":{"FullText":null,"KeyValue":{"CaseSensitive":false,"KeyValues":[{"Key":"dstport","Value":{"Type":"long","Tokenizer":"","SqlFlag":true,"ContainZH":false,"Alias":""}}]},"Tag":null},"ModifyTime":"2026-11-23 08:00:00","IncludeInternalFields":false,"MetadataFlag":1}
            DeleteIndex: {}
            DeleteIndex: 404 ResourceNotFound.IndexNotExist index of topic `TOPIC` does not exist
        "#]],
    );
}
