//! The real program: a server on a port of its own, driven by the command line.
//!
//! Hides: how processes are started and what they print.
//! Knows nothing of: the inside of server and agent.

#![expect(clippy::unwrap_used, reason = "a test that cannot begin shall panic")]

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use api::{Batch, Client, Credential, Deadline, Destination, EnrolAgent, EnrolAgentRequest};
use flow::{LogStatus, Record, Timestamp};
use tempfile::TempDir;
use testkit::Program;

/// How long a process may take for what takes it milliseconds, on a machine that builds meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a list is read until it shows what another process is about to cause.
const LOOKS_MAX: usize = 500;

/// 2026-11-25T00:00:00Z. Unit: Unix milliseconds.
const MIDNIGHT: i64 = 1_795_564_800_000;

/// A folder with a running program in it.
struct Place {
    folder: TempDir,
    program: Program,
    url: String,
}

impl Place {
    /// Starts `natlens` with these arguments in an empty folder, and waits until its server answers.
    fn start(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    /// The same where something stands already.
    fn start_in(folder: TempDir, arguments: &[&str]) -> Self {
        let mut command = natlens(folder.path(), arguments);
        let mut program = Program::start("natlens", command.args(["--listen", "127.0.0.1:0"])).unwrap();
        let listening = |line: &str| line.strip_prefix("listening on ").map(str::to_owned);
        let url = program.wait_for("its address", PATIENCE, listening).unwrap();
        Self { folder, program, url }
    }

    /// Runs a command to its end.
    fn run(&self, arguments: &[&str]) -> Output {
        natlens(self.folder.path(), arguments).output().unwrap()
    }

    /// Runs a command that must succeed; returns what it printed.
    #[track_caller]
    fn good(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Runs a command that must fail; returns its exit code and what it said.
    #[track_caller]
    fn bad(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        assert!(output.stdout.is_empty(), "{arguments:?} fails without a result: {}", text(&output.stdout));
        (output.status.code().unwrap(), text(&output.stderr))
    }

    /// Asks the program to end, which it must do well; returns its folder.
    fn stop(self) -> TempDir {
        assert!(self.program.stop(PATIENCE).unwrap().success());
        self.folder
    }
}

/// Stores `count` records in the topic as an import does: one a millisecond from midnight on, numbered by `dstport`.
fn store(place: &Place, topic: &str, count: u16) {
    let record = |number: u16| {
        let at = Timestamp::from_millis(MIDNIGHT + i64::from(number));
        Record { dstport: Some(number), ..Record::empty(at, at, LogStatus::Ok) }
    };
    upload(place, topic, (0..count).map(record).collect());
}

/// Stores records in the topic as an import does.
fn upload(place: &Place, topic: &str, records: Vec<Record>) {
    let client = |credential| Client::new(&place.url, credential, Deadline::After(PATIENCE));
    let token = place.good(&["enrolment-token", "create"]).trim().to_owned();
    let request =
        EnrolAgentRequest { token, gateway_name: "edge".to_owned(), ..EnrolAgentRequest::default() };
    let enrolled = client(Credential::None).call::<EnrolAgent>(&request).unwrap();
    let count = u64::try_from(records.len()).unwrap();
    let batch = Batch {
        id: uuid::Uuid::from_u128(1),
        account: enrolled.account_id.parse().unwrap(),
        region: enrolled.region.parse().unwrap(),
        gateway: enrolled.nat_gateway_id.parse().unwrap(),
        destination: Destination::Topic { topic: topic.parse().unwrap() },
        records,
    };
    let key = std::fs::read_to_string(place.folder.path().join("natlens-data/admin-key.toml")).unwrap();
    let key: toml::Table = key.parse().unwrap();
    let member = |name: &str| key.get(name).and_then(toml::Value::as_str).unwrap().to_owned();
    let credential =
        Credential::AccessKey { secret_id: member("secret_id"), secret_key: member("secret_key") };
    assert_eq!(client(credential).upload_batch(&batch.encode().unwrap()).unwrap().records, count);
}

fn natlens(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_natlens"));
    command.current_dir(folder).args(arguments);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn logsets_topics_and_indexes_are_managed_from_the_command_line() {
    let place = Place::start(&["server"]);
    let logset = place.good(&["logset", "create", "edge"]);
    let topic = place.good(&["topic", "create", "flows", "--retention-days", "7"]);
    let (logset, topic) = (logset.trim(), topic.trim());

    let (code, said) = place.bad(&["search"]);
    assert_ne!(code, 0, "a topic without index cannot be searched: {said}");
    place.good(&["index", "create"]);
    let rule: serde_json::Value = serde_json::from_str(&place.good(&["index", "show", "flows"])).unwrap();
    assert_eq!(rule["KeyValue"]["KeyValues"][3]["Key"], "srcaddr");
    assert_eq!(
        place.good(&["search", "srcaddr:10.0.0.0/8", "-o", "csv"]).lines().count(),
        1,
        "only the header"
    );
    assert_eq!(place.good(&["search", "* | SELECT count(*) AS records", "-o", "json"]), "{\"records\":0}\n");

    place.good(&[
        "topic",
        "modify",
        "flows",
        "--name",
        "records",
        "--retention-days",
        "3640",
        "--max-bytes",
        "5000000",
    ]);
    let listed = place.good(&["topic", "list", "-o", "csv"]);
    assert_eq!(
        listed,
        format!("id,name,logset,retention,most,index\r\n{topic},records,{logset},for ever,5000000 B,yes\r\n")
    );

    let (code, said) = place.bad(&["topic", "delete", "records"]);
    assert_eq!(
        (code, said.trim()),
        (2, "error: deleting topic `records` deletes all its records: say --yes to do it")
    );
    place.good(&["topic", "delete", "records", "--yes"]);
    place.good(&["logset", "delete", "edge"]);
    assert_eq!(place.good(&["logset", "list"]).lines().count(), 1, "only the header");
    place.stop();
}

/// Whole answers in files, and values of fields, of the 10 500 records in the place.
fn saves_and_counts(place: &Place, ask: &dyn Fn(&[&str]) -> String) {
    for (query, name, head) in [
        ("*", "all.csv", "time,dstport\r\n2026-11-25T00:00:10.499Z,10499\r\n"),
        ("*", "all.ndjson", "{\"time\":\"2026-11-25T00:00:10.499Z\",\"dstport\":10499}\n"),
        ("* | SELECT dstport ORDER BY dstport", "computed.csv", "dstport\r\n0\r\n1\r\n"),
    ] {
        let saved = ask(&[query, "--save", name, "--fields", "dstport"]);
        assert_eq!(saved, "", "the file is the answer");
        let file = std::fs::read_to_string(place.folder.path().join(name)).unwrap();
        assert!(file.starts_with(head), "{}", &file[..200]);
        assert_eq!(file.lines().filter(|line| line.contains(|c: char| c.is_ascii_digit())).count(), 10_500);
    }
    let facets = ask(&["dstport:<3", "--facets", "dstport", "-o", "csv"]);
    assert_eq!(facets, "field,value,records\r\ndstport,0,1\r\ndstport,1,1\r\ndstport,2,1\r\n");
    let next = place.good(&[
        "complete",
        "dstport:1049",
        "--since",
        "2026-11-25",
        "--until",
        "2026-11-26",
        "-o",
        "csv",
    ]);
    assert!(next.starts_with("text,kind,help\r\n"), "{next}");

    let (code, _) = place.bad(&["search", "* | SELECT nothing", "--save", "nothing.parquet"]);
    assert!(code == 1 && !place.folder.path().join("nothing.parquet").exists());
}

#[test]
fn a_search_reads_as_many_pages_as_it_was_told_to() {
    let place = Place::start(&["server"]);
    place.good(&["logset", "create", "edge"]);
    let topic = place.good(&["topic", "create", "flows", "--retention-days", "3640"]);
    place.good(&["index", "create"]);
    // More than one search gives.
    store(&place, topic.trim(), 10_500);
    let usage = place.good(&["topic", "usage", "flows", "-o", "csv"]);
    let (header, hours) = usage.split_once("\r\n").unwrap();
    assert_eq!(header, "from,written,indexed,stored,queried,writes,queries");
    // The hour may turn meanwhile.
    let writes = hours.lines().filter_map(|hour| hour.split(',').nth(5));
    assert_eq!(writes.map(|writes| writes.parse::<u64>().unwrap()).sum::<u64>(), 1);

    let day = ["search", "--since", "2026-11-25", "--until", "2026-11-26"];
    let ask = |more: &[&str]| place.good(&[&day, more].concat());
    let oldest = ask(&["--oldest", "--limit", "2400", "--fields", "dstport", "-o", "csv"]);
    let ports: Vec<&str> = oldest.lines().skip(1).map(|line| line.rsplit(',').next().unwrap()).collect();
    assert_eq!(ports, (0..2400).map(|number| number.to_string()).collect::<Vec<_>>());

    for order in [&["--all"][..], &["--all", "--oldest"]] {
        let all = ask(&[order, &["--fields", "dstport", "-o", "csv"]].concat());
        let mut ports: Vec<u16> =
            all.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().parse().unwrap()).collect();
        ports.sort_unstable();
        assert_eq!(ports, (0..10_500).collect::<Vec<_>>(), "each record once, under one header");
    }
    let sum = ask(&["* | SELECT count(*) AS n", "--all", "-o", "json"]);
    assert_eq!(sum, "{\"n\":10500}\n");

    let newest = ask(&["dstport:<2000", "--limit", "2", "--fields", "dstport,nat_type"]);
    assert_eq!(
        newest,
        "TIME                      DSTPORT  NAT-TYPE\n2026-11-25T00:00:01.999Z  1999     -\n2026-11-25T00:00:01.998Z  1998     -\n"
    );
    let sum = ask(&["dstport:[1 TO 3] | SELECT sum(dstport) AS s, max(start) AS m", "-o", "json"]);
    assert_eq!(sum, "{\"s\":6,\"m\":1795564800}\n");

    let said = |query: &str| text(&place.run(&[&day[..], &[query]].concat()).stderr);
    let cut = said("* | SELECT dstport");
    assert!(
        cut.starts_with(
            "the first 100 rows: a LIMIT in the SQL gives more, --save every one; cut, exact; read "
        ),
        "{cut}"
    );
    let complete = said("* | SELECT dstport LIMIT 100");
    assert!(complete.starts_with("100 rows; complete, exact; read "), "{complete}");
    assert!(complete.contains(" of 10,500 rows and ") && complete.ends_with(" in 1 segment\n"), "{complete}");

    assert!(said("SELECT dstport").starts_with("this searches for words; SQL stands after a pipe"));

    saves_and_counts(&place, &ask);
    let (code, said) = place.bad(&["search", "srcadr:10.0.0.1"]);
    assert!(
        code == 1 && said.starts_with("srcadr:10.0.0.1\n^^^^^^\nerror: FailedOperation.QueryError"),
        "{said}"
    );
    place.stop();
}

#[test]
fn what_a_running_server_keeps_is_backed_up_proven_and_restored() {
    let place = Place::start(&["server"]);
    place.good(&["logset", "create", "edge"]);
    let topic = place.good(&["topic", "create", "flows", "--retention-days", "3640"]);
    place.good(&["index", "create"]);
    store(&place, topic.trim(), 100);
    let found = |place: &Place| place.good(&["search", "--since", "2026-11-25", "--all", "-o", "csv"]);
    let before = found(&place);

    let made = place.good(&["backup", "kept"]);
    assert!(made.starts_with("kept: 100 records in 1 segments; 1 copied ("), "{made}");
    assert_eq!(
        place.good(&["backup", "kept"]),
        "kept: 100 records in 1 segments; 0 copied (0 bytes), 0 removed\n"
    );
    let (code, said) = place.bad(&["restore", "kept"]);
    assert!(
        code == 1 && said.contains("`natlens-data` holds something: name a new or empty folder"),
        "{said}"
    );
    let (code, said) = place.bad(&["backup", "natlens-data"]);
    assert!(code == 1 && said.contains("something other than a back-up"), "{said}");

    let folder = place.stop();
    std::fs::remove_dir_all(folder.path().join("natlens-data")).unwrap();
    for arguments in [&["restore", "kept"][..], &["verify"]] {
        let output = natlens(folder.path(), arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains("100 records in 1 segments"), "{}", text(&output.stdout));
    }
    let place = Place::start_in(folder, &["server"]);
    assert_eq!(found(&place), before, "the same key finds the same records");
    place.stop();
}

#[test]
fn who_used_a_public_port_at_a_moment_is_told_with_what_is_missing() {
    let place = Place::start(&["server"]);
    place.good(&["logset", "create", "edge"]);
    let topic = place.good(&["topic", "create", "flows", "--retention-days", "3640"]);
    place.good(&["index", "create"]);
    let at = |second: i64| Timestamp::from_millis(MIDNIGHT + second * 1000);
    let used = |inside: u8, from: i64, to: i64| Record {
        action: Some("ACCEPT".into()),
        srcaddr: Some([10, 0, 0, inside].into()),
        natsrcaddr: Some([198, 51, 100, 7].into()),
        natsrcport: Some(43210),
        protocol: Some(6),
        ..Record::empty(at(from), at(to), LogStatus::Ok)
    };
    let gap = Record::empty(at(600), at(660), LogStatus::SkipData);
    upload(&place, topic.trim(), vec![used(1, 0, 50), used(2, 70, 119), gap]);

    let ask = |second: i64| {
        let moment = format!("{}", MIDNIGHT / 1000 + second);
        let moment = jiff::Timestamp::from_second(moment.parse().unwrap()).unwrap().to_string();
        let who =
            ["whois", "198.51.100.7:43210", "--protocol", "tcp", "--fields", "srcaddr", "-o", "csv", "--at"];
        let output = place.run(&[&who[..], &[&moment]].concat());
        let lines: Vec<String> = text(&output.stdout).lines().skip(1).map(str::to_owned).collect();
        let inside = lines.iter().map(|line| line.rsplit(',').next().unwrap());
        (inside.collect::<Vec<_>>().join(" "), text(&output.stderr))
    };
    assert_eq!(
        ask(30),
        ("10.0.0.1".to_owned(), "no loss is recorded at 2026-11-25T00:00:30.000Z\n".to_owned())
    );
    assert_eq!(ask(100).0, "10.0.0.2");
    let (inside, said) = ask(60);
    assert!(inside.is_empty() && said.starts_with("nobody sent a packet from 198.51.100.7:43210"), "{said}");
    let (_, said) = ask(630);
    assert!(said.contains("incomplete: 1 windows lack something"), "{said}");
    let (_, said) = ask(-7200);
    assert!(said.contains("nothing at all is recorded"), "{said}");
    place.stop();
}

#[test]
fn a_tail_prints_what_is_stored_from_now_on_and_ends_with_the_server() {
    let place = Place::start(&["server"]);
    place.good(&["logset", "create", "edge"]);
    let topic = place.good(&["topic", "create", "flows"]);
    let (code, said) = place.bad(&["tail", "dstport:>1"]);
    assert!(code == 1 && said.contains("ResourceNotFound.IndexNotExist"), "{said}");
    place.good(&["index", "create"]);
    let (code, said) = place.bad(&["tail", "dstprt:1"]);
    assert!(code == 1 && said.starts_with("dstprt:1\n^^^^^^\nerror: FailedOperation.QueryError"), "{said}");

    let arguments = ["tail", "dstport:[3 TO 4]", "--fields", "dstport,action"];
    let mut tail = Program::start("tail", &mut natlens(place.folder.path(), &arguments)).unwrap();
    let begun = |line: &str| (line == "watching topic `flows`: Ctrl-C ends it").then_some(());
    tail.wait_for_hint("its beginning", PATIENCE, begun).unwrap();
    // More than one search gives.
    store(&place, topic.trim(), 10_500);
    let lines: Vec<String> = (0..3).map(|_| tail.line(PATIENCE).unwrap()).collect();
    assert_eq!(
        lines,
        [
            "TIME                      DSTPORT  ACTION",
            "2026-11-25T00:00:00.003Z  3        -",
            "2026-11-25T00:00:00.004Z  4        -"
        ]
    );
    place.stop();
    let ended = |line: &str| line.starts_with("the server ended the tail").then_some(());
    tail.wait_for_hint("its end", PATIENCE, ended).unwrap();
}

#[test]
fn keys_and_tokens_are_made_and_ended_from_the_command_line() {
    let place = Place::start(&["server"]);
    let key = place.good(&["access-key", "create", "--description", "scripts"]);
    std::fs::write(place.folder.path().join("scripts.toml"), &key).unwrap();
    assert!(key.starts_with(&format!("server = \"{}\"\n", place.url)));

    let keys = place.good(&["access-key", "list", "--key-file", "scripts.toml", "-o", "csv"]);
    let row = keys.lines().find(|line| line.ends_with(",scripts")).unwrap();
    let secret_id = row.split(',').next().unwrap();
    place.good(&["access-key", "delete", secret_id]);
    let (code, said) = place.bad(&["access-key", "list", "--key-file", "scripts.toml"]);
    assert!(code == 1 && said.contains("AuthFailure"), "{said}");

    assert!(!place.good(&["enrolment-token", "create"]).trim().is_empty());
    let hints = text(&place.run(&["enrolment-token", "create"]).stderr);
    assert!(hints.contains(&format!("other machines cannot reach {}:", place.url)), "{hints}");
    let link = place.good(&["sign-in-link"]);
    assert!(link.starts_with(&format!("{}/sign-in#", place.url)), "{link}");
    place.stop();
}

#[test]
fn up_enrols_its_own_gateway_and_gives_it_flow_logs() {
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/capture/demo.recording");
    let mut place = Place::start(&["up", "--replay", recording, "--gateway-name", "edge"]);
    let watching = |line: &str| (line == "watching edge (replay)").then_some(());
    place.program.wait_for("what it watches", PATIENCE, watching).unwrap();

    let enrolled =
        |_: &usize| place.good(&["gateway", "list", "-o", "csv"]).lines().any(|line| line.contains(",edge,"));
    assert!((0..LOOKS_MAX).any(|look| enrolled(&look)), "the gateway enrols");

    let flow_log = place.good(&["flow-log", "create", "all"]);
    let flow_log = flow_log.trim();
    let state = |place: &Place| {
        let listed = place.good(&["flow-log", "list", "-o", "csv"]);
        listed.lines().find(|line| line.starts_with(flow_log)).unwrap().rsplit(',').next().unwrap().to_owned()
    };
    assert_eq!(state(&place), "collecting");
    place.good(&["flow-log", "pause", "all"]);
    assert_eq!(state(&place), "paused");
    place.good(&["flow-log", "resume", flow_log]);
    place.good(&["flow-log", "modify", "all", "--name", "every one"]);
    assert_eq!(place.good(&["topic", "list"]).lines().count(), 2, "the server made a topic");
    place.good(&["flow-log", "delete", "every one"]);
    place.stop();
}

#[test]
fn a_wrong_configuration_and_a_missing_server_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output = natlens(folder.path(), arguments).output().unwrap();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    let (code, printed, _) = run(&["server", "--listen", "127.0.0.1:1", "--print-config"]);
    assert!(code == 0 && printed.contains("listen = \"127.0.0.1:1\""), "{printed}");

    let (code, _, said) = run(&["topic", "list"]);
    assert!(code == 2 && said.contains("`natlens-data/admin-key.toml`: run this in the folder"), "{said}");

    let (code, _, said) = run(&["search", "--fields", "nat_type,srcadr"]);
    assert!(
        code == 2 && said.contains("'srcadr'") && said.contains("similar") && said.contains("'srcaddr'"),
        "{said}"
    );

    let key = "server = \"http://127.0.0.1:1\"\nsecret_id = \"AKID\"\nsecret_key = \"x\"\n";
    std::fs::write(folder.path().join("key.toml"), key).unwrap();
    let (code, _, said) = run(&["topic", "list", "--key-file", "key.toml"]);
    assert!(code == 1 && said.contains("cannot reach the server at http://127.0.0.1:1"), "{said}");

    std::fs::write(folder.path().join("natlens.toml"), "[server]\nlisten_on = \"x\"\n").unwrap();
    let (code, _, said) = run(&["topic", "list"]);
    assert!(
        code == 2 && said.contains("unknown field `listen_on`, expected one of `listen`, `data_folder`"),
        "{said}"
    );
}

#[test]
fn the_ledger_says_which_windows_are_complete_and_its_exit_code_says_it_to_scripts() {
    let place = Place::start(&["server"]);
    let client = |credential| Client::new(&place.url, credential, Deadline::After(PATIENCE));
    let token = place.good(&["enrolment-token", "create"]).trim().to_owned();
    let request =
        EnrolAgentRequest { token, gateway_name: "edge".to_owned(), ..EnrolAgentRequest::default() };
    let enrolled = client(Credential::None).call::<EnrolAgent>(&request).unwrap();
    let whole = |minute: i64| {
        let at = |minute| Timestamp::from_millis(MIDNIGHT + minute * 60_000);
        Record {
            nat_gateway_id: Some(enrolled.nat_gateway_id.as_str().into()),
            action: Some("ACCEPT".into()),
            packets: Some(7),
            kernel_packets: Some(7),
            ..Record::empty(at(minute), at(minute + 1), LogStatus::Ok)
        }
    };
    let cause = Some(flow::LossCause::TooManyFlows);
    let lost =
        Record { packets: None, kernel_packets: Some(5), lost: Some(5), lost_cause: cause, ..whole(2) };
    let rows = Batch {
        id: uuid::Uuid::from_u128(1),
        account: enrolled.account_id.parse().unwrap(),
        region: enrolled.region.parse().unwrap(),
        gateway: enrolled.nat_gateway_id.parse().unwrap(),
        destination: Destination::Ledger,
        records: vec![whole(0), whole(1), whole(2), lost],
    };
    let agent = client(Credential::AgentToken(enrolled.agent_token.clone()));
    agent.upload_batch(&rows.encode().unwrap()).unwrap();

    let ledger =
        |until: &str| place.run(&["ledger", "--gateway", "edge", "--since", "2026-11-25", "--until", until]);
    let complete = ledger("2026-11-25T00:02");
    assert_eq!(complete.status.code(), Some(0));
    assert_eq!(
        text(&complete.stderr).trim(),
        "every packet between 2026-11-25T00:00:00.000Z and 2026-11-25T00:02:00.000Z is in a record"
    );
    let incomplete = ledger("2026-11-25T00:04");
    assert_eq!(incomplete.status.code(), Some(3));
    let lines = text(&incomplete.stdout);
    assert!(lines.contains("12      7         too-many-flows 5  INCOMPLETE"), "{lines}");
    assert!(lines.contains("no-entry ?"), "{lines}");
    assert_eq!(lines.lines().count(), 5, "a header, three windows and a gap: {lines}");
    assert_eq!(
        text(&incomplete.stderr).trim(),
        "2 of 4 windows between 2026-11-25T00:00:00.000Z and 2026-11-25T00:04:00.000Z are incomplete, \
         5 packets lost, and an unknown number more: no-entry, too-many-flows"
    );
    place.stop();
}

#[test]
fn a_reader_searches_with_a_key_of_its_own_and_creates_nothing() {
    let place = Place::start(&["server"]);
    place.good(&["logset", "create", "edge"]);
    place.good(&["topic", "create", "flows"]);
    let link = place.good(&["user", "create", "ops@example"]);
    assert!(link.starts_with(&format!("{}/sign-in#", place.url)), "{link}");
    let key = place.good(&["access-key", "create", "--user", "ops@example"]);
    std::fs::write(place.folder.path().join("reader.toml"), key).unwrap();
    let as_reader = ["--key-file", "reader.toml"];
    place.good(&[&["topic", "list"][..], &as_reader].concat());
    let own = place.good(&[&["access-key", "list", "-o", "csv"][..], &as_reader].concat());
    assert_eq!(own.lines().count(), 2, "a header and its own key: {own}");
    let create = [&["topic", "create", "mine", "--logset", "edge"][..], &as_reader].concat();
    let (code, said) = place.bad(&create);
    assert_eq!(code, 1);
    assert!(said.contains("CreateTopic is not permitted: the role `reader`"), "{said}");

    place.good(&["user", "modify", "ops@example", "--role", "admin"]);
    place.good(&create);
    let users = place.good(&["user", "list", "-o", "csv"]);
    assert!(users.contains("ops@example,admin,not set"), "{users}");
    place.good(&["user", "delete", "ops@example"]);
    let (_, said) = place.bad(&[&["topic", "list"][..], &as_reader].concat());
    assert!(
        said.contains("AuthFailure.SecretIdNotFound") || said.contains("the access key is unknown"),
        "{said}"
    );
    let (_, said) = place.bad(&["user", "delete", "admin"]);
    assert!(said.contains("`admin` is the last user with the role `admin`"), "{said}");
    place.stop();
}

/// What an agent needs around it is examined wherever this runs; which of it works depends on the machine.
#[cfg(target_os = "linux")]
#[test]
fn the_doctor_looks_at_the_machine_and_names_what_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = "[agent]\nserver = \"http://127.0.0.1:1\"\nspool_bytes_max = 4096\n";
    std::fs::write(folder.path().join("natlens.toml"), settings).unwrap();
    let output = natlens(folder.path(), &["doctor", "--output", "json"]).output().unwrap();
    let said = text(&output.stdout);
    let findings: Vec<serde_json::Value> =
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for what in ["state folder", "room for the spool", "clock", "locked memory", "pins", "server"] {
        let found = findings.iter().filter(|finding| finding["what"] == what).count();
        assert_eq!(found, 1, "{what} in {said}");
    }
    for finding in &findings {
        let state = finding["state"].as_str().unwrap();
        assert!(["ok", "degraded", "missing", "unknown", "not needed"].contains(&state), "{finding}");
    }
    let room = findings.iter().find(|finding| finding["what"] == "room for the spool").unwrap();
    assert_eq!(room["state"], "ok", "a block is free: {room}");
}

#[test]
fn records_are_erased_when_that_is_confirmed_and_the_signed_chain_says_so() {
    let place = Place::start(&["server"]);
    place.good(&["logset", "create", "edge"]);
    let topic = place.good(&["topic", "create", "flows", "--retention-days", "3640"]);
    place.good(&["index", "create"]);
    store(&place, topic.trim(), 100);
    let erase = ["erasure", "create", "dstport:<30", "--since", "2026-11-25", "--until", "2026-11-26"];
    let (code, said) = place.bad(&erase);
    let expected = "error: this erases 30 records of topic `flows`, in 1 segments, that `dstport:<30` finds, \
                    for good: say --yes to do it\n";
    assert_eq!((code, said.as_str()), (2, expected));
    assert_eq!(place.good(&[&erase[..], &["--yes"]].concat()), "30\n");
    let counted = ["search", "* | SELECT count(*) AS records", "--since", "2026-11-25", "-o", "json"];
    assert_eq!(place.good(&counted), "{\"records\":70}\n");
    let listed = place.good(&["erasure", "list", "-o", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!((&listed["State"], &listed["Rows"]), (&"done".into(), &30.into()));
    assert_eq!((&listed["OrderedBy"], &listed["Search"]), (&"admin".into(), &"dstport:<30".into()));
    let key = place.good(&["verify", "--show-key"]);

    let folder = place.stop();
    let verify = |key: &str| {
        let output = natlens(folder.path(), &["verify", "--public-key", key]).output().unwrap();
        (output.status.code().unwrap(), text(&output.stdout))
    };
    let (code, told) = verify(key.trim());
    assert!(code == 0 && told.contains("70 records in 1 segments"), "{told}");
    assert!(
        told.contains("  gap: 30 records from ") && told.contains(", as admin ordered: dstport:<30\n"),
        "{told}"
    );
    assert!(told.contains(&format!("  2 links signed by {key}")), "{told}");
    let (code, told) = verify(&"0".repeat(64));
    assert!(code == 1 && told.contains(&format!("  wrong: 2 links signed by {key}")), "{told}");
}
