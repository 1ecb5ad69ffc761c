//! Where the other planes cut a pane: coloured lines about the crosshair, and what of them can be taken hold of.

use super::PaneState;
use crate::geometry::{PanePoint, PatientVector};

/// A straight piece of a line, CSS px of a pane.
pub type Piece = [PanePoint; 2];

/// Where one of the other planes cuts a pane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReferenceLine {
    /// Which pane's plane it is, 0..=2.
    pub of: usize,
    /// The line, with a gap about the crosshair so that nothing covers what lies there.
    pub pieces: Vec<Piece>,
    /// Both faces of that pane's slab, if it shows one.
    pub slab: Vec<Piece>,
    /// Where the line can be taken hold of to turn the planes.
    pub handles: Vec<PanePoint>,
}

/// Half the gap about the crosshair, CSS px.
const GAP_PX: f64 = 14.0;
/// A half of a line shorter than this cannot be taken hold of, CSS px.
const SHORTEST_PX: f64 = 60.0;
/// The part of a half, from its end, that can be taken hold of.
const END: f64 = 0.3;
/// A pane climbs at least so steeply that levels are lines in it: the sine of half a right angle.
const LEAST_CLIMB: f64 = 0.7;
/// How near the pointer must come to a line to take hold of it, CSS px.
const REACH_PX: f64 = 7.0;

/// A line in a pane of this size: through a point, along a unit direction, as the stretch of it that is on screen.
struct OnScreen {
    through: PanePoint,
    along: [f64; 2],
    stretch: [f64; 2],
}

impl OnScreen {
    /// `None` if no part of the line is on screen.
    fn new(through: PanePoint, along: [f64; 2], size: [f64; 2]) -> Option<Self> {
        let (mut near, mut far) = (f64::MIN, f64::MAX);
        for ((from, step), extent) in [through.x, through.y].into_iter().zip(along).zip(size) {
            if step.abs() < 1e-9 {
                if from < 0.0 || from > extent {
                    return None;
                }
                continue;
            }
            let (a, b) = (-from / step, (extent - from) / step);
            (near, far) = (near.max(a.min(b)), far.min(a.max(b)));
        }
        (near < far).then_some(Self { through, along, stretch: [near, far] })
    }
    fn at(&self, t: f64) -> PanePoint {
        PanePoint::new(self.through.x + self.along[0] * t, self.through.y + self.along[1] * t)
    }
    fn whole(&self) -> Piece {
        self.stretch.map(|t| self.at(t))
    }
    fn pieces(&self) -> Vec<Piece> {
        let [near, far] = self.stretch;
        let halves = [[near, far.min(-GAP_PX)], [near.max(GAP_PX), far]];
        halves.into_iter().filter(|[a, b]| a < b).map(|half| half.map(|t| self.at(t))).collect()
    }
    /// The parts near the ends that can be taken hold of, as stretches.
    fn ends(&self) -> Vec<[f64; 2]> {
        let [near, far] = self.stretch;
        let halves = [(near, -1.0), (far, 1.0)].into_iter().filter(|(end, side)| end * side > SHORTEST_PX);
        halves.map(|(end, _)| [end * (1.0 - END), end]).collect()
    }
    fn is_near_an_end(&self, at: PanePoint) -> bool {
        let (dx, dy) = (at.x - self.through.x, at.y - self.through.y);
        let t = dx * self.along[0] + dy * self.along[1];
        let off = (dx * self.along[1] - dy * self.along[0]).abs();
        off <= REACH_PX && self.ends().iter().any(|[a, b]| t >= a.min(*b) && t <= a.max(*b))
    }
}

/// Where plane `of` cuts pane `n`, through the crosshair's place on screen moved across the line by so many mm.
fn line(
    panes: &[PaneState; 3],
    (n, of): (usize, usize),
    crosshair: PanePoint,
    across_mm: f64,
    size: [f64; 2],
) -> Option<OnScreen> {
    let (pane, other) = (panes.get(n)?, panes.get(of)?);
    let on_screen = |v: crate::geometry::PatientVector| [v.dot(pane.right()), v.dot(pane.down())];
    let along = on_screen(pane.normal().cross(other.normal()));
    let length = along[0].hypot(along[1]);
    if length < 1e-6 || pane.mm_per_px <= 0.0 {
        return None;
    }
    let across = on_screen(other.normal()).map(|mm| mm * across_mm / pane.mm_per_px);
    let through = PanePoint::new(crosshair.x + across[0], crosshair.y + across[1]);
    OnScreen::new(through, along.map(|c| c / length), size)
}

/// Where the two other planes cut pane `n`; `crosshair` is its place on screen, CSS px. Planes without a size on screen cut too.
pub fn reference_lines(
    panes: &[PaneState; 3],
    n: usize,
    crosshair: PanePoint,
    slab_mm: f64,
    size: [f64; 2],
) -> Vec<ReferenceLine> {
    let others = (0..3).filter(|of| *of != n);
    others
        .map(|of| {
            let middle = line(panes, (n, of), crosshair, 0.0, size);
            let faces = [-0.5, 0.5].map(|half| line(panes, (n, of), crosshair, half * slab_mm, size));
            ReferenceLine {
                of,
                pieces: middle.as_ref().map_or_else(Vec::new, OnScreen::pieces),
                slab: if slab_mm > 0.0 { faces.iter().flatten().map(OnScreen::whole).collect() } else { Vec::new() },
                handles: middle
                    .map_or_else(Vec::new, |l| l.ends().into_iter().map(|[a, b]| l.at((a + b) / 2.0)).collect()),
            }
        })
        .collect()
}

/// Where the plane at a height of the patient, z in mm, cuts a pane; `None` where it does not on screen, and in a pane that lies as it does.
pub fn level_line(pane: &PaneState, z_mm: f64, size: [f64; 2]) -> Option<Piece> {
    let up = PatientVector::new(0.0, 0.0, 1.0);
    // In the plane of the pane, the way that climbs.
    let climb = up - pane.normal() * pane.normal().dot(up);
    if climb.length() < LEAST_CLIMB {
        return None;
    }
    let at = pane.centre + climb * ((z_mm - pane.centre.0.z) / climb.0.z);
    let along = pane.normal().cross(up);
    let on_screen = [along.dot(pane.right()), along.dot(pane.down())].map(|c| c / along.length());
    OnScreen::new(pane.pane_from_patient(at, size), on_screen, size).map(|line| line.whole())
}

/// Whether a point of pane `n` is near the end of one of its lines, where a drag turns the planes.
pub fn turns_planes(panes: &[PaneState; 3], n: usize, crosshair: PanePoint, at: PanePoint, size: [f64; 2]) -> bool {
    let mut others = (0..3).filter(|of| *of != n);
    others.any(|of| line(panes, (n, of), crosshair, 0.0, size).is_some_and(|l| l.is_near_an_end(at)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{AnatomicalPlane, Grid, PatientPoint};
    use crate::view::turn_others;

    const SIZE: [f64; 2] = [400.0, 300.0];

    fn panes() -> [PaneState; 3] {
        let v = PatientVector::new;
        let steps = [v(1.0, 0.0, 0.0), v(0.0, 1.0, 0.0), v(0.0, 0.0, 2.0)];
        let grid = Grid::new([100, 100, 50], PatientPoint::new(0.0, 0.0, 0.0), steps).unwrap();
        AnatomicalPlane::ALL.map(|plane| {
            let mut pane = PaneState::new(plane, grid.centre());
            pane.fit(&grid, SIZE);
            pane
        })
    }

    #[test]
    fn lines_leave_the_crosshair_free_and_reach_the_edges() {
        let panes = panes();
        let cross = PanePoint::new(100.0, 120.0);
        let [coronal, sagittal] = reference_lines(&panes, 0, cross, 0.0, SIZE).try_into().unwrap();
        assert_eq!((coronal.of, sagittal.of), (1, 2));
        // The coronal plane cuts an axial slice from side to side.
        let xs = |pieces: &[Piece]| {
            let mut xs: Vec<f64> = pieces.iter().flatten().map(|p| p.x.round()).collect();
            xs.sort_by(f64::total_cmp);
            xs
        };
        assert_eq!(xs(&coronal.pieces), [0.0, 86.0, 114.0, 400.0]);
        assert!(coronal.pieces.iter().flatten().all(|p| (p.y - 120.0).abs() < 1e-9));
        assert_eq!(xs(&sagittal.pieces), [100.0; 4]);
        assert_eq!((coronal.slab.len(), coronal.handles.len()), (0, 2));
    }

    #[test]
    fn slab_faces_lie_half_its_thickness_away() {
        let mut panes = panes();
        let cross = PanePoint::new(200.0, 150.0);
        let about = panes[0].centre;
        turn_others(&mut panes, 0, 0.5, about);
        let lines = reference_lines(&panes, 0, cross, 12.0, SIZE);
        for line in lines {
            for [a, b] in &line.slab {
                let length = (b.x - a.x).hypot(b.y - a.y);
                let off = ((cross.x - a.x) * (b.y - a.y) - (cross.y - a.y) * (b.x - a.x)).abs() / length;
                assert!((off * panes[0].mm_per_px - 6.0).abs() < 1e-9, "{off}");
            }
            assert_eq!(line.slab.len(), 2);
        }
    }

    #[test]
    fn a_turn_turns_the_lines_clockwise_and_ends_are_where_they_appear() {
        let mut panes = panes();
        let cross = PanePoint::new(200.0, 150.0);
        assert!(turns_planes(&panes, 0, cross, PanePoint::new(380.0, 153.0), SIZE));
        assert!(!turns_planes(&panes, 0, cross, PanePoint::new(380.0, 170.0), SIZE), "beside the line");
        assert!(!turns_planes(&panes, 0, cross, PanePoint::new(260.0, 150.0), SIZE), "near the crosshair");
        let angle = 10f64.to_radians();
        let about = panes[0].centre;
        turn_others(&mut panes, 0, angle, about);
        let to = PanePoint::new(cross.x + 180.0 * angle.cos(), cross.y + 180.0 * angle.sin());
        assert!(turns_planes(&panes, 0, cross, to, SIZE), "clockwise on screen is towards larger y");
        // In the planes that were turned, the lines are where they were.
        let before = reference_lines(&self::panes(), 1, cross, 0.0, SIZE);
        for (a, b) in reference_lines(&panes, 1, cross, 0.0, SIZE).iter().zip(&before) {
            for (p, q) in a.pieces.iter().flatten().zip(b.pieces.iter().flatten()) {
                assert!((p.x - q.x).hypot(p.y - q.y) < 1e-6);
            }
        }
    }

    #[test]
    fn a_level_is_a_line_where_the_pane_climbs() {
        let panes = panes();
        assert_eq!(level_line(&panes[0], 20.0, SIZE), None);
        for pane in &panes[1..] {
            let [a, b] = level_line(pane, 20.0, SIZE).unwrap();
            assert!((a.y - b.y).abs() < 1e-9 && (a.x - b.x).abs() > 399.0, "{a:?} {b:?}");
            let z = |p: PanePoint| pane.patient_from_pane(p, SIZE).0.z;
            assert!((z(a) - 20.0).abs() < 1e-9 && (z(b) - 20.0).abs() < 1e-9);
            assert_eq!(level_line(pane, 1e4, SIZE), None, "off screen");
        }
    }

    #[test]
    fn a_crosshair_off_screen_leaves_what_can_be_seen() {
        let panes = panes();
        let lines = reference_lines(&panes, 0, PanePoint::new(-50.0, 100.0), 0.0, SIZE);
        assert_eq!(lines[0].pieces.len(), 1, "the line from side to side is still on screen");
        assert_eq!(lines[1].pieces.len(), 0);
    }
}
