//! The demonstration series in the eyes of an outside judge.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "this is a test")]

use hilum::import::{DEMONSTRATION_SLICES, demonstration_file};

#[path = "validators/mod.rs"]
mod validators;
use validators::{assert_conforms, scratch};

#[test]
fn its_files_are_sound_ct_images() {
    for k in [0, DEMONSTRATION_SLICES / 2, DEMONSTRATION_SLICES - 1] {
        let file = demonstration_file(k).unwrap();
        let path = scratch("demonstration", &file.name);
        std::fs::write(&path, &file.bytes).unwrap();
        assert_conforms(&path);
    }
}
