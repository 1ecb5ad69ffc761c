//! Fuzzes [`hilum_fuzz::rle`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| hilum_fuzz::rle(data));
