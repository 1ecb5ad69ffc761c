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
use validators::{ask_highdicom, scratch, sha256};

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

/// A tab with a marked CT, and its files.
fn marked() -> (Tab, Vec<Vec<u8>>) {
    let mut tab = Tab::open(&Default::default(), 1);
    let files = ct("1.2.826.0.1.3680043.10.511", &noise(1));
    tab.opens(&files);
    for meaning in [SegmentMeaning::RightLung, SegmentMeaning::Lesion, SegmentMeaning::Nodule] {
        tab.does(Command::AddSegment(meaning));
        tab.acts(Action::Tool(Tool::Brush));
        let y = 20.0 + 20.0 * f64::from(tab.session.case().unwrap().active.unwrap());
        tab.drags(PaneId::Axial, &[(30.0, y), (60.0, y)]);
    }
    tab.acts(Action::Tool(Tool::Navigate));
    (tab, files)
}

#[test]
fn a_label_map_is_put_on_its_ct_once_its_labels_mean_something() {
    let (mut tab, files) = marked();
    tab.acts(Action::ExportNifti);
    let findings = tab.downloads.iter().find(|(name, _)| name == "hilum-findings.nii.gz").unwrap().1.clone();
    let voxels = tab.said().1;
    // Alone it is no CT.
    let mut other = Tab::open(&Default::default(), 2);
    other.opens(std::slice::from_ref(&findings));
    assert!(other.session.view_model().problems[0].1.contains("label map"));
    other.opens(&[files, vec![findings.clone()]].concat());
    let view = other.session.view_model().arrival.unwrap();
    assert_eq!(view.labels.iter().map(|l| l.1).collect::<Vec<_>>(), [None, None]);
    assert!(view.labels[0].0.contains("label 2"), "{view:?}");
    other.acts(Action::TakeArrival);
    assert!(other.said().2.is_empty() && other.session.view_model().arrival.is_some(), "what it means is asked first");
    other.does(Command::ArrivalMeaning(0, Some(SegmentMeaning::GroundGlass)));
    other.does(Command::ArrivalMeaning(1, Some(SegmentMeaning::Nodule)));
    other.acts(Action::TakeArrival);
    let said = other.said();
    assert_eq!(
        said.2.iter().map(|s| s.meaning).collect::<Vec<_>>(),
        [SegmentMeaning::GroundGlass, SegmentMeaning::Nodule]
    );
    let renumbered: Vec<u8> = voxels.iter().map(|l| l.saturating_sub(1)).collect();
    assert!(said.1 == renumbered, "voxel by voxel");
    // Again: it meets what is there; what is left out does not come.
    other.opens(&[findings]);
    other.does(Command::ArrivalMeaning(1, Some(SegmentMeaning::Lesion)));
    let view = other.session.view_model().arrival.unwrap();
    assert!(view.lines.len() == 1 && view.lines[0].contains("wants voxels of"), "{view:?}");
    other.acts(Action::KeepMine);
    assert_eq!((other.said().2.len(), other.said().1 == renumbered), (3, true));
    other.acts(Action::Undo);
    other.acts(Action::Undo);
    assert!(other.said().2.is_empty());
}

#[test]
fn a_label_map_on_another_grid_is_resampled_and_that_is_said() {
    let (mut tab, _) = marked();
    let ct = *tab.session.case().unwrap().volume.grid();
    // Half the pixels, each as large as four, turned: columns run against the patient's left.
    let steps = [ct.step(0) * -2.0, ct.step(1) * 2.0, ct.step(2)];
    let origin = ct.patient_from_voxel(hilum::geometry::VoxelPoint::new(22.5, 0.5, 0.0));
    let grid = Grid::new([12, 10, 10], origin, steps).unwrap();
    let mut labels = vec![0; grid.voxel_count()];
    labels[grid.offset(VoxelIndex::new(1, 2, 3))] = 7;
    tab.opens(&[nifti::label_map(&grid, &labels).unwrap()]);
    tab.does(Command::ArrivalMeaning(0, Some(SegmentMeaning::Emphysema)));
    tab.acts(Action::KeepMine);
    let said = tab.said();
    let at: Vec<_> = (0..).zip(&said.1).filter(|(_, l)| **l == 4).map(|(n, _)| ct.index_at(n)).collect();
    let expected = [(20, 4), (21, 4), (20, 5), (21, 5)].map(|(i, j)| VoxelIndex::new(i, j, 3));
    assert_eq!(at, expected);
    assert!(tab.session.view_model().notice.unwrap().contains("resampled from another grid (2.00 × 2.00 × 2.00 mm)"));
}

#[test]
fn segmentations_are_saved_as_label_maps_too() {
    let (mut tab, files) = marked();
    tab.acts(Action::ExportLabelMaps);
    let names: Vec<&str> = tab.downloads.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["hilum-anatomy-labelmap-20261123-101500.dcm", "hilum-findings-labelmap-20261123-101500.dcm"]);
    let mut other = Tab::open(&Default::default(), 2);
    other.opens(&files);
    let own = tab.said();
    let grid = *tab.session.case().unwrap().volume.grid();
    let [ni, nj, nk] = grid.size();
    for (name, bytes) in tab.downloads.clone() {
        let path = scratch("labelmap", &name);
        std::fs::write(&path, &bytes).unwrap();
        other.opens(&[bytes]);
        let Some(seen) = ask_highdicom("check_labelmap.py", [&path, &path]) else { continue };
        let (layer, numbers) = if name.contains("anatomy") { (&own.0, vec![1]) } else { (&own.1, vec![2, 3]) };
        let pixels = |k: usize| &layer[k * ni * nj..][..ni * nj];
        let seen = seen["slices"].as_array().unwrap();
        assert_eq!(seen.len(), (0..nk).filter(|k| pixels(*k).iter().any(|l| *l != 0)).count(), "{name}");
        for slice in seen {
            let position: [f64; 3] = serde_json::from_value(slice["position"].clone()).unwrap();
            let first = grid.voxel_from_patient(PatientPoint::new(position[0], position[1], position[2])).0;
            assert!(first.x.abs() < 1e-4 && first.y.abs() < 1e-4 && (first.z - first.z.round()).abs() < 1e-4);
            let labels = pixels(first.z.round() as usize);
            let mask = |number: &u8| sha256(&labels.iter().map(|l| u8::from(l == number)).collect::<Vec<_>>());
            let expected: Vec<String> = numbers.iter().map(mask).collect();
            assert_eq!(slice["sha256"], Value::from(expected), "{name}: {first:?}");
        }
    }
    assert_eq!(other.session.view_model().problems, []);
    assert_eq!((&other.said().0, &other.said().1), (&own.0, &own.1));
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
