#![no_main]

libfuzzer_sys::fuzz_target!(init: lazuli_fuzz::allow_wishes(), |bytes: &[u8]| lazuli_fuzz::driver(bytes));
