//! A server for `dist/` on the loopback address, with the headers production should have.

use crate::build;
use crate::headers::{headers, policy};
use crate::run::{Outcome, root};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};

/// Builds, serves, and says what to click.
pub(crate) fn demo(arguments: &[&str]) -> Outcome {
    let (mut wants_build, mut port) = (true, 8080);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match *argument {
            "--no-build" => wants_build = false,
            "--port" => {
                port = rest.next().and_then(|p| p.parse().ok()).ok_or("--port takes a number")?;
            }
            other => return Err(format!("demo does not know {other}")),
        }
    }
    if wants_build {
        build::build(&[])?;
    }
    let policy = policy()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).map_err(|e| format!("port {port}: {e}"))?;
    println!("\nHilum: http://127.0.0.1:{port}/");
    println!("Click “Demonstration”, or drop a folder with a chest CT in DICOM on the page.");
    println!("Then: “Lungs”, “Lesions in the lungs”, the contour tool [c], undo [Ctrl+z]; “?” lists all keys.\n");
    serve(&listener, &policy);
    Ok(())
}

/// A server in the background on a free port; its port.
pub(crate) fn in_background() -> Outcome<u16> {
    let policy = policy()?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|e| e.to_string())?;
    let port = listener.local_addr().map_err(|e| e.to_string())?.port();
    std::thread::spawn(move || serve(&listener, &policy));
    Ok(port)
}

fn serve(listener: &TcpListener, policy: &str) {
    let dist = root().join("dist");
    for stream in listener.incoming().flatten() {
        let (dist, policy) = (dist.clone(), policy.to_owned());
        std::thread::spawn(move || answer(stream, &dist, &policy));
    }
}

fn answer(mut stream: TcpStream, dist: &Path, policy: &str) {
    let mut request = String::new();
    let mut lines = BufReader::new(match stream.try_clone() {
        Ok(clone) => clone,
        Err(_) => return,
    });
    if lines.read_line(&mut request).is_err() {
        return;
    }
    let mut line = String::new();
    while lines.read_line(&mut line).is_ok_and(|n| n > 2) {
        line.clear();
    }
    let mut words = request.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let sent = match (method, file_of(dist, target)) {
        ("GET" | "HEAD", Some(file)) => match fs::read(&file) {
            Ok(bytes) => {
                send(&mut stream, "200 OK", &file, policy, if method == "HEAD" { &[] } else { &bytes }, bytes.len())
            }
            Err(_) => send(&mut stream, "404 Not Found", Path::new(""), policy, b"", 0),
        },
        ("GET" | "HEAD", None) => send(&mut stream, "404 Not Found", Path::new(""), policy, b"", 0),
        _ => send(&mut stream, "405 Method Not Allowed", Path::new(""), policy, b"", 0),
    };
    // The reader went away: nothing to be done.
    drop(sent);
}

/// The file of a request, inside `dist` or not at all.
fn file_of(dist: &Path, target: &str) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next()?.trim_start_matches('/');
    let path = Path::new(if path.is_empty() { "index.html" } else { path });
    let plain = path.components().all(|c| matches!(c, Component::Normal(_)));
    let file = dist.join(path);
    (plain && file.is_file()).then_some(file)
}

fn send(
    stream: &mut TcpStream,
    status: &str,
    file: &Path,
    policy: &str,
    body: &[u8],
    length: usize,
) -> std::io::Result<()> {
    let kind = match file.extension().and_then(|e| e.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    // Names with a hash never change their contents.
    let name = file.file_stem().and_then(|n| n.to_str()).unwrap_or_default().trim_end_matches("_bg");
    let hashed = name.rsplit('-').next().is_some_and(|h| h.len() == 16 && h.bytes().all(|b| b.is_ascii_hexdigit()));
    let keep = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    let named: String = headers(policy).iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: {keep}\r\n{named}\
         Connection: close\r\n\r\n"
    )?;
    stream.write_all(body)
}

#[cfg(test)]
mod tests {
    use super::file_of;
    use std::path::Path;

    #[test]
    fn nothing_outside_is_served() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(file_of(here, "/Cargo.toml?x=1").is_some());
        assert!(file_of(here, "/../Cargo.toml").is_none());
        assert!(file_of(here, "/src/../../Cargo.lock").is_none());
        assert!(file_of(here, "/src").is_none());
    }
}
