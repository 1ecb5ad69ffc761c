//! Fuzzes [`hilum_fuzz::structure_set`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| hilum_fuzz::structure_set(data));
