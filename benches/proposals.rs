//! Seconds and memory of the proposals of lungs and lesions on one thread, and the CT they were made of as a file, so that another
//! program can do the same: `cargo xtask bench analysis` runs this beside SimpleITK.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement prints, needs a clock, and fails by stopping"
)]

use hilum::analysis::{LesionParameters, LungParameters, propose_lesions, propose_lungs};
use hilum::volume::CtVolume;
use std::fmt::Write as _;
use std::time::Instant;

mod chest;
use chest::{Ignored, chest};

const PASSES: usize = 5;

fn main() {
    let volume = chest();
    // Cargo adds words of its own.
    if let Some(path) = std::env::args().skip(1).find(|a| !a.starts_with("--")) {
        std::fs::write(path, metaimage(&volume)).unwrap();
    }
    let before = memory("VmRSS:");
    forget_peak();
    let (mut of_lungs, mut of_lesions, mut ml) = (Vec::new(), Vec::new(), [0.0; 2]);
    for _ in 0..PASSES {
        let begun = Instant::now();
        let lungs = propose_lungs(&volume, &LungParameters::default(), &mut Ignored).unwrap();
        of_lungs.push(begun.elapsed().as_secs_f64());
        let inside: Vec<u8> = lungs.labels.iter().map(|l| u8::from(*l == 1 || *l == 2)).collect();
        let begun = Instant::now();
        let lesions = propose_lesions(&volume, inside, &LesionParameters::default(), &mut Ignored).unwrap();
        of_lesions.push(begun.elapsed().as_secs_f64());
        let count = |labels: &[u8]| labels.iter().filter(|l| **l == 1 || **l == 2).count() as u64;
        ml = [&lungs.labels, &lesions.labels].map(|labels| volume.grid().millilitres(count(labels)));
    }
    let peak = memory("VmHWM:");
    for (name, mut seconds, ml) in [("lungs", of_lungs, ml[0]), ("lesions", of_lesions, ml[1])] {
        seconds.sort_by(f64::total_cmp);
        println!("{name}\t{:.3}\t{ml:.0}", seconds[PASSES / 2]);
    }
    println!("memory\t{:.0}\t0", peak - before);
}

/// MiB from the process's own status; 0 where there is none.
fn memory(key: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix(key)).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// The peak is counted from here on.
fn forget_peak() {
    if let Err(why) = std::fs::write("/proc/self/clear_refs", "5") {
        println!("# peak memory is of the whole run: {why}");
    }
}

/// The CT as one MetaImage file.
fn metaimage(volume: &CtVolume) -> Vec<u8> {
    let (grid, mut head) = (volume.grid(), String::new());
    let ([ni, nj, nk], [x, y, z], origin) = (grid.size(), grid.spacing_mm(), grid.origin().0);
    write!(
        head,
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = {} {} {}\nElementSpacing = {x} {y} {z}\nDimSize = {ni} {nj} {nk}\nElementType = MET_SHORT\nElementDataFile = LOCAL\n",
        origin.x, origin.y, origin.z
    )
    .unwrap();
    let mut bytes = head.into_bytes();
    for k in 0..nk {
        bytes.extend(volume.pixels(k).unwrap().iter().flat_map(|hu| hu.to_le_bytes()));
    }
    bytes
}
