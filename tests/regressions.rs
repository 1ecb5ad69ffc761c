//! Inputs that once broke something, found by the fuzz targets, through the same doors; and the seeds of those targets. A folder
//! of `tests/regressions` or `fuzz/seeds` has the name of its target.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may stop, and may use a clock"
)]

use std::path::Path;
use std::time::{Duration, Instant};

#[allow(dead_code, missing_docs, unreachable_pub, reason = "what the fuzzer needs of it is not needed here")]
#[path = "../fuzz/src/lib.rs"]
mod doors;

#[test]
fn nothing_that_once_broke_something_does_so_again() {
    let mut replayed = 0;
    for root in ["tests/regressions", "fuzz/seeds"] {
        for folder in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(root)).unwrap() {
            let folder = folder.unwrap().path();
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            let door = doors::TARGETS.iter().find(|(target, _)| *target == name);
            let (_, door) = door.unwrap_or_else(|| panic!("{name} is no fuzz target"));
            for file in std::fs::read_dir(folder).unwrap() {
                let bytes = std::fs::read(file.unwrap().path()).unwrap();
                let begin = Instant::now();
                door(&bytes);
                let most = Duration::from_secs(5 + 5 * (bytes.len() as u64 >> 20));
                assert!(begin.elapsed() < most, "{name}: {} bytes take {:?}", bytes.len(), begin.elapsed());
                replayed += 1;
            }
        }
    }
    assert!(replayed > 30, "{replayed}");
}
