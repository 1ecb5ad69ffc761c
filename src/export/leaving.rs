//! Every attribute that may leave, with the reason why. What is not listed here does not leave.

use super::context::Audience;
use dicom_core::Tag;
use dicom_dictionary_std::tags;

/// Why an attribute leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It names the object and says how to read it.
    Object,
    /// The hospital's archive files the object with its CT by it.
    Patient,
    /// It stands in the place of the patient, and says so.
    Pseudonym,
    /// It names the campaign.
    Campaign,
    /// When the reading was made; moved by years for a campaign.
    Time,
    /// The program that wrote it.
    Program,
    /// The reader, by name in the hospital and by code in a campaign.
    Reader,
    /// The images that were read; by replaced UIDs for a campaign.
    Source,
    /// Where it lies in the patient.
    Place,
    /// What was marked, as codes, numbers and bits.
    Finding,
    /// How it was found.
    Method,
}

impl Reason {
    /// In a list that leaves itself.
    pub(super) fn in_english(self) -> &'static str {
        match self {
            Self::Object => "names the object and says how to read it",
            Self::Patient => "files it with its CT",
            Self::Pseudonym => "stands in the patient's place",
            Self::Campaign => "names the campaign",
            Self::Time => "when it was read",
            Self::Program => "the program that wrote it",
            Self::Reader => "the reader",
            Self::Source => "the images read",
            Self::Place => "where it lies in the patient",
            Self::Finding => "what was marked",
            Self::Method => "how it was found",
        }
    }
}

/// Why an attribute may leave for an audience; `None` if it may not.
pub(super) fn reason(tag: Tag, audience: Audience) -> Option<Reason> {
    let listed = |list: &[Tag]| list.contains(&tag);
    let reason = match tag {
        _ if tag.group() == 0x0002 || listed(OBJECT) => Reason::Object,
        _ if listed(IDENTITY) => match audience {
            Audience::Hospital => Reason::Patient,
            Audience::Campaign => Reason::Pseudonym,
        },
        tags::STUDY_DESCRIPTION | tags::ISSUER_OF_PATIENT_ID if audience == Audience::Hospital => Reason::Patient,
        _ if listed(PSEUDONYM) && audience == Audience::Campaign => Reason::Pseudonym,
        _ if listed(CAMPAIGN) && audience == Audience::Campaign => Reason::Campaign,
        tags::OBSERVATION_DATE_TIME if audience == Audience::Hospital => Reason::Time,
        _ if listed(TIME) => Reason::Time,
        _ if listed(PROGRAM) => Reason::Program,
        tags::CONTENT_CREATOR_NAME | tags::PERSON_NAME | tags::OPERATORS_NAME => Reason::Reader,
        _ if listed(SOURCE) => Reason::Source,
        _ if listed(PLACE) => Reason::Place,
        _ if listed(FINDING) => Reason::Finding,
        _ if listed(METHOD) => Reason::Method,
        _ => return None,
    };
    Some(reason)
}

const OBJECT: &[Tag] = &[
    tags::SPECIFIC_CHARACTER_SET,
    tags::SOP_CLASS_UID,
    tags::SOP_INSTANCE_UID,
    tags::SERIES_INSTANCE_UID,
    tags::MODALITY,
    tags::SERIES_NUMBER,
    tags::SERIES_DESCRIPTION,
    tags::INSTANCE_NUMBER,
    tags::IMAGE_TYPE,
    tags::CONTENT_LABEL,
    tags::STRUCTURE_SET_LABEL,
    tags::STRUCTURE_SET_DESCRIPTION,
    tags::APPROVAL_STATUS,
    tags::CONTENT_DESCRIPTION,
    tags::BURNED_IN_ANNOTATION,
    tags::LOSSY_IMAGE_COMPRESSION,
    tags::LOSSY_IMAGE_COMPRESSION_RATIO,
    tags::LOSSY_IMAGE_COMPRESSION_METHOD,
    tags::SEGMENTATION_TYPE,
    tags::NUMBER_OF_FRAMES,
    tags::SAMPLES_PER_PIXEL,
    tags::PHOTOMETRIC_INTERPRETATION,
    tags::ROWS,
    tags::COLUMNS,
    tags::BITS_ALLOCATED,
    tags::BITS_STORED,
    tags::HIGH_BIT,
    tags::PIXEL_REPRESENTATION,
    tags::PIXEL_PADDING_VALUE,
    tags::DIMENSION_ORGANIZATION_SEQUENCE,
    tags::DIMENSION_ORGANIZATION_UID,
    tags::DIMENSION_INDEX_SEQUENCE,
    tags::DIMENSION_INDEX_POINTER,
    tags::FUNCTIONAL_GROUP_POINTER,
    tags::DIMENSION_DESCRIPTION_LABEL,
    tags::DIMENSION_INDEX_VALUES,
    tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
    tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
    tags::FRAME_CONTENT_SEQUENCE,
    tags::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE,
    tags::PERFORMED_PROCEDURE_CODE_SEQUENCE,
    tags::COMPLETION_FLAG,
    tags::VERIFICATION_FLAG,
    tags::CODING_SCHEME_IDENTIFICATION_SEQUENCE,
    tags::CODING_SCHEME_NAME,
    tags::CODING_SCHEME_RESPONSIBLE_ORGANIZATION,
    tags::CONTINUITY_OF_CONTENT,
    tags::CONTENT_TEMPLATE_SEQUENCE,
    tags::MAPPING_RESOURCE,
    tags::TEMPLATE_IDENTIFIER,
    tags::RELATIONSHIP_TYPE,
    tags::VALUE_TYPE,
];

/// Attributes of patient and study: as the archive knows them, or what replaces them.
const IDENTITY: &[Tag] = &[
    tags::PATIENT_NAME,
    tags::PATIENT_ID,
    tags::PATIENT_BIRTH_DATE,
    tags::PATIENT_SEX,
    tags::STUDY_INSTANCE_UID,
    tags::STUDY_DATE,
    tags::STUDY_TIME,
    tags::REFERRING_PHYSICIAN_NAME,
    tags::STUDY_ID,
    tags::ACCESSION_NUMBER,
];

const PSEUDONYM: &[Tag] = &[
    tags::PATIENT_AGE,
    tags::PATIENT_IDENTITY_REMOVED,
    tags::DEIDENTIFICATION_METHOD_CODE_SEQUENCE,
    tags::LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED,
];

const CAMPAIGN: &[Tag] = &[
    tags::CLINICAL_TRIAL_SPONSOR_NAME,
    tags::CLINICAL_TRIAL_PROTOCOL_ID,
    tags::CLINICAL_TRIAL_PROTOCOL_NAME,
    tags::CLINICAL_TRIAL_SITE_ID,
    tags::CLINICAL_TRIAL_SITE_NAME,
    tags::CLINICAL_TRIAL_SUBJECT_ID,
];

const TIME: &[Tag] = &[
    tags::INSTANCE_CREATION_DATE,
    tags::INSTANCE_CREATION_TIME,
    tags::SERIES_DATE,
    tags::SERIES_TIME,
    tags::CONTENT_DATE,
    tags::CONTENT_TIME,
    tags::STRUCTURE_SET_DATE,
    tags::STRUCTURE_SET_TIME,
];

const PROGRAM: &[Tag] =
    &[tags::MANUFACTURER, tags::MANUFACTURER_MODEL_NAME, tags::DEVICE_SERIAL_NUMBER, tags::SOFTWARE_VERSIONS];

const SOURCE: &[Tag] = &[
    tags::CURRENT_REQUESTED_PROCEDURE_EVIDENCE_SEQUENCE,
    tags::REFERENCED_SERIES_SEQUENCE,
    tags::REFERENCED_INSTANCE_SEQUENCE,
    tags::REFERENCED_SOP_SEQUENCE,
    tags::REFERENCED_SOP_CLASS_UID,
    tags::REFERENCED_SOP_INSTANCE_UID,
    tags::REFERENCED_FRAME_NUMBER,
    tags::DERIVATION_IMAGE_SEQUENCE,
    tags::SOURCE_IMAGE_SEQUENCE,
    tags::DERIVATION_CODE_SEQUENCE,
    tags::PURPOSE_OF_REFERENCE_CODE_SEQUENCE,
    tags::SPATIAL_LOCATIONS_PRESERVED,
    tags::REFERENCED_FRAME_OF_REFERENCE_SEQUENCE,
    tags::RT_REFERENCED_STUDY_SEQUENCE,
    tags::RT_REFERENCED_SERIES_SEQUENCE,
    tags::CONTOUR_IMAGE_SEQUENCE,
];

const PLACE: &[Tag] = &[
    tags::FRAME_OF_REFERENCE_UID,
    tags::REFERENCED_FRAME_OF_REFERENCE_UID,
    tags::POSITION_REFERENCE_INDICATOR,
    tags::PLANE_ORIENTATION_SEQUENCE,
    tags::IMAGE_ORIENTATION_PATIENT,
    tags::PLANE_POSITION_SEQUENCE,
    tags::IMAGE_POSITION_PATIENT,
    tags::PIXEL_MEASURES_SEQUENCE,
    tags::PIXEL_SPACING,
    tags::SLICE_THICKNESS,
    tags::SPACING_BETWEEN_SLICES,
    tags::GRAPHIC_DATA,
    tags::GRAPHIC_TYPE,
    tags::CONTOUR_GEOMETRIC_TYPE,
    tags::NUMBER_OF_CONTOUR_POINTS,
    tags::CONTOUR_DATA,
];

const FINDING: &[Tag] = &[
    tags::PIXEL_DATA,
    tags::SEGMENT_SEQUENCE,
    tags::SEGMENT_NUMBER,
    tags::SEGMENT_LABEL,
    tags::SEGMENT_DESCRIPTION,
    tags::SEGMENT_IDENTIFICATION_SEQUENCE,
    tags::REFERENCED_SEGMENT_NUMBER,
    tags::SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE,
    tags::SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE,
    tags::SEGMENTED_PROPERTY_TYPE_MODIFIER_CODE_SEQUENCE,
    tags::ANATOMIC_REGION_SEQUENCE,
    tags::RECOMMENDED_DISPLAY_CIE_LAB_VALUE,
    tags::TRACKING_ID,
    tags::TRACKING_UID,
    tags::CODE_VALUE,
    tags::CODING_SCHEME_DESIGNATOR,
    tags::CODE_MEANING,
    tags::CONTENT_SEQUENCE,
    tags::CONCEPT_NAME_CODE_SEQUENCE,
    tags::CONCEPT_CODE_SEQUENCE,
    tags::MEASURED_VALUE_SEQUENCE,
    tags::MEASUREMENT_UNITS_CODE_SEQUENCE,
    tags::NUMERIC_VALUE,
    tags::TEXT_VALUE,
    tags::UID,
    tags::STRUCTURE_SET_ROI_SEQUENCE,
    tags::ROI_NUMBER,
    tags::ROI_NAME,
    tags::ROI_CONTOUR_SEQUENCE,
    tags::ROI_DISPLAY_COLOR,
    tags::REFERENCED_ROI_NUMBER,
    tags::CONTOUR_SEQUENCE,
    tags::RTROI_OBSERVATIONS_SEQUENCE,
    tags::OBSERVATION_NUMBER,
    tags::RTROI_IDENTIFICATION_CODE_SEQUENCE,
    tags::RTROI_INTERPRETED_TYPE,
    tags::ROI_INTERPRETER,
];

const METHOD: &[Tag] = &[
    tags::ROI_GENERATION_ALGORITHM,
    tags::SEGMENT_ALGORITHM_TYPE,
    tags::SEGMENT_ALGORITHM_NAME,
    tags::SEGMENTATION_ALGORITHM_IDENTIFICATION_SEQUENCE,
    tags::ALGORITHM_FAMILY_CODE_SEQUENCE,
    tags::ALGORITHM_NAME,
    tags::ALGORITHM_VERSION,
    tags::ALGORITHM_PARAMETERS,
];
