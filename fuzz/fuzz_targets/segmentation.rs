//! Fuzzes [`hilum_fuzz::segmentation`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| hilum_fuzz::segmentation(data));
