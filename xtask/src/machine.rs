//! What the tests need of the machine: a browser, an archive to send to, validators.

use crate::run::{Outcome, cache, command, output, root, run};
use std::fs;
use std::path::PathBuf;

/// Debian packages, and what each is for.
const PACKAGES: [&str; 9] = [
    "chromium",
    "chromium-driver",
    "orthanc",
    "orthanc-dicomweb",
    "dicom3tools",
    "dcmtk",
    "mesa-vulkan-drivers",
    "libvulkan1",
    "python3-venv",
];

/// Installs Debian packages that are missing.
pub(crate) fn packages() -> Outcome {
    let installed = |package: &&str| {
        output(&mut command("dpkg-query", &["-W", "-f=${db:Status-Abbrev}", package]))
            .is_some_and(|s| s.starts_with("ii"))
    };
    let missing: Vec<&str> = PACKAGES.iter().copied().filter(|p| !installed(p)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if output(&mut command("apt-get", &["--version"])).is_none() {
        return Err(format!(
            "the tests need these programs, and there is no apt-get to install them: {}. Install Chromium with its \
             driver, Orthanc with its DICOMweb plugin, dicom3tools, DCMTK and a Vulkan driver (lavapipe), then run again.",
            missing.join(", ")
        ));
    }
    println!("installing {}", missing.join(", "));
    run(command("apt-get", &["update", "-qq"]).env("DEBIAN_FRONTEND", "noninteractive"))?;
    let mut install = command("apt-get", &["install", "-y", "-qq", "--no-install-recommends"]);
    run(install.args(missing).env("DEBIAN_FRONTEND", "noninteractive").stdout(std::process::Stdio::null()))
}

/// The Python of the validators' environment.
pub(crate) fn python() -> PathBuf {
    cache().join("venv/bin/python")
}

/// Makes the validators' environment anew when its requirements changed.
pub(crate) fn python_environment() -> Outcome {
    let wanted = root().join("tests/validators/requirements.txt");
    let text = fs::read_to_string(&wanted).map_err(|e| format!("{}: {e}", wanted.display()))?;
    let stamp = cache().join("venv/requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|there| there == text) {
        return Ok(());
    }
    println!("installing the validators' Python environment");
    let home = cache().join("venv");
    run(command("python3", &["-m", "venv"]).arg(&home))?;
    let python = python();
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    run(command(&python.to_string_lossy(), &pip).arg(&wanted))?;
    fs::write(&stamp, text).map_err(|e| format!("{}: {e}", stamp.display()))
}

/// Installs the browser suite's Node packages when its lock file changed.
pub(crate) fn node_packages() -> Outcome {
    let suite = root().join("tests/browser");
    let lock = fs::read_to_string(suite.join("package-lock.json")).map_err(|e| format!("package-lock.json: {e}"))?;
    let stamp = suite.join("node_modules/.hilum-lock");
    if fs::read_to_string(&stamp).is_ok_and(|there| there == lock) {
        return Ok(());
    }
    let mut npm = command("npm", &["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    run(npm.current_dir(&suite))?;
    fs::write(&stamp, lock).map_err(|e| format!("{}: {e}", stamp.display()))
}
