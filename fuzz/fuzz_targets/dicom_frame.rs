//! Fuzzes [`hilum_fuzz::dicom_frame`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| hilum_fuzz::dicom_frame(data));
