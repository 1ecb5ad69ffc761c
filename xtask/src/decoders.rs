//! Our decoders beside the usual C and C++ ones: the same files, the same run, one thread.

use crate::run::{Outcome, command, output, root, run};
use std::path::PathBuf;

/// Folders of the peer harness.
const SERIES: [(&str, &str); 7] = [
    ("uncompressed", "ct100-raw"),
    ("RLE", "ct100-rle"),
    ("JPEG lossless", "ct100-jpl"),
    ("JPEG-LS", "ct100-jls"),
    ("JPEG 2000", "ct100-j2k"),
    ("HTJ2K", "ct100-htj2k"),
    ("JPEG XL", "ct100-jxl"),
];
/// Single files of the test data, all of one CT.
const FILES: [(&str, &str); 4] = [
    ("JPEG 8 bit", "JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50"),
    ("JPEG 12 bit", "JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51"),
    ("JPEG-LS near-lossless", "JPEGLSLossyTransferSyntax_1.2.840.10008.1.2.4.81"),
    ("JPEG 2000 lossy", "JPEG2000TransferSyntax_1.2.840.10008.1.2.4.91"),
];

/// Prints a table: MB/s of ours, MB/s of each other, the ratio to the fastest of those, and MB/s of ours in the browser.
pub(crate) fn decoders() -> Outcome {
    let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/hilum-bench");
    let python = home.join("venv/bin/python");
    if !python.exists() || !home.join("data").exists() {
        return Err("series and environment are made by `cargo xtask bench peers`: run that first".to_owned());
    }
    let of_series = |name: &str| home.join("data").join(name);
    // The harness has no such series: it is made of the uncompressed one.
    if !of_series("ct100-jxl").exists() {
        let mut make = command(&python.to_string_lossy(), &[]);
        run(make.arg(root().join("benches/jpeg_xl.py")).arg(of_series("ct100-raw")).arg(of_series("ct100-jxl")))?;
    }
    let data = std::env::var_os("HILUM_TEST_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    let mut places: Vec<(&str, PathBuf)> = SERIES.map(|(name, folder)| (name, of_series(folder))).into();
    let of_file = |name: &str| data.join(format!("conformance/cornerstone/CTImage.dcm_{name}.dcm"));
    places.extend(FILES.map(|(name, file)| (name, of_file(file))));
    let ours = ["bench", "--quiet", "--no-default-features", "--features", "codecs", "--bench", "decoders"];
    run(command("cargo", &ours).arg("--no-run"))?;
    let suite = root().join("tests/browser/decoders.mjs");
    if !root().join("dist").exists() {
        return Err("decoders are measured in the browser too: `cargo xtask build` first".to_owned());
    }
    println!(
        "| syntax | ours, MB/s | others, MB/s | ours ÷ fastest other | ours in the browser, MB/s | same HU |\n|---|---|---|---|---|---|"
    );
    for (name, place) in places.iter().filter(|(_, place)| place.exists()) {
        let found = output(command("cargo", &ours).arg("--").arg(place)).unwrap_or_default();
        let (speed, sum) = found.split_once(' ').ok_or_else(|| format!("{name}: {found}"))?;
        let script = root().join("benches/decoders.py");
        let others = output(command(&python.to_string_lossy(), &[]).arg(script).arg(place)).unwrap_or_default();
        let browser = output(command("node", &[]).arg(&suite).arg(place)).unwrap_or_default();
        println!("{}", line(name, speed, sum, &others, browser.split_once(' ').unwrap_or(("failed", ""))));
    }
    Ok(())
}

/// A line of the table from what both programs printed.
fn line(name: &str, speed: &str, sum: &str, others: &str, (browser, browser_sum): (&str, &str)) -> String {
    let others: Vec<Vec<&str>> =
        others.lines().map(|l| l.split('\t').collect()).filter(|l: &Vec<_>| l.len() == 3).collect();
    let speeds = others.iter().filter_map(|o| o[1].parse::<f64>().ok());
    let fastest = speeds.fold(0.0, f64::max);
    let ratio = speed.parse::<f64>().map_or(0.0, |ours| ours / fastest);
    let named: Vec<String> = others.iter().map(|o| format!("{} {}", o[0], o[1])).collect();
    // Decoders of lossy streams round as they like.
    let same = if browser_sum != sum {
        "no: ours differ in the browser"
    } else if others.iter().all(|o| o[2] == sum) {
        "yes"
    } else {
        "no (lossy: rounded otherwise?)"
    };
    format!("| {name} | {speed} | {} | {ratio:.2} | {browser} | {same} |", named.join(", "))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_line_names_the_fastest_and_compares_sums() {
        let line = super::line("X", "50.0", "-7", "A\t100.0\t-7\nB\t25.0\t-7\nwarning\n", ("20.0", "-7"));
        assert_eq!(line, "| X | 50.0 | A 100.0, B 25.0 | 0.50 | 20.0 | yes |");
        assert!(super::line("X", "1", "1", "A\t1\t2", ("1", "1")).contains("| no "));
        assert!(super::line("X", "1", "1", "A\t1\t1", ("1", "2")).contains("| no: "));
    }
}
