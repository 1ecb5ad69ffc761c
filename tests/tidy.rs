//! The house rules that a compiler does not know: which room may import which, where the outside world may be touched, how
//! files are named, opened and bounded. Each rule says why it is there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may stop with its reason"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every room with the rooms it may import. Reading order: a room stands below all that it imports.
///
/// Why: a voxel's way from bytes to report can then be read from top to bottom, and what decides a number never depends on
/// what shows it.
const ROOMS: [(&str, &[&str]); 14] = [
    ("geometry", &[]),
    ("dicom", &["geometry"]),
    ("volume", &["geometry"]),
    ("view", &["geometry", "volume"]),
    ("annotation", &["geometry", "volume"]),
    ("import", &["geometry", "dicom", "volume", "annotation"]),
    ("analysis", &["geometry", "volume"]),
    ("report", &["geometry", "volume", "annotation", "analysis"]),
    ("export", &["geometry", "dicom", "volume", "annotation", "report"]),
    ("jobs", &["geometry", "dicom", "volume", "import", "analysis", "export"]),
    (
        "session",
        &["geometry", "dicom", "volume", "view", "annotation", "import", "analysis", "report", "export", "jobs"],
    ),
    ("render", &["geometry", "volume", "view", "annotation"]),
    // What the session asks for, what comes in parts, and what leaves: no decision is taken here.
    ("platform", &["dicom", "analysis", "export", "jobs", "session"]),
    // Points and segment meanings are words of the session's commands; no voxel is computed here.
    ("ui", &["geometry", "view", "annotation", "jobs", "session", "render", "platform"]),
];

/// Crates that only some places may name, each with the reason. A place is a path below `src/`; a name ending in `_` stands
/// for every crate that begins so.
const CRATES: [(&str, &[&str], &str); 16] = [
    ("leptos", &["ui/"], "the rest must not know how it is shown"),
    ("web_sys", &["ui/", "platform/", "render/surface.rs"], "everything else is tested natively"),
    ("js_sys", &["ui/", "platform/"], "everything else is tested natively"),
    ("wasm_bindgen", &["ui/", "platform/", "render/surface.rs"], "everything else is tested natively"),
    ("wasm_bindgen_futures", &["ui/", "platform/"], "everything else is tested natively"),
    ("serde_wasm_bindgen", &["platform/"], "messages to workers are made in one room"),
    ("gloo", &["ui/", "platform/", "render/readback.rs"], "everything else is tested natively"),
    ("wgpu", &["render/"], "a reading must not depend on a graphics driver"),
    ("dicom_", &["dicom/", "import/", "export/"], "the other rooms see plain structs, never tags"),
    ("jpeg_decoder", &["dicom/"], "frames are decoded behind one door"),
    ("jpeg2k", &["dicom/"], "frames are decoded behind one door"),
    ("rten", &["analysis/model/onnx.rs"], "a foreign network is run behind one door"),
    ("rten_tensor", &["analysis/model/onnx.rs"], "a foreign network is run behind one door"),
    ("jxl", &["dicom/"], "frames are decoded behind one door"),
    ("zip", &["import/archive.rs"], "what is unpacked is bounded in one place"),
    ("flate2", &["import/", "export/nifti.rs"], "streams are decompressed where their size is known"),
];

/// Names that say nothing about what is inside.
const DRAWERS: [&str; 6] = ["util", "utils", "misc", "helper", "helpers", "common"];

/// A file longer than this holds more than one thing.
const LONGEST_FILE: usize = 600;

/// Shaders without a CPU twin, each with the reason.
const WITHOUT_TWIN: [(&str, &str); 1] = [("present", "copies finished pixels to the screen and decides nothing")];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files with an extension under a folder, as paths from the root, in order.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

fn all_rust() -> Vec<PathBuf> {
    ["src", "tests", "benches", "examples", "xtask/src"].into_iter().flat_map(|folder| files(folder, "rs")).collect()
}

fn text(file: &Path) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// The code of a file: no comments, no string contents, so that prose may name what code may not.
fn code(file: &Path) -> String {
    let mut code = String::new();
    for line in text(file).lines() {
        let line = line.split("//").next().unwrap_or_default();
        let mut inside = false;
        for piece in line.split('"') {
            if !inside {
                code.push_str(piece);
            }
            inside = !inside;
            code.push('"');
        }
        code.push('\n');
    }
    code
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The first names of the paths that begin with `crate::`, grouped imports included.
fn rooms_named(code: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        let word = |text: &str| text.trim_start().chars().take_while(|c| is_word(*c)).collect::<String>();
        let Some(group) = after.strip_prefix('{') else {
            named.insert(word(after));
            continue;
        };
        let mut depth = 0;
        let mut first = true;
        for (at, c) in group.char_indices() {
            if first && depth == 0 && is_word(c) {
                named.insert(word(&group[at..]));
                first = false;
            }
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => first = true,
                _ => {}
            }
        }
    }
    named
}

/// Whether code names a crate, or any crate with that beginning.
fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = &code[at + name.len()..];
        let begins = before.is_none_or(|c| !is_word(c) && c != '.');
        if name.ends_with('_') {
            let crate_name_ends = after.trim_start_matches(is_word);
            begins && crate_name_ends.starts_with("::")
        } else {
            begins && after.starts_with("::")
        }
    })
}

fn complain(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

#[test]
fn the_readers_of_code_read() {
    let named = rooms_named("use crate::{volume::{Grid, x}, dicom};\nlet a = crate::geometry::Point;");
    assert_eq!(named.into_iter().collect::<Vec<_>>(), ["dicom", "geometry", "volume"]);
    assert!(names_crate("use dicom_core::Tag;", "dicom_"));
    assert!(!names_crate("let dicom_files = 1;", "dicom_"));
    assert!(!names_crate("use wasm_bindgen_futures::x;", "wasm_bindgen"));
    assert!(!names_crate("use serde_wasm_bindgen::x;", "wasm_bindgen"));
}

#[test]
fn rooms_stand_in_reading_order() {
    let mut above = BTreeSet::new();
    for (room, imports) in ROOMS {
        for import in imports {
            assert!(above.contains(import), "{room} stands above {import}, which it imports");
        }
        above.insert(room);
    }
    let on_disk: BTreeSet<String> = fs::read_dir(root().join("src"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir() && entry.file_name() != "bin")
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(on_disk, above.iter().map(ToString::to_string).collect(), "every room has its row");
}

#[test]
fn rooms_import_what_their_row_names() {
    let rows: BTreeMap<&str, &[&str]> = ROOMS.into_iter().collect();
    let mut wrong = Vec::new();
    for file in files("src", "rs") {
        let parts: Vec<_> = file.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let [_, room, _, ..] = parts.as_slice() else { continue };
        let Some(allowed) = rows.get(room.as_str()) else { continue };
        for named in rooms_named(&code(&file)) {
            if named != *room && !allowed.contains(&named.as_str()) {
                wrong.push(format!("{}: crate::{named}", file.display()));
            }
        }
    }
    complain(&wrong, "a room imports only what its row names");
}

#[test]
fn crates_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for file in files("src", "rs") {
        let place = file.strip_prefix("src").unwrap().to_string_lossy().into_owned();
        if place.starts_with("bin/") || place == "main.rs" {
            continue;
        }
        let code = code(&file);
        for (name, places, reason) in CRATES {
            if names_crate(&code, name) && !places.iter().any(|p| place.starts_with(p)) {
                wrong.push(format!("{}: {name} ({reason})", file.display()));
            }
        }
    }
    complain(&wrong, "crates stay in their rooms");
}

#[test]
fn one_file_sends() {
    // `fetch` with a body is the only way out of the page; a second one would escape the ledger.
    let sends = [
        ".set_body(",
        ".set_method(",
        "send_beacon",
        "XmlHttpRequest",
        "WebSocket",
        "RtcPeerConnection",
        "EventSource",
    ];
    let mut wrong = Vec::new();
    for file in files("src", "rs").into_iter().filter(|f| f != Path::new("src/platform/egress.rs")) {
        let code = code(&file);
        wrong.extend(sends.iter().filter(|s| code.contains(**s)).map(|s| format!("{}: {s}", file.display())));
    }
    complain(&wrong, "only platform::egress sends");
}

#[test]
fn names_of_algorithms_are_known_where_leaks_are_looked_for() {
    let known = text(&root().join("src/export/campaign.rs"));
    let named: Vec<String> = ["src/analysis", "src/session"]
        .into_iter()
        .flat_map(|folder| files(folder, "rs"))
        .filter(|file| !file.ends_with("words.rs"))
        .flat_map(|file| {
            text(&file)
                .split("\"Hilum ")
                .skip(1)
                .filter_map(|t| t.split('"').next().map(str::to_owned))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(named.len() >= 9, "{named:?}");
    let unknown: Vec<String> = named.into_iter().filter(|name| !known.contains(&format!("\"Hilum {name}\""))).collect();
    complain(&unknown, "a series described by such a word could not be handed to a campaign");
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<String> =
        all_rust().iter().filter(|f| !text(f).starts_with("//!")).map(|f| f.display().to_string()).collect();
    complain(&silent, "a file opens with //! and what it is");
    let shaders = files("src/render/shaders", "wgsl");
    let silent: Vec<String> =
        shaders.iter().filter(|f| !text(f).starts_with("// ")).map(|f| f.display().to_string()).collect();
    complain(&silent, "a shader opens with // and what it is");
}

#[test]
fn files_hold_one_thing_and_say_which() {
    let mut wrong = Vec::new();
    for file in all_rust() {
        let lines = text(&file).lines().count();
        if lines > LONGEST_FILE {
            wrong.push(format!("{}: {lines} lines, at most {LONGEST_FILE}", file.display()));
        }
        for part in file.iter().map(|part| part.to_string_lossy()) {
            if DRAWERS.contains(&part.trim_end_matches(".rs")) {
                wrong.push(format!("{}: a drawer", file.display()));
            }
        }
    }
    complain(&wrong, "files are short and named for what they hold");
}

#[test]
fn kernels_have_a_twin_on_the_cpu() {
    // The twin says what is right: it is tested natively and the shader is compared with it.
    let mut wrong = Vec::new();
    let shaders = files("src/render/shaders", "wgsl");
    assert!(!shaders.is_empty());
    for shader in shaders {
        let name = shader.file_stem().unwrap().to_string_lossy().into_owned();
        let twin = root().join("src/view").join(format!("{name}.rs")).exists();
        let excused = WITHOUT_TWIN.iter().any(|(without, _)| *without == name);
        if twin == excused {
            wrong.push(shader.display().to_string());
        }
    }
    complain(&wrong, "each kernel has a twin of its name in src/view, or a reason not to");
}

#[test]
fn nothing_is_left_for_later() {
    let marks = [["TO", "DO"], ["FIX", "ME"], ["XX", "X:"], ["todo", "!("], ["unimplemented", "!("], ["#[ign", "ore"]];
    let mut wrong = Vec::new();
    for file in all_rust().into_iter().chain(files("src/render/shaders", "wgsl")) {
        let text = text(&file);
        for mark in marks.map(|halves| halves.concat()) {
            if text.contains(&mark) {
                wrong.push(format!("{}: {mark}", file.display()));
            }
        }
    }
    complain(&wrong, "what is not done is not in the code");
}
