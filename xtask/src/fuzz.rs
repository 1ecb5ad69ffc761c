//! Fuzzing: the corpus of each target is begun with the seeds and the small public test files, then libFuzzer goes on from there.

use crate::run::{Outcome, command, root, run};
use std::fs;
use std::path::{Path, PathBuf};

/// Test files larger than this would slow the fuzzer down.
const LARGEST_SEED: u64 = 48 << 10;
/// Targets that read whole files; the others read compressed streams.
const WHOLE_FILES: [&str; 5] = ["dicom_header", "dicom_frame", "segmentation", "structure_set", "any_file"];

/// `fuzz [TARGET] [SECONDS]`: all targets one after the other without a name, a minute each without a time.
pub(crate) fn fuzz(arguments: &[&str]) -> Outcome {
    let home = root().join("fuzz");
    let mut targets: Vec<String> = fs::read_dir(home.join("fuzz_targets"))
        .map_err(|e| e.to_string())?
        .flatten()
        .filter_map(|entry| entry.path().file_stem().map(|name| name.to_string_lossy().into_owned()))
        .collect();
    targets.sort();
    let mut seconds = 60;
    for argument in arguments {
        match argument.parse() {
            Ok(number) => seconds = number,
            Err(_) if targets.iter().any(|t| t == argument) => targets.retain(|t| t == argument),
            Err(_) => return Err(format!("no fuzz target {argument}; there are {}", targets.join(", "))),
        }
    }
    for target in targets {
        let corpus = home.join("corpus").join(&target);
        fs::create_dir_all(&corpus).map_err(|e| e.to_string())?;
        begin(&home.join("seeds").join(&target), &corpus);
        begin(&root().join("tests/regressions").join(&target), &corpus);
        if WHOLE_FILES.contains(&target.as_str()) {
            let data = std::env::var_os("HILUM_TEST_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
            for folder in ["fuzz-pwnlab-v3", "conformance", "dicom2nifti-failing"] {
                begin(&data.join(folder), &corpus);
            }
        }
        // `-O`: decoders as they ship. Ten seconds for an input of some kilobytes is a hang.
        let words = ["+nightly", "fuzz", "run", "-O", &target, "--", "-timeout=10", "-rss_limit_mb=2048"];
        let mut fuzzer = command("cargo", &words);
        fuzzer
            .arg(format!("-max_total_time={seconds}"))
            .env("ASAN_OPTIONS", "detect_leaks=0")
            .env_remove("RUSTUP_TOOLCHAIN");
        run(&mut fuzzer)?;
    }
    Ok(())
}

/// Copies the small files below a folder into a corpus, named by their place.
fn begin(folder: &Path, corpus: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            begin(&path, corpus);
        } else if fs::metadata(&path).is_ok_and(|m| m.len() <= LARGEST_SEED) {
            let name: String =
                path.to_string_lossy().chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
            let short: String = name.chars().skip(name.chars().count().saturating_sub(120)).collect();
            // A file that cannot be copied is one seed less.
            let _ = fs::copy(&path, corpus.join(short)).is_ok();
        }
    }
}
