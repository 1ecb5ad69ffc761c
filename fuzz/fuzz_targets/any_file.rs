//! Fuzzes [`hilum_fuzz::any_file`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| hilum_fuzz::any_file(data));
