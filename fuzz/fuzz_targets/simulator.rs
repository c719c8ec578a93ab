#![no_main]

libfuzzer_sys::fuzz_target!(init: lazuli_fuzz::allow_panics(), |bytes: &[u8]| lazuli_fuzz::simulator(bytes));
