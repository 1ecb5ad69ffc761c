//! Fuzzes [`hilum_fuzz::multipart`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| hilum_fuzz::multipart(data));
