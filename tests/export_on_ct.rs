//! SEG and SR made on whole CTs: the demonstration, and real ones where `HILUM_TEST_DATA` has them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "this is a test")]

use hilum::annotation::{Answer, Document, Edit, Layer, Measurement, MeasurementKind, Origin, SegmentMeaning};
use hilum::dicom::{Instance, decode_frame, group_into_series, read_header};
use hilum::export::campaign::{self, Campaign, CampaignSecret};
use hilum::export::{
    Audience, ExportContext, ExportError, ExportNote, ObjectKind, Outbound, OutboundObject, WholeCt, seg, sr,
};
use hilum::geometry::{AnatomicalPlane, PatientPoint, Plane};
use hilum::import::{Collision, StackPlan, demonstration, plan_stack, read_segmentation, segmentation_edits};
use hilum::report::{FORM, Field, FieldKind};
use hilum::volume::{CtVolume, Histogram};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[path = "validators/mod.rs"]
mod validators;
use validators::{ask_highdicom, assert_conforms, assert_printed, must_be_complete, scratch, sha256};

/// A CT as the page would hold it.
struct Ct {
    plan: StackPlan,
    source: Vec<Option<Instance>>,
    volume: CtVolume,
    files: Vec<Vec<u8>>,
}

fn open(files: Vec<Vec<u8>>) -> Ct {
    let headers = files.iter().map(|bytes| read_header(bytes));
    let by_uid: BTreeMap<String, usize> =
        headers.clone().enumerate().filter_map(|(n, h)| Some((h.ok()?.sop_instance_uid, n))).collect();
    let series = group_into_series(headers.filter_map(Result::ok).collect());
    let series = series.into_iter().max_by_key(|s| s.instances.len()).unwrap();
    let plan = plan_stack(&series).unwrap();
    let mut volume = CtVolume::empty(plan.grid).unwrap();
    for (k, slice) in plan.slices.iter().enumerate() {
        let Some(slice) = slice else { continue };
        let bytes = &files[by_uid[&series.instances[slice.instance].sop_instance_uid]];
        volume.set_slice(k, decode_frame(bytes, slice.frame).unwrap().hu).unwrap();
    }
    let source = plan.slices.iter().map(|s| s.and_then(|s| series.instances[s.instance].of_frame(s.frame))).collect();
    Ct { plan, source, volume, files }
}

fn folder(name: &str) -> Option<PathBuf> {
    let data = std::env::var_os("HILUM_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let folder = data.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(!must_be_complete(), "{} is needed when CI=true", folder.display());
    println!("skipped: {} is not there", folder.display());
    None
}

fn read_folder(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().filter(|p| p.extension().is_some_and(|e| e == "dcm")).map(|p| std::fs::read(p).unwrap()).collect()
}

/// Air left and right of the middle as lungs; what is denser than half and than three quarters of all voxels as findings.
fn mark(ct: &Ct) -> Document {
    let grid = ct.plan.grid;
    let [ni, nj, nk] = grid.size();
    let mut document = Document::empty(grid).unwrap();
    let proposed = |edited| Origin::Proposed {
        algorithm: "air on one side".into(),
        version: "1".into(),
        parameters: "threshold_hu=-500".into(),
        edited,
    };
    let histogram = Histogram::of(ct.volume.values());
    let dense = |fraction| i32::from(histogram.percentile(fraction).unwrap());
    let few = |slices| if nk < 10 { 0..nk } else { slices };
    let segments = [
        (SegmentMeaning::RightLung, proposed(false), 0..ni / 2, 0..nk, -1024..-500),
        (SegmentMeaning::LeftLung, proposed(true), ni / 2..ni, 0..nk, -1024..-500),
        (SegmentMeaning::GroundGlass, Origin::Manual, ni / 5..ni / 2, few(nk / 3..nk / 2), dense(0.5)..dense(0.75)),
        (SegmentMeaning::Consolidation, Origin::Manual, ni / 2..4 * ni / 5, few(nk / 2..nk / 2 + 3), dense(0.75)..3000),
    ];
    for (meaning, origin, columns, slices, hu) in segments {
        let segment = document.new_segment(meaning, String::new(), origin).unwrap();
        let (number, layer) = (segment.number, segment.layer);
        document.apply(&Edit::Segment { number, before: None, after: Some(segment) }, &ct.volume).unwrap();
        document.edit_voxels(layer, &ct.volume, |editor| {
            for k in slices.filter(|k| ct.volume.is_loaded(*k)) {
                for j in nj / 4..3 * nj / 4 {
                    editor.set_span(k, j, columns.start, columns.end, |offset, _| {
                        hu.contains(&i32::from(ct.volume.at_offset(offset))).then_some(number)
                    });
                }
            }
        });
        assert!(document.voxel_count(number) > 0, "{meaning:?}");
    }
    for (field, answer) in answers() {
        document.apply(&Edit::Answer { field, before: None, after: Some(answer) }, &ct.volume).unwrap();
    }
    document
}

/// Every field of the form answered: its last choice, the first and the last of several, a number in its range, words.
fn answers() -> Vec<(u16, Answer)> {
    let answer = |field: &Field| match field.kind {
        FieldKind::OneOf(choices) => Answer::Choice(choices.len() as u8 - 1),
        FieldKind::SomeOf(choices) => Answer::Choices(1 | 1 << (choices.len() - 1)),
        FieldKind::Number { least, most, .. } => Answer::Number((least + most) / 2.0),
        FieldKind::Words => Answer::Text("to be seen again".into()),
    };
    FORM.iter().map(|field| (field.number, answer(field))).collect()
}

/// Whether any 64 bytes of a CT file's pixel data stand in the body. Runs of one value are no pixels of anybody.
fn holds_pixels(body: &[u8], ct: &Ct) -> bool {
    use std::collections::HashSet;
    let blocks = |bytes: &[u8]| -> Vec<[u8; 64]> {
        let whole = bytes.chunks_exact(64).map(|c| <[u8; 64]>::try_from(c).unwrap());
        whole.filter(|b| b[..16].iter().collect::<HashSet<_>>().len() > 4).collect()
    };
    // The last third of a file is pixel data, whatever the length of its header.
    let pixels: HashSet<[u8; 64]> = ct.files.iter().flat_map(|f| blocks(&f[f.len() / 3 * 2..])).collect();
    let plain = |w: &[u8]| w[..16].iter().all(|b| *b == w[0]) && w[48..].iter().all(|b| *b == w[0]);
    body.windows(64).any(|w| !plain(w) && pixels.contains(<&[u8; 64]>::try_from(w).unwrap()))
}

/// A measurement of each kind that gives numbers, in the planes of the CT and across them.
fn draw(ct: &Ct) -> Vec<sr::Drawn> {
    let centre = ct.plan.grid.centre();
    let planes = AnatomicalPlane::ALL.map(|plane| Plane::anatomical(plane, centre));
    let kinds = MeasurementKind::ALL.into_iter().filter(|kind| *kind != MeasurementKind::Arrow);
    let made = kinds.enumerate().map(|(n, kind)| {
        let plane = planes[n % 3];
        let (from, to) = (plane.at(-20.0, -11.0), plane.at(14.0, 12.0));
        let points = match kind {
            MeasurementKind::Angle => vec![from, centre, to],
            MeasurementKind::Freehand => vec![from, plane.at(20.0, -5.0), to, plane.at(-9.0, 16.0)],
            _ => Measurement::dragged(kind, from, to, &plane),
        };
        let (right, down, name) = (plane.right, plane.down, "these words stay".to_owned());
        let made_at = "20261123101500".to_owned();
        let made = Measurement { number: n as u16 + 1, kind, points, right, down, name, visible: true, made_at };
        assert!(made.is_sound());
        let values = made.values(&ct.volume);
        (made, values)
    });
    made.collect()
}

fn points_of(shape: &serde_json::Value) -> Vec<Vec<f64>> {
    let numbers = |p: &serde_json::Value| p.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    shape[1].as_array().unwrap().iter().map(numbers).collect()
}

/// Marks, writes, judges, reads again. `on_disk` is the folder of the CT, for highdicom.
fn hand_over(name: &str, ct: &Ct, on_disk: &Path) -> seg::SegExport {
    let document = mark(ct);
    let context = ExportContext {
        source: ct.source.clone(),
        computed: Default::default(),
        filing: Default::default(),
        reader: "Lecteur01".into(),
        reading_id: name.into(),
        date: "20261123".into(),
        time: "101500".into(),
        software_version: "0.1.0".into(),
        quality_notes: ct.plan.findings.iter().map(|f| format!("{f:?}")).collect(),
    };
    let segmentation = seg::write(&document, &context, None).unwrap();
    let drawn = draw(ct);
    let report = sr::write_report(&document, Some(&segmentation), &context, &drawn, &WholeCt::of(&document)).unwrap();
    let alone = sr::write_report(&document, None, &context, &drawn, &WholeCt::of(&document)).unwrap();
    let save = |object: &OutboundObject| {
        let path = scratch(&format!("export_on_{name}"), object.file_name());
        std::fs::write(&path, object.bytes()).unwrap();
        assert_conforms(&path);
        if object.kind() == ObjectKind::Sr {
            assert_printed(&path);
        }
        path
    };
    save(&alone);
    let (seg_path, sr_path) = (save(&segmentation.object), save(&report));

    let incoming = read_segmentation(segmentation.object.bytes(), &ct.plan.grid, &ct.source).unwrap();
    let mut again = Document::empty(ct.plan.grid).unwrap();
    segmentation_edits(&incoming, Collision::KeepExisting, &mut again, &ct.volume).unwrap();
    for layer in Layer::ALL {
        assert!(again.layer(layer).to_vec() == document.layer(layer).to_vec(), "{name}: {layer:?}");
    }

    let outbound = Outbound::stow(&[segmentation.object.clone(), report]).unwrap();
    assert!(!holds_pixels(outbound.body(), ct));
    assert!(!outbound.body().windows(10).any(|w| w == b"these word"), "the reader's words stay");
    assert!(holds_pixels(&ct.files[ct.files.len() / 2], ct), "the search finds what it looks for");

    if let Some(judged) = ask_highdicom("check_seg.py", [&seg_path, on_disk]) {
        for segment in &segmentation.segments {
            let seen = &judged["segments"][segment.segment_number.to_string()];
            assert_eq!(seen["voxels"].as_u64(), Some(segment.voxels), "{name}: {seen}");
            assert_eq!(seen["tracking_uid"].as_str(), Some(segment.tracking_uid.as_str()));
            let (ml, own_ml) = (seen["volume_ml"].as_f64().unwrap(), document.volume_ml(segment.document_number));
            assert!((ml - own_ml).abs() <= 1e-4 * own_ml, "{name}: {ml} ml, {own_ml} ml");
            let [ni, nj, _] = ct.plan.grid.size();
            let layer = document.layer(document.segment(segment.document_number).unwrap().layer);
            for (k, labels) in layer.to_vec().chunks_exact(ni * nj).enumerate() {
                let own: Vec<u8> = labels.iter().map(|l| u8::from(*l == segment.document_number)).collect();
                let uid = ct.source[k].as_ref().map_or("", |s| s.sop_instance_uid.as_str());
                let expected = own.contains(&1).then(|| sha256(&own));
                assert_eq!(seen["slices"][uid]["sha256"].as_str(), expected.as_deref(), "{name}: slice {k}");
            }
        }
    }
    if let Some(judged) = ask_highdicom("check_sr.py", [&sr_path, &seg_path]) {
        for (group, segment) in judged["groups"].as_array().unwrap().iter().zip(&segmentation.segments) {
            let ml = group["measurements"]["Volume"]["value"].as_f64().unwrap();
            assert!((ml - document.volume_ml(segment.document_number)).abs() < 1e-6);
            let hu = group["measurements"]["Mean Attenuation Coefficient"]["value"].as_f64().unwrap();
            assert!((hu - document.mean_hu(segment.document_number).unwrap()).abs() < 1e-6);
        }
        assert_eq!(judged["groups"].as_array().unwrap().len(), 4);
        // The comment stands among the notes.
        assert_eq!(judged["notes"].as_array().unwrap().len(), context.quality_notes.len() + 1);
        for (field, answer) in answers() {
            let field = hilum::report::field(field).unwrap();
            let seen = &judged["answers"][field.concept.value];
            match answer {
                Answer::Number(value) => assert!((seen.as_f64().unwrap() - value).abs() < 1e-9, "{}", field.key),
                Answer::Text(_) => {}
                // Codes of crazy paving and ground glass are asked for one by one and chosen as the dominant pattern.
                _ => assert!(
                    field.chosen(&answer).iter().all(|c| seen.as_array().unwrap().iter().any(|s| s == c.code.value)),
                    "{}: {seen}",
                    field.key
                ),
            }
        }
        let lungs_ml = document.volume_ml(1) + document.volume_ml(2);
        assert!((judged["whole"]["Volume"]["value"].as_f64().unwrap() - lungs_ml).abs() < 1e-6);
        for (measurement, values) in &drawn {
            let seen = &judged["drawn"][format!("Measurement {}", measurement.number)];
            assert_eq!(seen["measurements"].as_object().unwrap().len(), values.len(), "{name}: {seen}");
            for (of, (_, value)) in seen["measurements"].as_object().unwrap().values().zip(values) {
                // In the order of the report: numbers of one kind differ by their names only.
                assert!(
                    values.iter().any(|(_, own)| (of["value"].as_f64().unwrap() - own).abs() < 1e-6),
                    "{seen} {value}"
                );
            }
            let points: Vec<Vec<f64>> = seen["shapes"].as_array().unwrap().iter().flat_map(points_of).collect();
            for own in &measurement.points {
                let near = |p: &Vec<f64>| own.distance(PatientPoint::new(p[0], p[1], p[2])) < 0.01;
                assert!(points.iter().any(near), "{name}: {own:?} is not in {points:?}");
            }
        }
        let involved = &judged["whole"]["Share of lung volume involved by findings"];
        assert_eq!(involved["unit"].as_str(), Some("%"));
        let inside_ml = judged["whole"]["Volume of findings inside the lungs"]["value"].as_f64().unwrap();
        assert!((involved["value"].as_f64().unwrap() - 100.0 * inside_ml / lungs_ml).abs() < 1e-6);
    }
    segmentation
}

#[test]
fn the_demonstration_is_handed_over() {
    let files = demonstration();
    let folder = scratch("export_demonstration", "");
    for file in &files {
        std::fs::write(folder.join(&file.name), &file.bytes).unwrap();
    }
    let ct = open(files.into_iter().map(|f| f.bytes).collect());
    assert_eq!(hand_over("demonstration", &ct, &folder).notes, []);
}

#[test]
fn an_uncompressed_ct_is_handed_over() {
    let Some(folder) = folder("lungdx-a0001-B") else { return };
    assert_eq!(hand_over("lungdx", &open(read_folder(&folder)), &folder).notes, []);
}

#[test]
fn a_compressed_ct_is_handed_over() {
    let Some(folder) = folder("nlst-101287") else { return };
    let ct_folder = std::fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_dir())
        .max_by_key(|p| std::fs::read_dir(p).map_or(0, Iterator::count));
    let ct_folder = ct_folder.unwrap_or(folder);
    assert_eq!(hand_over("nlst", &open(read_folder(&ct_folder)), &ct_folder).notes, []);
}

#[test]
fn a_ct_with_a_frame_of_reference_for_each_slice_is_handed_over() {
    let Some(folder) = folder("lidc-0001") else { return };
    let ct = open(read_folder(&folder));
    let slices = ct.source.iter().flatten().count();
    assert_eq!(hand_over("lidc", &ct, &folder).notes, [ExportNote::MixedFrameOfReference(slices)]);
}

#[test]
fn a_tilted_and_a_gapped_ct_are_handed_over() {
    for name in ["dicom2nifti-failing/gantrytilting/001", "dicom2nifti-failing/sliceincrement/001"] {
        let Some(folder) = folder(name) else { return };
        let ct = open(read_folder(&folder));
        assert!(!ct.plan.findings.is_empty());
        let short = name.split('/').nth(1).unwrap();
        // Neither names a frame of reference.
        assert_eq!(hand_over(short, &ct, &folder).notes, [ExportNote::NoFrameOfReference], "{name}");
    }
}

#[test]
fn a_multi_frame_ct_is_handed_over_by_frame_numbers() {
    let Some(folder) = folder("conformance/dcmqi/segmentations/24x38x3/multiframe") else { return };
    let on_disk = folder.join("mf.dcm");
    let ct = open(vec![std::fs::read(&on_disk).unwrap()]);
    let numbers: Vec<_> = ct.source.iter().map(|s| s.as_ref().unwrap().frame_number.unwrap()).collect();
    assert_eq!(numbers.len(), 3);
    let mut document = Document::empty(ct.plan.grid).unwrap();
    let segment = document.new_segment(SegmentMeaning::Lesion, String::new(), Origin::Manual).unwrap();
    let number = segment.number;
    document.apply(&Edit::Segment { number, before: None, after: Some(segment) }, &ct.volume).unwrap();
    document.edit_voxels(Layer::Findings, &ct.volume, |editor| {
        for (k, rows) in [(0, 3..7), (2, 11..12)] {
            rows.for_each(|j| editor.set_span(k, j, 2, 9, |_, _| Some(number)));
        }
    });
    let context = ExportContext {
        source: ct.source.clone(),
        computed: Default::default(),
        filing: Default::default(),
        reader: "Lecteur01".into(),
        reading_id: "frames".into(),
        date: "20261123".into(),
        time: "101500".into(),
        software_version: "0.1.0".into(),
        quality_notes: vec!["gantry tilt 14.0°".into(), "2 slices are missing".into()],
    };
    let segmentation = seg::write(&document, &context, None).unwrap();
    let description = "Geometry of the source CT: gantry tilt 14.0°; 2 slices are missing.";
    assert!(String::from_utf8_lossy(segmentation.object.bytes()).contains(description));
    let path = scratch("export_on_frames", segmentation.object.file_name());
    std::fs::write(&path, segmentation.object.bytes()).unwrap();
    assert_conforms(&path);
    let incoming = read_segmentation(segmentation.object.bytes(), &ct.plan.grid, &ct.source).unwrap();
    assert_eq!(incoming.segments[0].voxel_count(), 35);
    assert!(incoming.segments[0].spans.iter().all(|s| s.k == 0 || (s.k == 2 && s.j == 11)));
    if let Some(judged) = ask_highdicom("check_seg_frames.py", [&path, &on_disk]) {
        let seen = &judged["segments"]["1"];
        assert_eq!(seen[numbers[0].to_string()].as_u64(), Some(28), "{seen}");
        assert_eq!(seen[numbers[2].to_string()].as_u64(), Some(7), "{seen}");
    }
}

#[test]
fn every_meaning_is_filed_and_comes_back_as_itself() {
    let ct = open(demonstration().into_iter().map(|f| f.bytes).collect());
    let mut document = Document::empty(ct.plan.grid).unwrap();
    for (n, meaning) in SegmentMeaning::ALL.into_iter().enumerate() {
        let segment = document.new_segment(meaning, String::new(), Origin::Manual).unwrap();
        let (number, layer) = (segment.number, segment.layer);
        document.apply(&Edit::Segment { number, before: None, after: Some(segment) }, &ct.volume).unwrap();
        document.edit_voxels(layer, &ct.volume, |editor| editor.set_span(40, 10 * n, 20, 60, |_, _| Some(number)));
    }
    let context = ExportContext {
        source: ct.source.clone(),
        computed: Default::default(),
        filing: Default::default(),
        reader: "Lecteur01".into(),
        reading_id: "meanings".into(),
        date: "20261123".into(),
        time: "101500".into(),
        software_version: "0.1.0".into(),
        quality_notes: Vec::new(),
    };
    let segmentation = seg::write(&document, &context, None).unwrap();
    let report = sr::write(&document, &segmentation, &context).unwrap();
    let [seg_path, sr_path] = [&segmentation.object, &report].map(|object| {
        let path = scratch("export_meanings", object.file_name());
        std::fs::write(&path, object.bytes()).unwrap();
        assert_conforms(&path);
        path
    });
    if let Some(judged) = ask_highdicom("check_sr.py", [&sr_path, &seg_path]) {
        assert_eq!(judged["groups"].as_array().unwrap().len(), SegmentMeaning::ALL.len());
    }
    let incoming = read_segmentation(segmentation.object.bytes(), &ct.plan.grid, &ct.source).unwrap();
    let mut read: Vec<_> = incoming.segments.iter().map(|s| s.meaning.unwrap()).collect();
    read.sort();
    let mut all = SegmentMeaning::ALL.to_vec();
    all.sort();
    assert_eq!(read, all);
}

fn campaign() -> Campaign {
    Campaign {
        name: "Lungs of the North".into(),
        sponsor: "Consortium".into(),
        protocol: "LN-1".into(),
        site: "07".into(),
        secret: CampaignSecret::new("a secret that the site keeps to itself").unwrap(),
        with_sex: true,
        with_age: true,
    }
}

fn known(ct: &Ct) -> ExportContext {
    ExportContext {
        source: ct.source.clone(),
        computed: Default::default(),
        filing: Default::default(),
        reader: "Lecteur^Anne".into(),
        reading_id: "a reading".into(),
        date: "20261123".into(),
        time: "101500".into(),
        software_version: "0.1.0".into(),
        quality_notes: vec!["2 slices are missing".into()],
    }
}

/// Segmentation and report for a campaign; the reader's own names are the patient's.
fn for_campaign(ct: &Ct, context: &ExportContext) -> (seg::SegExport, OutboundObject) {
    let mut document = mark(ct);
    for segment in document.segments().to_vec() {
        let mut named = segment.clone();
        named.name = "Dupont's lung".into();
        let edit = Edit::Segment { number: segment.number, before: Some(segment), after: Some(named) };
        document.apply(&edit, &ct.volume).unwrap();
    }
    let segmentation = seg::write(&document, context, None).unwrap();
    let report = sr::write_report(&document, Some(&segmentation), context, &draw(ct), &WholeCt::of(&document)).unwrap();
    (segmentation, report)
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|w| w.eq_ignore_ascii_case(text.as_bytes()))
}

#[test]
fn a_campaign_learns_nothing_of_the_patient() {
    let mut ct = open(demonstration().into_iter().map(|f| f.bytes).collect());
    for slice in ct.source.iter_mut().flatten() {
        let (patient, study, series) = (&mut slice.patient, &mut slice.study, &mut slice.series);
        (patient.name, patient.id) = ("Dupont^Zoé^^Mme".into(), "PAT-4711".into());
        (patient.birth_date, patient.sex) = ("19520229".into(), "F".into());
        (study.date, study.time, study.id) = ("20200310".into(), "083012.5".into(), "ST77".into());
        (study.description, study.accession_number) = ("Dépistage Hôpital Nord".into(), "A0815".into());
        (study.referring_physician, series.description) = ("Knock^Jules".into(), "Thorax Dupont 1.25".into());
    }
    let uids: Vec<String> = ct.source.iter().flatten().map(|s| s.sop_instance_uid.clone()).collect();
    let first = ct.source[0].clone().unwrap();
    let context = campaign::context(&known(&ct), &campaign(), "R07").unwrap();
    let (segmentation, report) = for_campaign(&ct, &context);
    let told = [
        "Dupont",
        "Zo\u{e9}",
        "Mme",
        "4711",
        "19520229",
        "20200310",
        "083012",
        "ST77",
        "pistage",
        "A0815",
        "Knock",
        "Jules",
        "Thorax",
        "Lecteur",
        "Anne",
        "to be seen again",
        "these words",
        "secret",
        "20261123",
        "a reading",
    ];
    let of_study = [&first.study.instance_uid, &first.series.instance_uid];
    for object in [&segmentation.object, &report] {
        assert_eq!(object.audience(), Audience::Campaign);
        for word in told {
            assert!(!holds(object.bytes(), word), "{:?} tells {word:?}", object.kind());
        }
        for uid in uids.iter().chain(of_study).chain(&first.series.frame_of_reference_uid) {
            assert!(!holds(object.bytes(), uid), "{:?} tells {uid}", object.kind());
        }
        let lines = object.preview().unwrap();
        assert!(lines.iter().all(|line| line.reason.is_some()));
        let value = |keyword: &str| lines.iter().find(|l| l.keyword == keyword).map(|l| l.value.to_string()).unwrap();
        assert_eq!(value("PatientIdentityRemoved"), "YES");
        assert_eq!(value("PatientSex"), "F");
        assert_eq!(value("PatientAge"), "060Y");
        assert_eq!(value("PatientBirthDate"), "");
        assert_eq!(value("ClinicalTrialSubjectID"), value("PatientID"));
        assert_eq!(value("ClinicalTrialProtocolID"), "LN-1");
        let path = scratch("campaign", object.file_name());
        std::fs::write(&path, object.bytes()).unwrap();
        assert_conforms(&path);
    }
    let days = |date: &str| chrono::NaiveDate::parse_from_str(date, "%Y%m%d").unwrap();
    let line = |keyword: &str| {
        let lines = segmentation.object.preview().unwrap();
        lines.iter().find(|l| l.keyword == keyword).map(|l| l.value.to_string()).unwrap()
    };
    let apart = days(&line("ContentDate")) - days(&line("StudyDate"));
    assert_eq!(apart, days("20261123") - days("20200310"), "dates keep their distance");
    assert_eq!(line("SegmentLabel"), "Right Lung");

    // Another reader of the same site names the same images; another site does not.
    let of = |campaign: &Campaign, reader: &str| campaign::context(&known(&ct), campaign, reader).unwrap();
    let named = |context: &ExportContext| context.source[3].as_ref().unwrap().sop_instance_uid.clone();
    assert_eq!(named(&context), named(&of(&campaign(), "R08")));
    let elsewhere =
        Campaign { secret: CampaignSecret::new(&"another secret of a site".repeat(2)).unwrap(), ..campaign() };
    assert_ne!(named(&context), named(&of(&elsewhere, "R07")));
    // Sex and age are told only where the protocol asks for them.
    let shy = of(&Campaign { with_sex: false, with_age: false, ..campaign() }, "R07");
    let (shy, _) = for_campaign(&ct, &shy);
    let lines = shy.object.preview().unwrap();
    assert!(!lines.iter().any(|l| l.keyword == "PatientAge"));
    assert!(lines.iter().any(|l| l.keyword == "PatientSex" && l.value.to_string().is_empty()));
    assert!(matches!(campaign::context(&known(&ct), &campaign(), "Anne Lecteur"), Err(ExportError::Unwritable(_))));
}

#[test]
fn a_planted_leak_stops_a_campaign() {
    let mut ct = open(demonstration().into_iter().map(|f| f.bytes).collect());
    for slice in ct.source.iter_mut().flatten() {
        (slice.patient.name, slice.patient.id) = ("Dupont^Zoé".into(), "PAT-4711".into());
    }
    let clean = campaign::context(&known(&ct), &campaign(), "R07").unwrap();
    let document = mark(&ct);
    let refused = |context: &ExportContext| match seg::write(&document, context, None) {
        Err(ExportError::Refused { reason }) => reason,
        Err(other) => panic!("{other}"),
        Ok(_) => String::new(),
    };
    assert_eq!(refused(&clean), "");
    let study = ct.source[0].as_ref().unwrap().study.instance_uid.clone();
    let mut leaks = [(); 4].map(|()| clean.clone());
    leaks[0].quality_notes.push("seen with Mrs DUPONT".into());
    leaks[1].reader = "Zoé".into();
    leaks[2].software_version = "pat 4711".into();
    leaks[3].source.iter_mut().flatten().for_each(|s| s.study.instance_uid.clone_from(&study));
    for (leaking, tag) in leaks.iter().zip(["(0062,0006)", "(0070,0084)", "(0018,1000)", "(0020,000D)"]) {
        assert!(refused(leaking).contains(tag), "{tag}: {:?}", refused(leaking));
    }
    // What was made for the hospital does not travel with what was made for a campaign.
    let hospital = seg::write(&document, &known(&ct), None).unwrap().object;
    let both = [seg::write(&document, &clean, None).unwrap().object, hospital];
    assert!(matches!(Outbound::stow(&both), Err(ExportError::Refused { .. })));
}

#[test]
fn no_header_value_of_a_real_ct_reaches_a_campaign() {
    for name in ["lungdx-a0001-B", "nlst-101287/CT_89952642"] {
        let Some(folder) = folder(name) else { return };
        let ct = open(read_folder(&folder));
        let context = campaign::context(&known(&ct), &campaign(), "R07").unwrap();
        let (segmentation, report) = for_campaign(&ct, &context);
        for object in [&segmentation.object, &report] {
            let path = scratch("campaign", &format!("{}-{}", &name[..4], object.file_name()));
            std::fs::write(&path, object.bytes()).unwrap();
            assert_conforms(&path);
            assert!(!holds_pixels(object.bytes(), &ct));
            let Some(judged) = ask_highdicom("check_campaign.py", [&path, &folder]) else { return };
            assert_eq!(judged["problems"].as_array().unwrap().len(), 0, "{name}: {judged}");
            assert!(judged["searched"].as_u64().unwrap() > 20, "{judged}");
        }
        // The same search finds what the hospital's writer tells.
        let told = seg::write(&mark(&ct), &known(&ct), None).unwrap();
        let path = scratch("campaign", &format!("{}-hospital.dcm", &name[..4]));
        std::fs::write(&path, told.object.bytes()).unwrap();
        if let Some(judged) = ask_highdicom("check_campaign.py", [&path, &folder]) {
            assert!(judged["problems"].as_array().unwrap().len() > 3, "{name}: {judged}");
        }
    }
}
