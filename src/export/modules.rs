//! The modules that segmentation and report share: patient, study, series, equipment, SOP common.

use super::context::Filing;
use super::dataset::DataSet;
use super::{ExportContext, ExportError, campaign};
use crate::dicom::Instance;
use dicom_dictionary_std::tags;

/// Private coding scheme of the concepts no standard scheme has.
pub(super) const SCHEME: &str = "99HILUM";

/// Fills the shared modules: what the object is filed under, as its audience has it; equipment is ours.
pub(super) fn fill_shared(
    set: &mut DataSet,
    context: &ExportContext,
    sop_class_uid: &str,
    modality: &str,
    series_description: &str,
) -> Result<(), ExportError> {
    let source = context.first()?;
    set.text(tags::SPECIFIC_CHARACTER_SET, "ISO_IR 192");
    set.text(tags::INSTANCE_CREATION_DATE, &context.date);
    set.text(tags::INSTANCE_CREATION_TIME, &context.time);
    set.text(tags::SOP_CLASS_UID, sop_class_uid);

    match &context.filing {
        Filing::Hospital => fill_identity(set, source),
        Filing::Campaign(identity) => campaign::fill_identity(set, identity, source),
    }

    set.text(tags::MODALITY, modality);
    set.text(tags::SERIES_NUMBER, &series_number(source, modality).to_string());
    set.text(tags::SERIES_DATE, &context.date);
    set.text(tags::SERIES_TIME, &context.time);
    set.text(tags::SERIES_DESCRIPTION, series_description);
    set.text(tags::INSTANCE_NUMBER, "1");
    if modality != "RTSTRUCT" {
        set.text(tags::CONTENT_DATE, &context.date);
        set.text(tags::CONTENT_TIME, &context.time);
    }

    set.text(tags::MANUFACTURER, "Hilum");
    set.text(tags::MANUFACTURER_MODEL_NAME, "Hilum");
    set.text(tags::DEVICE_SERIAL_NUMBER, &context.software_version);
    set.text(tags::SOFTWARE_VERSIONS, &context.software_version);
    Ok(())
}

/// For write-back to the hospital's archive: patient and study as the archive knows them, so that the object is filed with its CT.
/// Patient comments, admission and physicians of record stay behind.
fn fill_identity(set: &mut DataSet, source: &Instance) {
    let patient = &source.patient;
    set.text(tags::PATIENT_NAME, &patient.name);
    set.identifier(tags::PATIENT_ID, &patient.id);
    if !patient.id_issuer.is_empty() {
        set.identifier(tags::ISSUER_OF_PATIENT_ID, &patient.id_issuer);
    }
    set.text(tags::PATIENT_BIRTH_DATE, &patient.birth_date);
    set.text(tags::PATIENT_SEX, &patient.sex);

    let study = &source.study;
    set.text(tags::STUDY_INSTANCE_UID, &study.instance_uid);
    set.text(tags::STUDY_DATE, &study.date);
    set.text(tags::STUDY_TIME, &study.time);
    set.text(tags::REFERRING_PHYSICIAN_NAME, &study.referring_physician);
    set.identifier(tags::STUDY_ID, &study.id);
    set.identifier(tags::ACCESSION_NUMBER, &study.accession_number);
    if !study.description.is_empty() {
        set.text(tags::STUDY_DESCRIPTION, &study.description);
    }
}

/// A person name with at least one caret (PS3.5 6.2.1): a lone word would be read as a family name of the old free form.
pub(super) fn person_name(name: &str) -> String {
    let name = if name.trim().is_empty() { "Anonymous" } else { name.trim() };
    if name.contains('^') { name.to_owned() } else { format!("{name}^") }
}

/// A number beside that of the source series: 1000 × n + 1 for SEG, + 2 for SR, + 3 for RTSTRUCT.
fn series_number(source: &Instance, modality: &str) -> i64 {
    let number = i64::from(source.series.number.unwrap_or(0)).clamp(0, 999_999);
    let own = ["SEG", "SR", "RTSTRUCT"].iter().position(|m| *m == modality).unwrap_or(0) as i64;
    number * 1000 + own + 1
}
