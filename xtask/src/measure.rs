//! Benchmarks: our own, and side by side with other viewers.

use crate::run::{Outcome, cache, command, root, run};
use crate::serve;
use std::fs;
use std::path::{Path, PathBuf};

/// Runs the native benchmarks; with `render`, only the table of ms per frame; with `peers`, the side-by-side harness instead, and further words go to it; with `rays`, its
/// comparison of 3D pictures; with `decoders`, those
/// beside others; with `analysis`, the proposals beside SimpleITK.
pub(crate) fn bench(arguments: &[&str]) -> Outcome {
    match arguments.split_first() {
        None => run(&mut command("cargo", &["bench"])),
        Some((&"render", _)) => run(&mut command("cargo", &["bench", "--bench", "frames"])),
        Some((&"peers", rest)) => peers(rest),
        Some((&"strokes", rest)) => run(&mut command("node", &[&["tests/browser/strokes.mjs"], rest].concat())),
        Some((&"rays", rest)) => peers(&[&RAYS, rest].concat()),
        Some((&"decoders", _)) => crate::decoders::decoders(),
        Some((&"analysis", _)) => crate::proposals::proposals(),
        Some((other, _)) => Err(format!("bench does not know {other}")),
    }
}

/// Each viewer draws the same CT in 3D: the same transfer function, size and distance of samples. A frame may take half a minute.
const RAYS: [&str; 20] = [
    "--peers",
    "rays-hilum,rays-hilum-moving,rays-cornerstone,rays-niivue,rays-niivue1",
    "--series",
    "ct300",
    "--steps",
    "load,volume3d",
    "--runs",
    "1",
    "--heavy-runs",
    "1",
    "--codecs",
    "",
    "--frames",
    "8",
    "--steptimeout",
    "1200",
    "--timeout",
    "600",
    "--maxload",
    "99",
];

/// The harness lies beside the project; its copy is given our adapters, and our pages of other viewers.
fn peers(arguments: &[&str]) -> Outcome {
    let source = root().join("../shared/bench/peers");
    if !source.exists() {
        return Err("the harness ../shared/bench/peers is not there".to_owned());
    }
    let harness = cache().join("peers-harness");
    copy(&source, &harness)?;
    replace(&root().join("tests/browser/peer-adapter.mjs"), &harness.join("adapters/hilum.mjs"))?;
    copy(&root().join("tests/browser/peers"), &harness)?;
    let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/hilum-bench");
    let in_harness = |program: &str, arguments: &[&str]| {
        let mut command = command(program, arguments);
        command.current_dir(&harness);
        command
    };
    if !home.join("venv/bin/python").exists() {
        let venv = home.join("venv");
        run(in_harness("python3", &["-m", "venv"]).arg(&venv))?;
        let wanted = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "numpy",
            "scipy",
            "pydicom",
            "pylibjpeg",
            "pylibjpeg-openjpeg",
            "pylibjpeg-libjpeg",
            "pylibjpeg-rle",
            "pyjpegls",
            "imagecodecs",
        ];
        run(&mut in_harness(&venv.join("bin/python").to_string_lossy(), &wanted))?;
    }
    if !home.join("data/manifest.json").exists() {
        let python = home.join("venv/bin/python");
        run(in_harness(&python.to_string_lossy(), &["gen_series.py", "--out"]).arg(home.join("data")))?;
    }
    let modules = home.join("peers");
    if !modules.join("node_modules").exists() {
        fs::create_dir_all(&modules).map_err(|e| e.to_string())?;
        fs::copy(harness.join("package.json"), modules.join("package.json")).map_err(|e| e.to_string())?;
        let mut npm = command("npm", &["install", "--no-audit", "--no-fund", "--loglevel=error"]);
        run(npm.current_dir(&modules))?;
    }
    if !harness.join("dist").exists() {
        run(&mut in_harness("node", &["build.mjs"]))?;
    }
    let ours = ["rays-cornerstone", "rays-niivue", "rays-niivue1"];
    if arguments.iter().any(|words| ours.iter().any(|page| words.contains(page))) {
        run(in_harness("node", &["build.mjs"]).args(ours))?;
    }
    let port = serve::in_background()?;
    let url =
        ["hilum", "rays-hilum", "rays-hilum-moving"].map(|name| format!("{name}=http://127.0.0.1:{port}/")).join(",");
    let mut node = in_harness("node", &["run.mjs", "--url", &url]);
    if !arguments.contains(&"--peers") {
        node.args(["--peers", "hilum,cornerstone,niivue,dwv,volview"]);
    }
    run(node.args(arguments))
}

fn copy(from: &Path, to: &Path) -> Outcome {
    fs::create_dir_all(to).map_err(|e| format!("{}: {e}", to.display()))?;
    for entry in fs::read_dir(from).map_err(|e| format!("{}: {e}", from.display()))?.flatten() {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy(&source, &target)?;
        } else {
            replace(&source, &target)?;
        }
    }
    Ok(())
}

/// Copies over what is there, also where the last copy took on that its source may only be read.
fn replace(from: &Path, to: &Path) -> Outcome {
    if to.exists() {
        fs::remove_file(to).map_err(|e| format!("{}: {e}", to.display()))?;
    }
    fs::copy(from, to).map(drop).map_err(|e| format!("{}: {e}", to.display()))
}

#[cfg(test)]
mod tests {
    use super::copy;
    use std::fs;

    #[test]
    fn what_may_only_be_read_is_copied_twice() -> Result<(), Box<dyn std::error::Error>> {
        let home = std::env::temp_dir().join(format!("hilum-copy-{}", std::process::id()));
        let (from, to) = (home.join("from"), home.join("to"));
        fs::create_dir_all(from.join("adapters"))?;
        let file = from.join("adapters/peer.mjs");
        fs::write(&file, "old")?;
        copy(&from, &to)?;
        fs::write(&file, "new")?;
        let mut kept = fs::metadata(&file)?.permissions();
        kept.set_readonly(true);
        fs::set_permissions(&file, kept)?;
        copy(&from, &to)?;
        copy(&from, &to)?;
        let copied = fs::read_to_string(to.join("adapters/peer.mjs"))?;
        fs::remove_dir_all(&home)?;
        assert_eq!(copied, "new");
        Ok(())
    }
}
