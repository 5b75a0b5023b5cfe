//! Sentences about inventory files; what is wrong with one is told in `fixtures/agent/inventory_errors.golden`.

use std::error::Error as _;
use std::fmt::Write as _;

use expect_test::expect_file;

use super::*;

/// What an operator writes, with everything that an inventory can hold; also shown in the guide.
const WHOLE: &str = include_str!("../../../../fixtures/agent/inventory.toml");

const ERRORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/agent/inventory_errors.golden");

/// A sentence, and an inventory that breaks it.
const WRONG: &[(&str, &str)] = &[
    ("an unknown table lists the known ones", "[[vcp]]\nid = \"vpc-a\"\n"),
    (
        "an unknown key lists the known ones",
        "[[vpc]]\nid = \"vpc-a\"\nregion = \"lab\"\nprefix = \"10.0.0.0/8\"\n",
    ),
    ("a missing key is named", "[[vpc]]\nid = \"vpc-a\"\nprefixes = [\"10.0.0.0/8\"]\n"),
    ("a prefix is quoted", "[[region]]\nid = \"lab\"\nprefixes = [\"10.0.0.0/8\", \"10.1.0.0/33\"]\n"),
    ("a region is quoted", "[[region]]\nid = \"The Lab\"\nprefixes = [\"10.0.0.0/8\"]\n"),
    ("an id is not empty", "[[instance]]\nid = \"\"\naddresses = [\"10.0.0.1\"]\n"),
    ("a VPC needs a prefix", "[[vpc]]\nid = \"vpc-a\"\nregion = \"lab\"\nprefixes = []\n"),
    (
        "a VPC is described once",
        "[[vpc]]\nid = \"vpc-a\"\nregion = \"lab\"\nprefixes = [\"10.0.0.0/16\"]\n
[[vpc]]\nid = \"vpc-a\"\nregion = \"lab\"\nprefixes = [\"10.1.0.0/16\"]\n",
    ),
    (
        "a prefix belongs to one VPC",
        "[[vpc]]\nid = \"vpc-a\"\nregion = \"lab\"\nprefixes = [\"10.0.0.0/16\"]\n
[[vpc]]\nid = \"vpc-b\"\nregion = \"lab\"\nprefixes = [\"10.0.9.9/16\"]\n",
    ),
    (
        "an address belongs to one instance",
        "[[instance]]\nid = \"ins-1\"\naddresses = [\"10.0.0.1\"]\n
[[instance]]\nid = \"ins-2\"\naddresses = [\"10.0.0.2\", \"10.0.0.1\"]\n",
    ),
    (
        "a subnet's VPC is described",
        "[[subnet]]\nid = \"sub-a\"\nvpc = \"vpc-a\"\nprefixes = [\"10.0.0.0/24\"]\n",
    ),
    (
        "a subnet lies in its VPC",
        "[[subnet]]\nid = \"sub-a\"\nvpc = \"vpc-a\"\nprefixes = [\"10.1.0.0/24\"]\n
[[vpc]]\nid = \"vpc-a\"\nregion = \"lab\"\nprefixes = [\"10.0.0.0/16\"]\n",
    ),
    ("a CCN's VPC is described", "[[ccn]]\nid = \"ccn-1\"\nvpcs = [\"vpc-a\"]\n"),
    (
        "a VPC joins one CCN",
        "[[vpc]]\nid = \"vpc-a\"\nregion = \"lab\"\nprefixes = [\"10.0.0.0/16\"]\n
[[ccn]]\nid = \"ccn-1\"\nvpcs = [\"vpc-a\"]\n
[[ccn]]\nid = \"ccn-2\"\nvpcs = [\"vpc-a\"]\n",
    ),
    (
        "a network joins one CCN",
        "[[ccn]]\nid = \"ccn-1\"\nnetwork = [{ region = \"lab\", prefixes = [\"172.16.0.0/16\"] }]\n
[[ccn]]\nid = \"ccn-2\"\nnetwork = [{ region = \"east\", prefixes = [\"172.16.0.0/16\"] }]\n",
    ),
];

fn read(text: &str) -> Result<Inventory, InventoryFileError> {
    understood(Path::new("inventory.toml"), text.as_bytes().to_vec())
}

#[test]
fn a_wrong_inventory_names_file_place_and_remedy() {
    let mut golden = String::new();
    for (sentence, text) in WRONG {
        let error = read(text).err().unwrap_or_else(|| panic!("this is no error: {sentence}"));
        let cause = error.source().unwrap().to_string();
        write!(
            golden,
            "# {sentence}\n{}\n-> {error}\n   {}\n\n",
            text.trim_end(),
            cause.trim_end().replace('\n', "\n   ")
        )
        .unwrap();
    }
    expect_file![ERRORS].assert_eq(&golden);
}

#[test]
fn a_whole_inventory_places_its_addresses() {
    let inventory = read(WHOLE).unwrap();
    let place = |address: &str| {
        let place = inventory.place(address.parse().unwrap());
        [place.region, place.vpc, place.subnet, place.instance, place.ccn]
            .map(|name| name.map_or("-", |name| &**name))
            .join(" ")
    };
    assert_eq!(place("10.1.2.10"), "ap-guangzhou vpc-prod subnet-web ins-web-1 ccn-main");
    assert_eq!(place("10.1.9.9"), "ap-guangzhou vpc-prod - - ccn-main");
    assert_eq!(place("fd00:1:2::10"), "ap-guangzhou vpc-prod subnet-web ins-web-1 ccn-main");
    assert_eq!(place("10.8.0.1"), "ap-shanghai vpc-east - - ccn-main");
    assert_eq!(place("172.16.4.4"), "eu-frankfurt - - - ccn-main");
    assert_eq!(place("192.168.1.1"), "ap-guangzhou - - - -");
    assert_eq!(place("198.51.100.9"), "- - - - -");
}

#[test]
fn a_wrong_change_is_told_once_and_the_next_right_one_counts() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("inventory.toml");
    std::fs::write(&path, WHOLE).unwrap();
    let (mut file, _) = InventoryFile::open(&path).unwrap();
    assert!(file.changed().unwrap().is_none());

    std::fs::write(&path, "[[vcp]]").unwrap();
    assert!(file.changed().unwrap_err().to_string().contains(&path.display().to_string()));
    assert!(file.changed().unwrap().is_none(), "told once");
    std::fs::write(&path, "").unwrap();
    assert_eq!(file.changed().unwrap().unwrap().prefixes(), 0);
    assert_eq!(check_inventory(&path).unwrap(), 0, "an empty file is an empty inventory");
}
