//! The release bundle.

use crate::run::{Outcome, command, output, root, run};
use crate::{headers, integrity, tools};
use std::fs;
use std::path::Path;

/// Builds the bundle into `dist/`.
pub(crate) fn build(arguments: &[&str]) -> Outcome {
    let mut origins: Vec<String> =
        std::env::var("HILUM_CONNECT_SRC").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match (*argument, rest.next()) {
            ("--connect-src", Some(origin)) => origins.push((*origin).to_owned()),
            _ => return Err(format!("build does not know {argument}")),
        }
    }
    if let Some(odd) = origins.iter().find(|o| !is_origin(o)) {
        return Err(format!("{odd} is no origin that pages may connect to (https://host)"));
    }
    tools::set_up()?;
    run(&mut command("trunk", &["build", "--release", "--offline"]))?;
    let page = root().join("dist/index.html");
    let text = fs::read_to_string(&page).map_err(|e| format!("dist/index.html: {e}"))?;
    let text = text.replace(" %CONNECT_SRC%", &origins.iter().map(|o| format!(" {o}")).collect::<String>());
    fs::write(&page, text).map_err(|e| format!("dist/index.html: {e}"))?;
    integrity::seal()?;
    for file in wasm_files()? {
        let bytes = fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let imports = imports(&bytes).ok_or_else(|| format!("{}: its imports cannot be read", file.display()))?;
        let foreign = imports.iter().filter(|module| *module == "env").count();
        if foreign > 0 {
            return Err(format!("{} imports {foreign} functions no browser provides", file.display()));
        }
        println!("{}: {}", file.file_name().unwrap_or_default().to_string_lossy(), sizes(&file, bytes.len()));
    }
    headers::write_snippets()
}

/// An origin and nothing else, for it becomes part of the policy: no path, no space, no semicolon. Without encryption only
/// this very machine may be named, not a host whose name begins like its address.
fn is_origin(text: &str) -> bool {
    let Some((scheme, place)) = text.split_once("://") else { return false };
    let (host, port) = place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port)));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let reachable = match scheme {
        "https" => !host.is_empty() && host.chars().all(plain),
        "http" => matches!(host, "127.0.0.1" | "localhost"),
        _ => false,
    };
    reachable && port.is_none_or(|p| p.parse::<u16>().is_ok_and(|p| p > 0))
}

/// Writes the demonstration phantom as DICOM files.
pub(crate) fn fixtures(folder: Option<&str>) -> Outcome {
    let folder = folder.unwrap_or("target/fixtures");
    run(&mut command("cargo", &["run", "--quiet", "--example", "fixtures", "--", folder]))?;
    println!("{folder}");
    Ok(())
}

fn wasm_files() -> Outcome<Vec<std::path::PathBuf>> {
    let entries = fs::read_dir(root().join("dist")).map_err(|e| format!("dist: {e}"))?;
    let mut files: Vec<_> =
        entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "wasm")).collect();
    files.sort();
    Ok(files)
}

fn sizes(file: &Path, raw: usize) -> String {
    let script = "const z=require('zlib'),f=require('fs').readFileSync(process.argv[1]);\
                  console.log(z.brotliCompressSync(f,{params:{[z.constants.BROTLI_PARAM_QUALITY]:9}}).length)";
    let brotli = output(command("node", &["-e", script]).arg(file)).unwrap_or_else(|| "?".to_owned());
    format!("{raw} bytes raw, {brotli} brotli")
}

/// Module names of a wasm file's imports, one for each import (core specification 5.5.5); `None` if they cannot be read.
fn imports(bytes: &[u8]) -> Option<Vec<String>> {
    if !bytes.starts_with(b"\0asm\x01\0\0\0") {
        return None;
    }
    let mut reader = Reader { bytes, at: 8 };
    while reader.at < bytes.len() {
        let (id, length) = (reader.byte()?, reader.number()?);
        if id != 2 {
            reader.at = reader.at.checked_add(length).filter(|end| *end <= bytes.len())?;
            continue;
        }
        let mut modules = Vec::new();
        for _ in 0..reader.number()? {
            modules.push(reader.name()?);
            reader.name()?;
            match reader.byte()? {
                0 => drop(reader.number()?),
                1 => {
                    reader.byte()?;
                    reader.limits()?;
                }
                2 => reader.limits()?,
                3 => {
                    reader.byte()?;
                    reader.byte()?;
                }
                4 => {
                    reader.byte()?;
                    reader.number()?;
                }
                _ => return None,
            }
        }
        return Some(modules);
    }
    Some(Vec::new())
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }
    /// LEB128 of 32 bits.
    fn number(&mut self) -> Option<usize> {
        let mut value = 0usize;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
    fn name(&mut self) -> Option<String> {
        let length = self.number()?;
        let end = self.at.checked_add(length)?;
        let name = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(String::from_utf8_lossy(name).into_owned())
    }
    fn limits(&mut self) -> Option<()> {
        let bounded = self.byte()? & 1 == 1;
        self.number()?;
        if bounded {
            self.number()?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::{imports, is_origin};

    #[test]
    fn only_origins_enter_the_policy() {
        for good in ["https://pacs.example", "https://10.0.0.7:8443", "http://127.0.0.1:8042", "http://localhost"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "*",
            "https://",
            "https://a b",
            "https://a;script-src *",
            "http://pacs.example",
            "http://127.0.0.1.elsewhere.example",
            "http://127.0.0.1@elsewhere.example",
            "https://a:",
            "https://a:1:2",
            "https://a/dicom-web",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn imports_are_found_behind_other_sections() {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend([1, 4, 1, 0x60, 0, 0]);
        wasm.extend([2, 23, 2, 3]);
        wasm.extend(b"env\x04free\x00\x00");
        wasm.extend(b"\x03wbg\x01m\x02\x01\x01\x02");
        assert_eq!(imports(&wasm), Some(vec!["env".to_owned(), "wbg".to_owned()]));
        // What cannot be read is not taken for a file without imports.
        assert_eq!(imports(b"no wasm at all"), None);
        for length in 15..wasm.len() {
            assert_eq!(imports(&wasm[..length]), None, "cut to {length} bytes");
        }
    }
}
