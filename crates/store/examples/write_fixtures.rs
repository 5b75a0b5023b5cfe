//! Writes the fixtures of the formats that this program writes: `cargo run -p store --example write_fixtures`.
//!
//! Hides: which file of a data folder belongs to which fixture.
//! Knows nothing of: how fixtures are compared; `tests/model/formats.rs` does that.
//!
//! Run once for each new format, in the change that brings it, with the new version in the two names below; the contents
//! are those of `v1.rs`, unless a format can hold more. A fixture that exists is never written again: the catalog of a
//! new format beside segments of an old one is made of the catalog before, since it names the digests of their files.

#![expect(clippy::unwrap_used, reason = "a program for developers fails by panicking")]

#[path = "../tests/model/v1.rs"]
mod v1;

use std::path::Path;
use std::time::Duration;

use store::Store;

/// The newest format of the catalog, and the one before.
const CATALOG: [&str; 2] = ["catalog/v5", "catalog/v4"];

/// The newest format of segments.
const SEGMENTS: &str = "segments/v3";

fn main() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let ([catalog, before], segments) = (CATALOG.map(|name| fixtures.join(name)), fixtures.join(SEGMENTS));
    assert!(!catalog.exists(), "a fixture is written once, and then kept as it is");
    let folder = tempfile::TempDir::new().unwrap();
    let are_new = !segments.exists();
    if !are_new {
        copy(&before, folder.path());
        copy(&segments, &folder.path().join("segments"));
    }
    let store = Store::open(folder.path()).unwrap();
    if are_new {
        fill(&store);
        copy(&folder.path().join("segments"), &segments);
    }
    since_format_3(&store);
    drop(store);
    std::fs::create_dir_all(&catalog).unwrap();
    std::fs::copy(folder.path().join("catalog.sqlite"), catalog.join("catalog.sqlite")).unwrap();
}

fn fill(store: &Store) {
    let (owner, account) = (v1::owner(), v1::owner().account);
    store.create_logset(&owner, &v1::logset()).unwrap();
    store.create_topic(&owner, &v1::topic()).unwrap();
    store.create_index(&owner, &v1::topic().id, &v1::index()).unwrap();
    store.create_flow_log(&owner, &v1::flow_log()).unwrap();
    let gateway = v1::gateway();
    store.enrol_gateway(&owner, &gateway, &v1::TOKEN_HASH).unwrap();
    store.report_gateway(&owner, &gateway.id, &gateway.report.unwrap(), gateway.last_seen.unwrap()).unwrap();
    store.create_user(&account, &v1::user()).unwrap();
    store.create_session(&account, &v1::session()).unwrap();
    store.create_access_key(&account, &v1::access_key()).unwrap();
    store.create_enrolment_token(&account, &v1::enrolment_token()).unwrap();
    store.create_one_time_link(&account, &v1::one_time_link()).unwrap();
    for batch in v1::batches() {
        store.append(&[batch], v1::CREATED.plus(Duration::from_secs(120))).unwrap();
    }
}

fn since_format_3(store: &Store) {
    let deleted = v1::deleted_flow_log();
    store.create_flow_log(&v1::owner(), &deleted).unwrap();
    store.delete_flow_log(&v1::owner(), &deleted.id, v1::CREATED).unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}
