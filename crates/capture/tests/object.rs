//! The compiled kernel programs are those of the source beside them.

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bpf")
}

#[test]
fn the_object_was_built_from_the_source_beside_it() {
    let read = |name: &str| std::fs::read(folder().join(name)).unwrap();
    let hash = Sha256::digest([read("natlens.bpf.c"), read("kernel.h"), read("packet.h")].concat());
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let noted = String::from_utf8(read("natlens.bpf.o.sha256")).unwrap();
    assert_eq!(noted.trim(), hash, "the source has changed: run `crates/capture/bpf/build.sh`");
}

#[test]
fn the_source_compiles_where_there_is_a_compiler() {
    if Command::new("clang").arg("--version").output().is_err() {
        testkit::skip("the_source_compiles_where_there_is_a_compiler", "clang is not installed");
        return;
    }
    let made = tempfile::tempdir().unwrap();
    let object = made.path().join("natlens.bpf.o");
    let output = Command::new(folder().join("build.sh")).arg(&object).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(object.exists());
}
