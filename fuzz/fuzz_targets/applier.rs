#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lazuli_fuzz::applier(bytes));
