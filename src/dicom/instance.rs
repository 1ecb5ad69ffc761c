//! The attributes of one SOP instance that the product uses.
//!
//! Text is stored as in the file, decoded from its character set, without the padding PS3.5 6.2 allows around it.

use crate::geometry::{PatientPoint, PatientVector};
use serde::{Deserialize, Serialize};

/// One SOP instance: identity, modules, and how to read its pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// SOP Class UID.
    pub sop_class_uid: String,
    /// SOP Instance UID.
    pub sop_instance_uid: String,
    /// Transfer Syntax UID of the file.
    pub transfer_syntax_uid: String,
    /// Image Type: ORIGINAL or DERIVED, PRIMARY or SECONDARY, AXIAL or LOCALIZER, …
    pub image_type: Vec<String>,
    /// Instance Number.
    pub instance_number: Option<i32>,
    /// Patient module.
    pub patient: PatientModule,
    /// Study module.
    pub study: StudyModule,
    /// Series module, with what is constant in a series.
    pub series: SeriesModule,
    /// How the image was acquired.
    pub acquisition: Acquisition,
    /// Where the image lies.
    pub plane: ImagePlane,
    /// How its pixels are stored; `None` for objects without pixels.
    pub pixels: Option<PixelFormat>,
    /// The windows the file proposes, in its order.
    pub windows: Vec<VoiWindow>,
    /// What holds for each frame of a multi-frame image with functional groups; empty for all others.
    pub frames: Vec<FrameFacts>,
    /// How its pixels were compressed with loss; `None` where they never were, as far as the file says.
    pub lossy: Option<LossyCompression>,
    /// Which frame of a multi-frame object this stands for, from 1; `None` for an object of its own. See [`Instance::of_frame`].
    pub frame_number: Option<u32>,
}

/// Lossy compression that pixels went through, one value for each step (PS3.3 C.7.6.1.1.5).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LossyCompression {
    /// Lossy Image Compression Ratio.
    pub ratios: Vec<f64>,
    /// Lossy Image Compression Method.
    pub methods: Vec<String>,
}

/// One frame of an enhanced or legacy converted CT, from its functional groups (PS3.3 C.7.6.16).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FrameFacts {
    /// Frame Type: as Image Type.
    pub image_type: Vec<String>,
    /// How the frame was acquired.
    pub acquisition: Acquisition,
    /// Where it lies.
    pub plane: ImagePlane,
    /// Rescale Slope; `None` if absent.
    pub rescale_slope: Option<f64>,
    /// Rescale Intercept; `None` if absent.
    pub rescale_intercept: Option<f64>,
    /// See [`PixelFormat::rescale_type`].
    pub rescale_type: String,
}

/// Patient attributes, exactly as stored; empty text where absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatientModule {
    /// Patient's Name, components parted by `^`.
    pub name: String,
    /// Patient ID.
    pub id: String,
    /// Issuer of Patient ID: whose number it is.
    pub id_issuer: String,
    /// Patient's Birth Date, `YYYYMMDD`.
    pub birth_date: String,
    /// Patient's Sex: M, F, O or empty.
    pub sex: String,
}

/// Study attributes; empty text where absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudyModule {
    /// Study Instance UID.
    pub instance_uid: String,
    /// Study Date, `YYYYMMDD`.
    pub date: String,
    /// Study Time, `HHMMSS.FFFFFF`.
    pub time: String,
    /// Study Description.
    pub description: String,
    /// Study ID.
    pub id: String,
    /// Accession Number.
    pub accession_number: String,
    /// Referring Physician's Name.
    pub referring_physician: String,
}

/// Series attributes; empty text where absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesModule {
    /// Series Instance UID.
    pub instance_uid: String,
    /// Series Number.
    pub number: Option<i32>,
    /// Series Description.
    pub description: String,
    /// Modality.
    pub modality: String,
    /// Body Part Examined.
    pub body_part: String,
    /// Frame of Reference UID.
    pub frame_of_reference_uid: Option<String>,
    /// Manufacturer.
    pub manufacturer: String,
    /// Manufacturer's Model Name.
    pub model: String,
}

/// Acquisition attributes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Acquisition {
    /// Acquisition Number.
    pub number: Option<i32>,
    /// Convolution Kernel.
    pub kernel: String,
    /// Tube voltage, kV.
    pub kvp: Option<f64>,
    /// Contrast/Bolus Agent; empty where none is recorded.
    pub contrast_agent: String,
    /// Gantry/Detector Tilt, degrees. Where the slices truly lie is in [`ImagePlane`].
    pub gantry_tilt_degrees: Option<f64>,
    /// Temporal Position Identifier, or Temporal Position Index of a frame.
    pub temporal_position: Option<i32>,
    /// Acquisition Date and Acquisition Time, or Frame Acquisition DateTime: `YYYYMMDDHHMMSS.FFFFFF`; empty where absent.
    pub date_time: String,
    /// Content Time, `HHMMSS.FFFFFF`; empty where absent and for frames.
    pub content_time: String,
}

/// Image plane (PS3.3 C.7.6.2).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImagePlane {
    /// Centre of the first pixel.
    pub position: Option<PatientPoint>,
    /// Unit directions of increasing column index (along a row), then of increasing row index (along a column).
    pub directions: Option<[PatientVector; 2]>,
    /// Distance between rows, then between columns, millimetres.
    pub pixel_spacing_mm: Option<[f64; 2]>,
    /// Slice Thickness, millimetres: not the distance between slices.
    pub slice_thickness_mm: Option<f64>,
}

/// Image pixel, modality LUT and multi-frame attributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PixelFormat {
    /// Image height.
    pub rows: usize,
    /// Image width.
    pub columns: usize,
    /// Number of Frames, at least 1.
    pub frames: usize,
    /// Samples per Pixel.
    pub samples_per_pixel: u16,
    /// Photometric Interpretation.
    pub photometric: String,
    /// Bits Allocated.
    pub bits_allocated: u16,
    /// Bits Stored.
    pub bits_stored: u16,
    /// High Bit.
    pub high_bit: u16,
    /// Pixel Representation: whether stored values are two's complement.
    pub signed: bool,
    /// Rescale Slope; `None` if absent.
    pub rescale_slope: Option<f64>,
    /// Rescale Intercept; `None` if absent.
    pub rescale_intercept: Option<f64>,
    /// Rescale Type: the unit of rescaled values (PS3.3 C.11.1.1.2); empty where absent.
    pub rescale_type: String,
    /// Pixel Padding Value and the end of its range, as stored values; equal if no Pixel Padding Range Limit.
    pub padding: Option<[i32; 2]>,
}

/// A window the file proposes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VoiWindow {
    /// Window Center, HU.
    pub centre_hu: f64,
    /// Window Width, HU.
    pub width_hu: f64,
    /// Window Center & Width Explanation; empty where absent.
    pub explanation: String,
    /// VOI LUT Function of the instance.
    pub function: VoiLutFunction,
}

/// VOI LUT Function (0028,1056): how a window turns values into grey, PS3.3 C.11.2.1.3. Absent or unknown is LINEAR.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum VoiLutFunction {
    /// LINEAR.
    #[default]
    Linear,
    /// LINEAR_EXACT.
    LinearExact,
    /// SIGMOID.
    Sigmoid,
}

/// RT Structure Set Storage.
pub(super) const RT_STRUCTURE_SET: &str = "1.2.840.10008.5.1.4.1.1.481.3";

impl Instance {
    /// Whether it is an RT Structure Set.
    pub fn is_structure_set(&self) -> bool {
        self.sop_class_uid == RT_STRUCTURE_SET
    }
    /// Whether the series-level facts say that this is one slice of a CT volume: CT pixels with a place in the patient, and
    /// not a localiser.
    pub fn is_ct_slice(&self) -> bool {
        self.is_ct_image()
            && if self.frames.is_empty() {
                self.plane.is_placed() && !is_localiser(&self.image_type)
            } else {
                self.frames.iter().any(|f| f.plane.is_placed() && !is_localiser(&f.image_type))
            }
    }
    /// Whether it, or one of its frames, has a place in the patient.
    pub fn is_placed(&self) -> bool {
        self.plane.is_placed() || self.frames.iter().any(|f| f.plane.is_placed())
    }
    /// Whether another file of this instance has the same voxels in the same place. How they are encoded does not matter, nor what a
    /// server may correct, such as the patient's name.
    pub fn is_same_image(&self, other: &Self) -> bool {
        let pixels = |i: &Self| {
            i.pixels.as_ref().map(|p| ([p.rows, p.columns, p.frames], [p.rescale_slope, p.rescale_intercept]))
        };
        let is_same_frame = |(a, b): (&FrameFacts, &FrameFacts)| {
            a.plane == b.plane && [a.rescale_slope, a.rescale_intercept] == [b.rescale_slope, b.rescale_intercept]
        };
        self.sop_class_uid == other.sop_class_uid
            && self.series.instance_uid == other.series.instance_uid
            && self.plane == other.plane
            && pixels(self) == pixels(other)
            && self.frames.len() == other.frames.len()
            && self.frames.iter().zip(&other.frames).all(is_same_frame)
    }
    /// Frame `frame`, from 0, as an image of its own; `None` where there is none. The frame of a single-frame image is the image.
    pub fn of_frame(&self, frame: usize) -> Option<Self> {
        let pixels = self.pixels_of(frame)?;
        let own = self.frames.get(frame);
        Some(Self {
            sop_class_uid: self.sop_class_uid.clone(),
            sop_instance_uid: self.sop_instance_uid.clone(),
            transfer_syntax_uid: self.transfer_syntax_uid.clone(),
            image_type: own.map_or(&self.image_type, |f| &f.image_type).clone(),
            instance_number: self.instance_number,
            patient: self.patient.clone(),
            study: self.study.clone(),
            series: self.series.clone(),
            acquisition: own.map_or(&self.acquisition, |f| &f.acquisition).clone(),
            plane: own.map_or(&self.plane, |f| &f.plane).clone(),
            windows: self.windows.clone(),
            frames: Vec::new(),
            lossy: self.lossy.clone(),
            frame_number: own.and_then(|_| u32::try_from(frame + 1).ok()),
            pixels: Some(pixels),
        })
    }
    /// How the pixels of frame `frame`, from 0, are stored, with its own rescale; `None` where there is none.
    pub fn pixels_of(&self, frame: usize) -> Option<PixelFormat> {
        let mut format = self.pixels.clone().filter(|p| frame < p.frames)?;
        if let Some(own) = self.frames.get(frame) {
            (format.rescale_slope, format.rescale_intercept) = (own.rescale_slope, own.rescale_intercept);
            format.rescale_type.clone_from(&own.rescale_type);
        }
        Some(format)
    }
    /// Whether this is a CT image, of the classic or the enhanced kind, monochrome.
    pub fn is_ct_image(&self) -> bool {
        self.is_ct_class() && self.pixels.as_ref().is_some_and(|p| p.samples_per_pixel == 1)
    }
    /// Whether the SOP class, or where it is absent the modality, is CT.
    pub(super) fn is_ct_class(&self) -> bool {
        let class = self.sop_class_uid.as_str();
        class == CT_IMAGE
            || class == ENHANCED_CT_IMAGE
            || class == LEGACY_CONVERTED_ENHANCED_CT_IMAGE
            || (class.is_empty() && self.series.modality == "CT")
    }
    /// Whether Image Type calls it a localiser (scout, topogram).
    pub fn is_localiser(&self) -> bool {
        is_localiser(&self.image_type)
    }
}

impl ImagePlane {
    /// Whether it says where the image lies and how it is turned.
    pub fn is_placed(&self) -> bool {
        self.position.is_some() && self.directions.is_some()
    }
}

/// Whether an Image Type or Frame Type is that of a localiser.
pub(crate) fn is_localiser(image_type: &[String]) -> bool {
    image_type.iter().any(|t| t.eq_ignore_ascii_case("LOCALIZER"))
}

/// CT Image Storage.
const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";
/// Enhanced CT Image Storage.
const ENHANCED_CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2.1";
/// Legacy Converted Enhanced CT Image Storage.
const LEGACY_CONVERTED_ENHANCED_CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2.2";
