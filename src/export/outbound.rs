//! The only thing that leaves the page: objects made here, checked once more, wrapped for a request or a download.

use super::bundle;
use super::campaign::{Pseudonymous, is_lossy_method};
use super::context::{Audience, ExportError, Filing};
use super::dataset::{Encoding, derived_uid};
use super::leaving::reason;
use super::preview::{PreviewLine, bundle_lines, preview_lines};
use super::seg::LABEL_MAP_SEGMENTATION;
use crate::annotation::{Bundle, Manifest};
use dicom_core::header::Header;
use dicom_core::value::Value;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{DefaultDicomObject, InMemDicomObject};
use sha2::{Digest, Sha256};

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// DICOM Segmentation.
    Seg,
    /// DICOM structured report.
    Sr,
    /// DICOM RT Structure Set.
    Rtstruct,
    /// The whole reading as a ZIP; no DICOM object.
    Bundle,
}

impl ObjectKind {
    /// `seg`, `sr`, `rtstruct` or `bundle`, as in file names.
    pub fn word(self) -> &'static str {
        match self {
            Self::Seg => "seg",
            Self::Sr => "sr",
            Self::Rtstruct => "rtstruct",
            Self::Bundle => "bundle",
        }
    }
}

/// A SEG, an SR or an RT Structure Set as a Part 10 file, or a bundle. No other object can be one: it is read again when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundObject {
    kind: ObjectKind,
    audience: Audience,
    sop_instance_uid: String,
    file_name: String,
    bytes: Vec<u8>,
}

impl OutboundObject {
    /// Takes a Part 10 file if it is a binary segmentation, a Comprehensive 3D SR or an RT Structure Set and carries nothing but that: no attribute
    /// that may not leave for its audience, no bytes besides the segmentation's bits, and of these exactly one for each pixel of its
    /// frames. For a campaign: no UID and no text of the source either, and it says that identity was removed.
    pub(super) fn checked(bytes: Vec<u8>, filing: &Filing) -> Result<Self, ExportError> {
        if let Filing::Campaign(identity) = filing {
            check_source(&*parse(&bytes)?, identity)?;
        }
        Self::kept(bytes, filing.audience())
    }
    /// Takes a bundle if it is exactly what is written of its parts; for a campaign, if it tells no UID and no text of the source.
    pub(super) fn checked_bundle(bytes: Vec<u8>, filing: &Filing) -> Result<Self, ExportError> {
        let parts = bundle::check(&bytes, filing.audience())?;
        if let Filing::Campaign(identity) = filing {
            bundle::check_source(&parts, identity)?;
        }
        Ok(Self::of_bundle(bytes, &parts, filing.audience()))
    }
    fn of_bundle(bytes: Vec<u8>, parts: &Bundle, audience: Audience) -> Self {
        let kind = ObjectKind::Bundle;
        let Manifest { date, time, .. } = &parts.manifest;
        let file_name = format!("hilum-{}-{}.zip", kind.word(), format!("{date}-{time}").trim_matches('-'));
        Self { kind, audience, sop_instance_uid: bundle::identifier(&bytes), file_name, bytes }
    }
    /// Takes a Part 10 file or a bundle that was an [`OutboundObject`] before, from where it was kept out of other hands meanwhile. Checked like a
    /// new one but for the source of a campaign's object, which nobody knows any more.
    ///
    /// # Errors
    /// [`ExportError::Refused`] if it may not leave for this audience.
    pub fn kept(bytes: Vec<u8>, audience: Audience) -> Result<Self, ExportError> {
        let refuse = |reason: &str| ExportError::Refused { reason: reason.to_owned() };
        let named = |uid: &str| uid.trim_end_matches(['\0', ' ']).to_owned();
        if bytes.starts_with(b"PK") {
            let parts = bundle::check(&bytes, audience)?;
            return Ok(Self::of_bundle(bytes, &parts, audience));
        }
        let object = parse(&bytes)?;
        let kind = match text(&object, tags::SOP_CLASS_UID).as_str() {
            uids::SEGMENTATION_STORAGE | LABEL_MAP_SEGMENTATION => ObjectKind::Seg,
            uids::COMPREHENSIVE3_DSR_STORAGE => ObjectKind::Sr,
            uids::RT_STRUCTURE_SET_STORAGE => ObjectKind::Rtstruct,
            _ => return Err(refuse("it is neither a segmentation, a report nor a structure set")),
        };
        let encoding = if kind == ObjectKind::Rtstruct { Encoding::Implicit } else { Encoding::Explicit };
        if named(object.meta().transfer_syntax()) != encoding.uid() {
            return Err(refuse("its transfer syntax is not the one it is written in"));
        }
        if named(object.meta().media_storage_sop_class_uid()) != text(&object, tags::SOP_CLASS_UID)
            || named(object.meta().media_storage_sop_instance_uid()) != text(&object, tags::SOP_INSTANCE_UID)
        {
            return Err(refuse("its file says that it is another object"));
        }
        check_attributes(&object, kind == ObjectKind::Seg, audience)?;
        if audience == Audience::Campaign && text(&object, tags::PATIENT_IDENTITY_REMOVED) != "YES" {
            return Err(refuse("it does not say that the patient's identity was removed"));
        }
        let labels = text(&object, tags::SOP_CLASS_UID) == LABEL_MAP_SEGMENTATION;
        if labels && !holds_labels_only(&object) {
            return Err(refuse("its pixel data are not the number of a segment for each pixel of its frames"));
        }
        if kind == ObjectKind::Seg && !labels {
            let number = |tag| object.get(tag).and_then(|e| e.to_int::<u64>().ok());
            let bits = [tags::NUMBER_OF_FRAMES, tags::ROWS, tags::COLUMNS]
                .into_iter()
                .try_fold(1u64, |n, tag| n.checked_mul(number(tag)?));
            let bytes = object.get(tags::PIXEL_DATA).and_then(|e| e.to_bytes().ok()).map(|b| b.len() as u64);
            let one_bit = text(&object, tags::SEGMENTATION_TYPE) == "BINARY" && number(tags::BITS_ALLOCATED) == Some(1);
            if !one_bit || bits.is_none() || bytes != bits.map(|b| b.div_ceil(8).next_multiple_of(2)) {
                return Err(refuse("its pixel data are not one bit for each pixel of its frames"));
            }
        }
        let sop_instance_uid = text(&object, tags::SOP_INSTANCE_UID);
        let digits = |tag| text(&object, tag).chars().take_while(char::is_ascii_digit).collect::<String>();
        let moment = format!("{}-{}", digits(tags::INSTANCE_CREATION_DATE), digits(tags::INSTANCE_CREATION_TIME));
        let word = match labels {
            true => format!("{}-labelmap", text(&object, tags::CONTENT_LABEL).to_lowercase()),
            false => kind.word().to_owned(),
        };
        let file_name = format!("hilum-{word}-{}.dcm", moment.trim_matches('-'));
        Ok(Self { kind, audience, sop_instance_uid, file_name, bytes })
    }
    /// What it is.
    pub fn kind(&self) -> ObjectKind {
        self.kind
    }
    /// Whom it was made for.
    pub fn audience(&self) -> Audience {
        self.audience
    }
    /// SOP Instance UID; of a bundle a UID that its bytes give.
    pub fn sop_instance_uid(&self) -> &str {
        &self.sop_instance_uid
    }
    /// The Part 10 file, or the ZIP.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
    /// Media type of the file.
    pub fn media_type(&self) -> &'static str {
        if self.kind == ObjectKind::Bundle { "application/zip" } else { "application/dicom" }
    }
    fn extension(&self) -> &'static str {
        if self.kind == ObjectKind::Bundle { "zip" } else { "dcm" }
    }
    /// A name to save it under: kind, date and time, nothing of the patient.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }
    /// Every attribute of the object, or every value of the bundle, in the order of the file.
    ///
    /// # Errors
    /// [`ExportError::Refused`] if the object cannot be read, which [`OutboundObject`]s made here can.
    pub fn preview(&self) -> Result<Vec<PreviewLine>, ExportError> {
        if self.kind == ObjectKind::Bundle {
            return Ok(bundle_lines(bundle::audit(&bundle::check(&self.bytes, self.audience)?)?));
        }
        Ok(preview_lines(&parse(&self.bytes)?, self.audience))
    }
}

/// Where below a server's root a body goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The store transaction of a DICOMweb server: `studies`.
    Studies,
    /// A file of this name in a folder.
    File(String),
}

/// A body that may leave, with its media type, for one audience.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    audience: Audience,
    place: Place,
    content_type: String,
    body: Vec<u8>,
    contents: Vec<(ObjectKind, String)>,
}

impl Outbound {
    /// The body of a STOW-RS store request (PS3.18 10.5): `multipart/related; type="application/dicom"`, one part an object.
    ///
    /// The boundary is derived from the objects and occurs in none of them.
    ///
    /// # Errors
    /// [`ExportError::Empty`] without objects; [`ExportError::Refused`] if they were made for different audiences, or one is a bundle,
    /// which is no DICOM object.
    pub fn stow(objects: &[OutboundObject]) -> Result<Self, ExportError> {
        let audience = objects.first().ok_or(ExportError::Empty)?.audience;
        if objects.iter().any(|o| o.kind == ObjectKind::Bundle) {
            return Err(ExportError::Refused { reason: "an archive stores no bundle".to_owned() });
        }
        if objects.iter().any(|o| o.audience != audience) {
            return Err(ExportError::Refused { reason: "objects for different audiences".to_owned() });
        }
        let identity: Vec<&[u8]> = objects.iter().map(|o| o.sop_instance_uid.as_bytes()).collect();
        let mut boundary = derived_uid("boundary", &identity).replace('.', "-");
        while objects.iter().any(|o| contains(&o.bytes, boundary.as_bytes())) {
            boundary = derived_uid("boundary", &[boundary.as_bytes()]).replace('.', "-");
        }
        let mut body = Vec::with_capacity(objects.iter().map(|o| o.bytes.len() + 128).sum());
        for object in objects {
            body.extend_from_slice(format!("--{boundary}\r\nContent-Type: application/dicom\r\n\r\n").as_bytes());
            body.extend_from_slice(&object.bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let content_type = format!("multipart/related; type=\"application/dicom\"; boundary={boundary}");
        Ok(Self { audience, place: Place::Studies, content_type, body, contents: contents(objects) })
    }
    /// An object as a file in a folder. Its name is a digest of its bytes: sent again it takes its own place.
    pub fn file(object: &OutboundObject) -> Self {
        let digest = Sha256::digest(&object.bytes);
        let name: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self {
            audience: object.audience,
            place: Place::File(format!("hilum-{}-{name}.{}", object.kind.word(), object.extension())),
            content_type: object.media_type().to_owned(),
            body: object.bytes.clone(),
            contents: contents(std::slice::from_ref(object)),
        }
    }
    /// So many zeros, to see whether a server takes a body of that size: as the one part of a store request, which no archive stores, or as
    /// a file that says what it is.
    pub fn trial(audience: Audience, to_folder: bool, bytes: usize) -> Self {
        let mut body = vec![0; bytes];
        let (place, content_type) = if to_folder {
            (Place::File("hilum-connection-test.bin".to_owned()), "application/octet-stream".to_owned())
        } else {
            let head = b"--trial\r\nContent-Type: application/dicom\r\n\r\n";
            body.splice(0..0, head.iter().copied());
            body.extend_from_slice(b"\r\n--trial--\r\n");
            (Place::Studies, "multipart/related; type=\"application/dicom\"; boundary=trial".to_owned())
        };
        Self { audience, place, content_type, body, contents: Vec::new() }
    }
    /// Whom it is for: where it may be sent.
    pub fn audience(&self) -> Audience {
        self.audience
    }
    /// Where below the server's root it goes.
    pub fn place(&self) -> &Place {
        &self.place
    }
    /// Media type of the body.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }
    /// The bytes.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
    /// Kind and UID of each object, for the ledger; nothing of a trial.
    pub fn contents(&self) -> &[(ObjectKind, String)] {
        &self.contents
    }
}

fn contents(objects: &[OutboundObject]) -> Vec<(ObjectKind, String)> {
    objects.iter().map(|o| (o.kind, o.sop_instance_uid.clone())).collect()
}

fn parse(bytes: &[u8]) -> Result<DefaultDicomObject, ExportError> {
    dicom_object::from_reader(bytes).map_err(|e| ExportError::Refused { reason: format!("it cannot be read: {e}") })
}

fn text(object: &InMemDicomObject, tag: Tag) -> String {
    object
        .get(tag)
        .and_then(|e| e.to_str().ok())
        .map(|s| s.trim_end_matches(['\0', ' ']).to_owned())
        .unwrap_or_default()
}

/// Whether each pixel is 0 or the number of a segment that is described, and there is one byte for each.
fn holds_labels_only(object: &InMemDicomObject) -> bool {
    let number = |tag| object.get(tag).and_then(|e| e.to_int::<u64>().ok());
    let pixels = [tags::NUMBER_OF_FRAMES, tags::ROWS, tags::COLUMNS]
        .into_iter()
        .try_fold(1u64, |n, tag| n.checked_mul(number(tag)?));
    let Some(bytes) = object.get(tags::PIXEL_DATA).and_then(|e| e.to_bytes().ok()) else { return false };
    let mut described = [false; 256];
    described[0] = true;
    for item in object.get(tags::SEGMENT_SEQUENCE).and_then(|e| e.items()).unwrap_or_default() {
        let of = item.get(tags::SEGMENT_NUMBER).and_then(|e| e.to_int::<u8>().ok());
        described[usize::from(of.unwrap_or(0))] = true;
    }
    text(object, tags::SEGMENTATION_TYPE) == "LABELMAP"
        && number(tags::BITS_ALLOCATED) == Some(8)
        && pixels.map(|n| n.next_multiple_of(2)) == Some(bytes.len() as u64)
        && bytes.iter().all(|b| described[usize::from(*b)])
}

/// Refuses what is not listed for the audience, and values that could hold foreign bytes, at any depth.
fn check_attributes(object: &InMemDicomObject, pixels_allowed: bool, audience: Audience) -> Result<(), ExportError> {
    for element in object.iter() {
        let tag = element.tag();
        let bytes = matches!(element.vr(), VR::OB | VR::OW | VR::OD | VR::OF | VR::OL | VR::OV | VR::UN);
        if reason(tag, audience).is_none() || (bytes && !(pixels_allowed && tag == tags::PIXEL_DATA)) {
            return Err(ExportError::Refused { reason: format!("it holds the attribute {tag}") });
        }
        match element.value() {
            Value::Sequence(sequence) => {
                for item in sequence.items() {
                    check_attributes(item, false, audience)?;
                }
            }
            Value::PixelSequence(_) => {
                return Err(ExportError::Refused { reason: "its pixel data are compressed".to_owned() });
            }
            Value::Primitive(_) => {}
        }
    }
    Ok(())
}

/// Refuses what comes from the source of a campaign's object, at any depth.
fn check_source(object: &InMemDicomObject, identity: &Pseudonymous) -> Result<(), ExportError> {
    for element in object.iter() {
        let tag = element.tag();
        if let Value::Sequence(sequence) = element.value() {
            sequence.items().iter().try_for_each(|item| check_source(item, identity))?;
        }
        let Value::Primitive(value) = element.value() else { continue };
        let betrayed = match element.vr() {
            VR::UI => value.to_multi_str().iter().any(|uid| {
                let uid = uid.trim_end_matches(['\0', ' ']);
                identity.is_source_uid(uid)
                    || !(uid.is_empty() || uid.starts_with("1.2.840.10008.") || uid.starts_with("2.25."))
            }),
            // Codes come from our own lists.
            _ if matches!(tag, tags::CODE_MEANING | tags::CODE_VALUE | tags::CODING_SCHEME_DESIGNATOR) => false,
            // So do code strings, but for two that the CT gives.
            VR::CS => value.to_multi_str().iter().any(|text| match tag {
                tags::PATIENT_SEX => identity.betrays(text),
                tags::LOSSY_IMAGE_COMPRESSION_METHOD => !is_lossy_method(text.trim_end()),
                _ => false,
            }),
            VR::AE | VR::AS | VR::DT | VR::LO | VR::LT | VR::PN | VR::SH | VR::ST | VR::UC | VR::UR | VR::UT => {
                value.to_multi_str().iter().any(|text| identity.betrays(text))
            }
            // Dates, numbers and pixels come from the reading.
            _ => false,
        };
        if betrayed {
            return Err(ExportError::Refused { reason: format!("{tag} could name the patient or the CT") });
        }
    }
    Ok(())
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|w| w == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dicom_core::{DataElement, PrimitiveValue};
    use dicom_object::FileMetaTableBuilder;

    fn file(change: impl FnOnce(&mut InMemDicomObject)) -> Vec<u8> {
        let mut object = InMemDicomObject::from_element_iter([
            DataElement::new(tags::SOP_CLASS_UID, VR::UI, uids::COMPREHENSIVE3_DSR_STORAGE),
            DataElement::new(tags::SOP_INSTANCE_UID, VR::UI, "2.25.1"),
            DataElement::new(tags::INSTANCE_CREATION_DATE, VR::DA, "20261123"),
            DataElement::new(tags::INSTANCE_CREATION_TIME, VR::TM, "101500.5"),
        ]);
        change(&mut object);
        let meta = FileMetaTableBuilder::new().transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN);
        let mut bytes = Vec::new();
        object.with_meta(meta).unwrap().write_all(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_report_passes_and_a_ct_does_not() {
        let object = OutboundObject::checked(file(|_| {}), &Filing::Hospital).unwrap();
        assert_eq!((object.kind(), object.file_name()), (ObjectKind::Sr, "hilum-sr-20261123-101500.dcm"));
        let ct = file(|o| {
            o.put(DataElement::new(tags::SOP_CLASS_UID, VR::UI, uids::CT_IMAGE_STORAGE));
        });
        assert!(matches!(OutboundObject::checked(ct, &Filing::Hospital), Err(ExportError::Refused { .. })));
    }

    #[test]
    fn foreign_bytes_are_refused_wherever_they_hide() {
        let bytes = || PrimitiveValue::U8([1, 2].into_iter().collect());
        let pixels = file(|o| {
            o.put(DataElement::new(tags::PIXEL_DATA, VR::OB, bytes()));
        });
        let private = file(|o| {
            o.put(DataElement::new(Tag(0x0009, 0x1001), VR::LO, "x"));
        });
        let nested = file(|o| {
            let item = InMemDicomObject::from_element_iter([DataElement::new(Tag(0x0042, 0x0011), VR::OB, bytes())]);
            o.put(DataElement::new(
                tags::CONTENT_SEQUENCE,
                VR::SQ,
                dicom_core::value::DataSetSequence::from(vec![item]),
            ));
        });
        let fat_segmentation = file(|o| {
            o.put(DataElement::new(tags::SOP_CLASS_UID, VR::UI, uids::SEGMENTATION_STORAGE));
            o.put(DataElement::new(tags::SEGMENTATION_TYPE, VR::CS, "BINARY"));
            o.put(DataElement::new(tags::NUMBER_OF_FRAMES, VR::IS, "1"));
            for (tag, value) in [(tags::ROWS, 2u16), (tags::COLUMNS, 2), (tags::BITS_ALLOCATED, 1)] {
                o.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
            }
            let many = PrimitiveValue::U8([0; 8].into_iter().collect());
            o.put(DataElement::new(tags::PIXEL_DATA, VR::OB, many));
        });
        let unlisted = file(|o| {
            o.put(DataElement::new(tags::PATIENT_COMMENTS, VR::LT, "x"));
        });
        for refused in [pixels, private, nested, fat_segmentation, unlisted] {
            assert!(matches!(OutboundObject::checked(refused, &Filing::Hospital), Err(ExportError::Refused { .. })));
        }
    }

    #[test]
    fn the_body_has_one_part_for_each_object() {
        let object = OutboundObject::checked(file(|_| {}), &Filing::Hospital).unwrap();
        let outbound = Outbound::stow(&[object.clone(), object.clone()]).unwrap();
        let boundary = outbound.content_type().split("boundary=").nth(1).unwrap().to_owned();
        assert!(boundary.len() <= 70);
        let delimiter = format!("--{boundary}");
        let count = outbound.body().windows(delimiter.len()).filter(|w| *w == delimiter.as_bytes()).count();
        assert_eq!(count, 3);
        let head = format!("{delimiter}\r\nContent-Type: application/dicom\r\n\r\n");
        assert_eq!(&outbound.body()[..head.len()], head.as_bytes());
        assert_eq!(&outbound.body()[head.len()..head.len() + object.bytes().len()], object.bytes());
        assert!(outbound.body().ends_with(format!("\r\n{delimiter}--\r\n").as_bytes()));
        assert_eq!(Outbound::stow(&[]), Err(ExportError::Empty));
    }

    #[test]
    fn a_file_is_named_by_its_bytes_and_a_trial_holds_nothing() {
        let [one, again, other] = ["x", "x", "y"].map(|text| {
            let bytes = file(|o| {
                o.put(DataElement::new(tags::SERIES_DESCRIPTION, VR::LO, text));
            });
            Outbound::file(&OutboundObject::checked(bytes, &Filing::Hospital).unwrap())
        });
        assert_eq!(one, again);
        assert_ne!(one.place(), other.place());
        assert!(matches!(one.place(), Place::File(name) if name.starts_with("hilum-sr-") && name.len() == 45));
        for to_folder in [false, true] {
            let trial = Outbound::trial(Audience::Campaign, to_folder, 1000);
            assert_eq!(trial.body().iter().filter(|b| **b == 0).count(), 1000);
            assert!(trial.body().len() < 1100 && trial.contents().is_empty());
        }
    }
}
