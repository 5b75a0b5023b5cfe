//! Counts the packets of one capture.
//!
//! Hides: nothing more than who opened a conversation.
//! Knows nothing of: translation; one capture shows one side of it.

use std::fs::File;
use std::io::BufReader;

use flow::{Counters, Event, FlowKey, LossCause, Verdict};

use super::conversations::{Conversations, Way};
use super::file::CaptureFileError;
use super::reader::Reader;
use super::sums::Sums;
use flow::Tuple;

/// One capture.
#[derive(Debug)]
pub(super) struct Single {
    pub(super) reader: Reader<BufReader<File>>,
    conversations: Conversations<(u8, Tuple)>,
}

impl Single {
    pub(super) fn new(reader: Reader<BufReader<File>>) -> Self {
        Self { reader, conversations: Conversations::default() }
    }

    /// Counts the next packet; `false` at the end.
    pub(super) fn step(&mut self, sums: &mut Sums) -> Result<bool, CaptureFileError> {
        let Some(seen) = self.reader.next()? else { return Ok(false) };
        let at = seen.at;
        let packet = match seen.packet {
            Ok(packet) => packet,
            Err(unreadable) => {
                let lost = Counters { packets: 1, bytes: unreadable.bytes };
                sums.lose(at, lost, LossCause::Unreadable);
                return Ok(true);
            }
        };
        let (protocol, tuple, backward) = (packet.protocol, packet.tuple, packet.backward());
        let way = self.conversations.way(at, packet.role, (protocol, tuple), (protocol, backward));
        let counted = Counters { packets: 1, bytes: packet.bytes };
        let (original, forward, reply) = match way {
            Way::Forward => (tuple, counted, Counters::default()),
            Way::Reply => (backward, Counters::default(), counted),
        };
        let event = Event {
            key: FlowKey { protocol, original, translated: None },
            first: at.timestamp(),
            last: at.timestamp(),
            forward,
            reply,
            verdict: Verdict::Accept,
            tcp_flags: packet.tcp_flags,
            interface_in: None,
            interface_out: None,
        };
        sums.add(at, event);
        Ok(true)
    }
}
