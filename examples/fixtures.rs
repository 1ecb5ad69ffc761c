//! Writes the demonstration series as DICOM files into the folder given as argument.

use std::path::PathBuf;
use std::process::ExitCode;

#[allow(clippy::print_stdout, reason = "a command-line program talks to its user")]
fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        println!("usage: fixtures FOLDER");
        return ExitCode::FAILURE;
    };
    let files = hilum::import::demonstration();
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| files.iter().try_for_each(|f| std::fs::write(folder.join(&f.name), &f.bytes)));
    match written {
        Ok(()) => {
            println!("{} files in {}", files.len(), folder.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}
