//! Every target takes its kept inputs and seeded mutations of them.
//!
//! An input that brings a target down is written beside the kept ones, as a test for ever: mend the target, and commit
//! both. `FUZZ_ROUNDS=100` tries a hundred times as many mutations, each round with other ones.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on shall panic")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use fastrand::Rng;
use fuzz_targets::{TARGETS, Target};

/// The most bytes that an input grows to.
const INPUT_BYTES_MAX: usize = 256 << 10;

/// The most changes to one input.
const CHANGES_MAX: usize = 6;

/// Numbers at which readers stumble.
const AWKWARD: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, b'"', b'\\', b'9'];

fn inputs(target: &Target) -> (PathBuf, Vec<Vec<u8>>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/fuzz").join(target.name);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    (folder, paths.iter().map(|path| std::fs::read(path).unwrap()).collect())
}

/// `input` with a few changes; some of them bring in a part of `other`.
fn mutated(input: &[u8], other: &[u8], chance: &mut Rng) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..chance.usize(1..=CHANGES_MAX) {
        let at = chance.usize(0..=bytes.len());
        let run = chance.usize(0..=(bytes.len() - at).min(40));
        match chance.u8(0..8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..at + run)),
            2 => {
                let again = bytes[at..at + run].to_vec();
                bytes.splice(at..at, again);
            }
            3 => {
                let from = chance.usize(0..=other.len());
                let to = chance.usize(from..=other.len().min(from + 60));
                bytes.splice(at..at + run, other[from..to].iter().copied());
            }
            4 => bytes.insert(at, chance.u8(..)),
            _ if at == bytes.len() => {}
            5 => bytes[at] ^= 1 << chance.u8(0..8),
            6 => bytes[at] = chance.choice(AWKWARD).unwrap(),
            _ => bytes[at] = bytes[at].wrapping_add(chance.u8(..)),
        }
    }
    bytes.truncate(INPUT_BYTES_MAX);
    bytes
}

/// Whether the target takes the bytes; if not, they are kept.
fn takes(target: &Target, folder: &Path, bytes: &[u8], is_kept: bool) -> Result<(), String> {
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.enter)(bytes)));
    if outcome.is_ok() {
        return Ok(());
    }
    if is_kept {
        return Err(format!("{}: an input of `{}` brings it down", target.name, folder.display()));
    }
    let path = folder.join(format!("found_{:016x}", digest(bytes)));
    std::fs::write(&path, bytes).unwrap();
    Err(format!("{}: `{}` brings it down", target.name, path.display()))
}

/// Names an input (FNV-1a).
fn digest(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

fn try_out(target: &Target, rounds: u32) -> Result<(), String> {
    let (folder, kept) = inputs(target);
    assert!(!kept.is_empty(), "{}: keep an input in `{}`", target.name, folder.display());
    for input in &kept {
        takes(target, &folder, input, true)?;
    }
    for round in 0..rounds {
        let mut chance = Rng::with_seed(digest(target.name.as_bytes()) ^ u64::from(round));
        for _ in 0..target.mutations {
            let (input, other) = (chance.usize(0..kept.len()), chance.usize(0..kept.len()));
            let bytes = mutated(&kept[input], &kept[other], &mut chance);
            takes(target, &folder, &bytes, false)?;
        }
    }
    Ok(())
}

#[test]
fn every_target_takes_its_kept_inputs_and_their_mutations() {
    #[expect(clippy::disallowed_methods, reason = "how long to try is said by who runs the test")]
    let rounds = std::env::var("FUZZ_ROUNDS").ok().map_or(1, |rounds| rounds.parse().unwrap());
    let failures: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> =
            TARGETS.iter().map(|target| scope.spawn(move || try_out(target, rounds))).collect();
        runs.into_iter().filter_map(|run| run.join().unwrap().err()).collect()
    });
    assert_eq!(failures, [""; 0]);
}

#[test]
fn a_target_that_panics_is_told_with_its_input() {
    let target =
        Target { name: "never", enter: |bytes| assert!(bytes.is_empty(), "not empty"), mutations: 1 };
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(takes(&target, folder.path(), b"", false), Ok(()));
    let told = takes(&target, folder.path(), b"abc", false).unwrap_err();
    let [kept] =
        &std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>()[..]
    else {
        panic!("one input is kept");
    };
    assert_eq!(std::fs::read(kept).unwrap(), b"abc");
    assert!(told.contains(&kept.display().to_string()), "{told}");
}

#[test]
fn every_target_has_its_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz_targets");
    let manifest = std::fs::read_to_string(folder.join("../Cargo.toml")).unwrap();
    for Target { name, .. } in TARGETS {
        let program = std::fs::read_to_string(folder.join(format!("{name}.rs"))).unwrap();
        assert!(program.contains(&format!("\"{name}\"")), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}
