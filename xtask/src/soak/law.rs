//! The law of every window: kernel = recorded + lost, records add up to what was recorded, none is there twice, the
//! windows are all that the kernel counted.
//!
//! Hides: how records find their window, which losses are excused.
//! Knows nothing of: where entries and records come from.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use flow::{LossCause, Timestamp};

use super::ledger::{Entry, NO_ENTRY, UNEXPLAINED};
use super::outage::Outage;
use crate::stand::records::Fields;
use crate::stand::table::Table;

/// So long before an agent was killed may a window have ended that it had not spooled yet.
const SPOOLING: Duration = Duration::from_secs(2);

/// What a kill of the agent may cost. Whatever had been spooled must arrive, and nothing here fills what is limited.
const EXCUSED: [LossCause; 5] = [
    LossCause::NotWatching,
    LossCause::PolledLate,
    LossCause::NotKept,
    LossCause::AgentDown,
    LossCause::Late,
];

/// What makes a record itself: two with the same are the same record twice.
const IDENTITY: [&str; 8] =
    ["flow-id", "start-ms", "end-ms", "action", "packets", "bytes", "reply-packets", "reply-bytes"];

/// Everything summed, and what does not add up.
#[derive(Debug, Default)]
pub(super) struct Reckoning {
    windows: u64,
    incomplete: u64,
    agent_kills: u64,
    server_kills: u64,
    kernel: u64,
    /// By the kernel itself.
    counted: Option<u64>,
    recorded: u64,
    /// Packets, and how many windows lost an unknown number.
    lost: BTreeMap<String, (u64, u64)>,
    records: u64,
    in_records: u64,
    duplicates: u64,
    losses: Vec<String>,
    breaks: Vec<String>,
}

/// The records of one window.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    packets: u64,
    duplicates: u64,
}

impl Reckoning {
    pub(super) fn of(entries: &[Entry], records: &[Fields], outages: &[Outage]) -> Self {
        let count = |is_so: fn(&Outage) -> bool| outages.iter().filter(|outage| is_so(outage)).count() as u64;
        let mut reckoning = Self {
            agent_kills: count(|outage| outage.victim.has_agent()),
            server_kills: count(|outage| outage.victim.has_server()),
            ..Self::default()
        };
        let sums = reckoning.sums(entries, records);
        for entry in entries {
            let is_excused = outages.iter().any(|outage| excuses(outage, entry));
            let sum = sums.get(&entry.from()).copied().unwrap_or_default();
            reckoning.add(entry, sum, is_excused);
        }
        reckoning
    }

    /// Compares the sum of all windows with what the kernel itself says it counted.
    pub(super) fn hold_against(&mut self, counted: u64) {
        self.counted = Some(counted);
        if self.kernel != counted {
            let told = self.kernel;
            self.breaks.push(format!("the ledger tells of {told} packets, but the kernel counted {counted}"));
        }
    }

    /// One line for each window and what does not add up in it.
    pub(super) fn breaks(&self) -> &[String] {
        &self.breaks
    }

    /// One line for each window with a loss that the ledger tells.
    pub(super) fn losses(&self) -> &[String] {
        &self.losses
    }

    pub(super) fn table(&self) -> String {
        let mut table = Table::new(&["what", "figure"]);
        let mut row = |what: &str, figure: String| table.row([what.to_owned(), figure]);
        row("windows", self.windows.to_string());
        row("windows with a loss", self.incomplete.to_string());
        row("kills of the agent", self.agent_kills.to_string());
        row("kills of the server", self.server_kills.to_string());
        row(
            "packets counted by the kernel",
            self.counted.map(|counted| counted.to_string()).unwrap_or_default(),
        );
        row("the same, by the ledger", self.kernel.to_string());
        row("packets recorded", self.recorded.to_string());
        for (cause, (packets, unknown)) in &self.lost {
            let unknown =
                if *unknown > 0 { format!(", unknown in {unknown} windows") } else { String::new() };
            row(&format!("packets lost: {cause}"), format!("{packets}{unknown}"));
        }
        row("records", self.records.to_string());
        row("packets in records", self.in_records.to_string());
        row("records that are there twice", self.duplicates.to_string());
        row("broken", self.breaks.len().to_string());
        table.text()
    }

    /// Sums the records of each entry.
    fn sums(&mut self, entries: &[Entry], records: &[Fields]) -> BTreeMap<Timestamp, Sum> {
        let mut sums: BTreeMap<Timestamp, Sum> =
            entries.iter().map(|entry| (entry.from(), Sum::default())).collect();
        let mut seen = BTreeSet::new();
        for record in records.iter().filter(|record| field(record, "log-status") == "OK") {
            let packets = number(record, "packets") + number(record, "reply-packets");
            let is_twice = !seen.insert(IDENTITY.map(|name| field(record, name)));
            let at = field(record, "start-ms").parse().map(Timestamp::from_millis).unwrap_or_default();
            self.records += 1;
            self.in_records += packets;
            self.duplicates += u64::from(is_twice);
            match sums.range_mut(..=at).next_back() {
                Some((_, sum)) => {
                    sum.packets += packets;
                    sum.duplicates += u64::from(is_twice);
                }
                None => self.breaks.push(format!("a record is in no window: {record:?}")),
            }
        }
        sums
    }

    fn add(&mut self, entry: &Entry, sum: Sum, is_excused: bool) {
        self.windows += 1;
        self.incomplete += u64::from(!entry.lost_packets.is_empty());
        self.kernel += entry.kernel_packets.unwrap_or(0);
        self.recorded += entry.recorded_packets;
        for (cause, packets) in &entry.lost_packets {
            let (known, unknown) = self.lost.entry(cause.clone()).or_default();
            *known += packets.unwrap_or(0);
            *unknown += u64::from(packets.is_none());
        }
        if !entry.lost_packets.is_empty() {
            let Entry { start, end, kernel_packets, lost_packets, .. } = entry;
            self.losses.push(format!("{start} to {end}: lost {lost_packets:?} of {kernel_packets:?}"));
        }
        let wrong = wrong(entry, sum, is_excused);
        if !wrong.is_empty() {
            self.breaks.push(format!(
                "{} to {}: {} (kernel {:?}, recorded {}, lost {:?}, in records {})",
                entry.start,
                entry.end,
                wrong.join("; "),
                entry.kernel_packets,
                entry.recorded_packets,
                entry.lost_packets,
                sum.packets
            ));
        }
    }
}

/// What does not add up in a window.
fn wrong(entry: &Entry, sum: Sum, is_excused: bool) -> Vec<&'static str> {
    let has = |cause: &str| entry.lost_packets.contains_key(cause);
    let explained = entry.recorded_packets + entry.lost_packets.values().flatten().sum::<u64>();
    let checks = [
        (has(NO_ENTRY), "nobody said anything"),
        (has(UNEXPLAINED), "the kernel counted more than is explained"),
        (
            entry.lost_packets.keys().any(|cause| !(is_excused && is_excusable(cause))),
            "a loss without excuse",
        ),
        (entry.kernel_packets.is_none() && !has(NO_ENTRY), "the kernel's count is missing"),
        (entry.kernel_packets.is_some_and(|kernel| kernel != explained), "kernel is not recorded + lost"),
        (sum.packets != entry.recorded_packets, "records do not add up to what was recorded"),
        (sum.duplicates > 0, "a record is there twice"),
    ];
    checks.into_iter().filter(|(is_wrong, _)| *is_wrong).map(|(_, what)| what).collect()
}

fn is_excusable(cause: &str) -> bool {
    EXCUSED.iter().any(|excused| excused.as_str() == cause)
}

/// Whether a window may have a loss: an agent was down, or killed before it had spooled the window.
fn excuses(outage: &Outage, entry: &Entry) -> bool {
    outage.victim.has_agent() && entry.from() <= outage.back && entry.until() >= outage.killed.minus(SPOOLING)
}

fn field<'a>(record: &'a Fields, name: &str) -> &'a str {
    record.get(name).map_or("", String::as_str)
}

fn number(record: &Fields, name: &str) -> u64 {
    field(record, name).parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::outage::Victim;

    fn entry(kernel: u64, recorded: u64, lost: &[(&str, Option<u64>)]) -> Entry {
        let at = |second| jiff::Timestamp::from_second(second).unwrap();
        let lost_packets = lost.iter().map(|(cause, packets)| ((*cause).to_owned(), *packets)).collect();
        let kernel_packets = Some(kernel);
        Entry { start: at(10), end: at(20), kernel_packets, recorded_packets: recorded, lost_packets }
    }

    fn record(flow_id: &str, packets: u64) -> Fields {
        let fields = [
            ("log-status", "OK".to_owned()),
            ("flow-id", flow_id.to_owned()),
            ("start-ms", "12000".to_owned()),
            ("packets", packets.to_string()),
            ("reply-packets", "1".to_owned()),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn outage(victim: Victim, killed: i64, back: i64) -> Outage {
        Outage { victim, killed: Timestamp::from_seconds(killed), back: Timestamp::from_seconds(back) }
    }

    #[track_caller]
    fn check(entry: Entry, records: &[Fields], outages: &[Outage], expected: &[&str]) {
        let reckoning = Reckoning::of(&[entry], records, outages);
        let said = reckoning.breaks().join("\n");
        assert_eq!(reckoning.breaks().is_empty(), expected.is_empty(), "{said}");
        expected.iter().for_each(|part| assert!(said.contains(part), "`{part}` in {said}"));
    }

    #[test]
    fn a_window_that_adds_up_breaks_nothing() {
        check(entry(7, 7, &[]), &[record("a", 3), record("b", 2)], &[], &[]);
    }

    #[test]
    fn what_does_not_add_up_is_named_with_its_window() {
        let two = [record("a", 3), record("b", 2)];
        check(entry(8, 7, &[]), &two, &[], &["1970-01-01T00:00:10Z", "kernel is not recorded + lost"]);
        check(entry(8, 8, &[]), &two, &[], &["records do not add up"]);
        check(entry(8, 8, &[]), &[record("a", 3), record("a", 3)], &[], &["a record is there twice"]);
        check(entry(8, 7, &[("unexplained", Some(1))]), &two, &[], &["more than is explained"]);
        let silent = Entry { kernel_packets: None, ..entry(0, 0, &[("no-entry", None)]) };
        check(silent, &[], &[outage(Victim::Agent, 11, 19)], &["nobody said anything"]);
        check(Entry { kernel_packets: None, ..entry(0, 7, &[]) }, &two, &[], &["count is missing"]);
    }

    #[test]
    fn what_the_ledger_tells_twice_is_found_by_the_kernels_own_sum() {
        let mut reckoning = Reckoning::of(&[entry(7, 7, &[])], &[record("a", 6)], &[]);
        reckoning.hold_against(7);
        assert_eq!(reckoning.breaks(), [""; 0]);
        reckoning.hold_against(6);
        assert_eq!(reckoning.breaks(), ["the ledger tells of 7 packets, but the kernel counted 6"]);
    }

    #[test]
    fn only_an_agent_that_was_killed_around_the_window_excuses_a_loss() {
        let two = [record("a", 3), record("b", 2)];
        let lossy = || entry(9, 7, &[("not-kept", Some(2))]);
        check(lossy(), &two, &[outage(Victim::Agent, 15, 16)], &[]);
        check(lossy(), &two, &[outage(Victim::Both, 21, 25)], &[]);
        check(lossy(), &two, &[outage(Victim::Server, 15, 16)], &["a loss without excuse"]);
        check(lossy(), &two, &[outage(Victim::Agent, 23, 25)], &["a loss without excuse"]);
        check(lossy(), &two, &[outage(Victim::Agent, 2, 9)], &["a loss without excuse"]);
        let torn = entry(9, 7, &[("batch-torn", Some(2))]);
        check(torn, &two, &[outage(Victim::Agent, 15, 16)], &["a loss without excuse"]);
    }
}
