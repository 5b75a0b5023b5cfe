//! Sentences about countries and autonomous systems.
//!
//! `mmdb` writes the smallest database in the MaxMind DB format (version 2.0): a search tree, 16 zero bytes, data,
//! metadata.

use flow::{LogStatus, Timestamp};

use super::*;

fn told(origin: &mut Origin, destination: &str) -> (Option<String>, Option<u64>) {
    let mut record = Record::empty(Timestamp::default(), Timestamp::default(), LogStatus::Ok);
    record.dstaddr = Some(destination.parse().unwrap());
    origin.tell(&mut record);
    (record.dst_country.map(|country| country.to_string()), record.dst_asn)
}

/// A text, at most 28 bytes long.
fn text(content: &str) -> Vec<u8> {
    let mut field = vec![0b010_00000 | u8::try_from(content.len()).unwrap()];
    field.extend(content.as_bytes());
    field
}

/// A number of type 5 (16 bits) or 6 (32 bits).
fn number(kind: u8, value: u32) -> Vec<u8> {
    let mut field = vec![(kind << 5) | 4];
    field.extend(value.to_be_bytes());
    if kind == 5 {
        field = vec![(kind << 5) | 2];
        field.extend(u16::try_from(value).unwrap().to_be_bytes());
    }
    field
}

/// A database of IPv4 in which the first half of all addresses has the number `asn`, and the other half none.
fn mmdb(asn: u32) -> Vec<u8> {
    const NODES: u32 = 1;
    let mut file = Vec::new();
    // Records of 24 bits: nodes + 16 points to the first byte of the data, nodes itself to nothing.
    file.extend(&(NODES + 16).to_be_bytes()[1..]);
    file.extend(&NODES.to_be_bytes()[1..]);
    file.extend([0; 16]);
    file.push(0b111_00001);
    file.extend(text("autonomous_system_number"));
    file.extend(number(6, asn));
    file.extend(b"\xab\xcd\xefMaxMind.com");
    let metadata = [
        ("binary_format_major_version", number(5, 2)),
        ("binary_format_minor_version", number(5, 0)),
        ("build_epoch", vec![0, 2]),
        ("database_type", text("ASN")),
        ("description", vec![0b111_00000]),
        ("ip_version", number(5, 4)),
        ("languages", vec![0, 4]),
        ("node_count", number(6, NODES)),
        ("record_size", number(5, 24)),
    ];
    file.push(0b111_00000 | u8::try_from(metadata.len()).unwrap());
    for (key, value) in metadata {
        file.extend(text(key));
        file.extend(value);
    }
    file
}

#[test]
fn a_destination_has_the_country_that_a_registry_gave_it_to() {
    let mut origin = Origin::default();
    // Blocks that their registries gave to one country for good: APNIC's own, RIPE NCC's own, a university's.
    assert_eq!(told(&mut origin, "203.119.101.1"), (Some("AU".to_owned()), None));
    assert_eq!(told(&mut origin, "193.0.6.139"), (Some("NL".to_owned()), None));
    assert_eq!(told(&mut origin, "2001:67c:2e8::1"), (Some("NL".to_owned()), None));
    for nowhere in ["10.0.0.1", "192.168.1.1", "127.0.0.1", "fd00::1"] {
        assert_eq!(told(&mut origin, nowhere), (None, None), "{nowhere}");
    }
}

#[test]
fn the_operators_file_gives_the_autonomous_system_and_may_change() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("asn.mmdb");
    let error = check_asn_file(&path).unwrap_err().to_string();
    assert!(error.contains("asn.mmdb") && error.contains("is the file there"), "{error}");

    std::fs::write(&path, mmdb(64_500)).unwrap();
    let mut origin = Origin::open(Some(&path)).unwrap();
    assert_eq!(told(&mut origin, "10.0.0.1").1, Some(64_500));
    assert_eq!(told(&mut origin, "203.0.113.1").1, None);
    assert_eq!(told(&mut origin, "2001:db8::1").1, None, "a database of IPv4 knows no IPv6");

    std::fs::write(&path, "no database").unwrap();
    let error = origin.look_again().unwrap_err().to_string();
    assert!(error.contains("are no MaxMind DB: bring an ASN database"), "{error}");
    assert_eq!(told(&mut origin, "10.0.0.1").1, Some(64_500), "the last right one stays in force");

    std::fs::write(&path, mmdb(64_501)).unwrap();
    origin.look_again().unwrap();
    assert_eq!(told(&mut origin, "10.0.0.1").1, Some(64_501));
}
