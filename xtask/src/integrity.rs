//! Digests of the built files, for the browser to compare (Subresource Integrity): in the page, and in the service worker's list.

use crate::run::{Outcome, command, output, root};
use std::fs;

/// Read by each page that asks, never kept: a site's configuration.
const NOT_THE_APP: [&str; 2] = ["config.json", SERVICE_WORKER];
const SERVICE_WORKER: &str = "service_worker.js";

/// Writes the digests of what was built into the page and into the service worker, which names its cache after them.
pub(crate) fn seal() -> Outcome {
    let page = read("index.html")?;
    let wasm = attribute(&page, "data-wasm=\"").ok_or("dist/index.html does not name its program")?;
    let digests = digests(&["boot.js", wasm.trim_start_matches("./"), "hilum-worker_bg.wasm"])?;
    let [boot, program, worker] = digests.as_slice() else {
        return Err("the files' digests cannot be made".to_owned());
    };
    let page = sealed_page(&page, boot, program, worker).ok_or("dist/index.html does not start boot.js")?;
    write("index.html", &page)?;

    let mut names: Vec<String> = fs::read_dir(root().join("dist"))
        .map_err(|e| format!("dist: {e}"))?
        .flatten()
        .filter(|e| e.path().is_file())
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .filter(|name| !NOT_THE_APP.contains(&name.as_str()))
        .collect();
    names.sort();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let files: Vec<(&str, String)> = names.iter().copied().zip(self::digests(&names)?).collect();
    let worker = sealed_worker(&read(SERVICE_WORKER)?, &files).ok_or("service_worker.js has no list to be filled")?;
    write(SERVICE_WORKER, &worker)
}

fn read(name: &str) -> Outcome<String> {
    fs::read_to_string(root().join("dist").join(name)).map_err(|e| format!("dist/{name}: {e}"))
}

fn write(name: &str, text: &str) -> Outcome {
    fs::write(root().join("dist").join(name), text).map_err(|e| format!("dist/{name}: {e}"))
}

/// `sha384-…` of files in `dist/`, in their order.
fn digests(names: &[&str]) -> Outcome<Vec<String>> {
    let script = "const {createHash}=require('crypto'),{readFileSync}=require('fs');for(const f of process.argv.slice(1))\
                  console.log('sha384-'+createHash('sha384').update(readFileSync('dist/'+f)).digest('base64'))";
    let said = output(command("node", &["-e", script]).args(names)).ok_or("node cannot read the built files")?;
    let lines: Vec<String> = said.lines().map(str::to_owned).collect();
    if lines.len() == names.len() { Ok(lines) } else { Err("not all built files have a digest".to_owned()) }
}

fn attribute<'a>(text: &'a str, begin: &str) -> Option<&'a str> {
    text.split_once(begin)?.1.split_once('"').map(|(value, _)| value)
}

fn sealed_page(page: &str, boot: &str, program: &str, worker: &str) -> Option<String> {
    let mark = "boot.js\" data-js=";
    page.contains(mark).then(|| {
        let with = format!(
            "boot.js\" integrity=\"{boot}\" crossorigin=\"anonymous\" data-integrity=\"{program}\" \
             data-worker-integrity=\"{worker}\" data-js="
        );
        page.replacen(mark, &with, 1)
    })
}

fn sealed_worker(worker: &str, files: &[(&str, String)]) -> Option<String> {
    let (list, cache) = ("const FILES = [];", "const CACHE = \"hilum-app-0\";");
    let all = files.iter().map(|(_, digest)| digest.as_str()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, digest| {
        digest.bytes().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    });
    let rows: String = files.iter().map(|(name, digest)| format!("  [\"{name}\", \"{digest}\"],\n")).collect();
    (worker.contains(list) && worker.contains(cache)).then(|| {
        worker.replacen(list, &format!("const FILES = [\n{rows}];"), 1).replacen(
            cache,
            &format!("const CACHE = \"hilum-app-{all:016x}\";"),
            1,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{sealed_page, sealed_worker};

    #[test]
    fn digests_stand_where_the_browser_looks() {
        let page = "<script type=\"module\" src=\"./boot.js\" data-js=\"./a.js\" data-wasm=\"./a.wasm\"></script>";
        let sealed = sealed_page(page, "sha384-b", "sha384-p", "sha384-w").unwrap_or_default();
        assert!(
            sealed.contains("src=\"./boot.js\" integrity=\"sha384-b\"")
                && sealed.contains("data-integrity=\"sha384-p\" data-worker-integrity=\"sha384-w\"")
        );
        assert_eq!(sealed_page("<script>", "b", "p", "w"), None);
    }

    #[test]
    fn another_build_has_another_cache() {
        let text = "const FILES = [];\nconst CACHE = \"hilum-app-0\";";
        let of = |digest: &str| sealed_worker(text, &[("hilum-app-0a.js", digest.to_owned())]).unwrap_or_default();
        assert!(of("sha384-x").contains("\nconst CACHE = \"hilum-app-"));
        assert!(of("sha384-x").contains("[\"hilum-app-0a.js\", \"sha384-x\"]"));
        assert_ne!(of("sha384-x").lines().last(), of("sha384-y").lines().last());
        assert_eq!(sealed_worker("", &[]), None);
    }
}
