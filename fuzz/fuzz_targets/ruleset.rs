//! Searches for inputs that bring the target `ruleset` down.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::enter("ruleset", bytes));
