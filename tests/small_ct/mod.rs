//! A small CT and a document on it, without files: for what is written of a reading, and read again.

#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses what it needs, and may stop")]

use hilum::annotation::{Document, Edit, History, Layer, Origin, SegmentMeaning};
use hilum::dicom::{Acquisition, ImagePlane, Instance, PatientModule, PixelFormat, SeriesModule, StudyModule};
use hilum::export::campaign::{self, Campaign, CampaignSecret};
use hilum::export::{ExportContext, bundle, rtstruct, seg, sr};
use hilum::geometry::{Grid, PatientPoint, PatientVector, VoxelIndex};
use hilum::volume::CtVolume;
use ndarray::Array3;
use sha2::{Digest, Sha256};

/// Right-angled, along the patient.
pub(crate) fn grid(size: [usize; 3]) -> Grid {
    let steps = [[0.75, 0.0, 0.0], [0.0, 0.75, 0.0], [0.0, 0.0, 2.5]].map(|[x, y, z]| PatientVector::new(x, y, z));
    Grid::new(size, PatientPoint::new(-120.5, -95.25, 310.0), steps).unwrap()
}

/// Slice `k` as an image of a series.
pub(crate) fn slice(grid: &Grid, k: usize) -> Instance {
    let [columns, rows, _] = grid.size();
    let [row_mm, column_mm] = [grid.spacing_mm()[1], grid.spacing_mm()[0]];
    let [across, down, _] = grid.directions();
    Instance {
        sop_class_uid: "1.2.840.10008.5.1.4.1.1.2".into(),
        sop_instance_uid: format!("1.2.3.4.{}", k + 1),
        transfer_syntax_uid: "1.2.840.10008.1.2.1".into(),
        image_type: vec!["ORIGINAL".into(), "PRIMARY".into(), "AXIAL".into()],
        instance_number: Some(k as i32 + 1),
        patient: PatientModule {
            name: "Müller^Zoé".into(),
            id: "P-1".into(),
            id_issuer: "North".into(),
            birth_date: "19600101".into(),
            sex: "F".into(),
        },
        study: StudyModule {
            instance_uid: "1.2.3".into(),
            date: "20200401".into(),
            time: "101500".into(),
            description: "Thorax sans injection".into(),
            id: "S1".into(),
            accession_number: "A1".into(),
            referring_physician: "Martin^Paul".into(),
        },
        series: SeriesModule {
            instance_uid: "1.2.3.4".into(),
            number: Some(3),
            description: "lung".into(),
            modality: "CT".into(),
            body_part: "CHEST".into(),
            frame_of_reference_uid: Some("1.2.3.5".into()),
            manufacturer: "Maker".into(),
            model: "Model".into(),
        },
        acquisition: Acquisition::default(),
        plane: ImagePlane {
            position: Some(grid.patient_from_voxel(VoxelIndex::new(0, 0, k).centre())),
            directions: Some([across, down]),
            pixel_spacing_mm: Some([row_mm, column_mm]),
            slice_thickness_mm: Some(2.5),
        },
        pixels: Some(PixelFormat {
            rows,
            columns,
            frames: 1,
            samples_per_pixel: 1,
            photometric: "MONOCHROME2".into(),
            bits_allocated: 16,
            bits_stored: 12,
            high_bit: 11,
            signed: false,
            rescale_slope: Some(1.0),
            rescale_intercept: Some(-1024.0),
            rescale_type: String::new(),
            padding: None,
        }),
        windows: vec![],
        frames: vec![],
        lossy: None,
        frame_number: None,
    }
}

/// What an export is told, of a grid.
pub(crate) fn context(grid: &Grid) -> ExportContext {
    ExportContext {
        source: (0..grid.size()[2]).map(|k| Some(slice(grid, k))).collect(),
        computed: Default::default(),
        filing: Default::default(),
        reader: "Reader01".into(),
        reading_id: "reading 1".into(),
        date: "20261123".into(),
        time: "101500".into(),
        software_version: "0.1.0".into(),
        quality_notes: vec!["Slices 3 and 4 are missing.".into()],
    }
}

/// HU that differ from voxel to voxel.
pub(crate) fn volume(grid: Grid) -> CtVolume {
    let [ni, nj, nk] = grid.size();
    let hu = Array3::from_shape_fn((nk, nj, ni), |(k, j, i)| (i * 7 + j * 3 + k) as i16 - 900);
    CtVolume::from_array(grid, hu).unwrap()
}

/// A segment with the given voxels, added to the document.
pub(crate) fn add(
    document: &mut Document,
    volume: &CtVolume,
    meaning: SegmentMeaning,
    origin: Origin,
    inside: impl Fn(VoxelIndex) -> bool,
) -> u8 {
    let segment = document.new_segment(meaning, String::new(), origin).unwrap();
    let (number, layer) = (segment.number, segment.layer);
    document.apply(&Edit::Segment { number, before: None, after: Some(segment) }, volume).unwrap();
    let grid = *document.grid();
    let [ni, nj, nk] = grid.size();
    document.edit_voxels(layer, volume, |editor| {
        for k in 0..nk {
            for j in 0..nj {
                editor.set_span(k, j, 0, ni, |offset, _| inside(grid.index_at(offset)).then_some(number));
            }
        }
    });
    number
}

/// As an algorithm leaves it.
pub(crate) fn proposed() -> Origin {
    Origin::Proposed {
        algorithm: "lungs by threshold".into(),
        version: "1".into(),
        parameters: "threshold_hu=-400; closing_mm=10".into(),
        edited: false,
    }
}

/// Both lungs and two findings that overlap the left one.
pub(crate) fn document(volume: &CtVolume) -> Document {
    let mut document = Document::empty(*volume.grid()).unwrap();
    add(&mut document, volume, SegmentMeaning::RightLung, proposed(), |v| v.i < 5 && v.k > 0);
    add(&mut document, volume, SegmentMeaning::LeftLung, proposed(), |v| v.i > 6);
    add(&mut document, volume, SegmentMeaning::GroundGlass, Origin::Manual, |v| v.i > 7 && v.j % 2 == 0 && v.k == 2);
    add(&mut document, volume, SegmentMeaning::Consolidation, Origin::Manual, |v| v.i == 9 && v.j % 2 == 1);
    document
}

/// A campaign that asks for sex and age.
pub(crate) fn campaign() -> Campaign {
    Campaign {
        name: "Campaign".into(),
        sponsor: "Consortium".into(),
        protocol: "LN-1".into(),
        site: "07".into(),
        secret: CampaignSecret::new(&"secret".repeat(8)).unwrap(),
        with_sex: true,
        with_age: true,
    }
}

/// SHA-256 of each object that is written of [`document`]. They are the same on every machine: `tests/golden/objects.sha256` holds them.
pub(crate) fn digests() -> String {
    let grid = grid([13, 11, 5]);
    let volume = volume(grid);
    let (document, hospital) = (document(&volume), context(&grid));
    let of_campaign = campaign::context(&hospital, &campaign(), "R07").unwrap();
    let mut lines = String::new();
    for (audience, context) in [("hospital", &hospital), ("campaign", &of_campaign)] {
        let segmentation = seg::write(&document, context, None).unwrap();
        let labels = seg::write_label_map(&document, context, Layer::Findings).unwrap().object;
        let report = sr::write(&document, &segmentation, context).unwrap();
        let outlines = rtstruct::write(&document, context).unwrap();
        let bundle = bundle::write(&document, &History::default(), context, &[7; 32]).unwrap();
        for object in [segmentation.object, labels, report, outlines, bundle] {
            let digest: String = Sha256::digest(object.bytes()).iter().map(|b| format!("{b:02x}")).collect();
            lines += &format!("{digest}  {audience} {}\n", object.file_name());
        }
    }
    lines
}
