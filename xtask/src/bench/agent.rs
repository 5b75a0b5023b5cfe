//! `cargo xtask bench agent`: what the agent itself uses, at rest, busy, and with a million flows in one window.
//!
//! Hides: how so many flows are made.
//! Knows nothing of: how the agent works.

use std::path::Path;
use std::time::Duration;

use flow::{TimeRange, Window, WindowLength};
use testkit::traffic::{Flood, SINK_PORT};
use testkit::{Lab, LabSettings, Offloads};

use super::Size;
use super::setting::Setting;
use crate::stand::StandError;
use crate::stand::clock::{next_window, now, wait_until};
use crate::stand::deployment::Deployment;
use crate::stand::process::Process;
use crate::stand::table::Table;

/// Windows are a minute, also when little is measured: a million flows want their time.
const WINDOW: WindowLength = WindowLength::MINUTE;

/// How long the agent is watched at rest.
const REST: Duration = Duration::from_secs(20);

/// How long after the last window its memory is looked at.
const AFTERWARDS: Duration = Duration::from_secs(10);

/// Windows of the busy load, one after the other: as many as lie between two audits, so that their cost has its share.
const BUSY_WINDOWS: u32 = 10;

/// The flows of a window come in so many parts, one each second: most of the window.
const PARTS: u32 = 50;

/// Measures an agent at rest, then busy windows, then one with the most flows.
pub(super) fn measure(program: &Path, size: Size) -> Result<(), StandError> {
    let (busy, most) = size.pick((100_000, 1_000_000), (2_000, 20_000));
    let busy_windows = size.pick(BUSY_WINDOWS, 1);
    // Every flow is a conversation of the kernel until it times out.
    let _room = Setting::raise("net/netfilter/nf_conntrack_max", u64::from(most) * 3)?;
    let prefix = format!("agent-{}-", std::process::id());
    let lab = Lab::up(&LabSettings { prefix, offloads: Offloads::On })?;
    let flood = Flood::prepare(&lab)?;
    let mut deployment = Deployment::start(program, &lab, WINDOW.seconds())?;
    let agent = deployment.start_agent()?;

    let before = agent.processor()?;
    wait_until(now().plus(REST));
    let at_rest = share(agent.processor()?.saturating_sub(before), REST);
    let mut table = Table::new(&[
        "flows in the window",
        "processor",
        "memory, at most",
        "spooled after its end",
        "records",
        "lost",
    ]);
    let none = || "–".to_owned();
    table.row(["at rest".to_owned(), at_rest, megabytes(agent.resident_mb()?), none(), none(), none()]);
    for (flows, windows) in [(busy, busy_windows), (most, 1)] {
        table.row(several_windows(&deployment, agent, &flood, (flows, windows))?);
    }
    wait_until(now().plus(AFTERWARDS));
    table.row(["afterwards".to_owned(), none(), megabytes(agent.resident_mb()?), none(), none(), none()]);
    println!("{}", deployment.warnings());
    deployment.stop_agent()?;
    println!("\n{}", table.text());
    Ok(())
}

/// Sends one packet of each flow in each of so many windows, one after the other; a row of the table.
fn several_windows(
    deployment: &Deployment,
    agent: Process,
    flood: &Flood,
    (flows, windows): (u32, u32),
) -> Result<[String; 6], StandError> {
    let first = next_window(WINDOW);
    agent.forget_peak()?;
    let before = agent.processor()?;
    let mut window = first;
    send_within(flood, flows, window)?;
    for _ in 1..windows {
        window = next_window(WINDOW);
        send_within(flood, flows, window)?;
    }
    deployment.wait_until_spooled(window.end())?;
    let spooled_after = now().since(window.end());
    let spent = agent.processor()?.saturating_sub(before);
    let peak = agent.peak_mb()?;
    deployment.wait_until_sent()?;
    let range = TimeRange { from: first.start(), to: window.end() };
    let lost = deployment.count("log-status:SKIPDATA", range)?;
    Ok([
        if windows == 1 { flows.to_string() } else { format!("{flows}, {windows} windows") },
        share(spent, window.end().since(first.start())),
        megabytes(peak),
        format!("{:.2} s", spooled_after.as_secs_f64()),
        deployment.count("log-status:OK", range)?.to_string(),
        if lost > 0 { "something" } else { "nothing" }.to_owned(),
    ])
}

/// Sends one packet of each flow within a window that has just begun.
fn send_within(flood: &Flood, flows: u32, window: Window) -> Result<(), StandError> {
    let begin = now();
    for part in 0..PARTS {
        flood.send(SINK_PORT, flows / PARTS * part..flows / PARTS * (part + 1), 1)?;
        wait_until(begin.plus(Duration::from_secs(1) * (part + 1)));
    }
    if now() >= window.end() {
        return Err(StandError::TooLate { what: format!("{flows} flows in one window"), seconds: 60 });
    }
    Ok(())
}

/// Of one processor.
fn share(spent: Duration, of: Duration) -> String {
    format!("{:.2} %", spent.as_secs_f64() / of.as_secs_f64() * 100.0)
}

fn megabytes(amount: f64) -> String {
    format!("{amount:.0} MB")
}
