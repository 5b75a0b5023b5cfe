//! `natlens import`: makes records of capture files, and prints or stores them.
//!
//! Hides: how a capture is read to its end, and what is said about what it cannot show.
//! Knows nothing of: the formats of capture files.

mod upload;

use std::collections::BTreeMap;
use std::path::PathBuf;

use api::LogRecord;
use capture::{CaptureNumbers, LossCause, Pcap, Source, SourceError};
use flow::{
    CollectionScope, CollectionType, FIELDS, FlowLog, InvalidId, LogStatus, Prefix, Record, Timestamp,
    TopicId,
};
use serde_json::{Map, Value};
use window::{ClosedWindow, WindowSettings, Windows};

use super::search;
use crate::answer::Form;
use crate::config::{AgentConfig, Config, Parsed};
use crate::failure::Failure;
use crate::outside::Outside;
use crate::reach::Reach;
use upload::Upload;

/// The most records that are printed; at about 3 kB each this bounds what is kept until then to 600 MB.
const PRINTED_MAX: usize = 200_000;

/// The id of the flow log that stands for the import; no catalog has it.
const NO_FLOW_LOG: &str = "fl-00000000";

/// Make records of capture files
///
/// Prints the records, or stores them in a topic. Examples:
///   natlens import --pcap eth0.pcap
///   natlens import --pcap inside.pcap --outside outside.pcap -o csv
///   natlens import --pcap inside.pcap --outside outside.pcap --topic flows
///
/// One capture shows one side of a gateway: its flows are not translated, and all count as accepted. A capture of the
/// inside and one of the outside show the translation, and what the gateway refused.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Import {
    /// Capture file, pcap or pcapng; with --outside, of the gateway's inside
    #[arg(long, value_name = "FILE")]
    pcap: PathBuf,
    /// Capture file of the gateway's outside
    #[arg(long, value_name = "FILE")]
    outside: Option<PathBuf>,
    /// Length of a window: 10, 60, 300 or 600 seconds
    #[arg(long, value_name = "SECONDS")]
    window_seconds: Option<u32>,
    /// Prefix of the inside, which decides the direction; may be repeated [default: private addresses]
    #[arg(long = "inside-prefix", value_name = "PREFIX")]
    inside: Vec<Prefix>,
    /// Fields to print, separated by commas [default: the important ones in a table, all in CSV]
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', value_parser = search::FieldName, conflicts_with = "topic")]
    fields: Vec<String>,
    /// Stores the records in this topic, by id or name, instead of printing them
    #[arg(long)]
    topic: Option<String>,
    /// Name of the gateway that stored records belong to; no agent may have it
    #[arg(long, value_name = "NAME", default_value = "import", requires = "topic")]
    gateway_name: String,
    #[command(flatten)]
    reach: Reach,
}

/// What a capture has told, beside its records.
struct Told {
    numbers: CaptureNumbers,
    /// Packets in no record, by cause.
    lost: BTreeMap<LossCause, u64>,
}

impl Import {
    pub(crate) fn adjust(&self, config: &mut AgentConfig) {
        config.window_seconds = self.window_seconds.unwrap_or(config.window_seconds);
        if !self.inside.is_empty() {
            config.inside = self.inside.iter().copied().map(Parsed).collect();
        }
    }

    pub(crate) fn run(self, config: &Config, outside: &mut Outside) -> Result<(), Failure> {
        let source = self.open(config)?;
        let told = match &self.topic {
            Some(topic) => self.store(topic, source, config, outside)?,
            None => self.print(source, config, outside)?,
        };
        hints(&told).into_iter().for_each(|hint| outside.hint(hint));
        Ok(())
    }

    fn open(&self, config: &Config) -> Result<Pcap, Failure> {
        let length = config.agent.window()?;
        let source = match &self.outside {
            Some(outside) => Pcap::open_pair(&self.pcap, outside, length),
            None => Pcap::open(&self.pcap, length),
        };
        Ok(source.map_err(SourceError::from)?)
    }

    fn print(&self, source: Pcap, config: &Config, outside: &mut Outside) -> Result<Told, Failure> {
        let settings = nowhere(config)?;
        let flow_log = flow_log(&settings, "printed".parse()?)?;
        let form = self.reach.output;
        let (mut records, mut left_out, mut incomplete) = (Vec::new(), 0_u64, 0_u64);
        let told = each_window(source, settings, &flow_log, outside.now(), |closed| {
            incomplete += u64::from(closed.balance.lost().is_some());
            for record in closed.collected.into_iter().flat_map(|collected| collected.records) {
                // The important columns of a record about silence or loss are all empty.
                let is_row = form != Form::Table || record.log_status == LogStatus::Ok;
                if is_row && records.len() < PRINTED_MAX {
                    records.push(shown(record));
                } else if is_row {
                    left_out += 1;
                }
            }
            Ok(())
        })?;
        search::list(&records, &self.fields, form)?.write(form, outside.results())?;
        if left_out > 0 {
            outside.hint(format_args!("{left_out} records more: --topic stores all of them"));
        }
        if incomplete > 0 && form == Form::Table {
            outside.hint(format_args!(
                "{incomplete} windows are not complete, as the first and the last of a capture never are: \
                 -o json shows them as SKIPDATA"
            ));
        }
        Ok(told)
    }

    fn store(
        &self,
        topic: &str,
        source: Pcap,
        config: &Config,
        outside: &mut Outside,
    ) -> Result<Told, Failure> {
        let client = self.reach.client(config)?;
        let files = [Some(&self.pcap), self.outside.as_ref()];
        let mut upload = Upload::begin(&client, topic, &self.gateway_name, self.reach.region(config))?;
        let settings = WindowSettings {
            account: upload.account().clone(),
            region: upload.region().clone(),
            gateway: upload.gateway().clone(),
            ..nowhere(config)?
        };
        upload.identify(files.into_iter().flatten(), &settings)?;
        let flow_log = flow_log(&settings, upload.topic().clone())?;
        let told = each_window(source, settings, &flow_log, outside.now(), |closed| {
            closed.collected.into_iter().try_for_each(|collected| upload.add(collected.records))
        })?;
        let stored = upload.finish()?;
        outside.say(format_args!("{} records stored", stored.records))?;
        if stored.known_before > 0 {
            outside.hint(format_args!(
                "{} records were stored by an earlier import of the same capture",
                stored.known_before
            ));
        }
        Ok(told)
    }
}

/// Reads the capture to its end; gives each window to `take` when it is complete.
fn each_window(
    mut source: Pcap,
    settings: WindowSettings,
    flow_log: &FlowLog,
    now: Timestamp,
    mut take: impl FnMut(ClosedWindow) -> Result<(), Failure>,
) -> Result<Told, Failure> {
    let mut windows = Windows::new(settings);
    let (mut events, mut lost) = (Vec::new(), BTreeMap::new());
    while !source.has_ended() {
        let progress = source.poll(now, &mut events)?;
        events.drain(..).for_each(|event| windows.observe(event));
        for loss in progress.losses {
            windows.lose(&loss);
            *lost.entry(loss.cause).or_default() += loss.packets;
        }
        let has_begun = progress.complete_until > Timestamp::default();
        if has_begun {
            let closed = windows.close(progress.complete_until, std::slice::from_ref(flow_log));
            closed.into_iter().try_for_each(&mut take)?;
        }
    }
    Ok(Told { numbers: source.numbers(), lost })
}

/// Settings of a gateway that no server knows.
fn nowhere(config: &Config) -> Result<WindowSettings, Failure> {
    Ok(WindowSettings {
        account: "0".parse()?,
        region: "none".parse()?,
        gateway: "nat-00000000".parse()?,
        vpc: config.agent.vpc.clone(),
        length: config.agent.window()?,
        inside: config.agent.inside.iter().map(|prefix| prefix.0).collect(),
    })
}

/// A flow log that collects everything. It is in no catalog.
fn flow_log(settings: &WindowSettings, topic: TopicId) -> Result<FlowLog, InvalidId> {
    Ok(FlowLog {
        id: NO_FLOW_LOG.parse()?,
        scope: CollectionScope::Nat,
        resource: settings.gateway.to_string(),
        kind: CollectionType::All,
        topic,
    })
}

/// The record without what only a server could know, as a search would give it.
fn shown(mut record: Record) -> LogRecord {
    record.account_id = None;
    record.region_id = None;
    record.nat_gateway_id = None;
    record.flow_log_id = None;
    let members = FIELDS.iter().filter_map(|field| {
        let value = (field.get)(&record)?;
        Some((field.name.to_owned(), Value::String(value.to_string())))
    });
    let log_json = Value::Object(members.collect::<Map<_, _>>()).to_string();
    LogRecord { time: record.start.millis(), log_json, ..LogRecord::default() }
}

/// What is to be said about a capture.
fn hints(told: &Told) -> Vec<String> {
    let CaptureNumbers { frames, other_frames, long_packets, own_packets, cut_off_files, .. } = told.numbers;
    let mut hints = vec![format!("{frames} frames read, {other_frames} of them no IP packets")];
    for (cause, packets) in told.lost.iter().filter(|(_, packets)| **packets > 0) {
        hints.push(format!("{packets} packets are in no record and counted as lost: {}", cause.as_str()));
    }
    let mut hint = |number: u64, text: &str| {
        if number > 0 {
            hints.push(format!("{number} {text}"));
        }
    };
    hint(
        own_packets,
        "packets went through the gateway neither way: its own, of one link, or refused outside",
    );
    hint(
        long_packets,
        "packets are longer than 1500 bytes: without jumbo frames, network cards joined them, and each counts as one \
         (capture with `ethtool -K IF gro off gso off tso off` to count exactly)",
    );
    hint(cut_off_files, "files end in the middle of a packet");
    hints
}
