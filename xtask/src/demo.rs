//! `cargo xtask demo`: brings all of natlens up around a real NAT gateway, and shows its records.
//!
//! Hides: the order in which things come up, and that all of them go down again, also after a failure.
//! Knows nothing of: how records are made; it asks for them like anybody else.

mod folder;
mod interrupt;
mod natlens;
mod progress;
mod records;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api::ClientError;
use flow::{Timestamp, WindowLength};
use nix::unistd::geteuid;
use testkit::traffic::Generator;
use testkit::{Lab, LabError, LabSettings, Offloads};

use crate::command::{Failure, run};
use crate::{ci, machine};
use folder::Folder;
use interrupt::Interrupt;
use natlens::{Natlens, Watched};
use progress::Progress;

/// The recording that is shown without root, below the folder of the workspace.
const RECORDING: &str = "fixtures/capture/demo.recording";

/// How long the first records may take: two windows, in case the flow log comes too late for the first one.
const FIRST_RECORDS_PATIENCE: Duration = Duration::from_secs(135);

/// How long after the end of a window its records are expected rather than the end of the next.
const ARRIVAL: Duration = Duration::from_secs(5);

/// How often the progress line is written anew.
const TICK: Duration = Duration::from_millis(500);

/// Why the demo ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// Somebody pressed Ctrl-C; what is up goes down.
    #[error("interrupted")]
    Interrupted,
    /// The gateway between network namespaces did not come up.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// The server refused.
    #[error("cannot {deed}")]
    Server {
        /// What was asked.
        deed: &'static str,
        /// What it said.
        source: ClientError,
    },
    /// `natlens` ended or said something unexpected.
    #[error("{what}; natlens said:\n{said}")]
    Natlens {
        /// What went wrong.
        what: String,
        /// Its last lines.
        said: String,
    },
    /// The traffic ended by itself.
    #[error("the traffic through the gateway ended by itself: is the lab's network still there?")]
    NoTraffic,
    /// The folder for the demo's data cannot be used.
    #[error("`{}` is not of an earlier demo: move it away", path.display())]
    NotOurs {
        /// The folder.
        path: PathBuf,
    },
    /// An earlier demo was killed and its server lives on.
    #[error("the natlens of an earlier demo still runs: stop it with `kill {id}`")]
    StillRunning {
        /// Its process id.
        id: u32,
    },
    /// The operating system refused.
    #[error("cannot {deed}")]
    System {
        /// What was tried.
        deed: String,
        /// What it said.
        source: io::Error,
    },
}

impl DemoError {
    fn system(deed: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let deed = deed.into();
        move |source| Self::System { deed, source }
    }
}

/// Installs, builds, brings up, shows; until Ctrl-C.
pub(crate) fn demo(root: &Path) -> Result<(), Failure> {
    let is_root = geteuid().is_root();
    if is_root {
        machine::install(machine::FOR_THE_DEMO)?;
    } else {
        println!(
            "not root: network namespaces cannot be made, so a recording of a gateway's traffic is replayed \
             instead. Run `sudo make demo` to see a real gateway."
        );
        machine::install(machine::FOR_A_REPLAY)?;
    }
    ci::build_console(root)?;
    run(ci::cargo(root).args(["build", "--workspace"]))?;
    let program = ci::program(root, "debug")?;
    let interrupt = Interrupt::listen().map_err(DemoError::system("listen to signals"))?;
    let shown = if is_root {
        show_gateway(root, &program, &interrupt)
    } else {
        show(root, &program, Watched::Recording(root.join(RECORDING)), (&interrupt, &|| true))
    };
    match shown {
        Err(DemoError::Interrupted) => {
            println!("\nall is taken down; the records stay in `{}` until the next demo", folder::NAME);
            Ok(())
        }
        ended => Ok(ended?),
    }
}

/// Brings a gateway with traffic up and shows it; both are gone on return.
fn show_gateway(root: &Path, program: &Path, interrupt: &Interrupt) -> Result<(), DemoError> {
    let settings = LabSettings { prefix: String::new(), offloads: Offloads::On };
    let lab = Lab::up(&settings)?;
    println!(
        "\na NAT gateway is up: namespace `client` ({}) → `natgw` ({}) → `internet` ({}), with traffic through it",
        Lab::CLIENT_V4,
        Lab::PUBLIC_V4,
        Lab::INTERNET_V4
    );
    // Dropped before the lab: it holds sockets in its namespaces.
    let traffic = Generator::start(&lab)?;
    show(root, program, Watched::Namespace("natgw"), (interrupt, &|| traffic.is_running()))
}

/// Starts natlens, orders the records of its gateway, and shows them until interrupted.
fn show(
    root: &Path,
    program: &Path,
    watched: Watched,
    (interrupt, has_traffic): (&Interrupt, &dyn Fn() -> bool),
) -> Result<(), DemoError> {
    let folder = Folder::fresh(root)?;
    let begun = now();
    let mut natlens = Natlens::start(program, &folder, watched, interrupt)?;
    let gateway = natlens.gateway(interrupt)?;
    let flow_log = natlens.create_flow_log(&gateway)?;
    introduce(&natlens, program, &folder, &flow_log);

    let mut progress = Progress::new();
    let topic = flow_log.cloud_log_id.as_str();
    loop {
        interrupt.wait(TICK)?;
        natlens.check()?;
        if records::count(natlens.client(), topic, begun, now())? > 0 {
            break;
        }
        let waited = now().since(begun);
        if waited > FIRST_RECORDS_PATIENCE {
            return Err(natlens.failed(format!("no records after {} s", waited.as_secs())));
        }
        progress.tick();
        progress.show(&expectation(now(), begun));
    }
    progress.end();
    println!("the first records came {} s after the start:\n", now().since(begun).as_secs());
    println!("{}", records::table(natlens.client(), topic, begun, now())?);

    loop {
        interrupt.wait(TICK)?;
        natlens.check()?;
        if !has_traffic() {
            return Err(DemoError::NoTraffic);
        }
        if progress.tick() {
            let count = records::count(natlens.client(), topic, begun, now())?;
            progress.show(&format!("{count} records so far; Ctrl-C takes everything down"));
        }
    }
}

/// What is awaited at `now`, since `begun`.
fn expectation(now: Timestamp, begun: Timestamp) -> String {
    let window = WindowLength::MINUTE.window_of(now);
    let just_closed = window.start() > begun && now < window.start().plus(ARRIVAL);
    if just_closed {
        "the window has closed, its records are on their way".to_owned()
    } else {
        format!("first records after the current window closes, {} s", window.end().since(now).as_secs())
    }
}

fn introduce(natlens: &Natlens, program: &Path, folder: &Folder, flow_log: &api::FlowLog) {
    let line = |name: &str, text: &str| println!("  {name:<10}{text}");
    println!("\nnatlens is up:\n");
    line("console", natlens.url());
    line("sign in", &format!("{} (works once)", natlens.sign_in_link()));
    line(
        "gateway",
        &format!("{}, all of its traffic by flow log {}", flow_log.resource_id, flow_log.flow_log_id),
    );
    println!("\nin another terminal:\n");
    println!("  alias natlens='{} --config {}'", program.display(), folder.config().display());
    println!("  natlens search \"action:REJECT\" --since 15m");
    println!("  natlens search \"srcaddr:10.10.0.0/16 AND dstport:8000\" --since 1h -o json");
    println!(
        "  natlens search \"* | SELECT dstport, sum(bytes) AS b GROUP BY dstport ORDER BY b DESC\" --since 1h"
    );
    println!("  natlens flow-log list\n");
}

#[expect(clippy::disallowed_methods, reason = "the demo is a program of its own: this is its clock")]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_told_by_the_current_window() {
        let at = Timestamp::from_seconds;
        let begun = at(60 * 7 + 10);
        let told = [
            (20, "first records after the current window closes, 40 s"),
            (62, "the window has closed, its records are on their way"),
            (70, "first records after the current window closes, 50 s"),
        ];
        for (second, expected) in told {
            assert_eq!(expectation(at(60 * 7 + second), begun), expected);
        }
    }
}
