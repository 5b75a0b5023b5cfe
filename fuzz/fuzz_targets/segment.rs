//! Searches for inputs that bring the target `segment` down.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::enter("segment", bytes));
