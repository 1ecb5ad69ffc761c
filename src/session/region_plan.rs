//! What a worker is asked for a region: the box it looks at, and the operation.

use super::refining::{Refine, RefineSettings};
use super::region::{By, GROW_MOST_MM, LESION_MOST_MM, RegionTool};
use super::region_voxels::{grown, voxels_on};
use super::state::{Case, Session};
use crate::analysis::{Across, RegionOperation, RegionTask, SeedStroke, Within};
use crate::annotation::{Edit, Layer, Segment, voxels_inside};
use crate::geometry::{IndexBox, PatientPoint, VoxelIndex};

/// How much is looked at around competing strokes, mm.
const COMPETE_AROUND_MM: f64 = 15.0;

impl Session {
    /// The box that is looked at, and what is done in it.
    pub(super) fn plan_region(&self) -> Option<(IndexBox, RegionTask, Layer)> {
        let (case, region) = (self.case.as_ref()?, self.region.as_deref()?);
        let segment = case.document.segment(region.segment)?;
        let (bounds, operation) = match &region.by {
            By::Strokes { tool, strokes, amount } => self.plan_strokes(case, *tool, strokes, *amount)?,
            By::Outline { plane, points, adds, below_hu } => {
                let mut voxels = voxels_inside(case.volume.grid(), plane, points);
                if self.brush.in_lungs && segment.layer == Layer::Findings {
                    let lungs = case.lung_numbers();
                    voxels.retain(|v| lungs.contains(&case.document.layer(Layer::Anatomy).at(*v)));
                }
                let bounds = voxels.iter().map(|v| IndexBox::of(*v)).reduce(|a, b| a.union(&b))?;
                let [i, j, k] = bounds.min;
                let voxels = voxels.into_iter().map(|v| [v.i - i, v.j - j, v.k - k]).collect();
                let (range_hu, below_hu, adds) = (self.brush.range_hu, *below_hu, *adds);
                (bounds, RegionOperation::ThresholdDrawn { voxels, range_hu, below_hu, adds })
            }
            By::Interpolate { pane } => {
                let (own, grid) = (case.bounds_of(|s| s.number == segment.number)?, case.volume.grid());
                let across = match pane {
                    None => Across::Gaps,
                    Some(pane) if !pane.is_oblique(grid) => Across::Axis(grid.axis_along(pane.plane.normal())),
                    Some(pane) => {
                        let (right, down) = (pane.right(), pane.down());
                        Across::Planes { grid: Box::new(grid.part(&own)?), right, down }
                    }
                };
                (own, RegionOperation::Interpolate { across })
            }
            By::Refine(refine) => self.plan_refine(case, segment, *refine, region.before.as_ref())?,
        };
        let layer = segment.layer;
        let locked = case.document.segments().iter().filter(|s| s.layer == layer && s.locked).map(|s| s.number);
        Some((bounds, RegionTask { segment: segment.number, locked: locked.collect(), operation }, layer))
    }

    fn plan_strokes(
        &self,
        case: &Case,
        tool: RegionTool,
        strokes: &[(Vec<PatientPoint>, bool)],
        amount: f64,
    ) -> Option<(IndexBox, RegionOperation)> {
        let grid = case.volume.grid();
        let on_grid: Vec<(Vec<[usize; 3]>, bool)> =
            strokes.iter().map(|(path, inside)| (voxels_on(grid, path), *inside)).collect();
        let boxes = on_grid.iter().flat_map(|(voxels, _)| voxels).map(|[i, j, k]| VoxelIndex::new(*i, *j, *k));
        let touched = boxes.map(IndexBox::of).reduce(|a, b| a.union(&b))?;
        let around_mm = match tool {
            RegionTool::Grow => GROW_MOST_MM,
            RegionTool::Lesion => LESION_MOST_MM,
            RegionTool::Compete | RegionTool::Threshold => COMPETE_AROUND_MM,
        };
        let bounds = grown(touched, around_mm, grid);
        let local = |v: [usize; 3]| [0, 1, 2].map(|a| v[a] - bounds.min[a]);
        let strokes: Vec<SeedStroke> = on_grid
            .into_iter()
            .map(|(voxels, inside)| SeedStroke { voxels: voxels.into_iter().map(local).collect(), inside })
            .filter(|stroke| !stroke.voxels.is_empty())
            .collect();
        let operation = match tool {
            RegionTool::Grow => {
                let seed = *strokes.first()?.voxels.first()?;
                RegionOperation::Grow { seed, factor: amount, most_mm: GROW_MOST_MM }
            }
            RegionTool::Lesion => RegionOperation::Lesion { strokes, border: amount, most_mm: LESION_MOST_MM },
            RegionTool::Compete | RegionTool::Threshold => RegionOperation::Compete { strokes },
        };
        Some((bounds, operation))
    }

    fn plan_refine(
        &self,
        case: &Case,
        segment: &Segment,
        refine: Refine,
        before: Option<&Edit>,
    ) -> Option<(IndexBox, RegionOperation)> {
        let grid = case.volume.grid();
        let RefineSettings { islands_mm3, smoothing_mm, margin_mm, other } = self.refine;
        let range_hu = self.brush.range_hu.unwrap_or((i16::MIN, i16::MAX));
        let own = case.bounds_of(|s| s.number == segment.number);
        let around = |mm: f64| own.map(|b| grown(b, mm, grid));
        Some(match refine {
            Refine::FillHoles => (around(0.0)?, RegionOperation::FillHoles),
            Refine::KeepLargest => (own?, RegionOperation::KeepLargest),
            Refine::RemoveIslands => (own?, RegionOperation::RemoveIslands { below_mm3: islands_mm3 }),
            Refine::Median => (around(smoothing_mm)?, RegionOperation::Median { radius_mm: smoothing_mm }),
            Refine::Gaussian => (around(3.0 * smoothing_mm)?, RegionOperation::Gaussian { sigma_mm: smoothing_mm }),
            Refine::JointGaussian => {
                let layer = case.bounds_of(|s| s.layer == segment.layer)?;
                let operation = RegionOperation::JointGaussian { sigma_mm: smoothing_mm };
                (grown(layer, 3.0 * smoothing_mm, grid), operation)
            }
            Refine::Grow => (around(margin_mm)?, RegionOperation::Margin { mm: margin_mm }),
            Refine::Shrink => (around(0.0)?, RegionOperation::Margin { mm: -margin_mm }),
            Refine::Union => {
                let both = case.bounds_of(|s| s.number == segment.number || Some(s.number) == other)?;
                (both, RegionOperation::Union)
            }
            Refine::Subtract => (own?, RegionOperation::Subtract),
            Refine::Intersect => (own?, RegionOperation::Intersect),
            Refine::Split => {
                let Some(Edit::Segment { number: into, .. }) = before else { return None };
                let bounds = own?;
                let normal = self.panes.get(self.active.index())?.through(self.crosshair).normal();
                let [i, j, k] = bounds.min;
                let corner = grid.patient_from_voxel(VoxelIndex::new(i, j, k).centre());
                let [a, b, c] = [0, 1, 2].map(|axis| grid.step(axis).dot(normal));
                (
                    bounds,
                    RegionOperation::Split { plane: [a, b, c, (corner - self.crosshair).dot(normal)], into: *into },
                )
            }
            Refine::ThresholdSegment => (own?, RegionOperation::Threshold { range_hu, within: Within::Segment }),
            Refine::ThresholdLungs => {
                let lungs = case.lung_numbers();
                let both = case.bounds_of(|s| s.number == segment.number || lungs.contains(&s.number))?;
                (both, RegionOperation::Threshold { range_hu, within: Within::Lungs })
            }
        })
    }
}
