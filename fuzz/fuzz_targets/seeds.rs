//! No target: writes the seeds that the worlds of the targets make below the folder that the environment names, and ends. What has
//! the passes of a fuzzer in it is only linked with one.
#![no_main]

libfuzzer_sys::fuzz_target!(init: postseal_fuzz::seeds::write(), |_bytes: &[u8]| -> () {});
