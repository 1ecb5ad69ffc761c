//! Fuzzes [`hilum_fuzz::jpeg_2000`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| hilum_fuzz::jpeg_2000(data));
