//! A CT that cannot be held whole: it is offered in part before its pixels are read, nothing that is open is lost, and what is
//! opened in part says so wherever its numbers go.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop with its reason")]

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use glam::DVec3;
use hilum::annotation::SegmentMeaning;
use hilum::dicom::SegmentationObject;
use hilum::geometry::PanePoint;
use hilum::jobs::{FileFacts, FileId, Job, JobEvent, JobInput, run};
use hilum::session::words::Lang;
use hilum::session::{
    Action, Command, Effect, PaneId, PaneSize, PointerButton, PointerInput, PointerPhase, PreflightView, Session,
    StatusState, Tool,
};

mod files;
use files::{Bytes, Kept, nifti};

const SIZE: usize = 12;

/// `count` slices of 12 × 12 pixels, 1.5 mm apart and as thick; slice k, from the feet, is all k HU.
fn ct(series: usize, count: usize) -> Vec<Vec<u8>> {
    let slice = |k: usize| {
        let mut o = InMemDicomObject::new_empty();
        let instance = format!("2.25.9{series}.{}", k + 1);
        for (tag, vr, value) in [
            (tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\AXIAL".to_owned()),
            (tags::SOP_CLASS_UID, VR::UI, uids::CT_IMAGE_STORAGE.to_owned()),
            (tags::SOP_INSTANCE_UID, VR::UI, instance.clone()),
            (tags::MODALITY, VR::CS, "CT".to_owned()),
            (tags::SERIES_DESCRIPTION, VR::LO, format!("series {series}")),
            (tags::STUDY_INSTANCE_UID, VR::UI, format!("2.25.8{series}")),
            (tags::SERIES_INSTANCE_UID, VR::UI, format!("2.25.9{series}")),
            (tags::FRAME_OF_REFERENCE_UID, VR::UI, format!("2.25.7{series}")),
            (tags::INSTANCE_NUMBER, VR::IS, (k + 1).to_string()),
            (tags::SLICE_THICKNESS, VR::DS, "1.5".to_owned()),
            (tags::IMAGE_POSITION_PATIENT, VR::DS, format!("0\\0\\{}", k as f64 * 1.5)),
            (tags::IMAGE_ORIENTATION_PATIENT, VR::DS, "1\\0\\0\\0\\1\\0".to_owned()),
            (tags::PIXEL_SPACING, VR::DS, "2\\2".to_owned()),
            (tags::RESCALE_SLOPE, VR::DS, "1".to_owned()),
            (tags::RESCALE_INTERCEPT, VR::DS, "0".to_owned()),
            (tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2".to_owned()),
        ] {
            o.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
        }
        for (tag, value) in [
            (tags::SAMPLES_PER_PIXEL, 1),
            (tags::ROWS, SIZE as u16),
            (tags::COLUMNS, SIZE as u16),
            (tags::BITS_ALLOCATED, 16),
            (tags::BITS_STORED, 16),
            (tags::HIGH_BIT, 15),
            (tags::PIXEL_REPRESENTATION, 1),
        ] {
            o.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
        }
        let pixels = vec![k as u16; SIZE * SIZE];
        o.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(pixels.into())));
        let meta = FileMetaTableBuilder::new()
            .media_storage_sop_class_uid(uids::CT_IMAGE_STORAGE)
            .media_storage_sop_instance_uid(instance)
            .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN);
        let mut bytes = Vec::new();
        o.with_meta(meta).unwrap().write_all(&mut bytes).unwrap();
        bytes
    };
    (0..count).map(slice).collect()
}

/// Plays the page.
struct Reader {
    session: Session,
    files: Vec<Vec<u8>>,
    downloads: Vec<Vec<u8>>,
    /// Jobs that read pixels.
    decodes: usize,
}

impl Reader {
    /// On a GPU that holds so many voxels along an axis.
    fn new(longest_axis: usize) -> Self {
        let session = Session::new(Lang::En, String::new());
        let mut reader = Self { session, files: Vec::new(), downloads: Vec::new(), decodes: 0 };
        let size = PaneSize { left: 0.0, top: 0.0, width: 400.0, height: 400.0 };
        reader.does(Command::Resize([size; 4], 1.0));
        reader.does(Command::LongestAxis(Some(longest_axis)));
        reader
    }

    fn does(&mut self, command: Command) {
        let mut commands = vec![command];
        while let Some(command) = commands.pop() {
            for effect in self.session.update(command, "20261123101500").effects {
                match effect {
                    Effect::RunJob(request) => {
                        let decodes = matches!(request.job, Job::Decode { .. } | Job::DecodeVolume { .. });
                        self.decodes += usize::from(decodes);
                        let mut input = JobInput::default();
                        for file in &request.files {
                            input.files.push(Box::new(Bytes(self.files[file.0 as usize].clone())));
                        }
                        let mut kept = Kept::default();
                        let result = run(&request.job, input, &mut kept);
                        commands.push(Command::Job(JobEvent::Done(request.id, result)));
                        commands.extend(kept.0.into_iter().map(|p| Command::Job(JobEvent::Part(request.id, p))));
                    }
                    Effect::AwaitImage => commands.push(Command::ReadOn),
                    Effect::Download { bytes, .. } => self.downloads.push(bytes),
                    _ => {}
                }
            }
        }
    }

    fn opens(&mut self, files: Vec<Vec<u8>>) {
        let begin = self.files.len();
        self.files.extend(files);
        let facts = (begin..self.files.len()).map(|n| {
            let size = self.files[n].len() as u64;
            FileFacts { id: FileId(n as u32), name: format!("file {n}"), size }
        });
        self.does(Command::OpenFiles(facts.collect()));
    }

    fn takes(&mut self, action: Action) {
        self.does(Command::Do(action));
    }

    fn offer(&self) -> Option<PreflightView> {
        self.session.view_model().preflight
    }

    /// The HU of each slice, which are all one.
    fn hu(&self) -> Vec<i16> {
        let volume = &self.session.case().unwrap().volume;
        (0..volume.grid().size()[2]).map(|k| volume.pixels(k).unwrap()[0]).collect()
    }

    fn geometry(&self) -> Vec<String> {
        self.session.view_model().geometry.into_iter().map(|row| row.text).collect()
    }

    /// A lesion on the slice in the middle.
    fn marks(&mut self) {
        self.does(Command::AddSegment(SegmentMeaning::Lesion));
        self.takes(Action::Tool(Tool::Contour));
        let corners = [(120.0, 120.0), (280.0, 120.0), (280.0, 280.0), (120.0, 280.0)];
        let phases = [PointerPhase::Down, PointerPhase::Move, PointerPhase::Move, PointerPhase::Up];
        for ((x, y), phase) in corners.into_iter().zip(phases) {
            let (at, button) = (PanePoint::new(x, y), PointerButton::Primary);
            self.does(Command::Pointer(PointerInput {
                pane: PaneId::Axial,
                phase,
                at,
                button,
                shift: false,
                ctrl: false,
            }));
        }
    }

    fn marked(&self) -> Vec<u64> {
        self.session.view_model().segments.iter().map(|s| s.voxels).collect()
    }
}

#[test]
fn what_is_too_large_is_offered_before_its_pixels_are_read() {
    let mut reader = Reader::new(32);
    reader.opens(ct(1, 40));
    let view = reader.session.view_model();
    assert!(reader.session.case().is_none() && reader.decodes == 0);
    assert_eq!((view.status.state, view.problems.len(), view.series.len()), (StatusState::Idle, 0, 1));
    let offer = view.preflight.unwrap();
    assert_eq!(offer.about, "series 1: 40 slices of 12 × 12 pixels, 0.01 MB. The GPU here holds 32 slices (0.01 MB).");
    assert_eq!(offer.thinned, "One slice in 2: 20 slices, 3.00 mm apart, 0.01 MB");
    assert_eq!(offer.slab, "Slices 5 to 36 of 40, 0.01 MB");
    assert_eq!((offer.every, offer.centre, offer.centres, offer.ends.concat().as_str()), (2, 20, [16, 24], "FH"));

    reader.takes(Action::OpenEverySecond);
    assert_eq!(reader.hu(), (0..40).step_by(2).collect::<Vec<i16>>());
    assert_eq!((reader.decodes, reader.offer()), (20, None));
    assert_eq!(reader.session.case().unwrap().plan.grid.spacing_mm(), [2.0, 2.0, 3.0]);
    let said = reader.geometry();
    assert!(said[0].starts_with("only one slice in 2 is open (20 of 40), 3.00 mm apart"), "{said:?}");
    reader.does(Command::Language(Lang::Fr));
    assert!(reader.geometry()[0].starts_with("seule une coupe sur 2 est ouverte (20 sur 40)"));
    assert!(
        reader
            .session
            .view_model()
            .quantities
            .iter()
            .all(|q| q.value.is_none() || q.text.ends_with("(voir Géométrie)"))
    );
}

#[test]
fn a_slab_lies_where_the_reader_puts_it() {
    let mut reader = Reader::new(32);
    reader.opens(ct(1, 40));
    for (centre, first) in [(0, 0), (39, 8), (18, 2)] {
        reader.does(Command::SlabCentre(centre));
        assert!(reader.offer().unwrap().slab.starts_with(&format!("Slices {} to {} of 40", first + 1, first + 32)));
    }
    reader.takes(Action::OpenSlab);
    assert_eq!(reader.hu(), (2..34).collect::<Vec<i16>>());
    let grid = reader.session.case().unwrap().plan.grid;
    assert_eq!((grid.origin().0.z, grid.spacing_mm()[2]), (3.0, 1.5));
    assert_eq!(reader.geometry(), ["only slices 3 to 34 of 40 are open: volumes are of this part"]);
}

#[test]
fn nothing_that_is_open_is_lost() {
    let mut reader = Reader::new(32);
    reader.opens(ct(1, 9));
    reader.marks();
    let marked = reader.marked();
    assert!(marked[0] > 0);
    reader.opens(ct(2, 40));
    for decline in [Action::Escape, Action::DeclinePart] {
        assert!(reader.offer().is_some());
        assert_eq!((reader.hu().len(), reader.marked()), (9, marked.clone()));
        reader.takes(decline);
        assert_eq!((reader.offer(), reader.hu().len(), reader.marked()), (None, 9, marked.clone()));
        reader.does(Command::OpenSeries("2.25.92".to_owned()));
    }
    // What is marked on a part stays with that part, and the offer comes again on asking.
    reader.takes(Action::OpenEverySecond);
    reader.marks();
    reader.does(Command::OpenSeries("2.25.92".to_owned()));
    assert_eq!((reader.hu().len(), reader.marked().len()), (20, 1));
    reader.takes(Action::OpenSlab);
    assert_eq!((reader.hu().len(), reader.marked().len()), (32, 0));
    reader.does(Command::OpenSeries("2.25.92".to_owned()));
    reader.takes(Action::OpenEverySecond);
    assert_eq!((reader.hu().len(), reader.marked().len()), (20, 1));
    reader.does(Command::OpenSeries("2.25.91".to_owned()));
    assert_eq!((reader.hu().len(), reader.marked()), (9, marked));
}

#[test]
fn a_segmentation_of_a_part_refers_to_its_slices_only() {
    let mut reader = Reader::new(32);
    reader.opens(ct(1, 40));
    reader.takes(Action::OpenEverySecond);
    reader.marks();
    let voxels = reader.marked()[0];
    reader.takes(Action::ExportSeg);
    reader.takes(Action::ExportSr);
    let seg = reader.downloads[0].clone();
    let said = "Geometry of the source CT: only one slice in 2 is open (20 of 40), 3.00 mm apart";
    assert!(String::from_utf8_lossy(&seg).contains(said));
    assert!(String::from_utf8_lossy(&reader.downloads[1]).contains("only one slice in 2 is open"));
    let object = SegmentationObject::read(&seg).unwrap();
    assert_eq!(object.frames.len(), 1);
    let shown = reader.session.view_model().panes[0].slice;
    assert_eq!(object.frames[0].sources[0].sop_instance_uid, format!("2.25.91.{}", 2 * shown + 1));
    let written = dicom_object::from_reader(&seg[..]).unwrap();
    let shared = written.element(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE).unwrap().items().unwrap();
    let measures = &shared[0].element(tags::PIXEL_MEASURES_SEQUENCE).unwrap().items().unwrap()[0];
    let number = |tag| measures.element(tag).unwrap().to_float64().unwrap();
    assert_eq!((number(tags::SPACING_BETWEEN_SLICES), number(tags::SLICE_THICKNESS)), (3.0, 1.5));

    // Beside its CT the segmentation waits for the choice.
    let mut other = Reader::new(32);
    let mut files = ct(1, 40);
    files.push(seg);
    other.opens(files);
    assert!(other.session.problems().is_empty());
    other.takes(Action::OpenEverySecond);
    assert_eq!((other.marked(), other.session.problems()), (vec![voxels], &[][..]));
}

#[test]
fn a_volume_file_is_offered_in_part_too() {
    let values: Vec<i16> = (0..40).flat_map(|k| [k - 1000; 12]).collect();
    let file = nifti([4, 3, 40], DVec3::ZERO, [DVec3::X, DVec3::Y, DVec3::Z * 2.0], &values);
    let mut reader = Reader::new(32);
    reader.opens(vec![file]);
    reader.does(Command::SlabCentre(39));
    reader.takes(Action::OpenSlab);
    assert_eq!(reader.hu(), (8..40).map(|k| k - 1000).collect::<Vec<i16>>());
    assert_eq!(reader.session.view_model().status.state, StatusState::Ready);
    reader.does(Command::OpenSeries(reader.session.view_model().series[0].uid.clone()));
    reader.takes(Action::OpenEverySecond);
    assert_eq!(reader.hu(), (0..40).step_by(2).map(|k| k - 1000).collect::<Vec<i16>>());
}

#[test]
fn a_gpu_that_turns_out_too_small_leads_to_the_offer() {
    let mut reader = Reader::new(2048);
    reader.opens(ct(1, 40));
    assert_eq!((reader.hu().len(), reader.offer()), (40, None));
    reader.marks();
    reader.does(Command::LongestAxis(Some(32)));
    assert!(reader.session.case().is_none() && reader.offer().is_some());
    // Drawn without it, all of it can be seen again.
    reader.does(Command::LongestAxis(None));
    reader.does(Command::OpenSeries("2.25.91".to_owned()));
    assert_eq!((reader.hu().len(), reader.marked().len(), reader.offer()), (40, 1, None));
}
