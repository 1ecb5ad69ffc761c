//! Changes of the whole active segment, and slices filled between its marked ones.

use super::change::Update;
use super::region::{By, Region};
use super::state::Session;
use super::words;
use crate::annotation::Origin;

/// A change of the whole active segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refine {
    /// Enclosed background joins.
    FillHoles,
    /// All but the largest part leaves.
    KeepLargest,
    /// Small parts leave.
    RemoveIslands,
    /// Smoothed by the majority around each voxel.
    Median,
    /// Smoothed by a Gaussian.
    Gaussian,
    /// All segments of the layer smoothed together.
    JointGaussian,
    /// Grown by the margin.
    Grow,
    /// Shrunk by the margin.
    Shrink,
    /// With the other segment.
    Union,
    /// Without it.
    Subtract,
    /// Where both are.
    Intersect,
    /// Parted by the plane of the active pane.
    Split,
    /// Its voxels in the HU range stay.
    ThresholdSegment,
    /// The lungs' voxels in the HU range join.
    ThresholdLungs,
}

impl Refine {
    /// All, in the order of the menu.
    pub const ALL: [Self; 14] = [
        Self::FillHoles,
        Self::KeepLargest,
        Self::RemoveIslands,
        Self::Median,
        Self::Gaussian,
        Self::JointGaussian,
        Self::Grow,
        Self::Shrink,
        Self::ThresholdSegment,
        Self::ThresholdLungs,
        Self::Split,
        Self::Union,
        Self::Subtract,
        Self::Intersect,
    ];
}

/// Sizes the refinements take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RefineSettings {
    /// Islands below this leave, mm³.
    pub islands_mm3: f64,
    /// Half-width of the median and standard deviation of the Gaussian, mm.
    pub smoothing_mm: f64,
    /// Margin, mm.
    pub margin_mm: f64,
    /// Number of the other segment.
    pub other: Option<u8>,
}

impl Default for RefineSettings {
    fn default() -> Self {
        Self { islands_mm3: 100.0, smoothing_mm: 1.5, margin_mm: 2.0, other: None }
    }
}

impl RefineSettings {
    fn is_sound(&self) -> bool {
        let within = |v: f64, most: f64| v.is_finite() && (0.0..=most).contains(&v);
        within(self.islands_mm3, 1e6) && within(self.smoothing_mm, 20.0) && within(self.margin_mm, 50.0)
    }
}

impl Session {
    pub(super) fn set_refine(&mut self, settings: RefineSettings, update: &mut Update) {
        if settings.is_sound() {
            self.refine = settings;
        }
        update.changes.facts = true;
    }

    /// Begins a change of the whole segment.
    pub(super) fn begin_refine(&mut self, refine: Refine, update: &mut Update) {
        self.accept_region(update);
        let Some(segment) = self.markable(update) else { return };
        let signature = self.signature();
        let wants_other = matches!(refine, Refine::Union | Refine::Subtract | Refine::Intersect);
        let wants_range = matches!(refine, Refine::ThresholdSegment | Refine::ThresholdLungs);
        let Some(case) = &mut self.case else { return };
        let other = self.refine.other.filter(|n| *n != segment && case.document.segment(*n).is_some());
        if wants_other && other.is_none() {
            return self.say(words::REFINE_NEEDS_OTHER, update);
        }
        if refine == Refine::Union
            && let Some(true) = other.and_then(|n| case.document.segment(n)).map(|s| s.locked)
        {
            return self.say(words::SEGMENT_LOCKED, update);
        }
        if wants_range && self.brush.range_hu.is_none() {
            return self.say(words::REFINE_NEEDS_RANGE, update);
        }
        if refine == Refine::ThresholdLungs && !case.has_lungs() {
            return self.say(words::NO_LUNGS, update);
        }
        if refine != Refine::ThresholdLungs && case.document.voxel_count(segment) == 0 {
            return self.say(words::SEGMENT_EMPTY, update);
        }
        let mut region = Region::new(segment, By::Refine(refine));
        region.accepted = !wants_range;
        if refine == Refine::Split {
            let Some(whole) = case.document.segment(segment).cloned() else { return };
            match case.add_segment(whole.meaning, format!("{} ✂", whole.name), Origin::Manual, &signature) {
                Ok((_, edit)) => region.before = Some(edit),
                Err(error) => {
                    self.notice = Some(error.to_string());
                    return;
                }
            }
        }
        self.region = Some(Box::new(region));
        self.run_region(update);
    }

    /// Shows the slices between marked ones, filled by shape.
    pub(super) fn interpolate(&mut self, update: &mut Update) {
        let Some(segment) = self.markable(update) else { return };
        let Some(case) = self.case.as_ref().filter(|c| c.document.voxel_count(segment) > 0) else {
            return self.say(words::NOTHING_BETWEEN, update);
        };
        // Of a reading that was taken up only the voxels are known.
        let pane = case.marked_in.get(&segment).copied();
        self.region = Some(Box::new(Region::new(segment, By::Interpolate { pane })));
        self.run_region(update);
    }
}
