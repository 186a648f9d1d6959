#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| postseal_fuzz::path(bytes));
