//! Files a reader saves beside the DICOM objects: label maps that other tools read voxel by voxel, and tables of numbers.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by stopping, and says what it skips")]

use hilum::annotation::{Layer, SegmentMeaning};
use hilum::export::nifti;
use hilum::geometry::{Grid, PatientPoint, PatientVector, VoxelIndex};
use hilum::session::{Action, Command, FormInput, PaneId, Tool};
use serde_json::Value;
use std::io::Read;
use std::path::Path;

mod files;
mod tab;
use tab::{Tab, ct, noise};

#[path = "validators/mod.rs"]
mod validators;
use validators::{ask_highdicom, scratch};

fn grids() -> Vec<(&'static str, Grid)> {
    let v = |x, y, z| PatientVector::new(x, y, z);
    let (s, c) = 0.3f64.sin_cos();
    vec![
        (
            "axial",
            Grid::new(
                [9, 8, 7],
                PatientPoint::new(-10.0, 20.5, -300.0),
                [v(0.7, 0.0, 0.0), v(0.0, 0.7, 0.0), v(0.0, 0.0, 1.5)],
            )
            .unwrap(),
        ),
        (
            "feet first",
            Grid::new(
                [9, 8, 7],
                PatientPoint::new(5.0, -3.0, 40.0),
                [v(-0.8, 0.0, 0.0), v(0.0, -0.8, 0.0), v(0.0, 0.0, -2.0)],
            )
            .unwrap(),
        ),
        (
            "turned",
            Grid::new(
                [9, 8, 7],
                PatientPoint::new(1.0, 2.0, 3.0),
                [v(0.9 * c, 0.9 * s, 0.0), v(-0.6 * s, 0.6 * c, 0.0), v(0.0, 0.0, 1.2)],
            )
            .unwrap(),
        ),
    ]
}

#[test]
fn label_maps_are_read_by_two_other_readers() {
    for (name, grid) in grids() {
        let labels: Vec<u8> = (0..grid.voxel_count()).map(|n| (n * 7 % 251) as u8).collect();
        let path = scratch("nifti-out", &format!("{name}.nii"));
        std::fs::write(&path, nifti::label_map(&grid, &labels).unwrap()).unwrap();
        let Some(seen) = ask_highdicom("second_reader.py", [Path::new("read"), &path]) else { return };
        let file = &seen["files"][path.file_name().unwrap().to_str().unwrap()];
        let size: Vec<u64> = file["size"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap()).collect();
        assert_eq!(size, [9, 8, 7]);
        for sample in file["samples"].as_array().unwrap() {
            let at: Vec<f64> = sample.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
            let voxel = grid.voxel_from_patient(PatientPoint::new(at[0], at[1], at[2])).0.to_array();
            let nearest = voxel.map(f64::round);
            assert!((0..3).all(|a| (voxel[a] - nearest[a]).abs() < 0.01), "{name}: {at:?} lies at {voxel:?}");
            let [i, j, k] = nearest.map(|c| c as usize);
            assert_eq!(f64::from(labels[grid.offset(VoxelIndex::new(i, j, k))]), at[3], "{name}: {at:?}");
        }
    }
    let (_, grid) = grids().remove(0);
    assert!(nifti::label_map(&grid, &[0; 3]).is_err());
}

#[test]
fn a_reading_is_saved_as_label_maps_and_tables() {
    let mut tab = Tab::open(&Default::default(), 1);
    tab.opens(&ct("1.2.826.0.1.3680043.10.511", &noise(1)));
    tab.acts(Action::ExportNifti);
    assert!(tab.downloads.is_empty() && tab.session.view_model().notice.is_some(), "there is nothing to save yet");
    for meaning in [SegmentMeaning::RightLung, SegmentMeaning::Lesion] {
        tab.does(Command::AddSegment(meaning));
        tab.acts(Action::Tool(Tool::Brush));
        tab.drags(PaneId::Axial, &[(30.0, 30.0), (60.0, 50.0)]);
    }
    tab.does(Command::Answer(401, FormInput::Choose(2)));
    tab.does(Command::Answer(1902, FormInput::Write("a \"quoted\", comment".to_owned())));
    tab.acts(Action::ExportNifti);
    tab.acts(Action::ExportCsv);
    tab.acts(Action::ExportJson);
    let case = tab.session.case().unwrap();
    let file = |name: &str| &tab.downloads.iter().find(|(n, _)| n == name).unwrap().1;
    for (layer, name) in [(Layer::Anatomy, "hilum-anatomy.nii.gz"), (Layer::Findings, "hilum-findings.nii.gz")] {
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(file(name).as_slice()).read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes[352..], case.document.layer(layer).to_vec(), "{name}");
    }
    let rows: Vec<Value> = serde_json::from_slice(file("hilum-numbers.json")).unwrap();
    let of = |kind: &str, name: &str| rows.iter().find(|r| r["kind"] == kind && r["name"] == name).unwrap();
    assert_eq!(of("form", "extent")["code"], "99HILUM:HE2");
    assert_eq!(of("segment", "volume")["value"], case.document.volume_ml(1).to_string());
    assert_eq!(of("quantity", "involvement")["unit"], "%");
    // The same rows, the same words, whatever stands in them.
    let mut csv = csv::Reader::from_reader(file("hilum-numbers.csv").as_slice());
    let lines: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    assert_eq!(lines.len(), rows.len());
    for (line, row) in lines.iter().zip(&rows) {
        assert_eq!(
            (&line[0], &line[1], &line[3]),
            (row["kind"].as_str().unwrap(), row["name"].as_str().unwrap(), row["value"].as_str().unwrap())
        );
    }
    assert!(lines.iter().any(|l| &l[3] == "a \"quoted\", comment"));
}
