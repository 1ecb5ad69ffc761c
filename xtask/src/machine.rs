//! What the tests need of the machine: a browser, an archive to send to, validators.

use crate::run::{Outcome, cache, command, output, root, run};
use std::fs;
use std::path::PathBuf;

/// Debian packages, and what each is for.
const PACKAGES: [&str; 8] = [
    "chromium",
    "chromium-driver",
    "orthanc",
    "orthanc-dicomweb",
    "dicom3tools",
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
             driver, Orthanc with its DICOMweb plugin, dicom3tools and a Vulkan driver (lavapipe), then run again.",
            missing.join(", ")
        ));
    }
    println!("installing {}", missing.join(", "));
    run(command("apt-get", &["update", "-qq"]).env("DEBIAN_FRONTEND", "noninteractive"))?;
    let mut install = command("apt-get", &["install", "-y", "-qq", "--no-install-recommends"]);
    run(install.args(missing).env("DEBIAN_FRONTEND", "noninteractive").stdout(std::process::Stdio::null()))
}

/// Web servers that the tests start themselves. They are unpacked and not installed: an installed one would start by itself, now and
/// with the machine.
const UNPACKED: [&str; 3] = ["nginx", "nginx-common", "caddy"];

/// Where they are: the root of what their packages hold.
pub(crate) fn servers() -> PathBuf {
    cache().join("servers")
}

/// Unpacks the web servers if they are not there.
pub(crate) fn web_servers() -> Outcome {
    let home = servers();
    let there = |program: &str| home.join(program).exists();
    if there("usr/sbin/nginx") && there("usr/bin/caddy") && there("etc/nginx/mime.types") {
        return Ok(());
    }
    println!("unpacking {}", UNPACKED.join(", "));
    let packages = home.join("packages");
    fs::create_dir_all(&packages).map_err(|e| format!("{}: {e}", packages.display()))?;
    // Run as root, apt would like to read as somebody else, who may not look into a home.
    let mut download = command("apt-get", &["download", "-qq", "-o", "APT::Sandbox::User=root"]);
    run(download.args(UNPACKED).current_dir(&packages))?;
    for entry in fs::read_dir(&packages).map_err(|e| format!("{}: {e}", packages.display()))?.flatten() {
        run(command("dpkg", &["-x"]).args([entry.path().as_path(), home.as_path()]))?;
    }
    fs::remove_dir_all(&packages).map_err(|e| format!("{}: {e}", packages.display()))
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
