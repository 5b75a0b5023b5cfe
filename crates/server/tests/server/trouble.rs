//! A server whose disk is full or whose segments are damaged.

use std::fs;
use std::path::{Path, PathBuf};

use api::{ClientError, DescribeLogHistogramRequest, LeftOut, SearchLogRequest};
use tempfile::TempDir;
use testkit::on_small_disk;

use crate::stand::{Agent, START, Stand, batch, question, record};

fn upload(agent: &Agent, flow_log: &api::FlowLog, id: u8) -> Result<api::UploadBatchResponse, ClientError> {
    let rows = (1..=3).map(|host| record(agent, flow_log, host, i64::from(id) * 60 + i64::from(host)));
    agent.client.upload_batch(&batch(agent, flow_log, id.into(), rows.collect()))
}

fn has_line(stand: &Stand, line: &str) -> bool {
    stand.get("/metrics", &[]).body.lines().any(|found| found == line)
}

#[test]
fn a_server_without_room_says_so_to_all_who_ask_and_stores_again_when_there_is_some() {
    on_small_disk("server-without-room", 32 << 20, |disk| {
        let stand = Stand::start_in(TempDir::new_in(disk.folder()).unwrap());
        let agent = stand.enrol("edge");
        let flow_log = stand.flow_log(&agent, "edge");
        upload(&agent, &flow_log, 1).unwrap();
        disk.fill(disk.folder(), 0).unwrap();
        let Err(ClientError::Refused { status, retry_after, reply }) = upload(&agent, &flow_log, 2) else {
            panic!("there is no room")
        };
        assert_eq!((status, reply.error.code.as_str()), (503, "InternalError.ServerBusy"));
        assert_eq!(retry_after.unwrap().as_secs(), 10);
        let why = "nothing can be stored now: the disk of the data folder is full: make room, or let topics keep less; \
                   then it goes on by itself";
        assert_eq!(reply.error.message, why);
        let ready = stand.get("/readyz", &[]);
        assert_eq!((ready.status, ready.body), (503, format!("{why}\n")));
        assert!(has_line(&stand, "store_writable 0"));
        let found = stand.admin().call::<api::SearchLog>(&question(&flow_log, "*")).unwrap();
        assert_eq!(found.results.unwrap().len(), 3, "what is stored is answered");
        disk.free(disk.folder()).unwrap();
        assert_eq!(stand.get("/readyz", &[]).body, "ready\n");
        assert!(has_line(&stand, "store_writable 1"));
        assert!(!upload(&agent, &flow_log, 2).unwrap().already_stored);
        let found = stand.admin().call::<api::SearchLog>(&question(&flow_log, "*")).unwrap();
        assert_eq!(found.results.unwrap().len(), 6);
    });
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(segments(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Segments of three records each, the minute of the second one damaged.
fn with_damage(harm: fn(&Path)) -> (Stand, api::FlowLog, PathBuf, Vec<u8>) {
    let stand = Stand::start();
    let agent = stand.enrol("edge");
    let flow_log = stand.flow_log(&agent, "edge");
    for id in 1..=3 {
        upload(&agent, &flow_log, id).unwrap();
    }
    let hurt = segments(&stand.folder.path().join("data/segments")).remove(1);
    let sound = fs::read(&hurt).unwrap();
    harm(&hurt);
    (stand, flow_log, hurt, sound)
}

#[track_caller]
fn check(harm: fn(&Path), what: &str, reason: &str) {
    let (stand, flow_log, hurt, sound) = with_damage(harm);
    let admin = stand.admin();
    let search = |query: &str, allow_partial| {
        admin.call::<api::SearchLog>(&SearchLogRequest {
            allow_partial: Some(allow_partial),
            ..question(&flow_log, query)
        })
    };
    let left_out = Some(vec![LeftOut {
        segment_id: 2,
        from: (START + 121) * 1000,
        to: (START + 123) * 1000 + 1,
        records: 3,
        reason: reason.to_owned(),
    }]);
    for query in ["*", "* | SELECT sum(bytes) AS bytes"] {
        let Err(ClientError::Refused { status, reply, .. }) = search(query, false) else {
            panic!("`{query}` is answered")
        };
        let message = format!(
            "segment 2 {what}, with 3 records between 2026-11-23T00:02:01Z and 2026-11-23T00:02:03.001Z: leave that time out, \
             ask for the rest with AllowPartial, or put the files back from a back-up"
        );
        assert_eq!((status, reply.error.message), (500, message));
        assert_eq!(search(query, true).unwrap().left_out, left_out);
    }
    assert_eq!(search("*", true).unwrap().results.unwrap().len(), 6);
    let sum = search("* | SELECT sum(bytes) AS bytes", true).unwrap().analysis_results.unwrap();
    assert_eq!(sum[0].data[0].value, "1080");
    assert!(has_line(&stand, "store_damaged_segments 1") && has_line(&stand, "store_damaged_rows 3"));
    // Elsewhere in time nothing is wrong.
    let before = SearchLogRequest { to: (START + 120) * 1000, ..question(&flow_log, "*") };
    assert_eq!(admin.call::<api::SearchLog>(&before).unwrap().results.unwrap().len(), 3);
    let counted = |allow_partial| {
        admin.call::<api::DescribeLogHistogram>(&DescribeLogHistogramRequest {
            from: START * 1000,
            to: (START + 3600) * 1000,
            query: "bytes:*".to_owned(),
            topic_id: Some(flow_log.cloud_log_id.clone()),
            allow_partial: Some(allow_partial),
            ..Default::default()
        })
    };
    assert!(counted(false).is_err());
    let partial = counted(true).unwrap();
    assert_eq!((partial.total_count, partial.left_out), (6, left_out));
    fs::write(&hurt, sound).unwrap();
    let whole = search("*", true).unwrap();
    assert_eq!((whole.results.unwrap().len(), whole.left_out), (9, None), "the file is back");
    assert!(has_line(&stand, "store_damaged_segments 0"));
}

#[test]
fn a_lost_segment_is_named_and_the_rest_is_answered_when_asked_for() {
    check(|path| fs::remove_file(path).unwrap(), "is missing", "Missing");
}

#[test]
fn a_segment_cut_short_is_named_and_the_rest_is_answered_when_asked_for() {
    check(
        |path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        },
        "is not what was written",
        "Altered",
    );
}

#[test]
fn a_segment_with_damaged_pages_is_named_and_the_rest_is_answered_when_asked_for() {
    check(
        |path| {
            // The footer stays whole, and says where pages would be.
            let mut bytes = fs::read(path).unwrap();
            let half = bytes.len() / 2;
            bytes[4..half].fill(0x5a);
            fs::write(path, bytes).unwrap();
        },
        "is not what was written",
        "Altered",
    );
}

#[test]
fn a_segment_of_other_bytes_is_named_and_the_rest_is_answered_when_asked_for() {
    check(
        |path| {
            let bytes = vec![0x5a; fs::read(path).unwrap().len()];
            fs::write(path, bytes).unwrap();
        },
        "is not what was written",
        "Altered",
    );
}
