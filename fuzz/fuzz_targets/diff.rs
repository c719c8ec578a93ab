#![no_main]
#![allow(missing_docs, reason = "the macro makes functions that nobody calls by name")]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lazuli_fuzz::diff(bytes));
