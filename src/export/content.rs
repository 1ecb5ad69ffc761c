//! Content items of a structured report (PS3.3 C.17.3) as items of a Content Sequence.

use super::dataset::{DataSet, decimal_string};
use crate::annotation::CodedConcept;
use crate::geometry::PatientPoint;
use dicom_dictionary_std::tags;

/// Relationship Type to the enclosing item.
#[derive(Clone, Copy)]
pub(super) enum Relationship {
    Contains,
    HasObservationContext,
    HasConceptModifier,
    InferredFrom,
    HasProperties,
}

/// An item in the making: its value and its children.
pub(super) struct ContentItem {
    set: DataSet,
    children: Vec<DataSet>,
}

impl ContentItem {
    fn new(relationship: Relationship, value_type: &str, concept: CodedConcept) -> Self {
        let mut set = DataSet::new();
        set.text(
            tags::RELATIONSHIP_TYPE,
            match relationship {
                Relationship::Contains => "CONTAINS",
                Relationship::HasObservationContext => "HAS OBS CONTEXT",
                Relationship::HasConceptModifier => "HAS CONCEPT MOD",
                Relationship::InferredFrom => "INFERRED FROM",
                Relationship::HasProperties => "HAS PROPERTIES",
            },
        );
        set.text(tags::VALUE_TYPE, value_type);
        set.code(tags::CONCEPT_NAME_CODE_SEQUENCE, concept);
        Self { set, children: Vec::new() }
    }
    /// A heading, under a template of PS3.16 if one names it.
    pub(super) fn container(concept: CodedConcept, template: Option<&str>) -> Self {
        let mut item = Self::new(Relationship::Contains, "CONTAINER", concept);
        fill_container(&mut item.set, template);
        item
    }
    pub(super) fn code(relationship: Relationship, concept: CodedConcept, value: CodedConcept) -> Self {
        let mut item = Self::new(relationship, "CODE", concept);
        item.set.code(tags::CONCEPT_CODE_SEQUENCE, value);
        item
    }
    pub(super) fn text(relationship: Relationship, concept: CodedConcept, value: &str) -> Self {
        let mut item = Self::new(relationship, "TEXT", concept);
        item.set.text(tags::TEXT_VALUE, value);
        item
    }
    pub(super) fn uid(relationship: Relationship, concept: CodedConcept, value: &str) -> Self {
        let mut item = Self::new(relationship, "UIDREF", concept);
        item.set.text(tags::UID, value);
        item
    }
    pub(super) fn person(relationship: Relationship, concept: CodedConcept, value: &str) -> Self {
        let mut item = Self::new(relationship, "PNAME", concept);
        item.set.text(tags::PERSON_NAME, value);
        item
    }
    pub(super) fn number(relationship: Relationship, concept: CodedConcept, value: f64, unit: CodedConcept) -> Self {
        let mut item = Self::new(relationship, "NUM", concept);
        item.set.item(tags::MEASURED_VALUE_SEQUENCE, |measured| {
            measured.code(tags::MEASUREMENT_UNITS_CODE_SEQUENCE, unit);
            measured.text(tags::NUMERIC_VALUE, &decimal_string(value));
        });
        item
    }
    /// A shape in the patient, LPS mm (SCOORD3D, PS3.3 C.18.9): in single precision, as the standard has it.
    pub(super) fn coordinates(
        relationship: Relationship,
        concept: CodedConcept,
        graphic_type: &str,
        points: &[PatientPoint],
        frame_of_reference_uid: &str,
    ) -> Self {
        let mut item = Self::new(relationship, "SCOORD3D", concept);
        let numbers: Vec<f32> = points.iter().flat_map(|p| p.0.to_array().map(|v| v as f32)).collect();
        item.set.f32s(tags::GRAPHIC_DATA, &numbers);
        item.set.text(tags::GRAPHIC_TYPE, graphic_type);
        item.set.text(tags::REFERENCED_FRAME_OF_REFERENCE_UID, frame_of_reference_uid);
        item
    }
    /// A segment of a segmentation object.
    pub(super) fn segment(concept: CodedConcept, sop_class_uid: &str, sop_instance_uid: &str, number: u16) -> Self {
        let mut item = Self::new(Relationship::Contains, "IMAGE", concept);
        item.set.item(tags::REFERENCED_SOP_SEQUENCE, |reference| {
            reference.text(tags::REFERENCED_SOP_CLASS_UID, sop_class_uid);
            reference.text(tags::REFERENCED_SOP_INSTANCE_UID, sop_instance_uid);
            reference.u16(tags::REFERENCED_SEGMENT_NUMBER, number);
        });
        item
    }
    /// When it was observed (Observation DateTime, PS3.3 C.17.3.2), local time as `YYYYMMDDHHMMSS`.
    pub(super) fn observed_at(mut self, at: &str) -> Self {
        self.set.text(tags::OBSERVATION_DATE_TIME, at);
        self
    }
    /// Adds an item below this one.
    pub(super) fn with(mut self, child: Self) -> Self {
        self.push(child);
        self
    }
    pub(super) fn push(&mut self, child: Self) {
        self.children.push(child.finish());
    }
    fn finish(mut self) -> DataSet {
        if !self.children.is_empty() {
            self.set.items(tags::CONTENT_SEQUENCE, self.children);
        }
        self.set
    }
}

/// Fills the root item of a report, which is the data set itself.
pub(super) fn fill_root(set: &mut DataSet, concept: CodedConcept, template: &str, children: Vec<ContentItem>) {
    set.text(tags::VALUE_TYPE, "CONTAINER");
    set.code(tags::CONCEPT_NAME_CODE_SEQUENCE, concept);
    fill_container(set, Some(template));
    set.items(tags::CONTENT_SEQUENCE, children.into_iter().map(ContentItem::finish).collect());
}

fn fill_container(set: &mut DataSet, template: Option<&str>) {
    set.text(tags::CONTINUITY_OF_CONTENT, "SEPARATE");
    if let Some(identifier) = template {
        set.item(tags::CONTENT_TEMPLATE_SEQUENCE, |item| {
            item.text(tags::MAPPING_RESOURCE, "DCMR");
            item.text(tags::TEMPLATE_IDENTIFIER, identifier);
        });
    }
}
