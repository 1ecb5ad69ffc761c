//! The demonstration: a chest CT of nobody, written as DICOM files that are then read like any others.

use super::phantom::{PIXEL_MM, Phantom, SIZE, SLICE_MM, SLICES};
use crate::geometry::PatientPoint;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};

pub use super::phantom::DemonstrationLesion;

/// A file of the demonstration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemonstrationFile {
    /// File name.
    pub name: String,
    /// A DICOM Part 10 file, CT Image Storage, Explicit VR Little Endian.
    pub bytes: Vec<u8>,
}

/// Number of files of the demonstration.
pub const DEMONSTRATION_SLICES: usize = SLICES;

/// Patient position of the phantom's middle in the lowest slice, millimetres.
const ORIGIN: [f64; 3] = [0.0, 0.0, -297.5];
/// Universally unique numbers (PS3.5 B.2): study, series, frame of reference; the first slice, to which the others add.
const STUDY: u128 = 0x1f0c_6a3e_52b7_4d19_9c84_7be3_02d5_6a01;
const SERIES: u128 = STUDY + 1;
const FRAME_OF_REFERENCE: u128 = STUDY + 2;
const FIRST_INSTANCE: u128 = STUDY + 0x1000;

impl DemonstrationLesion {
    /// Centre in the patient.
    pub fn centre(&self) -> PatientPoint {
        PatientPoint::new(ORIGIN[0] + self.centre[0], ORIGIN[1] + self.centre[1], ORIGIN[2] + self.centre[2])
    }
}

/// All files, from the feet to the head.
///
/// 256 × 256 × 120 voxels of 1.4 × 1.4 × 2.5 mm: a thorax with lungs, airways, vessels, heart, spine and ribs, and the two lesions
/// of [`DemonstrationLesion`], whose volumes are known exactly. The bytes are the same on every platform.
pub fn demonstration() -> Vec<DemonstrationFile> {
    let phantom = Phantom::new();
    (0..SLICES).filter_map(|k| file(&phantom, k)).collect()
}

/// File `k` of [`demonstration`] alone; `None` beyond [`DEMONSTRATION_SLICES`].
pub fn demonstration_file(k: usize) -> Option<DemonstrationFile> {
    (k < SLICES).then(|| file(&Phantom::new(), k)).flatten()
}

fn file(phantom: &Phantom, k: usize) -> Option<DemonstrationFile> {
    let instance = uid(FIRST_INSTANCE + k as u128);
    let meta = FileMetaTableBuilder::new()
        .media_storage_sop_class_uid(uids::CT_IMAGE_STORAGE)
        .media_storage_sop_instance_uid(&instance)
        .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN);
    let object = data_set(k, &instance, &phantom.slice(k)).with_meta(meta);
    let object = object.inspect_err(|error| log::error!("demonstration file {k}: {error}")).ok()?;
    let mut bytes = Vec::with_capacity(2 * SIZE * SIZE + 4096);
    object.write_all(&mut bytes).inspect_err(|error| log::error!("demonstration file {k}: {error}")).ok()?;
    Some(DemonstrationFile { name: format!("demonstration-{:03}.dcm", k + 1), bytes })
}

/// CT Image Storage (PS3.3 A.3).
fn data_set(k: usize, instance: &str, hu: &[i16]) -> InMemDicomObject {
    let mut object = InMemDicomObject::new_empty();
    let mut put = |tag: Tag, vr: VR, value: &str| {
        object.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
    };
    put(tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 100");
    put(tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\AXIAL");
    put(tags::SOP_CLASS_UID, VR::UI, uids::CT_IMAGE_STORAGE);
    put(tags::SOP_INSTANCE_UID, VR::UI, instance);
    for tag in [tags::STUDY_DATE, tags::SERIES_DATE, tags::ACQUISITION_DATE, tags::CONTENT_DATE] {
        put(tag, VR::DA, "20260105");
    }
    for tag in [tags::STUDY_TIME, tags::SERIES_TIME, tags::ACQUISITION_TIME, tags::CONTENT_TIME] {
        put(tag, VR::TM, "080000");
    }
    put(tags::ACCESSION_NUMBER, VR::SH, "HILUM-DEMO");
    put(tags::MODALITY, VR::CS, "CT");
    put(tags::MANUFACTURER, VR::LO, "Hilum");
    put(tags::REFERRING_PHYSICIAN_NAME, VR::PN, "");
    put(tags::STUDY_DESCRIPTION, VR::LO, "Demonstration chest CT (computed phantom)");
    put(tags::SERIES_DESCRIPTION, VR::LO, "Chest 2.5 mm");
    put(tags::MANUFACTURER_MODEL_NAME, VR::LO, "Phantom");
    put(tags::PATIENT_NAME, VR::PN, "DEMONSTRATION^HILUM");
    put(tags::PATIENT_ID, VR::LO, "HILUM-DEMONSTRATION");
    put(tags::PATIENT_BIRTH_DATE, VR::DA, "");
    put(tags::PATIENT_SEX, VR::CS, "O");
    put(tags::BODY_PART_EXAMINED, VR::CS, "CHEST");
    put(tags::SLICE_THICKNESS, VR::DS, "2.5");
    put(tags::KVP, VR::DS, "120");
    put(tags::CONVOLUTION_KERNEL, VR::SH, "COMPUTED");
    put(tags::PATIENT_POSITION, VR::CS, "HFS");
    put(tags::STUDY_INSTANCE_UID, VR::UI, &uid(STUDY));
    put(tags::SERIES_INSTANCE_UID, VR::UI, &uid(SERIES));
    put(tags::STUDY_ID, VR::SH, "1");
    put(tags::SERIES_NUMBER, VR::IS, "2");
    put(tags::ACQUISITION_NUMBER, VR::IS, "1");
    put(tags::INSTANCE_NUMBER, VR::IS, &(k + 1).to_string());
    let corner = -PIXEL_MM * (SIZE as f64 - 1.0) / 2.0;
    let position = [ORIGIN[0] + corner, ORIGIN[1] + corner, ORIGIN[2] + k as f64 * SLICE_MM];
    put(tags::IMAGE_POSITION_PATIENT, VR::DS, &position.map(|mm| format!("{mm:.1}")).join("\\"));
    put(tags::IMAGE_ORIENTATION_PATIENT, VR::DS, "1\\0\\0\\0\\1\\0");
    put(tags::FRAME_OF_REFERENCE_UID, VR::UI, &uid(FRAME_OF_REFERENCE));
    put(tags::POSITION_REFERENCE_INDICATOR, VR::LO, "");
    put(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2");
    put(tags::PIXEL_SPACING, VR::DS, "1.4\\1.4");
    put(tags::WINDOW_CENTER, VR::DS, "-600\\40");
    put(tags::WINDOW_WIDTH, VR::DS, "1500\\400");
    put(tags::WINDOW_CENTER_WIDTH_EXPLANATION, VR::LO, "LUNG\\SOFT TISSUE");
    put(tags::RESCALE_INTERCEPT, VR::DS, "-1024");
    put(tags::RESCALE_SLOPE, VR::DS, "1");
    put(tags::RESCALE_TYPE, VR::LO, "HU");
    let size = SIZE as u16;
    for (tag, value) in [
        (tags::SAMPLES_PER_PIXEL, 1),
        (tags::ROWS, size),
        (tags::COLUMNS, size),
        (tags::BITS_ALLOCATED, 16),
        (tags::BITS_STORED, 12),
        (tags::HIGH_BIT, 11),
        (tags::PIXEL_REPRESENTATION, 0),
    ] {
        object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    }
    let stored: Vec<u16> = hu.iter().map(|hu| (hu + 1024).max(0) as u16).collect();
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(stored.into())));
    object
}

fn uid(number: u128) -> String {
    format!("2.25.{number}")
}

#[cfg(feature = "codecs")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::dicom::{decode_frame, group_into_series, read_header};
    use crate::geometry::VoxelIndex;
    use crate::import::plan_stack;
    use crate::volume::CtVolume;
    use sha2::{Digest, Sha256};

    fn opened() -> CtVolume {
        let files = demonstration();
        let instances = files.iter().map(|f| read_header(&f.bytes[..f.bytes.len().min(1 << 16)]).unwrap()).collect();
        let series = group_into_series(instances);
        assert_eq!(series.len(), 1);
        let plan = plan_stack(&series[0]).unwrap();
        assert_eq!(plan.findings, []);
        let mut volume = CtVolume::empty(plan.grid).unwrap();
        for (k, source) in plan.slices.iter().enumerate() {
            let number = series[0].instances[source.unwrap().instance].instance_number.unwrap();
            let frame = decode_frame(&files[number as usize - 1].bytes, 0).unwrap();
            volume.set_slice(k, frame.hu).unwrap();
        }
        volume
    }

    #[test]
    fn it_opens_like_any_series_and_its_lesions_have_their_volume() {
        let volume = opened();
        let grid = *volume.grid();
        assert_eq!((grid.size(), grid.spacing_mm()), ([256, 256, 120], [1.4, 1.4, 2.5]));
        for (lesion, range) in
            [(DemonstrationLesion::GROUND_GLASS, -690..=-300), (DemonstrationLesion::CONSOLIDATION, -410..=200)]
        {
            let (mut count, mut sum, mut inside) = (0u64, 0i64, 0u64);
            for offset in 0..grid.voxel_count() {
                let p = grid.patient_from_voxel(grid.index_at(offset).centre()) - lesion.centre();
                let axes = lesion.semi_axes_mm;
                let r = |grow: f64| {
                    let d = [p.0.x, p.0.y, p.0.z].into_iter().zip(axes).map(|(d, a)| d / (a + grow));
                    d.map(|v| v * v).sum::<f64>()
                };
                let hu = volume.at_offset(offset);
                count += u64::from(r(3.0) < 1.0 && range.contains(&hu));
                if r(-3.0) < 1.0 {
                    inside += 1;
                    sum += i64::from(hu);
                }
            }
            let mean = sum / inside as i64;
            assert!((mean - i64::from(lesion.hu)).abs() <= 2, "mean {mean}");
            let ml = grid.millilitres(count);
            assert!((ml / lesion.volume_ml() - 1.0).abs() < 0.05, "{ml} against {}", lesion.volume_ml());
        }
        let at = |x: f64, y: f64, z: f64| {
            let v = grid.voxel_from_patient(PatientPoint::new(x, y, z - 297.5)).0;
            volume.at(VoxelIndex::new(v.x.round() as usize, v.y.round() as usize, v.z.round() as usize)).unwrap()
        };
        let tissues =
            [(at(0.0, 14.0, 260.0), -1024..-940), (at(0.0, 60.0, 110.0), 60..500), (at(20.0, -24.0, 110.0), -40..120)];
        for (hu, range) in tissues {
            assert!(range.contains(&hu), "{hu} in {range:?}");
        }
    }

    /// Saved work names these files: their pixels must not drift with a compiler, a platform or a refactoring.
    #[test]
    fn the_bytes_never_change() {
        let file = demonstration_file(60).unwrap();
        let sum: String = Sha256::digest(&file.bytes[file.bytes.len() - 2 * SIZE * SIZE..])
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(sum, "baaa8336f10775cb9be0dc151272602532abc59367293c628efb59e175641ff2");
        assert_eq!(file, demonstration().swap_remove(60));
        assert!(demonstration_file(DEMONSTRATION_SLICES).is_none());
    }
}
