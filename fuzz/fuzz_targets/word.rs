//! Searches for inputs that bring the target `word` down.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::enter("word", bytes));
