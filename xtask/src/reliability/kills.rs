//! Kills the real server at random moments while agents send, and counts what it holds.
//!
//! Hides: when it is killed: while it starts, stores, merges; a third of the kills within its first moments.
//! Knows nothing of: how the store survives it.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use api::{Client, SearchLog, SearchLogRequest};
use fastrand::Rng;
use tempfile::TempDir;
use testkit::Program;

use super::ReliabilityError;
use super::agents::{Agent, Counts};
use crate::command::Failure;
use crate::stand::StandError;
use crate::stand::clock::{now, wait_for};
use crate::stand::deployment::administrator;

/// How many agents send at once.
const AGENTS: u64 = 4;

/// How long a server may take to start, or to answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often something is looked at that is waited for.
const LOOK: Duration = Duration::from_millis(20);

/// After so many kills everything is counted.
const KILLS_PER_COUNT: u32 = 20;

/// How long a server lives that answers, at most. Unit: ms.
const LIFE_MS: u64 = 900;

/// The same from its start, for those that are not waited for. Unit: ms.
const LIFE_OF_STARTING_MS: u64 = 200;

/// The server, and who asks it.
struct Stand {
    program: Program,
    admin: Client,
    url: String,
    folder: TempDir,
}

/// Kills so often; returns figures when all acknowledged records are there, once.
pub(super) fn play(program: &Path, kills: u32) -> Result<Vec<(&'static str, u64)>, Failure> {
    let mut chance = Rng::with_seed(u64::from(kills));
    let mut stand = Stand::start(program)?;
    let mut agents: Vec<Agent> = Vec::new();
    for number in 0..AGENTS {
        agents.push(Agent::enrol(&stand.admin, &stand.url, number)?);
    }
    let topic = agents.first().map(|agent| agent.topic().to_owned()).unwrap_or_default();
    let counts = Counts::default();
    let (mut killed, mut killed_starting) = (0, 0);
    while killed < kills {
        let round = KILLS_PER_COUNT.min(kills - killed);
        counts.ending.store(false, Ordering::Relaxed);
        killed_starting += thread::scope(|scope| {
            let working: Vec<_> =
                agents.iter_mut().map(|agent| scope.spawn(|| agent.work(&counts))).collect();
            let starting = stand.suffer(program, round, &mut chance);
            counts.ending.store(true, Ordering::Relaxed);
            for agent in working {
                agent.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            }
            starting
        })?;
        killed += round;
        stand.hold_to_the_law(&topic, &counts, killed)?;
        println!("{killed} kills, {} records, each there once", counts.records.load(Ordering::Relaxed));
    }
    let count = |number: &std::sync::atomic::AtomicU64| number.load(Ordering::Relaxed);
    Ok(vec![
        ("kills of the server under load", killed.into()),
        ("of them before it answered", killed_starting),
        ("batches acknowledged by it", count(&counts.batches)),
        ("records in them, each found once", count(&counts.records)),
        ("batches without an answer, sent again", count(&counts.unanswered)),
        ("of them stored all the same", count(&counts.stored_unanswered)),
        ("acknowledged batches sent again, none stored twice", count(&counts.again)),
    ])
}

impl Stand {
    fn start(program: &Path) -> Result<Self, StandError> {
        let folder = tempfile::tempdir().map_err(StandError::system("make a folder"))?;
        let mut server = server(program, folder.path(), "127.0.0.1:0")?;
        let url = answers(&mut server)?;
        let admin = administrator(&folder.path().join("data/admin-key.toml"), &url)?;
        Ok(Self { program: server, admin, url, folder })
    }

    /// Is killed so often and runs again on return; says how often it was killed before it answered.
    fn suffer(&mut self, program: &Path, kills: u32, chance: &mut Rng) -> Result<u64, StandError> {
        let address = self.url.trim_start_matches("http://").to_owned();
        let mut killed_starting = 0;
        let mut starting = false;
        for _ in 0..kills {
            let life = if starting { LIFE_OF_STARTING_MS } else { LIFE_MS };
            thread::sleep(Duration::from_millis(chance.u64(..life)));
            let unanswered = starting && self.program.line(Duration::ZERO).is_none();
            self.program.kill()?;
            killed_starting += u64::from(unanswered);
            self.program = server(program, self.folder.path(), &address)?;
            starting = chance.u8(0..3) == 0;
            if !starting {
                answers(&mut self.program)?;
            }
        }
        if starting {
            answers(&mut self.program)?;
        }
        Ok(killed_starting)
    }

    /// Every number that was given to a record is there, once: all of them were acknowledged.
    fn hold_to_the_law(&self, topic: &str, counts: &Counts, kills: u32) -> Result<(), Failure> {
        let query = "* | SELECT count(*) AS n, count(DISTINCT bytes) AS d, min(bytes) AS a, max(bytes) AS z";
        let at = now();
        let request = SearchLogRequest {
            from: at.minus(Duration::from_secs(24 * 3600)).millis(),
            to: at.plus(Duration::from_secs(3600)).millis(),
            query_string: Some(query.to_owned()),
            topic_id: Some(topic.to_owned()),
            ..SearchLogRequest::default()
        };
        let found =
            wait_for("an answer", PATIENCE, LOOK, || Ok(self.admin.call::<SearchLog>(&request).ok()))?;
        let rows = found.analysis_results.unwrap_or_default();
        let cells: Vec<u64> =
            rows.iter().flat_map(|row| &row.data).filter_map(|cell| cell.value.parse().ok()).collect();
        let sent = counts.records.load(Ordering::Relaxed);
        let doubled = counts.doubled.load(Ordering::Relaxed);
        if cells == [sent, sent, 1, sent] && doubled == 0 {
            return Ok(());
        }
        let what = format!(
            "{sent} records were acknowledged; records found, different ones, least and greatest number: {cells:?}; \
             {doubled} batches were stored again; the data folder is `{}`",
            self.folder.path().display()
        );
        Err(ReliabilityError::Broken { kills, what }.into())
    }
}

fn server(program: &Path, folder: &Path, address: &str) -> Result<Program, StandError> {
    let mut command = Command::new(program);
    command.args(["server", "--listen", address, "--data-folder", "data"]).current_dir(folder);
    Ok(Program::start("the server", &mut command)?)
}

/// Waits until the server answers; returns its address.
fn answers(server: &mut Program) -> Result<String, StandError> {
    let address = |line: &str| line.strip_prefix("listening on ").map(str::to_owned);
    Ok(server.wait_for("the address", PATIENCE, address)?)
}
