#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| postseal_fuzz::certificate(bytes));
libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
    postseal_fuzz::mutate::ber(data, size, most, seed, libfuzzer_sys::fuzzer_mutate)
});
