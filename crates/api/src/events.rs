//! The events of an answer that goes on.
//!
//! Hides: the text of an event stream (WHATWG HTML, 9.2), and that reading waits for ever.
//! Knows nothing of: which operations answer so.

use std::io::{self, BufRead as _, BufReader, Read};
use std::marker::PhantomData;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::client::ClientError;

/// How long a server may say nothing: three of its signs of life.
const SILENCE_MAX: Duration = Duration::from_secs(45);

/// The longest line of an event. Unit: bytes. A thousand records are about 2 MB.
const LINE_BYTES_MAX: u64 = 16 << 20;

/// How many lines are read ahead of whoever takes the events; the rest waits in the network.
const LINES_AHEAD: usize = 16;

/// Events of an answer, one item each; it ends when the server ends it.
#[derive(Debug)]
pub struct Events<T> {
    server: String,
    lines: Receiver<io::Result<String>>,
    ended: bool,
    event: PhantomData<fn() -> T>,
}

impl<T> Events<T> {
    /// Reads events from `body`.
    pub(crate) fn read(server: String, body: impl Read + Send + 'static) -> Self {
        let (sender, lines) = sync_channel(LINES_AHEAD);
        // It ends with the body, or with its next line after `lines` is gone.
        thread::spawn(move || {
            let mut body = BufReader::new(body);
            while let Some(line) = next_line(&mut body).transpose() {
                let failed = line.is_err();
                if sender.send(line).is_err() || failed {
                    return;
                }
            }
        });
        Self { server, lines, ended: false, event: PhantomData }
    }

    fn broken_off(&mut self, source: Option<io::Error>) -> ClientError {
        self.ended = true;
        ClientError::BrokenOff { server: self.server.clone(), source }
    }
}

impl<T: DeserializeOwned> Iterator for Events<T> {
    type Item = Result<T, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            match self.lines.recv_timeout(SILENCE_MAX) {
                Ok(Ok(line)) => {
                    // A server of natlens writes each event in one line of data; all other lines are signs of life.
                    let Some(data) = line.strip_prefix("data:") else { continue };
                    let garbled = |source: serde_json::Error| ClientError::Garbled {
                        server: self.server.clone(),
                        status: 200,
                        source: Box::new(source),
                    };
                    return Some(serde_json::from_str(data).map_err(garbled));
                }
                Ok(Err(error)) => return Some(Err(self.broken_off(Some(error)))),
                Err(RecvTimeoutError::Timeout) => return Some(Err(self.broken_off(None))),
                Err(RecvTimeoutError::Disconnected) => self.ended = true,
            }
        }
        None
    }
}

/// The next line without its end; `None` at the end of the body.
fn next_line(body: &mut impl io::BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    let read = body.take(LINE_BYTES_MAX).read_line(&mut line)?;
    if read as u64 == LINE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a line of the answer is too long"));
    }
    let text = line.trim_end_matches(['\r', '\n']);
    Ok((read > 0).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &'static str) -> Events<Vec<u32>> {
        Events::read("http://127.0.0.1:1".to_owned(), text.as_bytes())
    }

    #[test]
    fn events_come_in_order_and_signs_of_life_are_none() {
        let text = "data: [1]\n\n:\n\ndata:[2,3]\r\n\r\nretry: 5\n\n";
        let told: Vec<Vec<u32>> = events(text).map(Result::unwrap).collect();
        assert_eq!(told, [vec![1], vec![2, 3]]);
    }

    #[test]
    fn an_event_that_cannot_be_read_does_not_end_the_others() {
        let mut events = events("data: {\n\ndata: [4]\n\n");
        assert!(matches!(events.next(), Some(Err(ClientError::Garbled { .. }))));
        assert_eq!(events.next().unwrap().unwrap(), [4]);
        assert!(events.next().is_none());
    }

    #[test]
    fn a_line_that_breaks_off_is_told_and_ends_the_events() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
        let mut events: Events<u32> = Events::read("http://127.0.0.1:1".to_owned(), Broken);
        assert!(matches!(events.next(), Some(Err(ClientError::BrokenOff { source: Some(_), .. }))));
        assert!(events.next().is_none());
    }
}
