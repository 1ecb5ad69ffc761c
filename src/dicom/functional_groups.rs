//! Functional groups of enhanced and legacy converted CT (PS3.3 C.7.6.16): what holds for each frame, and what all share. What
//! stands in neither may stand in the data set itself.

use super::data_set::Tag;
use super::header::{Attributes, windows};
use super::{DicomError, FrameFacts, ImagePlane, Instance, PixelFormat};
use crate::geometry::{PatientPoint, PatientVector};

const SHARED: Tag = (0x5200, 0x9229);
const PER_FRAME: Tag = (0x5200, 0x9230);
const PLANE_POSITION: Tag = (0x0020, 0x9113);
const PLANE_ORIENTATION: Tag = (0x0020, 0x9116);
const PIXEL_MEASURES: Tag = (0x0028, 0x9110);
const PIXEL_VALUE_TRANSFORMATION: Tag = (0x0028, 0x9145);
const FRAME_VOI_LUT: Tag = (0x0028, 0x9132);
const FRAME_CONTENT: Tag = (0x0020, 0x9111);
const FRAME_TYPE: Tag = (0x0018, 0x9329);
const RECONSTRUCTION: Tag = (0x0018, 0x9314);
const X_RAY_DETAILS: Tag = (0x0018, 0x9325);
/// Attributes of the slices a legacy conversion found no group for: per frame, and shared.
const UNASSIGNED: [Tag; 2] = [(0x0020, 0x9171), (0x0020, 0x9170)];

/// Fills [`Instance::frames`] from the functional groups, where there are any.
///
/// # Errors
/// [`DicomError::BadValue`] when there are not as many groups as frames; what sequences are malformed with.
pub(super) fn read_frames(a: &Attributes<'_>, instance: &mut Instance) -> Result<(), DicomError> {
    let per_frame = a.items(PER_FRAME)?;
    if per_frame.is_empty() {
        return Ok(());
    }
    if instance.pixels.as_ref().is_none_or(|p| p.frames != per_frame.len()) {
        return Err(a.bad((0x0028, 0x0008), "NumberOfFrames"));
    }
    let shared = a.items(SHARED)?.into_iter().next();
    let mut frames = Vec::with_capacity(per_frame.len());
    for own in &per_frame {
        let groups = Groups { own, shared: shared.as_ref() };
        if instance.windows.is_empty() {
            instance.windows = groups.item(&[FRAME_VOI_LUT])?.map(|voi| windows(&voi)).unwrap_or_default();
        }
        frames.push(groups.facts(instance)?);
    }
    instance.frames = frames;
    Ok(())
}

/// The groups of one frame, over those of all.
struct Groups<'g, 'a> {
    own: &'g Attributes<'a>,
    shared: Option<&'g Attributes<'a>>,
}

impl<'a> Groups<'_, 'a> {
    /// The item of the first of these sequences that the frame has, or that all share.
    fn item(&self, sequences: &[Tag]) -> Result<Option<Attributes<'a>>, DicomError> {
        for groups in std::iter::once(self.own).chain(self.shared) {
            for sequence in sequences {
                if let Some(item) = groups.items(*sequence)?.into_iter().next() {
                    return Ok(Some(item));
                }
            }
        }
        Ok(None)
    }

    fn facts(&self, instance: &Instance) -> Result<FrameFacts, DicomError> {
        let numbers = |item: &Option<Attributes<'_>>, tag: Tag| item.as_ref().map_or_else(Vec::new, |i| i.numbers(tag));
        let text = |item: &Option<Attributes<'_>>, tag: Tag| item.as_ref().map_or_else(String::new, |i| i.text(tag));

        let root = &instance.plane;
        let measures = self.item(&[PIXEL_MEASURES])?;
        let plane = ImagePlane {
            position: match numbers(&self.item(&[PLANE_POSITION])?, (0x0020, 0x0032))[..] {
                [x, y, z] => Some(PatientPoint::new(x, y, z)),
                _ => None,
            },
            directions: match numbers(&self.item(&[PLANE_ORIENTATION])?, (0x0020, 0x0037))[..] {
                [rx, ry, rz, cx, cy, cz] => Some([PatientVector::new(rx, ry, rz), PatientVector::new(cx, cy, cz)]),
                _ => root.directions,
            },
            pixel_spacing_mm: match numbers(&measures, (0x0028, 0x0030))[..] {
                [rows, columns] if rows > 0.0 && columns > 0.0 => Some([rows, columns]),
                _ => root.pixel_spacing_mm,
            },
            slice_thickness_mm: numbers(&measures, (0x0018, 0x0050)).first().copied().or(root.slice_thickness_mm),
        };

        let mut acquisition = instance.acquisition.clone();
        let unassigned = self.item(&UNASSIGNED)?;
        if let Some(content) = self.item(&[FRAME_CONTENT])? {
            let integer = |tag: Tag| content.unsigned(tag).and_then(|n| i32::try_from(n).ok());
            acquisition.number = integer((0x0020, 0x9156)).or(acquisition.number);
            acquisition.temporal_position = integer((0x0020, 0x9128)).or(acquisition.temporal_position);
            let date_time = content.text((0x0018, 0x9074));
            if !date_time.is_empty() {
                acquisition.date_time = date_time;
            }
        }
        acquisition.content_time.clear();
        let kernels = [self.item(&[RECONSTRUCTION])?, unassigned].map(|item| text(&item, (0x0018, 0x1210)));
        if let Some(kernel) = kernels.into_iter().find(|k| !k.is_empty()) {
            acquisition.kernel = kernel;
        }
        acquisition.kvp = numbers(&self.item(&[X_RAY_DETAILS])?, (0x0018, 0x0060)).first().copied().or(acquisition.kvp);

        let transformation = self.item(&[PIXEL_VALUE_TRANSFORMATION])?;
        let rescale = |tag: Tag, of_all: fn(&PixelFormat) -> Option<f64>| {
            numbers(&transformation, tag).first().copied().or(instance.pixels.as_ref().and_then(of_all))
        };
        let rescale_type = text(&transformation, (0x0028, 0x1054));
        let of_all = instance.pixels.as_ref().map(|p| p.rescale_type.clone());
        let image_type = self.item(&[FRAME_TYPE])?.map_or_else(Vec::new, |item| item.texts((0x0008, 0x9007)));
        Ok(FrameFacts {
            image_type: if image_type.is_empty() { instance.image_type.clone() } else { image_type },
            acquisition,
            plane,
            rescale_slope: rescale((0x0028, 0x1053), |p| p.rescale_slope),
            rescale_intercept: rescale((0x0028, 0x1052), |p| p.rescale_intercept),
            rescale_type: if rescale_type.is_empty() { of_all.unwrap_or_default() } else { rescale_type },
        })
    }
}
