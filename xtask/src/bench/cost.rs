//! `cargo xtask bench cost`: what capture costs each packet, against no capture and against others.
//!
//! Hides: rounds, and how figures of noisy machines become one.
//! Knows nothing of: how anything captures.

mod bulk;
mod mode;

use std::path::Path;

use testkit::traffic::{DROPPED_PORT, Flood, SINK_PORT};
use testkit::{Lab, LabSettings, Offloads};

use super::Size;
use crate::stand::StandError;
use crate::stand::deployment::Deployment;
use crate::stand::table::Table;
use bulk::Bulk;
use mode::{Mode, Modes};

/// What one mode costs in one round, in the order of [`COLUMNS`].
type Costs = [f64; 4];

const COLUMNS: [&str; 4] = ["1 000 flows", "200 000 flows", "refused packets", "TCP bulk"];

/// How much of everything one round sends.
struct Load {
    rounds: u32,
    few: (u32, u32),
    many: (u32, u32),
    refused: (u32, u32),
    /// Transfers of a second each, of which the fastest counts: what disturbs one only slows it.
    bulks: u32,
}

/// Rounds in which every mode has its turn, so that what disturbs the machine disturbs all of them.
pub(super) fn measure(program: &Path, size: Size) -> Result<(), StandError> {
    let load = size.pick(
        Load { rounds: 5, few: (1_000, 400), many: (200_000, 4), refused: (1_000, 200), bulks: 5 },
        Load { rounds: 2, few: (1_000, 10), many: (10_000, 2), refused: (1_000, 5), bulks: 1 },
    );
    let prefix = format!("cost-{}-", std::process::id());
    let lab = Lab::up(&LabSettings { prefix, offloads: Offloads::On })?;
    let flood = Flood::prepare(&lab)?;
    let bulk = Bulk::start(&lab)?;
    let deployment = Deployment::start(program, &lab, 60)?;
    let mut modes = Modes::new(&lab, deployment);
    // The conversations exist before anything is measured, and outlive the measurement.
    modes.keep_conversations()?;
    flood.send(SINK_PORT, 0..load.many.0, 1)?;

    let mut costs: Vec<Vec<Costs>> = Vec::new();
    for round in 0..load.rounds {
        println!("round {} of {}", round + 1, load.rounds);
        let mut of_round = Vec::new();
        for mode in Mode::ALL {
            modes.start(mode)?;
            of_round.push(one_turn(&flood, &bulk, &load)?);
            modes.stop()?;
        }
        costs.push(of_round);
    }
    println!("\n{}", table(&costs).text());
    println!(
        "processor time of one packet (TCP: throughput) as a multiple of that without capture: the median of {} \
         rounds, then the lowest and the highest, then the median difference",
        load.rounds
    );
    Ok(())
}

fn one_turn(flood: &Flood, bulk: &Bulk, load: &Load) -> Result<Costs, StandError> {
    let cost =
        |port, (flows, times)| Ok::<_, StandError>(flood.send(port, 0..flows, times)?.nanos_per_packet());
    Ok([
        cost(SINK_PORT, load.few)?,
        cost(SINK_PORT, load.many)?,
        cost(DROPPED_PORT, load.refused)?,
        bulk.fastest_bits_per_second(load.bulks)?,
    ])
}

fn table(costs: &[Vec<Costs>]) -> Table {
    let mut table = Table::new(&["mode", COLUMNS[0], COLUMNS[1], COLUMNS[2], COLUMNS[3]]);
    for (place, mode) in Mode::ALL.iter().enumerate() {
        let cells = (0..COLUMNS.len()).map(|column| cell(costs, place, column));
        table.row(std::iter::once(mode.name().to_owned()).chain(cells));
    }
    table
}

/// One mode against no capture in the same round.
fn cell(costs: &[Vec<Costs>], mode: usize, column: usize) -> String {
    let of = |round: &Vec<Costs>, mode: usize| round.get(mode).and_then(|costs| costs.get(column)).copied();
    let pairs: Vec<(f64, f64)> =
        costs.iter().filter_map(|round| Some((of(round, 0)?, of(round, mode)?))).collect();
    let (absolute, unit) = if column == 3 { (1e-9, "Gbit/s") } else { (1.0, "ns") };
    if mode == 0 {
        let base = median(pairs.iter().map(|(base, _)| base * absolute).collect());
        return format!("1 ({base:.0} {unit})");
    }
    let ratios: Vec<f64> = pairs.iter().map(|(base, cost)| cost / base).collect();
    let difference = median(pairs.iter().map(|(base, cost)| (cost - base) * absolute).collect());
    let lowest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = ratios.iter().copied().fold(0.0, f64::max);
    format!("{:.2} ({lowest:.2}–{highest:.2}, {difference:+.0} {unit})", median(ratios))
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let (lower, upper) = (numbers.get((numbers.len().max(1) - 1) / 2), numbers.get(numbers.len() / 2));
    lower.zip(upper).map_or(0.0, |(lower, upper)| f64::midpoint(*lower, *upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_compared_with_no_capture_of_the_same_round() {
        let round = |base: f64, cost: f64| vec![[base; 4], [cost; 4]];
        let costs = [round(100.0, 110.0), round(1000.0, 1200.0), round(50.0, 50.0)];
        assert_eq!(cell(&costs, 1, 0), "1.10 (1.00–1.20, +10 ns)");
        assert_eq!(cell(&costs, 0, 0), "1 (100 ns)");
    }

    #[test]
    fn the_median_of_an_even_count_lies_between_the_middle_two() {
        assert!((median(vec![4.0, 1.0, 3.0, 2.0]) - 2.5).abs() < 1e-9);
    }
}
