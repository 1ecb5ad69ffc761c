//! How long reading one slice takes: the header, and 512 × 512 pixels in each kind of encoding.
//!
//! The compressed slices are real files of the test data (`HILUM_TEST_DATA`, by default `../shared/data`); absent ones are left out.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hilum::dicom::{decode_frame, read_header};
use hilum::import::demonstration_file;
use std::hint::black_box;
use std::path::Path;

fn header(c: &mut Criterion) {
    let Some(file) = demonstration_file(60) else { return };
    c.bench_function("header of the demonstration", |b| b.iter(|| read_header(black_box(&file.bytes))));
    if let Some(real) = real("lidc-0001/000040.dcm") {
        c.bench_function("header of a clinical file", |b| b.iter(|| read_header(black_box(&real))));
    }
}

fn slice(c: &mut Criterion) {
    let mut group = c.benchmark_group("512 x 512");
    group.throughput(Throughput::Elements(512 * 512));
    for (name, file) in [
        ("uncompressed", "lidc-0001/000040.dcm"),
        ("RLE", &one_slice("RLELosslessTransferSyntax_1.2.840.10008.1.2.5")),
        ("deflated", &one_slice("DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99")),
        ("JPEG lossless", &one_slice("JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70")),
        ("JPEG-LS", "nlst-101287/CT_89952642/0041_594053.dcm"),
        ("JPEG 2000", &one_slice("JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90")),
    ] {
        if let Some(bytes) = real(file) {
            group.bench_function(name, |b| b.iter(|| decode_frame(black_box(&bytes), 0)));
        }
    }
    group.finish();
}

fn one_slice(suffix: &str) -> String {
    format!("conformance/cornerstone/CTImage.dcm_{suffix}.dcm")
}

fn real(name: &str) -> Option<Vec<u8>> {
    let root = std::env::var("HILUM_TEST_DATA")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data").into());
    std::fs::read(Path::new(&root).join(name)).ok()
}

criterion_group!(benches, header, slice);
criterion_main!(benches);
