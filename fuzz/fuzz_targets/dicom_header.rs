//! Fuzzes [`hilum_fuzz::dicom_header`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| hilum_fuzz::dicom_header(data));
