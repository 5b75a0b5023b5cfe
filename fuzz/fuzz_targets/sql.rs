//! Searches for inputs that bring the target `sql` down.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::enter("sql", bytes));
