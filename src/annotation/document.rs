//! The reader's document: segments, their voxels, and the sums kept with them.

use super::answer::Answer;
use super::author::Author;
use super::measurement::Measurement;
use super::segment::{Layer, Origin, Segment, SegmentMeaning};
use crate::geometry::{Grid, IndexBox, PatientPoint};
use crate::volume::{CtVolume, Histogram, HuSum, LabelDelta, LabelEditor, LabelMap, alike};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One reversible change. Variants are added at the end, for autosave stores them by their place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Edit {
    /// Labels of a layer changed.
    Voxels {
        /// Which label map.
        layer: Layer,
        /// Its own inverse.
        delta: LabelDelta,
    },
    /// A segment appeared, disappeared or changed its looks.
    Segment {
        /// Its number.
        number: u8,
        /// As it was; `None` if it is new.
        before: Option<Segment>,
        /// As it is now; `None` if it was removed.
        after: Option<Segment>,
    },
    /// A measurement appeared, disappeared or changed.
    Measurement {
        /// Its number.
        number: u16,
        /// As it was; `None` if it is new.
        before: Option<Measurement>,
        /// As it is now; `None` if it was removed.
        after: Option<Measurement>,
    },
    /// A field of the reading form was answered anew.
    Answer {
        /// Its number.
        field: u16,
        /// As it was; `None` if it was not assessed.
        before: Option<Answer>,
        /// As it is now; `None` if it is not assessed.
        after: Option<Answer>,
    },
    /// The reading came from another's hands, or no longer does.
    Author {
        /// Whose it was before: 0 for the first.
        number: u16,
        /// Who it was; `None` if it is new.
        before: Option<Author>,
        /// Who it is; `None` if it was removed.
        after: Option<Author>,
    },
}

impl Edit {
    /// The change that takes this one back.
    pub fn inverse(&self) -> Self {
        match self {
            Self::Voxels { .. } => self.clone(),
            Self::Segment { number, before, after } => {
                Self::Segment { number: *number, before: after.clone(), after: before.clone() }
            }
            Self::Measurement { number, before, after } => {
                Self::Measurement { number: *number, before: after.clone(), after: before.clone() }
            }
            Self::Answer { field, before, after } => {
                Self::Answer { field: *field, before: after.clone(), after: before.clone() }
            }
            Self::Author { number, before, after } => {
                Self::Author { number: *number, before: after.clone(), after: before.clone() }
            }
        }
    }
    /// Memory it holds, bytes (names counted roughly).
    pub fn byte_size(&self) -> usize {
        let points = |m: &Option<Measurement>| m.as_ref().map_or(0, |m| m.points.len() * size_of::<PatientPoint>());
        let acts = |a: &Option<Author>| a.as_ref().map_or(0, |a| a.acts.len() * 64);
        let words = |a: &Option<Answer>| if let Some(Answer::Text(text)) = a { text.len() } else { 0 };
        size_of::<Self>()
            + match self {
                Self::Voxels { delta, .. } => delta.byte_size(),
                Self::Segment { .. } => 256,
                Self::Measurement { before, after, .. } => 256 + points(before) + points(after),
                Self::Answer { before, after, .. } => words(before) + words(after),
                Self::Author { before, after, .. } => 256 + acts(before) + acts(after),
            }
    }
}

/// Which voxels a tool of the hand may touch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// Only those with HU in this range, both ends included.
    pub range_hu: Option<(i16, i16)>,
    /// Only those of the lung segments; without such segments none. Segments of anatomy are not bounded.
    pub in_lungs: bool,
}

/// Why a change was refused. Nothing was changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// No segment has this number.
    #[error("there is no segment {0}")]
    NoSuchSegment(u8),
    /// All 255 numbers are taken.
    #[error("all 255 segment numbers are taken")]
    Full,
    /// The segment is locked.
    #[error("segment {0} is locked")]
    Locked(u8),
    /// A recorded change does not fit this document.
    #[error("a recorded change does not fit this document")]
    Mismatch,
}

/// Segments and label maps of one CT. Changed only through [`apply`](Self::apply) and [`edit_voxels`](Self::edit_voxels).
#[derive(Clone, Debug)]
pub struct Document {
    layers: [LabelMap; 2],
    segments: Vec<Segment>,
    measurements: Vec<Measurement>,
    answers: BTreeMap<u16, Answer>,
    authors: Vec<Author>,
    sums: Box<[[HuSum; 256]; 2]>,
    /// HU of the voxels of each label, by layer.
    histograms: [Vec<Histogram>; 2],
}

impl Document {
    /// No segments, all background. `None` if memory for two bytes per voxel cannot be had.
    pub fn empty(grid: Grid) -> Option<Self> {
        Some(Self {
            layers: [LabelMap::empty(grid)?, LabelMap::empty(grid)?],
            segments: Vec::new(),
            measurements: Vec::new(),
            answers: BTreeMap::new(),
            authors: Vec::new(),
            sums: Box::new([[HuSum::default(); 256]; 2]),
            histograms: [(); 2].map(|()| vec![Histogram::default(); 256]),
        })
    }
    /// The grid all its voxels lie on: that of the CT.
    pub fn grid(&self) -> &Grid {
        self.layers[0].grid()
    }
    /// The label map of a layer.
    pub fn layer(&self, layer: Layer) -> &LabelMap {
        &self.layers[layer.index()]
    }
    /// The label maps of all layers: anatomy, findings.
    pub fn layers(&self) -> [&LabelMap; 2] {
        Layer::ALL.map(|layer| self.layer(layer))
    }
    /// Segments, by number.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }
    /// Segments, in the order of the list.
    pub fn listed(&self) -> Vec<&Segment> {
        let mut listed: Vec<&Segment> = self.segments.iter().collect();
        listed.sort_by_key(|s| (s.rank, s.number));
        listed
    }
    /// The segment with this number.
    pub fn segment(&self, number: u8) -> Option<&Segment> {
        self.segments.iter().find(|s| s.number == number)
    }
    /// Measurements, by number.
    pub fn measurements(&self) -> &[Measurement] {
        &self.measurements
    }
    /// The measurement with this number.
    pub fn measurement(&self, number: u16) -> Option<&Measurement> {
        self.measurements.iter().find(|m| m.number == number)
    }
    /// Answers of the reading form, by the number of their field.
    pub fn answers(&self) -> &BTreeMap<u16, Answer> {
        &self.answers
    }
    /// Whose hands it went through before it came here, in order.
    pub fn authors(&self) -> &[Author] {
        &self.authors
    }
    /// Voxels of a segment.
    pub fn voxel_count(&self, number: u8) -> u64 {
        self.segment(number).map_or(0, |s| self.layer(s.layer).count(number))
    }
    /// Volume of a segment, ml (voxels × voxel volume).
    pub fn volume_ml(&self, number: u8) -> f64 {
        self.grid().millilitres(self.voxel_count(number))
    }
    /// Mean HU of a segment; `None` without voxels.
    pub fn mean_hu(&self, number: u8) -> Option<f64> {
        let segment = self.segment(number)?;
        self.sums[segment.layer.index()][usize::from(number)].mean()
    }
    /// HU of the voxels of a segment; empty for a number without segment.
    pub fn histogram(&self, number: u8) -> &Histogram {
        // Background is never counted.
        let layer = self.segment(number).map_or(0, |s| s.layer.index());
        let counted = self.segment(number).map_or(0, |s| usize::from(s.number));
        &self.histograms[layer][counted]
    }
    /// A new segment with the lowest free number, not yet in the document.
    ///
    /// # Errors
    /// [`DocumentError::Full`] when all 255 numbers are taken.
    pub fn new_segment(&self, meaning: SegmentMeaning, name: String, origin: Origin) -> Result<Segment, DocumentError> {
        let number = (1..=255).find(|n| self.segment(*n).is_none()).ok_or(DocumentError::Full)?;
        let (layer, colour) = (meaning.layer(), meaning.colour());
        let rank = self.segments.iter().map(|s| s.rank).max().unwrap_or_default().saturating_add(1);
        let (author, made_at) = Default::default();
        Ok(Segment {
            number,
            meaning,
            layer,
            name,
            colour,
            visible: true,
            locked: false,
            origin,
            author,
            made_at,
            rank,
        })
    }
    /// Makes a change. Returns the voxels that may have changed, with their layer.
    ///
    /// # Errors
    /// [`DocumentError::Mismatch`] when the change was not recorded on this document; nothing is changed then.
    pub fn apply(&mut self, edit: &Edit, volume: &CtVolume) -> Result<Option<(Layer, IndexBox)>, DocumentError> {
        match edit {
            Edit::Voxels { layer, delta } => {
                self.layers[layer.index()].apply(delta).map_err(|_fits_not| DocumentError::Mismatch)?;
                self.recount(*layer, delta, volume);
                Ok(delta.bounds().map(|b| (*layer, b)))
            }
            Edit::Segment { number, before, after } => {
                if self.segment(*number) != before.as_ref() {
                    return Err(DocumentError::Mismatch);
                }
                self.segments.retain(|s| s.number != *number);
                if let Some(segment) = after {
                    let place = self.segments.partition_point(|s| s.number < *number);
                    self.segments.insert(place, segment.clone());
                }
                Ok(None)
            }
            Edit::Measurement { number, before, after } => {
                let fits = after.as_ref().is_none_or(|m| m.number == *number && m.is_sound());
                if self.measurement(*number) != before.as_ref() || !fits {
                    return Err(DocumentError::Mismatch);
                }
                self.measurements.retain(|m| m.number != *number);
                if let Some(measurement) = after {
                    let place = self.measurements.partition_point(|m| m.number < *number);
                    self.measurements.insert(place, measurement.clone());
                }
                Ok(None)
            }
            Edit::Answer { field, before, after } => {
                if self.answers.get(field) != before.as_ref() || !after.as_ref().is_none_or(Answer::is_sound) {
                    return Err(DocumentError::Mismatch);
                }
                match after {
                    Some(answer) => self.answers.insert(*field, answer.clone()),
                    None => self.answers.remove(field),
                };
                Ok(None)
            }
            Edit::Author { number, before, after } => {
                let place = usize::from(*number);
                // They come and go at the end alone.
                if self.authors.get(place) != before.as_ref() || self.authors.len() != place + before.iter().len() {
                    return Err(DocumentError::Mismatch);
                }
                self.authors.truncate(place);
                self.authors.extend(after.clone());
                Ok(None)
            }
        }
    }
    /// Changes voxels of a layer and returns the edit that was made (already applied).
    pub fn edit_voxels(&mut self, layer: Layer, volume: &CtVolume, change: impl FnOnce(&mut LabelEditor<'_>)) -> Edit {
        let mut editor = self.layers[layer.index()].edit();
        change(&mut editor);
        let delta = editor.finish();
        self.recount(layer, &delta, volume);
        Edit::Voxels { layer, delta }
    }
    /// As [`edit_voxels`](Self::edit_voxels), with what tells whether a voxel, given by its offset, may be touched.
    pub fn edit_within(
        &mut self,
        layer: Layer,
        volume: &CtVolume,
        gate: &Gate,
        change: impl FnOnce(&mut LabelEditor<'_>, &dyn Fn(usize) -> bool),
    ) -> Edit {
        let mut lungs = [false; 256];
        for segment in self.segments.iter().filter(|s| s.meaning.is_lung()) {
            lungs[usize::from(segment.number)] = true;
        }
        let [ni, nj, _] = self.grid().size();
        let [anatomy, findings] = &mut self.layers;
        // Lungs are drawn on their own layer: there they bound nothing.
        let (edited, beside) = match layer {
            Layer::Anatomy => (anatomy, None),
            Layer::Findings => (findings, Some(&*anatomy).filter(|_| gate.in_lungs)),
        };
        let in_lungs = |offset: usize| {
            beside.is_none_or(|map| {
                let label = map.slice(offset / (ni * nj)).map_or(0, |labels| labels[offset % (ni * nj)]);
                lungs[usize::from(label)]
            })
        };
        let in_range =
            |offset: usize| gate.range_hu.is_none_or(|(low, high)| (low..=high).contains(&volume.at_offset(offset)));
        let mut editor = edited.edit();
        change(&mut editor, &|offset| in_range(offset) && in_lungs(offset));
        let delta = editor.finish();
        self.recount(layer, &delta, volume);
        Edit::Voxels { layer, delta }
    }
    /// Whether opacities were looked for: they have a segment, be it empty.
    pub fn was_searched(&self) -> bool {
        self.segments.iter().any(|s| s.meaning.is_involvement())
    }
    /// The layer of a segment whose voxels a tool is about to change.
    ///
    /// # Errors
    /// [`DocumentError::NoSuchSegment`] and [`DocumentError::Locked`].
    pub fn editable_layer(&self, number: u8) -> Result<Layer, DocumentError> {
        let segment = self.segment(number).ok_or(DocumentError::NoSuchSegment(number))?;
        if segment.locked { Err(DocumentError::Locked(number)) } else { Ok(segment.layer) }
    }
    /// Labels of a layer that tools must leave alone.
    pub fn locked_labels(&self, layer: Layer) -> [bool; 256] {
        let mut locked = [false; 256];
        for segment in self.segments.iter().filter(|s| s.layer == layer && s.locked) {
            locked[usize::from(segment.number)] = true;
        }
        locked
    }
    /// The edits that make this document of an empty one: its voxels, then its segments, measurements, answers and authors.
    pub fn to_edits(&self) -> Vec<Edit> {
        let voxels = Layer::ALL.map(|layer| Edit::Voxels { layer, delta: self.layer(layer).to_delta() });
        let born = |s: &Segment| Edit::Segment { number: s.number, before: None, after: Some(s.clone()) };
        let marked = voxels.into_iter().filter(|e| !matches!(e, Edit::Voxels { delta, .. } if delta.is_empty()));
        let measured = |m: &Measurement| Edit::Measurement { number: m.number, before: None, after: Some(m.clone()) };
        let answered =
            |(field, a): (&u16, &Answer)| Edit::Answer { field: *field, before: None, after: Some(a.clone()) };
        let author = |(n, a): (u16, &Author)| Edit::Author { number: n, before: None, after: Some(a.clone()) };
        let shapes = self.measurements.iter().map(measured);
        let others = self.answers.iter().map(answered).chain((0..).zip(&self.authors).map(author));
        marked.chain(self.segments.iter().map(born)).chain(shapes).chain(others).collect()
    }
    /// Takes all HU sums anew, after slices of the CT have arrived.
    pub fn recount_all(&mut self, volume: &CtVolume) {
        for layer in Layer::ALL {
            (self.sums[layer.index()], self.histograms[layer.index()]) = sums(&self.layers[layer.index()], volume);
        }
    }
    /// What must hold after every command; empty when all is well.
    pub fn problems(&self, volume: &CtVolume) -> Vec<String> {
        let mut problems = Vec::new();
        if !self.segments.windows(2).all(|w| w[0].number < w[1].number) {
            problems.push("segments are not in the order of their numbers".to_owned());
        }
        if !self.measurements.windows(2).all(|w| w[0].number < w[1].number) {
            problems.push("measurements are not in the order of their numbers".to_owned());
        }
        for unsound in self.measurements.iter().filter(|m| !m.is_sound()) {
            problems.push(format!("measurement {} is no {}", unsound.number, unsound.kind.name()));
        }
        for layer in Layer::ALL {
            let (sums, histograms) = sums(self.layer(layer), volume);
            for label in 1..=255u8 {
                let kept = &self.sums[layer.index()][usize::from(label)];
                let spread = &self.histograms[layer.index()][usize::from(label)];
                let is_spread =
                    spread.bins().filter(|b| b.1 > 0).eq(histograms[usize::from(label)].bins().filter(|b| b.1 > 0));
                if *kept != sums[usize::from(label)] || self.layer(layer).count(label) != kept.count || !is_spread {
                    problems.push(format!("count or HU sum of label {label} is off"));
                }
                let owner = self.segment(label);
                if kept.count > 0 && owner.is_none_or(|s| s.layer != layer) {
                    problems.push(format!("label {label} has voxels on a layer without its segment"));
                }
            }
        }
        problems
    }

    fn recount(&mut self, layer: Layer, delta: &LabelDelta, volume: &CtVolume) {
        let (map, sums) = (&self.layers[layer.index()], &mut self.sums[layer.index()]);
        let histograms = &mut self.histograms[layer.index()];
        let [ni, nj, _] = map.grid().size();
        for (k, span, xor) in delta.runs().iter().flat_map(|run| run.by_slice(ni * nj)) {
            let Some(labels) = map.slice(k) else { continue };
            let missing = vec![CtVolume::MISSING_HU; if volume.pixels(k).is_some() { 0 } else { span.len() }];
            let hu = volume.pixels(k).map_or(&missing[..], |pixels| &pixels[span.clone()]);
            // Neighbours of one label move together; background is never counted.
            for (label, at) in alike(&labels[span]) {
                let (moved, now, before) = (&hu[at], usize::from(label), usize::from(label ^ xor));
                if now != 0 {
                    sums[now].add_all(moved);
                    histograms[now].add_all(moved);
                }
                if before != 0 {
                    sums[before].remove_all(moved);
                    histograms[before].remove_all(moved);
                }
            }
        }
    }
}

/// Count and HU sum of each label, and its histogram; those of the background are left at 0.
fn sums(map: &LabelMap, volume: &CtVolume) -> ([HuSum; 256], Vec<Histogram>) {
    let (mut sums, mut histograms) = ([HuSum::default(); 256], vec![Histogram::default(); 256]);
    for k in 0..map.grid().size()[2] {
        let (Some(labels), pixels) = (map.slice(k), volume.pixels(k)) else { continue };
        for (n, label) in labels.iter().enumerate().filter(|(_, label)| **label != 0) {
            let hu = pixels.map_or(CtVolume::MISSING_HU, |p| p[n]);
            sums[usize::from(*label)].add(hu);
            histograms[usize::from(*label)].add(hu);
        }
    }
    (sums, histograms)
}
