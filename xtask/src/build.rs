//! The release bundle.

use crate::run::{Outcome, command, output, root, run};
use crate::tools;
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
    for file in wasm_files()? {
        let bytes = fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let foreign: Vec<String> = imports(&bytes).into_iter().filter(|module| module == "env").collect();
        if !foreign.is_empty() {
            return Err(format!("{} imports {} functions no browser provides", file.display(), foreign.len()));
        }
        println!("{}: {}", file.file_name().unwrap_or_default().to_string_lossy(), sizes(&file, bytes.len()));
    }
    Ok(())
}

/// An origin and nothing else, for it becomes part of the policy: no path, no space, no semicolon.
fn is_origin(text: &str) -> bool {
    let host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    let secure = text.strip_prefix("https://");
    let local = text.strip_prefix("http://").filter(|h| h.starts_with("127.0.0.1"));
    secure.or(local).is_some_and(|h| !h.is_empty() && h.chars().all(host))
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

/// Module names of a wasm file's imports, one for each import (core specification 5.5.5).
fn imports(bytes: &[u8]) -> Vec<String> {
    let mut reader = Reader { bytes, at: 8 };
    while let Some(id) = reader.byte() {
        let Some(length) = reader.number() else { break };
        let end = reader.at + length;
        if id != 2 {
            reader.at = end;
            continue;
        }
        let mut modules = Vec::new();
        for _ in 0..reader.number().unwrap_or(0) {
            let (Some(module), Some(_)) = (reader.name(), reader.name()) else { break };
            modules.push(module);
            match reader.byte() {
                Some(0) => drop(reader.number()),
                Some(1) => {
                    reader.at += 1;
                    reader.limits();
                }
                Some(2) => reader.limits(),
                _ => reader.at += 2,
            }
        }
        return modules;
    }
    Vec::new()
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        self.at += 1;
        self.bytes.get(self.at - 1).copied()
    }
    /// LEB128.
    fn number(&mut self) -> Option<usize> {
        let (mut value, mut shift) = (0usize, 0);
        loop {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
    }
    fn name(&mut self) -> Option<String> {
        let length = self.number()?;
        self.at += length;
        Some(String::from_utf8_lossy(self.bytes.get(self.at - length..self.at)?).into_owned())
    }
    fn limits(&mut self) {
        let bounded = self.byte().is_some_and(|flag| flag & 1 == 1);
        let _least = self.number();
        if bounded {
            let _most = self.number();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{imports, is_origin};

    #[test]
    fn only_origins_enter_the_policy() {
        for good in ["https://pacs.example", "https://pacs.example:8443", "http://127.0.0.1:8042"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in
            ["*", "https://", "https://a b", "https://a;script-src *", "http://pacs.example", "https://a/dicom-web"]
        {
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
        assert_eq!(imports(&wasm), ["env", "wbg"]);
    }
}
