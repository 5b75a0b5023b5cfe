//! Records two minutes of the lab's traffic: `cargo run -p capture --example record_demo -- fixtures/capture/demo.recording`.
//!
//! The recording is what the demo shows where no lab can be made. Needs root.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use capture::{Bpf, BpfSettings, Recorder, Source, describe};
use flow::{Timestamp, WindowLength};
use testkit::traffic::Generator;
use testkit::{Host, Lab, LabSettings};

/// How many windows of ten seconds are recorded.
const WINDOWS: u32 = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let path: PathBuf = std::env::args_os().nth(1).ok_or("name the file to write")?.into();
    let lab = Lab::up(&LabSettings::for_test("record"))?;
    let generator = Generator::start(&lab)?;
    let name = lab.namespace(Host::Gateway).name().to_owned();
    let window = WindowLength::try_from(10)?;
    let mut gateway = describe(Some(&name))?;
    gateway.hostname = "recorded-gateway".to_owned();
    let mut recorder = Recorder::create(&path, &gateway, window)?;
    let settings = BpfSettings { network_namespace: Some(name), window, ..BpfSettings::default() };
    let mut source = Bpf::open(settings, now()?)?;

    let until = window.window_of(now()?).end().plus(window.duration() * WINDOWS);
    loop {
        let mut events = Vec::new();
        let progress = source.poll(now()?, &mut events)?;
        recorder.write(&events, &progress)?;
        if progress.complete_until >= until {
            break;
        }
        std::thread::sleep(progress.poll_again.since(now()?).max(Duration::from_millis(1)));
    }
    generator.stop()?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a program of its own: it reads the clock")]
fn now() -> Result<Timestamp, Box<dyn Error>> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(Timestamp::from_millis(i64::try_from(since.as_millis())?))
}
