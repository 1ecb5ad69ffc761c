//! Tools that change one segment inside a box of voxels: refinements, thresholds, growing, and a lesion from a few strokes.
//!
//! The page cuts the box out, a worker changes it, the page writes the difference back as one edit. Arrays are `[k, j, i]` of the
//! box.

mod compete;
mod drawn;
mod grow;
mod interpolate;
mod lesion;
mod refine;
mod smooth;

use super::progress::checkpoint;
use super::{AnalysisError, Progress};
use crate::geometry::{Grid, PatientVector};
use serde::{Deserialize, Serialize};

/// Which voxels a threshold looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Within {
    /// Those of the segment: the others leave it.
    Segment,
    /// Those of the lungs: they join it.
    Lungs,
}

/// A stroke over what belongs to a region, or over what does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedStroke {
    /// Voxels it passes through, (i, j, k) in the box.
    pub voxels: Vec<[usize; 3]>,
    /// Whether these belong to the region.
    pub inside: bool,
}

/// The slices between which a segment is filled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Across {
    /// Those across an axis of the grid: 0 = i, 1 = j, 2 = k.
    Axis(usize),
    /// Those across the axis along which the marked ones leave most out.
    Gaps,
    /// Parallel planes that are no slices of the grid.
    Planes {
        /// The grid of the box.
        grid: Box<Grid>,
        /// Unit direction to the right in them.
        right: PatientVector,
        /// Unit direction down.
        down: PatientVector,
    },
}

/// What is done to a segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum RegionOperation {
    /// Background enclosed on all sides joins.
    FillHoles,
    /// All but the largest connected part leaves.
    KeepLargest,
    /// Connected parts smaller than this leave.
    RemoveIslands {
        /// mm³.
        below_mm3: f64,
    },
    /// The majority within a cuboid of this half-width decides.
    Median {
        /// mm.
        radius_mm: f64,
    },
    /// The outline of the mask blurred by a Gaussian, where it passes one half.
    Gaussian {
        /// Standard deviation, mm.
        sigma_mm: f64,
    },
    /// All unlocked segments of the layer, each blurred by a Gaussian: the greatest wins, so that no gap opens between neighbours.
    JointGaussian {
        /// Standard deviation, mm.
        sigma_mm: f64,
    },
    /// Grows (positive) or shrinks (negative) by a distance.
    Margin {
        /// mm.
        mm: f64,
    },
    /// With the voxels of the other segment too.
    Union,
    /// Without the voxels of the other segment.
    Subtract,
    /// Only the voxels that the other segment has too.
    Intersect,
    /// What lies beyond a plane leaves for another segment.
    Split {
        /// Beyond where a·i + b·j + c·k + d is positive, (i, j, k) in the box.
        plane: [f64; 4],
        /// Its number.
        into: u8,
    },
    /// By HU.
    Threshold {
        /// Least and greatest HU.
        range_hu: (i16, i16),
        /// Where.
        within: Within,
    },
    /// Drawn voxels join, or leave, by HU.
    ThresholdDrawn {
        /// Which, (i, j, k) in the box.
        voxels: Vec<[usize; 3]>,
        /// Least and greatest HU; found from the drawn voxels where there are none.
        range_hu: Option<(i16, i16)>,
        /// How far under what was found the range begins, HU.
        below_hu: i16,
        /// Whether they join.
        adds: bool,
    },
    /// Slices between marked ones are filled by shape.
    Interpolate {
        /// Which slices.
        across: Across,
    },
    /// Connected voxels like those around a point.
    Grow {
        /// (i, j, k) in the box.
        seed: [usize; 3],
        /// Tolerance in standard deviations of the neighbourhood.
        factor: f64,
        /// Farthest from the seed, mm.
        most_mm: f64,
    },
    /// The lesion under the strokes.
    Lesion {
        /// The first lies in the lesion; later ones correct what was found.
        strokes: Vec<SeedStroke>,
        /// Where between the lung around (0) and the lesion (1) its border lies.
        border: f64,
        /// Farthest from an inside stroke, mm.
        most_mm: f64,
    },
    /// Each voxel goes to the stroke it is best connected to.
    Compete {
        /// Strokes inside and outside; the rim of the box counts as outside.
        strokes: Vec<SeedStroke>,
    },
}

impl RegionOperation {
    /// Whether it looks at HU.
    pub fn needs_hu(&self) -> bool {
        matches!(
            self,
            Self::Threshold { .. }
                | Self::ThresholdDrawn { .. }
                | Self::Grow { .. }
                | Self::Lesion { .. }
                | Self::Compete { .. }
        )
    }
}

/// An operation on a segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegionTask {
    /// Its number.
    pub segment: u8,
    /// Labels of the layer that stay as they are.
    pub locked: Vec<u8>,
    /// What is done.
    pub operation: RegionOperation,
}

/// [`RegionVoxels::beside`]: the voxel is lung.
pub const BESIDE_LUNG: u8 = 1;
/// [`RegionVoxels::beside`]: the voxel belongs to the other segment of an operation on two.
pub const BESIDE_OTHER: u8 = 2;

/// A box of voxels.
#[derive(Clone, Copy, Debug)]
pub struct RegionVoxels<'a> {
    /// (columns, rows, slices).
    pub size: [usize; 3],
    /// Along i, j, k.
    pub spacing_mm: [f64; 3],
    /// HU; may be empty where the operation asks for none.
    pub hu: &'a [i16],
    /// Labels of the segment's layer.
    pub labels: &'a [u8],
    /// [`BESIDE_LUNG`] and [`BESIDE_OTHER`], or'ed.
    pub beside: &'a [u8],
}

impl RegionVoxels<'_> {
    fn offset(&self, [i, j, k]: [usize; 3]) -> Option<usize> {
        let [ni, nj, nk] = self.size;
        (i < ni && j < nj && k < nk).then_some((k * nj + j) * ni + i)
    }
    fn index(&self, offset: usize) -> [usize; 3] {
        let [ni, nj, _] = self.size;
        [offset % ni, offset / ni % nj, offset / (ni * nj)]
    }
    fn voxel_mm3(&self) -> f64 {
        self.spacing_mm.iter().product()
    }
}

/// What an operation did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegionOutcome {
    /// HU it took, where it chose them itself.
    pub range_hu: Option<(i16, i16)>,
    /// It would have gone on beyond the farthest distance: it may have leaked.
    pub reached_limit: bool,
    /// Labels of the layer afterwards. Travel beside, not inside, a serialised outcome.
    #[serde(skip)]
    pub labels: Vec<u8>,
}

/// What an operation chose for a segment.
struct Choice {
    mask: Vec<bool>,
    range_hu: Option<(i16, i16)>,
    reached_limit: bool,
}

impl From<Vec<bool>> for Choice {
    fn from(mask: Vec<bool>) -> Self {
        Self { mask, range_hu: None, reached_limit: false }
    }
}

/// Does it.
///
/// # Errors
/// [`AnalysisError::GridMismatch`] if the arrays are not of the size of the box or a seed lies outside,
/// [`AnalysisError::Cancelled`].
pub fn change_region(
    voxels: &RegionVoxels<'_>,
    task: &RegionTask,
    progress: &mut dyn Progress,
) -> Result<RegionOutcome, AnalysisError> {
    checkpoint(progress, 0.0)?;
    let count = voxels.size.iter().product::<usize>();
    let has_hu = voxels.hu.len() == count || !task.operation.needs_hu();
    if voxels.labels.len() != count || voxels.beside.len() != count || !has_hu {
        return Err(AnalysisError::GridMismatch);
    }
    let mut locked = [false; 256];
    for label in &task.locked {
        locked[usize::from(*label)] = true;
    }
    let own = |n: usize| voxels.labels[n] == task.segment;
    let beside = |n: usize, bit: u8| voxels.beside[n] & bit != 0;
    let choice: Choice = match &task.operation {
        RegionOperation::FillHoles => refine::fill_holes(voxels, task.segment).into(),
        RegionOperation::KeepLargest => {
            refine::keep_parts(voxels, task.segment, |part, largest| part == largest).into()
        }
        RegionOperation::RemoveIslands { below_mm3 } => {
            let least = below_mm3 / voxels.voxel_mm3();
            refine::keep_parts(voxels, task.segment, |(_, part), _| part as f64 >= least).into()
        }
        RegionOperation::Median { radius_mm } => refine::majority(voxels, task.segment, *radius_mm).into(),
        RegionOperation::Gaussian { sigma_mm } => {
            let blurred = smooth::gaussian(voxels.size, voxels.spacing_mm, *sigma_mm, own);
            blurred.into_iter().map(|v| v >= 0.5).collect::<Vec<_>>().into()
        }
        RegionOperation::JointGaussian { sigma_mm } => {
            let labels = refine::joint(voxels, *sigma_mm, &locked);
            return Ok(RegionOutcome { range_hu: None, reached_limit: false, labels });
        }
        RegionOperation::Margin { mm } => refine::margin(voxels, task.segment, *mm).into(),
        RegionOperation::Union => (0..count).map(|n| own(n) || beside(n, BESIDE_OTHER)).collect::<Vec<_>>().into(),
        RegionOperation::Subtract => (0..count).map(|n| own(n) && !beside(n, BESIDE_OTHER)).collect::<Vec<_>>().into(),
        RegionOperation::Intersect => (0..count).map(|n| own(n) && beside(n, BESIDE_OTHER)).collect::<Vec<_>>().into(),
        RegionOperation::Split { plane, into } => {
            let beyond = |n: usize| {
                let at = voxels.index(n).map(|c| c as f64);
                plane[0] * at[0] + plane[1] * at[1] + plane[2] * at[2] + plane[3] > 0.0
            };
            let labels = (0..count).map(|n| if own(n) && beyond(n) { *into } else { voxels.labels[n] }).collect();
            return Ok(RegionOutcome { range_hu: None, reached_limit: false, labels });
        }
        RegionOperation::Threshold { range_hu: (low, high), within } => {
            let inside = |n: usize| (*low..=*high).contains(&voxels.hu[n]);
            let chosen = |n: usize| match within {
                Within::Segment => own(n) && inside(n),
                Within::Lungs => own(n) || (beside(n, BESIDE_LUNG) && inside(n)),
            };
            (0..count).map(chosen).collect::<Vec<_>>().into()
        }
        RegionOperation::ThresholdDrawn { voxels: drawn, range_hu, below_hu, adds } => {
            drawn::threshold(voxels, task.segment, drawn, *range_hu, *below_hu, *adds)
        }
        RegionOperation::Interpolate { across } => {
            interpolate::interpolate(voxels, task.segment, across, progress)?.into()
        }
        RegionOperation::Grow { seed, factor, most_mm } => {
            let mut choice = grow::grow(voxels, *seed, *factor, *most_mm, progress)?;
            (0..count).filter(|n| own(*n)).for_each(|n| choice.mask[n] = true);
            choice
        }
        RegionOperation::Lesion { strokes, border, most_mm } => {
            let mut choice = lesion::lesion(voxels, strokes, *border, *most_mm, progress)?;
            join(&mut choice.mask, voxels, strokes, own);
            choice
        }
        RegionOperation::Compete { strokes } => {
            let mut mask = compete::strokes(voxels, strokes)?;
            join(&mut mask, voxels, strokes, own);
            mask.into()
        }
    };
    checkpoint(progress, 1.0)?;
    let Choice { mask, range_hu, reached_limit } = choice;
    let labels = mask.iter().zip(voxels.labels).map(|(chosen, old)| match (*chosen, *old) {
        (_, old) if locked[usize::from(old)] => old,
        (true, _) => task.segment,
        (false, old) if old == task.segment => 0,
        (false, old) => old,
    });
    let labels = labels.collect();
    Ok(RegionOutcome { range_hu, reached_limit, labels })
}

/// What the segment had stays, but for what strokes say is outside.
fn join(mask: &mut [bool], voxels: &RegionVoxels<'_>, strokes: &[SeedStroke], own: impl Fn(usize) -> bool) {
    for (n, chosen) in mask.iter_mut().enumerate() {
        *chosen |= own(n);
    }
    for stroke in strokes {
        for offset in stroke.voxels.iter().filter_map(|v| voxels.offset(*v)) {
            mask[offset] = stroke.inside;
        }
    }
}
