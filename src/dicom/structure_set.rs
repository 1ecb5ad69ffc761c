//! DICOM RT Structure Sets (PS3.3 A.19, C.8.8.5 and C.8.8.6) as stored: regions and their contours.

use super::header::Attributes;
use super::instance::RT_STRUCTURE_SET;
use super::part10::open;
use super::segmentation::code;
use super::{Code, DicomError};
use crate::geometry::PatientPoint;
use std::collections::BTreeMap;

/// A structure set.
#[derive(Clone, Debug, PartialEq)]
pub struct StructureSet {
    /// Its regions, in the order of the file.
    pub rois: Vec<Roi>,
    /// SOP Instance UIDs of the images that it says it lies on.
    pub images: Vec<String>,
}

/// A region of interest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roi {
    /// ROI Number.
    pub number: u32,
    /// ROI Name.
    pub name: String,
    /// Referenced Frame of Reference UID; empty where there is none.
    pub frame_of_reference_uid: String,
    /// RT ROI Identification Code.
    pub code: Option<Code>,
    /// Its Segmented Property Type Modifiers.
    pub modifiers: Vec<Code>,
    /// ROI Display Color, sRGB.
    pub colour: Option<[u8; 3]>,
    /// Its contours.
    pub contours: Vec<Contour>,
}

/// A contour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contour {
    /// Contour Geometric Type.
    pub kind: String,
    /// Its vertices, patient frame, mm.
    pub points: Vec<PatientPoint>,
}

impl StructureSet {
    /// Reads a structure set.
    ///
    /// # Errors
    /// [`DicomError`]: not a structure set, or a contour that contradicts itself.
    pub fn read(bytes: &[u8]) -> Result<Self, DicomError> {
        let opened = open(bytes)?;
        let a = Attributes::before_pixels(&mut opened.elements())?;
        if a.uid((0x0008, 0x0016)) != RT_STRUCTURE_SET {
            return Err(a.bad((0x0008, 0x0016), "SOPClassUID"));
        }
        let mut images = Vec::new();
        for frame in a.items((0x3006, 0x0010))? {
            for study in frame.items((0x3006, 0x0012))? {
                for series in study.items((0x3006, 0x0014))? {
                    images.extend(series.items((0x3006, 0x0016))?.iter().map(|image| image.uid((0x0008, 0x1155))));
                }
            }
        }
        let mut rois = Vec::new();
        for item in a.items((0x3006, 0x0020))? {
            let number = integer(&item, (0x3006, 0x0022)).ok_or_else(|| item.bad((0x3006, 0x0022), "ROINumber"))?;
            rois.push(Roi {
                number,
                name: item.text((0x3006, 0x0026)),
                frame_of_reference_uid: item.uid((0x3006, 0x0024)),
                ..Roi::default()
            });
        }
        let mut codes = BTreeMap::new();
        for item in a.items((0x3006, 0x0080))? {
            let identified = item.items((0x3006, 0x0086))?;
            if let (Some(of), Some(found)) = (integer(&item, (0x3006, 0x0084)), identified.first()) {
                let modifiers: Vec<Code> = found.items((0x0062, 0x0011))?.iter().map(code).collect();
                codes.insert(of, (code(found), modifiers));
            }
        }
        for item in a.items((0x3006, 0x0039))? {
            let of = integer(&item, (0x3006, 0x0084));
            let Some(roi) = rois.iter_mut().find(|roi| Some(roi.number) == of) else { continue };
            if let [r, g, b] = item.numbers((0x3006, 0x002A))[..] {
                roi.colour = Some([r, g, b].map(|c| c.clamp(0.0, 255.0) as u8));
            }
            for contour in item.items((0x3006, 0x0040))? {
                let numbers = contour.numbers((0x3006, 0x0050));
                let (places, rest) = numbers.as_chunks::<3>();
                let declared = integer(&contour, (0x3006, 0x0046));
                if !rest.is_empty() || declared.is_some_and(|n| n as usize != places.len()) {
                    return Err(contour.bad((0x3006, 0x0050), "ContourData"));
                }
                for image in contour.items((0x3006, 0x0016))? {
                    images.push(image.uid((0x0008, 0x1155)));
                }
                roi.contours.push(Contour {
                    kind: contour.text((0x3006, 0x0042)),
                    points: places.iter().map(|[x, y, z]| PatientPoint::new(*x, *y, *z)).collect(),
                });
            }
        }
        for roi in &mut rois {
            if let Some((code, modifiers)) = codes.remove(&roi.number) {
                (roi.code, roi.modifiers) = (Some(code), modifiers);
            }
        }
        images.sort_unstable();
        images.dedup();
        Ok(Self { rois, images })
    }
}

fn integer(item: &Attributes<'_>, tag: (u16, u16)) -> Option<u32> {
    item.integer(tag).and_then(|n| u32::try_from(n).ok())
}
