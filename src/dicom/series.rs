//! Instances gathered into series.

use super::Instance;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What a series is, as far as opening it is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SeriesKind {
    /// CT slices with a place in the patient.
    CtVolume,
    /// CT localisers only (scout, topogram).
    Localiser,
    /// DICOM Segmentation.
    Segmentation,
    /// RT Structure Set.
    StructureSet,
    /// Structured report.
    Report,
    /// An image of another kind, or a CT image without a place.
    OtherImage,
    /// No image.
    NotAnImage,
}

/// The instances of one Series Instance UID.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Its Series Instance UID. Where anonymisation emptied that, one derived from the attributes that hold the images together.
    pub uid: String,
    /// What it is.
    pub kind: SeriesKind,
    /// Its instances, by instance number, then by SOP Instance UID; each SOP Instance UID once.
    pub instances: Vec<Instance>,
}

/// Gathers instances by Series Instance UID, in an order that does not depend on the order of the files: CT volumes first, then
/// by study date and time, series number and UID.
///
/// An instance that occurs twice (same SOP Instance UID) is kept once: the first. Series are not split on Frame of Reference UID:
/// some archives give each slice its own.
pub fn group_into_series(instances: Vec<Instance>) -> Vec<Series> {
    let mut by_uid: BTreeMap<String, BTreeMap<String, Instance>> = BTreeMap::new();
    for instance in instances {
        let series = by_uid.entry(series_uid(&instance)).or_default();
        series.entry(instance.sop_instance_uid.clone()).or_insert(instance);
    }
    let mut series: Vec<Series> = by_uid
        .into_iter()
        .map(|(uid, instances)| {
            let mut instances: Vec<Instance> = instances.into_values().collect();
            instances.sort_by_key(|i| i.instance_number.unwrap_or(i32::MAX));
            Series { uid, kind: kind_of_series(&instances), instances }
        })
        .collect();
    series.sort_by(|a, b| order_key(a).cmp(&order_key(b)));
    series
}

/// The Series Instance UID, or one in its stead: the same for images of one study, frame of reference, series number and
/// description, and made of nothing that names the patient (PS3.5 B.2: 2.25 and a 128-bit number).
fn series_uid(instance: &Instance) -> String {
    let series = &instance.series;
    if !series.instance_uid.is_empty() {
        return series.instance_uid.clone();
    }
    let together = (
        (&instance.study.instance_uid, &instance.study.date, &instance.study.time),
        (&series.frame_of_reference_uid, series.number, &series.description, &series.modality),
    );
    let digest = Sha256::digest(format!("{together:?}"));
    let number = digest.iter().take(16).fold(0u128, |n, b| n << 8 | u128::from(*b));
    format!("2.25.{number}")
}

type OrderKey<'a> = (SeriesKind, Option<(&'a str, &'a str, &'a str, i32)>, &'a str);

fn order_key(series: &Series) -> OrderKey<'_> {
    let first = series.instances.first().map(|i| {
        (
            i.study.date.as_str(),
            i.study.time.as_str(),
            i.study.instance_uid.as_str(),
            i.series.number.unwrap_or(i32::MAX),
        )
    });
    (series.kind, first, &series.uid)
}

/// The most useful kind among the instances: one stray object does not make a CT series unreadable.
fn kind_of_series(instances: &[Instance]) -> SeriesKind {
    instances.iter().map(kind_of_instance).min().unwrap_or(SeriesKind::NotAnImage)
}

fn kind_of_instance(instance: &Instance) -> SeriesKind {
    let class = instance.sop_class_uid.as_str();
    if instance.is_ct_slice() {
        SeriesKind::CtVolume
    } else if instance.is_ct_image() && instance.is_localiser() {
        SeriesKind::Localiser
    } else if class == SEGMENTATION || class == LABEL_MAP_SEGMENTATION {
        SeriesKind::Segmentation
    } else if instance.is_structure_set() {
        SeriesKind::StructureSet
    } else if class.starts_with(STRUCTURED_REPORTS) {
        SeriesKind::Report
    } else if instance.pixels.is_some() {
        SeriesKind::OtherImage
    } else {
        SeriesKind::NotAnImage
    }
}

const SEGMENTATION: &str = "1.2.840.10008.5.1.4.1.1.66.4";
const LABEL_MAP_SEGMENTATION: &str = "1.2.840.10008.5.1.4.1.1.66.7";
const STRUCTURED_REPORTS: &str = "1.2.840.10008.5.1.4.1.1.88.";
