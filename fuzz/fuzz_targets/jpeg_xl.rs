//! Fuzzes [`hilum_fuzz::jpeg_xl`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| hilum_fuzz::jpeg_xl(data));
