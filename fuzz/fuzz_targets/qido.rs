//! Fuzzes [`hilum_fuzz::qido`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| hilum_fuzz::qido(data));
