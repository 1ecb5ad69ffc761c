//! A small static server for trying the page on this machine, with the headers a hospital's server should send.

use crate::bundle;
use crate::process::Outcome;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const PORT: u16 = 8080;

/// Headers of every answer. The page carries the full policy itself; `frame-ancestors` works as a header alone.
const HEADERS: &str = "X-Content-Type-Options: nosniff\r\n\
    Referrer-Policy: no-referrer\r\n\
    Permissions-Policy: camera=(), microphone=(), geolocation=(), payment=(), usb=()\r\n\
    Cross-Origin-Opener-Policy: same-origin\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n";

/// Builds the page and serves it here. Options: `--no-build`, `--port N`.
///
/// # Errors
/// When it cannot be built or the port is taken.
pub fn demo(options: &[&str]) -> Outcome {
    let mut build = true;
    let mut port = PORT;
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--no-build" => build = false,
            "--port" => {
                port = options.next().and_then(|n| n.parse().ok()).ok_or_else(|| "--port wants a number".to_owned())?;
            }
            other => return Err(format!("demo has no option {other}")),
        }
    }
    if build {
        bundle::build(&[])?;
    }
    let listener = listen(port)?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    println!(
        "
Hilum is at http://{address}/

  1. “Demonstration” opens a computed chest CT; or drop a folder of DICOM files on the page.
  2. “Lungs”, then “Opacities”, propose an outline; brush (b) and contour (c) correct it, Ctrl+Z takes back.
  3. “SEG” and “SR” save the annotation as DICOM.

The CT never leaves the browser. Ctrl+C ends the server."
    );
    serve(&listener, &bundle::dist())
}

/// Takes a port of the loopback interface; 0 takes a free one.
///
/// # Errors
/// When it is taken.
pub fn listen(port: u16) -> Outcome<TcpListener> {
    TcpListener::bind(("127.0.0.1", port)).map_err(|e| format!("port {port}: {e} (try --port)"))
}

/// Answers until the process ends.
///
/// # Errors
/// When the folder does not hold a page.
pub fn serve(listener: &TcpListener, folder: &Path) -> Outcome {
    let page = fs::read_to_string(folder.join("index.html"))
        .map_err(|e| format!("{}: {e} (`cargo xtask build` makes it)", folder.display()))?;
    let policy = policy(&page).ok_or_else(|| "the page states no Content-Security-Policy".to_owned())?;
    let site = Arc::new((
        folder.to_owned(),
        format!("{HEADERS}Content-Security-Policy: {policy}; frame-ancestors 'none'\r\n"),
    ));
    for stream in listener.incoming().flatten() {
        let site = Arc::clone(&site);
        thread::spawn(move || {
            // A browser that goes away in the middle of an answer is its own business.
            let _gone = converse(&stream, &site.0, &site.1);
        });
    }
    Ok(())
}

/// The policy that the page states in its `meta` element.
fn policy(page: &str) -> Option<&str> {
    let after = page.split_once("http-equiv=\"Content-Security-Policy\"")?.1;
    Some(after.split_once("content=\"")?.1.split_once('"')?.0)
}

fn converse(stream: &TcpStream, folder: &Path, headers: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut reader = BufReader::new(stream.take(1 << 20));
    let mut writer = stream;
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
                break;
            }
        }
        let mut words = request.split_whitespace();
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (status, kind, cache, body) = match method {
            "GET" | "HEAD" => answer(folder, target),
            _ => ("405 Method Not Allowed", "text/plain", "no-store", b"GET and HEAD only\n".to_vec()),
        };
        write!(
            writer,
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: {cache}\r\n{headers}\r\n",
            body.len()
        )?;
        if method != "HEAD" {
            writer.write_all(&body)?;
        }
        if !matches!(method, "GET" | "HEAD") {
            return Ok(()); // what follows may be a body
        }
    }
}

fn answer(folder: &Path, target: &str) -> (&'static str, &'static str, &'static str, Vec<u8>) {
    let found = place(folder, target).and_then(|path| Some((kind(&path)?, cache(&path), fs::read(&path).ok()?)));
    match found {
        Some((kind, cache, body)) => ("200 OK", kind, cache, body),
        None => ("404 Not Found", "text/plain", "no-store", b"not here\n".to_vec()),
    }
}

/// The file a request means; none outside the folder. The bundle's names need no percent-encoding.
fn place(folder: &Path, target: &str) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next()?.strip_prefix('/')?;
    let path = Path::new(if path.is_empty() { "index.html" } else { path });
    let inside =
        !target.contains(['\\', '%', '\0']) && path.components().all(|part| matches!(part, Component::Normal(_)));
    inside.then(|| folder.join(path))
}

fn kind(path: &Path) -> Option<&'static str> {
    Some(match path.extension()?.to_str()? {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        _ => return None,
    })
}

/// Names with a hash of their content keep for good; the others are asked for each time.
fn cache(path: &Path) -> &'static str {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let last = stem.trim_end_matches("_bg").rsplit('-').next().unwrap_or_default();
    let hashed = last.len() == 16 && last.chars().all(|c| c.is_ascii_hexdigit());
    if hashed { "public, max-age=31536000, immutable" } else { "no-cache" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_the_folder_is_served() {
        let folder = Path::new("/srv/page");
        assert_eq!(place(folder, "/"), Some(folder.join("index.html")));
        assert_eq!(place(folder, "/a.js?v=1"), Some(folder.join("a.js")));
        for target in ["/../x.js", "//etc/x.js", "/a/../../x.js", "/%2e%2e/x.js", "/..\\x.js", "x.js", "http://h/x.js"]
        {
            let outside = place(folder, target).filter(|p| p.components().any(|c| c == Component::ParentDir));
            assert_eq!(outside, None, "{target}");
            assert!(place(folder, target).is_none_or(|p| p.starts_with(folder)), "{target}");
        }
    }

    #[test]
    fn only_hashed_names_keep() {
        assert!(cache(Path::new("hilum-app-70efc5a97c6edbc1_bg.wasm")).contains("immutable"));
        assert_eq!(cache(Path::new("hilum-worker_bg.wasm")), "no-cache");
        assert_eq!(cache(Path::new("index.html")), "no-cache");
    }
}
