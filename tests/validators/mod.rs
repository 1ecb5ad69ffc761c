//! Judges from outside: dciodvfy (dicom3tools), dsrdump (DCMTK) and highdicom. Where one is absent the test says so; with `CI=true` that fails.

#![allow(dead_code, reason = "each test file uses the judges it needs")]

use serde_json::Value;
use sha2::Digest;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether absence of something is a failure rather than a skipped check.
pub(crate) fn must_be_complete() -> bool {
    std::env::var("CI").as_deref() == Ok("true")
}

/// A file of this test run, in a folder of its own below `target`.
pub(crate) fn scratch(folder: &str, name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

fn absent(what: &str) {
    assert!(!must_be_complete(), "{what} is needed when CI=true");
    println!("skipped: {what} is not there");
}

/// What dciodvfy warns of without fault of the writer: it knows no private coding scheme, not even one that the object
/// identifies (PS3.3 C.12.1.1); and patient and study stand as the archive has them, gaps included, or the object is not filed.
const NOT_OURS: [&str; 4] = [
    "Unrecognized defined term <99HILUM>",
    "value that would be needed to build DICOMDIR",
    "PN Patient's Name",
    "PN Referring Physician's Name",
];

/// What it calls an error without fault of the writer: identifiers of the study that are longer than allowed, as the archive has them,
/// and that there was such an error, each of which has a line of its own.
fn is_of_the_archive(line: &str) -> bool {
    let is_identifier = ["(0x0008,0x0050)", "(0x0020,0x0010)"].iter().any(|tag| line.contains(tag));
    (is_identifier && line.contains("Length invalid for this VR"))
        || line == "Error - Dicom dataset contains invalid data values for Value Representations"
}

/// Asks dciodvfy about a file: no error, no warning of ours.
pub(crate) fn assert_conforms(path: &Path) {
    let Ok(output) = Command::new("dciodvfy").arg(path).output() else { return absent("dciodvfy (dicom3tools)") };
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    let ours = |line: &str| !NOT_OURS.iter().any(|known| line.contains(known));
    let is_error = |line: &str| line.starts_with("Error") && !is_of_the_archive(line);
    let complaint = |line: &&str| is_error(line) || (line.starts_with("Warning") && ours(line));
    assert!(!said.trim().is_empty(), "dciodvfy said nothing about {}", path.display());
    assert_eq!(said.lines().filter(complaint).collect::<Vec<_>>(), Vec::<&str>::new(), "{}", path.display());
}

/// Asks dsrdump to print a report: it does, and complains of nothing.
pub(crate) fn assert_printed(path: &Path) {
    let Ok(output) = Command::new("dsrdump").arg("+Pl").arg(path).output() else { return absent("dsrdump (DCMTK)") };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // It checks no values in UTF-8, and says so each time.
    let complaint =
        |line: &&str| !line.is_empty() && !line.contains("VR checker does not support this Specific Character Set");
    assert!(output.status.success() && !said.lines().any(|l| complaint(&l)), "{}: {said}", path.display());
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("Imaging Measurement Report"), "{printed}");
}

/// What the scripts say of a slice's pixels in a segment, one byte each.
pub(crate) fn sha256(pixels: &[u8]) -> String {
    sha2::Sha256::digest(pixels).iter().map(|b| format!("{b:02x}")).collect()
}

/// Runs a script of `tests/validators` in the Python environment that `cargo xtask test` makes; its JSON must name no problem.
pub(crate) fn ask_highdicom(script: &str, arguments: [&Path; 2]) -> Option<Value> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))?;
    let python = cache.join("hilum/venv/bin/python");
    if !python.exists() {
        absent("the Python environment with highdicom");
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validators").join(script);
    let output = Command::new(python).arg("-W").arg("ignore").arg(script).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_str(&said).unwrap())
}
