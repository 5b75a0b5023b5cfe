//! Sentences about windows: which one a packet is counted in.

use expect_test::{Expect, expect};
use flow::{Counters, Tuple};

use super::*;
use crate::conntrack::entry::Name;

fn minute(number: i64) -> Window {
    WindowLength::MINUTE.window_of(Timestamp::from_seconds(number * 60))
}

fn at(minute: i64, second: i64) -> Timestamp {
    Timestamp::from_seconds(minute * 60 + second)
}

fn entry(start: Option<Timestamp>, stop: Option<Timestamp>) -> Entry {
    let original = Tuple {
        srcaddr: "10.10.0.2".parse().unwrap(),
        dstaddr: "203.0.113.2".parse().unwrap(),
        srcport: 4000,
        dstport: 443,
    };
    let name = Name { protocol: 6, original, zone: 0, id: 1 };
    Entry { name, translated: original, counted: None, start, stop }
}

/// What the survey between minute 1 and minute 2, two seconds late, makes of five packets.
#[track_caller]
fn check(age: Age, start: Option<Timestamp>, stop: Option<Timestamp>, expected: Expect) {
    let mut tally = Tally::new(minute(1), Local::default());
    tally.begin(minute(2), at(2, 2));
    let since = Both { forward: Counters { packets: 5, bytes: 500 }, ..Both::default() };
    tally.take(&entry(start, stop), since, age);
    let [event] = &tally.taken[..] else { panic!("{:?}", tally.taken) };
    expected.assert_eq(&format!("{} to {}", event.first, event.last));
}

#[test]
fn packets_before_the_survey_belong_to_the_window_that_it_ends() {
    check(Age::BeforeDump, None, None, expect!["60.000 to 119.999"]);
    check(Age::BeforeDump, None, Some(at(1, 30)), expect!["60.000 to 90.000"]);
    check(Age::SinceItsStart, None, None, expect!["60.000 to 119.999"]);
    check(Age::SinceItsStart, Some(at(1, 10)), None, expect!["70.000 to 119.999"]);
}

#[test]
fn packets_that_are_known_to_be_younger_belong_to_the_next() {
    check(Age::SinceItsStart, Some(at(2, 1)), None, expect!["121.000 to 122.000"]);
    check(Age::SinceDump, Some(at(1, 10)), Some(at(2, 2)), expect!["120.000 to 122.000"]);
}

#[test]
fn no_event_lies_in_a_window_that_is_complete() {
    check(Age::SinceItsStart, Some(at(0, 10)), Some(at(0, 20)), expect!["60.000 to 60.000"]);
    check(Age::SinceItsStart, Some(at(9, 10)), None, expect!["179.999 to 179.999"]);
}

#[test]
fn conversations_with_the_gateway_itself_are_none_through_it() {
    let local = Local::new(["203.0.113.1".parse().unwrap()]);
    let with = |source: &str, answers: &str| {
        let mut entry = entry(None, None);
        entry.name.original.srcaddr = source.parse().unwrap();
        entry.translated.dstaddr = answers.parse().unwrap();
        local.is_end_of(&entry)
    };
    assert!(with("203.0.113.1", "198.51.100.7"), "the gateway asks");
    assert!(with("198.51.100.7", "203.0.113.1"), "the gateway answers");
    assert!(with("fe80::1", "ff02::fb") && with("127.0.0.1", "127.0.0.1") && with("10.0.0.1", "224.0.0.22"));
    assert!(!with("198.51.100.7", "10.10.0.2"), "forwarded to the inside");
}
