//! The pure core inside WebAssembly: the same bytes, the same HU, and decoders that find all they need.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may stop with its reason"
)]
#![cfg(target_arch = "wasm32")]

// The decoders ask for what the worker gives them.
#[path = "../src/bin/c_library.rs"]
mod c_library;

mod small_ct;

use hilum::dicom::{decode_frame, group_into_series, read_header};
use hilum::import::{demonstration_file, plan_stack};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn a_slice_of_the_demonstration_decodes() {
    let file = demonstration_file(60).unwrap();
    let frame = decode_frame(&file.bytes, 0).unwrap();
    let corner = frame.hu[0];
    let middle = frame.hu[(frame.rows / 2) * frame.columns + frame.columns / 2];
    assert!(corner < -900 && middle > -200, "air in the corner ({corner}), tissue in the middle ({middle})");
}

#[wasm_bindgen_test]
fn a_stack_is_planned_from_headers_alone() {
    let instances = (50..60).map(|k| read_header(&demonstration_file(k).unwrap().bytes).unwrap()).collect();
    let series = group_into_series(instances);
    let plan = plan_stack(&series[0]).unwrap();
    assert_eq!(plan.slices.len(), 10);
    assert_eq!(plan.findings, []);
}

#[wasm_bindgen_test]
fn damaged_bytes_are_refused_not_trapped_on() {
    let file = demonstration_file(3).unwrap().bytes;
    for length in [0, 3, 200, 1000, file.len() / 2] {
        assert!(decode_frame(&file[..length], 0).is_err());
    }
}

/// As `tests/reports.rs` finds them natively.
#[wasm_bindgen_test]
fn what_is_written_here_is_what_is_written_natively() {
    assert_eq!(small_ct::digests(), include_str!("golden/objects.sha256"));
}
