//! Archives and compressed volumes as the worker reads them: compiled to WebAssembly, in a dedicated worker of a browser, jobs and
//! results passed through the messages that carry them. The same tests run natively, so that a difference between the two shows.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop with its reason")]
#![cfg(feature = "codecs")]

#[cfg(target_arch = "wasm32")]
#[path = "../src/bin/c_library.rs"]
mod c_library;
mod files;

use files::{Bytes, job_on, job_on_source, nifti, scan};
use flate2::Compression;
use flate2::write::GzEncoder;
use glam::DVec3;
use hilum::import::ArchiveError;
use hilum::jobs::{EntrySource, Found, Job, JobFacts, Payload};
use std::io::{Cursor, Write};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// What arrives on the other side of a worker's boundary.
#[cfg(target_arch = "wasm32")]
fn carried<T: serde::Serialize + serde::de::DeserializeOwned>(value: T) -> T {
    serde_wasm_bindgen::from_value(serde_wasm_bindgen::to_value(&value).unwrap()).unwrap()
}
#[cfg(not(target_arch = "wasm32"))]
fn carried<T>(value: T) -> T {
    value
}

const SIZE: [usize; 3] = [40, 30, 20];

/// A gzipped NIfTI that runs to the right, the front and the feet, and its values in that order.
fn volume() -> (Vec<u8>, Vec<i16>) {
    let values: Vec<i16> = (0..24_000).map(|n| (n * 7 % 3000) as i16 - 1000).collect();
    let steps = [DVec3::new(-0.7, 0.0, 0.0), DVec3::new(0.0, -0.7, 0.0), DVec3::new(0.0, 0.0, -2.5)];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&nifti(SIZE, DVec3::new(10.0, 20.0, 30.0), steps, &values)).unwrap();
    (encoder.finish().unwrap(), values)
}

#[test]
fn a_gzipped_volume_arrives_slice_by_slice() {
    let (file, values) = volume();
    let Found::Volume(header) = carried(scan(&file).unwrap()) else { panic!("a volume") };
    assert_eq!((header.grid.size(), header.reversed), (SIZE, [true; 3]));
    let [ni, nj, nk] = SIZE;
    let planes = header.slabs(1 << 20).remove(0);
    let (parts, end) = job_on(&file, &carried(Job::DecodeVolume { header, planes }));
    assert_eq!(parts.len(), nk);
    for part in parts {
        let JobFacts::SliceOfVolume { k } = carried(part.facts) else { panic!("a slice") };
        // All axes run against the patient's.
        let stored = &values[(nk - 1 - k) * ni * nj..(nk - k) * ni * nj];
        let Some(Payload::Hu(hu)) = part.payloads.first() else { panic!("HU") };
        assert!(hu.iter().eq(stored.iter().rev()), "slice {k}");
    }
    let JobFacts::VolumeRead(report) = carried(end.unwrap().facts) else { panic!("a report") };
    assert_eq!((report.smallest, report.largest, report.findings()), (-1000, 1999, vec![]));
}

#[test]
fn entries_of_an_archive_arrive_and_refusals_with_them() {
    let (file, _) = volume();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (path, bytes) in [("a/volume.nii.gz", &file[..]), ("a/zeros", &[0; 100_000]), ("locked", b"secret")] {
        writer.start_file(path, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    let mut archive = writer.finish().unwrap().into_inner();
    let last = archive.windows(4).enumerate().rfind(|(_, w)| w == b"PK\x01\x02").unwrap().0;
    archive[last + 8] |= 1;
    let Found::Archive(contents) = carried(scan(&archive).unwrap()) else { panic!("an archive") };
    assert_eq!(contents.refused, [("locked".to_owned(), ArchiveError::Encrypted)]);
    let wanted = [("a/volume.nii.gz", file), ("a/zeros", vec![0; 100_000])];
    assert_eq!(contents.entries.len(), 2);
    for (entry, (path, bytes)) in contents.entries.into_iter().zip(wanted) {
        let source = EntrySource::new(Box::new(Bytes(archive.clone())), carried(entry.place));
        let output = job_on_source(Box::new(source), &carried(Job::ReadFile)).1.unwrap();
        assert_eq!((entry.path.as_str(), output.payloads), (path, vec![Payload::Bytes(bytes)]));
    }
}
