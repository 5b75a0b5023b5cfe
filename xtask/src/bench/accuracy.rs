//! `cargo xtask bench accuracy`: every record against a packet capture on both sides of the gateway.
//!
//! Hides: which traffic there is and when, so that it crosses windows.
//! Knows nothing of: how packets and records are compared.

mod compare;

use std::path::Path;
use std::thread;

use flow::{Window, WindowLength};
use testkit::traffic::{self, Deed, Family, Services, Talk};
use testkit::truth::Watch;
use testkit::{Host, Lab, LabError, LabSettings, Offloads};

use super::Size;
use crate::stand::StandError;
use crate::stand::clock::{next_window, now, wait_until};
use crate::stand::deployment::Deployment;
use crate::stand::table::Table;
use compare::{Comparison, compare};

/// How often of a hundred each deed is done; kinds alternate between IPv4 and IPv6.
const MIX: &[(Deed, u32)] = &[
    (Deed::Fetch { bytes: 20_000 }, 10),
    (Deed::Ask { questions: 2 }, 60),
    (Deed::Tell { datagrams: 1 }, 8),
    (Deed::Ping { requests: 2 }, 4),
    (Deed::FetchRefused, 7),
    (Deed::AskRefused, 4),
    (Deed::TellDropped { datagrams: 2 }, 7),
];

/// How much the connections that live in all windows carry at once, with every hundred deeds.
const TALK_BYTES: u32 = 250_000;

/// Runs the traffic twice at the same time, in two gateways: with offloads off and on.
pub(super) fn measure(program: &Path, size: Size) -> Result<(), StandError> {
    let of = |name: &str, offloads| LabSettings {
        prefix: format!("accuracy-{name}-{}-", std::process::id()),
        offloads,
    };
    let kinds = [("off", of("off", Offloads::Off)), ("on", of("on", Offloads::On))];
    let run = |settings| move || in_one_gateway(program, size, settings);
    let compared: Vec<(&str, Result<Comparison, StandError>)> = thread::scope(|scope| {
        let running: Vec<_> =
            kinds.iter().map(|(name, settings)| (*name, scope.spawn(run(settings)))).collect();
        running
            .into_iter()
            .map(|(name, thread)| {
                (name, thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            })
            .collect()
    });
    let mut table = Table::new(&[
        "offloads",
        "kind",
        "true records",
        "equal",
        "other counts",
        "missing",
        "invented",
        "first and last (max)",
    ]);
    for (name, comparison) in compared {
        let comparison = comparison?;
        comparison.rows(name).into_iter().for_each(|row| table.row(row));
        comparison.differences().iter().take(20).for_each(|line| println!("offloads {name}: {line}"));
    }
    println!("\n{}", table.text());
    Ok(())
}

fn in_one_gateway(program: &Path, size: Size, settings: &LabSettings) -> Result<Comparison, StandError> {
    let length = size.pick(WindowLength::MINUTE, WindowLength::try_from(10).unwrap_or(WindowLength::MINUTE));
    let hundreds = size.pick(110, 6);
    let lab = Lab::up(settings)?;
    lab.answer_every_refusal()?;
    let _services = Services::start(&lab)?;
    let mut deployment = Deployment::start(program, &lab, length.seconds())?;
    deployment.start_agent()?;
    let first = next_window(length);
    let watch = Watch::start(&lab)?;
    // The last third of one window, the whole next one, and the first third of the third.
    wait_until(first.end().minus(length.duration() / 3));
    let last = play(&lab, first, hundreds)?;
    let truth = watch.stop()?;
    deployment.wait_until_spooled(last.end())?;
    deployment.wait_until_sent()?;
    let records = deployment.records(first.start(), last.end())?;
    deployment.stop_agent()?;
    Ok(compare(&records, &truth.flows(length), length))
}

/// Does all deeds, spread over the edges of two windows; returns the last window with traffic.
fn play(lab: &Lab, first: Window, hundreds: u32) -> Result<Window, LabError> {
    let client = lab.namespace(Host::Client);
    let mut talks: Vec<Talk> =
        Family::ALL.iter().map(|family| Talk::open(client, *family)).collect::<Result<_, _>>()?;
    let begin = now();
    let end = first.next().next().start().plus(first.length().duration() / 4);
    for number in 0..hundreds {
        let family = if number % 2 == 0 { Family::V4 } else { Family::V6 };
        for (deed, times) in MIX {
            traffic::play(client, family, &vec![*deed; *times as usize])?;
        }
        talks.iter_mut().try_for_each(|talk| talk.fetch(TALK_BYTES))?;
        // Evenly spread, however fast the machine is.
        wait_until(begin.plus(end.since(begin) * (number + 1) / hundreds));
    }
    talks.into_iter().try_for_each(Talk::close)?;
    Ok(first.length().window_of(now()))
}
