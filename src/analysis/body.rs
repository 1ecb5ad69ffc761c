//! The body on one axial slice: its mask, and whether the field of view cuts it off.

use super::ball;
use super::components::Components;
use crate::geometry::{Grid, PatientVector};

/// Skin and all below it are above this, HU.
const ABOVE_HU: i16 = -500;
/// Sheets thinner than twice this are couch and blanket, mm.
const SHEET_MM: f64 = 4.0;
/// A slice has no neighbours: they are this far, mm.
const FAR_MM: f64 = 1e4;
/// Parts beside the body from this area on are arms, mm².
const ARM_MM2: f64 = 2000.0;
/// The body is cut off if more of its pixels than this lie on the edge.
const ON_EDGE: usize = 3;

/// The body on a slice.
pub(super) struct Body {
    /// Columns and rows.
    pub(super) size: [usize; 2],
    /// Distance between pixels, mm.
    pub(super) spacing_mm: [f64; 2],
    /// Whether each pixel belongs to it, row by row.
    pub(super) mask: Vec<u8>,
    /// Another large part lies beside it.
    pub(super) has_arms: bool,
    /// The field of view cuts it off.
    pub(super) is_clipped: bool,
}

impl Body {
    /// From the HU of a slice, row by row; `None` without a body.
    pub(super) fn of(hu: &[i16], grid: &Grid) -> Option<Self> {
        let [ni, nj, _] = grid.size();
        let [si, sj, _] = grid.spacing_mm();
        let mut body =
            Self { size: [ni, nj], spacing_mm: [si, sj], mask: Vec::new(), has_arms: false, is_clipped: false };
        let dense: Vec<u8> = hu.iter().map(|v| u8::from(*v > ABOVE_HU)).collect();
        let whole = body.filled(&dense);
        let open = body.opened(&whole, SHEET_MM);
        let parts = Components::of(&open, [ni, nj, 1], |v| *v == 1);
        let largest = (0..parts.list.len()).max_by_key(|n| parts.list[*n].voxels)?;
        let arm = |n: usize| n != largest && parts.list[n].voxels as f64 * si * sj > ARM_MM2;
        body.has_arms = (0..parts.list.len()).any(arm);
        body.mask = vec![0; hu.len()];
        for (_, run) in parts.runs().filter(|(n, _)| *n == largest) {
            body.mask[run].fill(1);
        }
        body.is_clipped = body.touches_edge(hu);
        Some(body)
    }

    /// Pixels no farther than a radius from a mask.
    pub(super) fn dilated(&self, mask: &[u8], radius_mm: f64) -> Vec<u8> {
        let mut out = vec![0; mask.len()];
        ball::dilate(mask, self.size3(), self.spacing3(), radius_mm, |v| v == 1, |o| out[o] = 1);
        out
    }
    /// A mask opened by a disc.
    pub(super) fn opened(&self, mask: &[u8], radius_mm: f64) -> Vec<u8> {
        let mut out = vec![0; mask.len()];
        ball::open(mask, self.size3(), self.spacing3(), radius_mm, |v| v == 1, |o| out[o] = 1);
        out
    }
    /// A mask closed by a disc.
    pub(super) fn closed(&self, mask: &[u8], radius_mm: f64) -> Vec<u8> {
        let mut out = mask.to_vec();
        ball::close(mask, self.size3(), self.spacing3(), radius_mm, |v| v == 1, |o| out[o] = 1);
        out
    }
    /// A mask with what it encloses.
    pub(super) fn filled(&self, mask: &[u8]) -> Vec<u8> {
        let rest = Components::of(mask, self.size3(), |v| *v == 0);
        let mut out = mask.to_vec();
        for (_, run) in rest.runs().filter(|(n, _)| !rest.touches_sides(*n)) {
            out[run].fill(1);
        }
        out
    }
    /// The largest part of a mask.
    pub(super) fn largest(&self, mask: &[u8]) -> Vec<u8> {
        let parts = Components::of(mask, self.size3(), |v| *v == 1);
        let mut out = vec![0; mask.len()];
        let Some(largest) = (0..parts.list.len()).max_by_key(|n| parts.list[*n].voxels) else { return out };
        for (_, run) in parts.runs().filter(|(n, _)| *n == largest) {
            out[run].fill(1);
        }
        out
    }

    fn size3(&self) -> [usize; 3] {
        [self.size[0], self.size[1], 1]
    }
    fn spacing3(&self) -> [f64; 3] {
        [self.spacing_mm[0], self.spacing_mm[1], FAR_MM]
    }
    /// Whether it reaches the edge of the picture, or of the circle that was reconstructed where all beyond it is one value.
    fn touches_edge(&self, hu: &[i16]) -> bool {
        let [ni, nj] = self.size;
        let on_border = |n: usize| n.is_multiple_of(ni) || n % ni + 1 == ni || n / ni == 0 || n / ni + 1 == nj;
        if (0..hu.len()).filter(|n| self.mask[*n] == 1 && on_border(*n)).count() > ON_EDGE {
            return true;
        }
        let half = [ni as f64 / 2.0, nj as f64 / 2.0];
        let radius = half[0].min(half[1]);
        let from_centre = |n: usize| ((n % ni) as f64 + 0.5 - half[0]).hypot((n / ni) as f64 + 0.5 - half[1]);
        let padding = hu[0];
        let mut beyond = (0..hu.len()).filter(|n| from_centre(*n) > radius + 1.0);
        // Where air inside is that one value too, there is no circle to be seen.
        let within =
            (0..hu.len()).filter(|n| self.mask[*n] == 0 && (radius - 8.0..radius - 1.0).contains(&from_centre(*n)));
        let (mut air, mut alike) = (0usize, 0usize);
        for n in within {
            air += 1;
            alike += usize::from(hu[n] == padding);
        }
        let is_round = padding < ABOVE_HU && alike * 10 <= air * 9 && beyond.all(|n| hu[n] == padding);
        is_round && (0..hu.len()).filter(|n| self.mask[*n] == 1 && from_centre(*n) > radius - 2.0).count() > ON_EDGE
    }
}

/// How an axial slice lies: whether columns run to the patient's left and rows to the back; `None` if it is not axial.
pub(super) fn axial_directions(grid: &Grid) -> Option<[bool; 2]> {
    let along =
        [PatientVector::new(1.0, 0.0, 0.0), PatientVector::new(0.0, 1.0, 0.0), PatientVector::new(0.0, 0.0, 1.0)];
    let is_axial = (0..3).all(|axis| grid.axis_along(along[axis]) == axis);
    is_axial.then(|| [grid.step(0).0.x > 0.0, grid.step(1).0.y > 0.0])
}

/// Whether the field of view cuts the body off on a slice: areas of the chest wall cannot be measured there. `hu` row by row.
pub fn field_of_view_clips(hu: &[i16], grid: &Grid) -> bool {
    hu.len() == grid.size()[0] * grid.size()[1] && Body::of(hu, grid).is_some_and(|body| body.is_clipped)
}
