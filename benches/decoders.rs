//! How fast one thread turns the files of a folder, held in memory, into HU: MB/s of voxels (two bytes each), the median of
//! several passes. `cargo xtask bench decoders` runs this beside other decoders.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement prints, and needs a clock")]

use hilum::dicom::decode_frame;
use std::path::Path;
use std::time::Instant;

/// Files of a folder that are read.
const FILES: usize = 32;
const PASSES: usize = 5;

fn main() {
    // Cargo adds words of its own.
    for folder in std::env::args().skip(1).filter(|a| !a.starts_with("--")) {
        match measure(Path::new(&folder)) {
            Ok((megabytes_per_second, sum)) => println!("{megabytes_per_second:.1} {sum}"),
            Err(why) => println!("failed: {why}"),
        }
    }
}

/// MB/s, and the sum of all HU, by which results are compared.
fn measure(place: &Path) -> Result<(f64, i64), Box<dyn std::error::Error>> {
    let mut names = vec![place.to_path_buf()];
    if place.is_dir() {
        names = std::fs::read_dir(place)?.flatten().map(|entry| entry.path()).collect();
    }
    names.sort();
    let files = names.iter().take(FILES).map(std::fs::read).collect::<Result<Vec<_>, _>>()?;
    let mut speeds = Vec::new();
    let mut sum = 0;
    for _ in 0..PASSES {
        let (begin, mut voxels) = (Instant::now(), 0);
        sum = 0;
        for file in &files {
            let frame = decode_frame(file, 0)?;
            voxels += frame.hu.len();
            sum += frame.hu.iter().map(|hu| i64::from(*hu)).sum::<i64>();
        }
        speeds.push((2 * voxels) as f64 / 1e6 / begin.elapsed().as_secs_f64());
    }
    speeds.sort_by(f64::total_cmp);
    Ok((speeds[PASSES / 2], sum))
}
