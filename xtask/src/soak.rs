//! `cargo xtask soak`: kills agent and server at random under traffic, and holds every window to the ledger's law.
//!
//! Hides: what comes up and goes down, and in which order.
//! Knows nothing of: when somebody is killed, what the law says.

mod law;
mod ledger;
mod outage;
mod pins;

use std::iter;
use std::path::Path;
use std::time::Duration;

use flow::{Window, WindowLength};
use testkit::traffic::{Generator, Services};
use testkit::{Host, Lab, LabError, LabSettings, Offloads};

use crate::command::{Failure, run};
use crate::stand::StandError;
use crate::stand::clock::{next_window, now, wait_until};
use crate::stand::deployment::Deployment;
use crate::{ci, machine};
use law::Reckoning;
use pins::Pins;

const WINDOW_SECONDS: u32 = 10;

/// How many generators make traffic at once: about a hundred conversations a second.
const GENERATORS: usize = 24;

const MINUTES_DEFAULT: u32 = 10;

/// The most minutes of one run: a day.
const MINUTES_MAX: u32 = 24 * 60;

/// How long after the last window its entry may come to the ledger.
const ARRIVAL: Duration = Duration::from_secs(60);

/// How long after the last round connections may still close.
const LINGERING: Duration = Duration::from_secs(3);

/// Why a soak did not begin, or did not go well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SoakError {
    /// The options are not understood.
    #[error("`{option}` is not understood: `--minutes` (1 to {MINUTES_MAX}) and `--seed` take a number")]
    Option {
        /// What was written.
        option: String,
    },
    /// The ledger or the records do not add up.
    #[error("the law is broken with seed {seed}:\n{}", breaks.join("\n"))]
    Broken {
        /// Brings the same pauses again.
        seed: u64,
        /// One line each: the window, and what does not add up.
        breaks: Vec<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Options {
    minutes: u32,
    seed: u64,
}

/// Builds, runs, prints; fails when the law does not hold.
pub(crate) fn soak(root: &Path, options: &[&str]) -> Result<(), Failure> {
    let seed = u64::try_from(now().millis()).unwrap_or(0);
    let options = read(options, seed)?;
    machine::install(machine::FOR_THE_DEMO)?;
    run(ci::cargo(root).args(["build", "--workspace"]))?;
    println!("{} minutes, --seed {}", options.minutes, options.seed);
    let reckoning = under_traffic(&ci::program(root, "debug")?, options)?;
    reckoning.losses().iter().for_each(|loss| println!("{loss}"));
    println!("\n{}", reckoning.table());
    if reckoning.breaks().is_empty() {
        return Ok(());
    }
    Err(SoakError::Broken { seed: options.seed, breaks: reckoning.breaks().to_vec() }.into())
}

fn read(options: &[&str], seed: u64) -> Result<Options, SoakError> {
    let mut read = Options { minutes: MINUTES_DEFAULT, seed };
    for option in options.chunks(2) {
        let understood = match option {
            ["--minutes", minutes] => minutes
                .parse()
                .ok()
                .filter(|minutes| (1..=MINUTES_MAX).contains(minutes))
                .map(|minutes| read.minutes = minutes),
            ["--seed", seed] => seed.parse().ok().map(|seed| read.seed = seed),
            _ => None,
        };
        understood.ok_or_else(|| SoakError::Option { option: option.join(" ") })?;
    }
    Ok(read)
}

/// Runs it all to the end; nothing is left on return.
fn under_traffic(program: &Path, options: Options) -> Result<Reckoning, StandError> {
    let prefix = format!("soak-{}-", std::process::id());
    let lab = Lab::up(&LabSettings { prefix, offloads: Offloads::On })?;
    let pins = Pins::mount()?;
    let length = WindowLength::try_from(WINDOW_SECONDS).unwrap_or(WindowLength::MINUTE);
    let mut deployment = Deployment::start_with(program, &lab, length.seconds(), &pins.settings())?;
    deployment.start_agent()?;
    let services = Services::start(&lab)?;
    // Nothing passes before, so that the kernel's sum is that of the windows.
    let first = next_window(length);
    let traffic = traffic(&lab)?;
    let until = first.start().plus(Duration::from_secs(60) * options.minutes);
    let outages = outage::play(&mut deployment, options.seed, until)?;
    wait_until(until);
    let rounds = traffic.into_iter().map(Generator::stop).sum::<Result<u64, LabError>>()?;
    drop(services);
    println!("{rounds} rounds of traffic, {} outages", outages.len());
    let last = length.window_of(now().plus(LINGERING));
    let mut reckoning = reckon(&deployment, (first, last), &outages)?;
    println!("{}", deployment.warnings());
    deployment.stop_agent()?;
    reckoning.hold_against(pins.counted(lab.namespace(Host::Gateway), length)?);
    deployment.natlens(&["agent", "--unpin"])?;
    deployment.stop_server()?;
    Ok(reckoning)
}

/// Generators that share services.
fn traffic(lab: &Lab) -> Result<Vec<Generator>, LabError> {
    lab.answer_every_refusal()?;
    let generators = iter::repeat_with(|| Generator::start_without_services(lab));
    Ok(generators.take(GENERATORS).collect())
}

/// Reads everything back once all of it has arrived.
fn reckon(
    deployment: &Deployment,
    (first, last): (Window, Window),
    outages: &[outage::Outage],
) -> Result<Reckoning, StandError> {
    wait_until(last.end());
    deployment.wait_until_spooled(last.end())?;
    deployment.wait_until_sent()?;
    let entries = ledger::read(deployment, (first.start(), last.end()), last.end().plus(ARRIVAL))?;
    let records = deployment.records(first.start(), last.end())?;
    Ok(Reckoning::of(&entries, &records, outages))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_in_any_order_and_wrong_ones_are_named() {
        assert_eq!(read(&[], 7).unwrap(), Options { minutes: MINUTES_DEFAULT, seed: 7 });
        let both = ["--seed", "3", "--minutes", "2"];
        assert_eq!(read(&both, 7).unwrap(), Options { minutes: 2, seed: 3 });
        for wrong in [&["--minutes", "0"][..], &["--minutes", "soon"], &["--seed"], &["--hours", "1"]] {
            let said = read(wrong, 7).unwrap_err().to_string();
            assert!(said.starts_with(&format!("`{}`", wrong.join(" "))), "{said}");
        }
    }
}
