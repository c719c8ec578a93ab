#![no_main]
#![allow(missing_docs, reason = "the macro makes functions that nobody calls by name")]

libfuzzer_sys::fuzz_target!(init: lazuli_fuzz::allow_wishes(), |bytes: &[u8]| lazuli_fuzz::driver(bytes));
