//! Searches for inputs that bring the target `map_entry` down.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::enter("map_entry", bytes));
