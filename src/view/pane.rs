//! A slice pane: which plane, where, how large. All pure functions of pane size and grid.

use crate::geometry::{AnatomicalPlane, Grid, PanePoint, PatientPoint, PatientVector, Plane};

/// State of a slice pane. Sizes are CSS px (width, height).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PaneState {
    /// Which of the three planes.
    pub plane: AnatomicalPlane,
    /// The patient point in the middle of the pane; it also says which slice is shown.
    pub centre: PatientPoint,
    /// Millimetres a CSS px spans; 0 until fitted.
    pub mm_per_px: f64,
    right: PatientVector,
    down: PatientVector,
    /// The picture is a mirror image of the conventional one.
    mirrored: bool,
}

impl PaneState {
    /// The standard plane through a point.
    pub fn new(plane: AnatomicalPlane, at: PatientPoint) -> Self {
        Self { plane, centre: at, mm_per_px: 0.0, right: plane.right(), down: plane.down(), mirrored: false }
    }

    /// Turns the pane to the grid's own axes and shows all of the grid; in a pane without a size, once it has one.
    ///
    /// The pane nearest to the acquired slices shows them as acquired, also where the gantry was tilted; the other two are at
    /// right angles to it.
    pub fn fit(&mut self, grid: &Grid, size: [f64; 2]) {
        (self.right, self.down) = home_axes(self.plane, grid);
        self.mirrored = false;
        self.show_all(grid, size);
    }
    /// Shows all of the grid in the plane as it is.
    pub fn show_all(&mut self, grid: &Grid, size: [f64; 2]) {
        let plane = self.through(self.centre);
        let extent = grid.corners().iter().fold([f64::MAX, f64::MIN, f64::MAX, f64::MIN], |e, corner| {
            let [x, y] = plane.coordinates(*corner);
            [e[0].min(x), e[1].max(x), e[2].min(y), e[3].max(y)]
        });
        self.centre = plane.at((extent[0] + extent[1]) / 2.0, (extent[2] + extent[3]) / 2.0);
        self.mm_per_px = if size[0] > 0.0 && size[1] > 0.0 {
            ((extent[1] - extent[0]) / size[0]).max((extent[3] - extent[2]) / size[1]).max(1e-3)
        } else {
            0.0
        };
    }
    /// Back to the grid's own axes; `fixed` stays where it appears.
    pub fn align(&mut self, grid: &Grid, fixed: PatientPoint) {
        let (right, down) = home_axes(self.plane, grid);
        self.set_axes(right, down, false, fixed);
    }
    /// Turns the plane about a unit axis through `fixed`, which stays where it appears.
    pub fn turn(&mut self, unit_axis: PatientVector, angle_rad: f64, fixed: PatientPoint) {
        let right = self.right.turned(unit_axis, angle_rad);
        let down = self.down.turned(unit_axis, angle_rad);
        // Right angles stay right angles however often it is turned.
        let right = right.unit().unwrap_or(right);
        let down = (down - right * right.dot(down)).unit().unwrap_or(down);
        self.set_axes(right, down, self.mirrored, fixed);
    }
    /// Mirrors the picture left to right about the pane's middle, or top to bottom.
    pub fn flip(&mut self, sideways: bool) {
        if sideways {
            self.right = -self.right;
        } else {
            self.down = -self.down;
        }
        self.mirrored = !self.mirrored;
    }
    /// Turns the picture clockwise by quarters about the pane's middle; the plane stays.
    pub fn turn_picture(&mut self, quarters: i32) {
        for _ in 0..quarters.rem_euclid(4) {
            (self.right, self.down) = (-self.down, self.right);
        }
    }
    fn set_axes(&mut self, right: PatientVector, down: PatientVector, mirrored: bool, fixed: PatientPoint) {
        let [x, y] = self.through(self.centre).coordinates(fixed);
        // What `fixed` lacks to lie in the plane, it lacks afterwards.
        let off = (fixed - self.centre).dot(self.normal());
        (self.right, self.down, self.mirrored) = (right, down, mirrored);
        self.centre = fixed + -(right * x + down * y + self.normal() * off);
    }
    /// Angle between the plane and the grid's own plane of its name, rad.
    pub fn obliqueness_rad(&self, grid: &Grid) -> f64 {
        let (right, down) = home_axes(self.plane, grid);
        let home = Self { right, down, mirrored: false, ..*self }.normal();
        // Precise near 0 too.
        home.cross(self.normal()).length().atan2(home.dot(self.normal()))
    }
    /// Whether the plane was turned out of the grid's own plane of its name.
    pub fn is_oblique(&self, grid: &Grid) -> bool {
        self.obliqueness_rad(grid) > 1e-6
    }
    /// Whether the picture is a mirror image of the conventional one.
    pub fn is_mirrored(&self) -> bool {
        self.mirrored
    }
    /// Unit direction to the right of the screen.
    pub fn right(&self) -> PatientVector {
        self.right
    }
    /// Unit direction down the screen.
    pub fn down(&self) -> PatientVector {
        self.down
    }
    /// The pane's plane through a point.
    pub fn through(&self, p: PatientPoint) -> Plane {
        Plane { origin: p, right: self.right, down: self.down }
    }
    /// Unit direction in which slices are counted: head, posterior or left, and what has become of it since the plane was turned.
    pub fn normal(&self) -> PatientVector {
        let away = self.right.cross(self.down);
        if self.mirrored != (self.plane == AnatomicalPlane::Sagittal) { -away } else { away }
    }
    /// Where a patient point (its foot on the pane's plane) appears.
    pub fn pane_from_patient(&self, p: PatientPoint, size: [f64; 2]) -> PanePoint {
        let [x, y] = self.through(self.centre).coordinates(p);
        let scale = if self.mm_per_px > 0.0 { 1.0 / self.mm_per_px } else { 0.0 };
        PanePoint::new(size[0] / 2.0 + x * scale, size[1] / 2.0 + y * scale)
    }
    /// The patient point under a point of the pane.
    pub fn patient_from_pane(&self, at: PanePoint, size: [f64; 2]) -> PatientPoint {
        let mm = |v: f64, extent: f64| (v - extent / 2.0) * self.mm_per_px;
        self.through(self.centre).at(mm(at.x, size[0]), mm(at.y, size[1]))
    }
    /// The picture follows a drag of so many CSS px.
    pub fn pan(&mut self, dx: f64, dy: f64) {
        self.centre = self.through(self.centre).at(-dx * self.mm_per_px, -dy * self.mm_per_px);
    }
    /// Zooms in (factor > 1) or out; what lies under `at` stays there.
    pub fn zoom_about(&mut self, factor: f64, at: PanePoint, size: [f64; 2]) {
        let fixed = self.patient_from_pane(at, size);
        self.mm_per_px = (self.mm_per_px / factor).clamp(0.005, 20.0);
        let moved = self.patient_from_pane(at, size);
        self.centre = self.centre + (fixed - moved);
    }
    /// As another pane was moved and scaled: by the part of its shift that lies in this plane, mm; the slice stays.
    pub fn follow(&mut self, shift: PatientVector, mm_per_px: f64) {
        let normal = self.normal();
        self.centre = self.centre + (shift - normal * shift.dot(normal));
        if self.mm_per_px > 0.0 {
            self.mm_per_px = mm_per_px;
        }
    }
    /// The grid axis the pane's slices are counted along, whether it runs against the normal, and the slice under the centre.
    fn slice_axis(&self, grid: &Grid) -> (usize, bool, f64) {
        let normal = self.normal();
        let axis = grid.axis_along(normal);
        let against = grid.step(axis).dot(normal) < 0.0;
        // The plane's height over the grid's origin in steps of this axis, along the line of voxel centres through the origin:
        // exact where the other two axes lie in the plane.
        let along = (self.centre - grid.origin()).dot(normal) / grid.step(axis).dot(normal);
        (axis, against, along)
    }
    /// Planes of an oblique pane: the height of the lowest voxel along the normal from the centre, mm, the distance from one plane
    /// to the next (see [`Grid::step_along_mm`]), and how many there are.
    fn oblique_planes(&self, grid: &Grid) -> (f64, f64, usize) {
        let normal = self.normal();
        let last = grid.size().map(|s| s as f64 - 1.0);
        let span = (0..3).map(|a| grid.step(a).dot(normal) * last[a]);
        let (low, high) = span.fold((0.0, 0.0), |(l, h): (f64, f64), s| (l + s.min(0.0), h + s.max(0.0)));
        let origin = (grid.origin() - self.centre).dot(normal);
        let step = grid.step_along_mm(normal);
        (origin + low, step, ((high - low) / step + 1e-6).floor() as usize + 1)
    }
    /// How many slices there are across this pane.
    pub fn slice_count(&self, grid: &Grid) -> usize {
        if self.is_oblique(grid) {
            return self.oblique_planes(grid).2;
        }
        grid.size()[self.slice_axis(grid).0]
    }
    /// The slice shown, from 0 at the feet, front or right.
    pub fn slice_index(&self, grid: &Grid) -> usize {
        if self.is_oblique(grid) {
            let (low, step, count) = self.oblique_planes(grid);
            return (-low / step).round().clamp(0.0, count as f64 - 1.0) as usize;
        }
        let (axis, against, along) = self.slice_axis(grid);
        let last = grid.size()[axis] as f64 - 1.0;
        let k = along.round().clamp(0.0, last);
        (if against { last - k } else { k }) as usize
    }
    /// Shows the slice so many further towards head, back or left, at its exact centre.
    ///
    /// An oblique plane has no slices of its own: it moves by [`Grid::step_along_mm`], so that no voxel is passed by.
    pub fn scroll(&mut self, grid: &Grid, slices: i32) {
        if self.is_oblique(grid) {
            let (low, step, count) = self.oblique_planes(grid);
            let high = low + step * (count as f64 - 1.0);
            let moved = (f64::from(slices) * step).clamp(low.min(0.0), high.max(0.0));
            self.centre = self.centre + self.normal() * moved;
            return;
        }
        let (axis, against, along) = self.slice_axis(grid);
        let last = grid.size()[axis] as f64 - 1.0;
        let step = if against { -f64::from(slices) } else { f64::from(slices) };
        let to = (along.round().clamp(0.0, last) + step).clamp(0.0, last);
        let normal = self.normal();
        self.centre = self.centre + normal * ((to - along) * grid.step(axis).dot(normal));
    }
    /// Shows the slice through a point, without moving sideways.
    pub fn move_to_slice_of(&mut self, p: PatientPoint) {
        let normal = self.normal();
        self.centre = self.centre + normal * (p - self.centre).dot(normal);
    }
}

/// The directions right and down of a pane that lies as the grid does.
fn home_axes(plane: AnatomicalPlane, grid: &Grid) -> (PatientVector, PatientVector) {
    let [left, posterior, head] = patient_axes(grid);
    match plane {
        AnatomicalPlane::Axial => (left, posterior),
        AnatomicalPlane::Coronal => (left, -head),
        AnatomicalPlane::Sagittal => (posterior, -head),
    }
}

/// Right-angled axes of a grid (i, j made perpendicular to i, and their normal), as those that point left, posterior and head.
///
/// All three are chosen at once, so that no axis of an oblique grid serves two directions.
fn patient_axes(grid: &Grid) -> [PatientVector; 3] {
    let [i, j, _] = grid.directions();
    let normal = i.cross(j).unit().unwrap_or(PatientVector::new(0.0, 0.0, 1.0));
    let axes = [i, normal.cross(i), normal];
    let wanted =
        [AnatomicalPlane::Sagittal, AnatomicalPlane::Coronal, AnatomicalPlane::Axial].map(AnatomicalPlane::normal);
    let likeness = |order: &[usize; 3]| (0..3).map(|n| axes[order[n]].dot(wanted[n]).abs()).sum::<f64>();
    const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let best = ORDERS.into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).unwrap_or([0, 1, 2]);
    std::array::from_fn(|n| {
        let axis = axes[best[n]];
        if axis.dot(wanted[n]) < 0.0 { -axis } else { axis }
    })
}

/// Turns the planes of the other panes about the normal of pane `n` through a point, clockwise on its screen for positive
/// angles: the three stay at right angles, and the picture of pane `n` stays as it is.
pub fn turn_others(panes: &mut [PaneState; 3], n: usize, angle_rad: f64, about: PatientPoint) {
    let Some(away) = panes.get(n).and_then(|p| p.right.cross(p.down).unit()) else { return };
    for (other, pane) in panes.iter_mut().enumerate() {
        if other != n {
            pane.turn(away, angle_rad, about);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grid(tilt: f64) -> Grid {
        let (s, c) = tilt.sin_cos();
        Grid::new(
            [50, 60, 20],
            PatientPoint::new(-30.0, -40.0, 100.0),
            [
                PatientVector::new(0.8, 0.0, 0.0),
                PatientVector::new(0.0, 0.8 * c, 0.8 * s),
                PatientVector::new(0.0, 0.0, 2.5),
            ],
        )
        .unwrap()
    }

    fn pane(plane: AnatomicalPlane, grid: &Grid) -> PaneState {
        let mut pane = PaneState::new(plane, grid.centre());
        pane.fit(grid, [400.0, 300.0]);
        pane
    }

    #[test]
    fn each_pane_counts_its_slices_from_end_to_end() {
        for tilt in [0.0, 0.2] {
            let grid = grid(tilt);
            for (plane, count) in AnatomicalPlane::ALL.into_iter().zip([20, 60, 50]) {
                let mut pane = pane(plane, &grid);
                assert_eq!(pane.slice_count(&grid), count);
                pane.scroll(&grid, -1000);
                assert_eq!(pane.slice_index(&grid), 0, "{plane:?} tilt {tilt}");
                for n in 1..count {
                    pane.scroll(&grid, 1);
                    assert_eq!(pane.slice_index(&grid), n, "{plane:?} tilt {tilt}");
                }
                pane.scroll(&grid, 5);
                assert_eq!(pane.slice_index(&grid), count - 1);
            }
        }
    }

    #[test]
    fn a_tilted_stack_is_shown_slice_by_slice() {
        let grid = grid(0.25);
        let mut pane = pane(AnatomicalPlane::Axial, &grid);
        pane.scroll(&grid, 3);
        let k = pane.slice_index(&grid) as f64;
        for (i, j) in [(0.0, 0.0), (49.0, 0.0), (0.0, 59.0)] {
            let p = grid.patient_from_voxel(crate::geometry::VoxelPoint::new(i, j, k));
            assert!(pane.through(pane.centre).distance_mm(p).abs() < 1e-9);
        }
    }

    #[test]
    fn flips_and_quarter_turns_move_the_picture_and_not_the_plane() {
        let grid = grid(0.0);
        let size = [400.0, 300.0];
        for plane in AnatomicalPlane::ALL {
            let pane = pane(plane, &grid);
            let p = pane.patient_from_pane(PanePoint::new(260.0, 130.0), size);
            let place = |pane: &PaneState| {
                let at = pane.pane_from_patient(p, size);
                ((at.x - 200.0).round(), (at.y - 150.0).round())
            };
            let done = |act: &dyn Fn(&mut PaneState)| {
                let mut pane = pane;
                act(&mut pane);
                assert_eq!(
                    (pane.normal() - self::pane(plane, &grid).normal()).length(),
                    0.0,
                    "slices count on as before"
                );
                assert_eq!(pane.centre, self::pane(plane, &grid).centre);
                (place(&pane), pane.is_mirrored())
            };
            assert_eq!(done(&|p| p.flip(true)), ((-60.0, -20.0), true));
            assert_eq!(done(&|p| p.flip(false)), ((60.0, 20.0), true));
            // Clockwise: what was at the right is at the bottom.
            assert_eq!(done(&|p| p.turn_picture(1)), ((20.0, 60.0), false));
            assert_eq!(done(&|p| p.turn_picture(-1)), ((-20.0, -60.0), false));
            assert_eq!(done(&|p| (p.flip(true), p.flip(false), p.turn_picture(2)).0), ((60.0, -20.0), false));
        }
    }

    proptest! {
        #[test]
        fn however_the_grid_lies_the_panes_are_three_planes_at_right_angles(a in -3.2..3.2f64, b in -3.2..3.2f64, c in -3.2..3.2f64) {
            let turn = glam::DMat3::from_euler(glam::EulerRot::XYZ, a, b, c);
            let steps = [turn.x_axis * 0.7, turn.y_axis * 0.9, turn.z_axis * 2.0].map(PatientVector);
            let grid = Grid::new([40, 50, 20], PatientPoint::new(5.0, -9.0, 40.0), steps).unwrap();
            let panes = AnatomicalPlane::ALL.map(|plane| pane(plane, &grid));
            for (n, pane) in panes.iter().enumerate() {
                prop_assert!(pane.right.dot(pane.down).abs() < 1e-9 && (pane.normal().length() - 1.0).abs() < 1e-9);
                // Never turned round, never mirrored.
                let away = pane.plane.right().cross(pane.plane.down());
                prop_assert!(pane.right.dot(pane.plane.right()) >= 0.0 && pane.down.dot(pane.plane.down()) >= 0.0);
                prop_assert!(pane.right.cross(pane.down).dot(away) >= 0.0);
                prop_assert!(pane.normal().dot(panes[(n + 1) % 3].normal()).abs() < 1e-9);
                prop_assert!(!pane.is_oblique(&grid) && pane.normal().dot(pane.plane.normal()) >= 0.0);
            }
            // Left, posterior, head: a right-handed frame.
            let [head, posterior, left] = panes.map(|p| p.normal());
            prop_assert!((left.cross(posterior).dot(head) - 1.0).abs() < 1e-9);
            let mut counts = panes.map(|p| p.slice_count(&grid));
            counts.sort_unstable();
            prop_assert_eq!(counts, [20, 40, 50]);
        }

        #[test]
        fn turned_planes_stay_at_right_angles_and_the_fixed_point_where_it_is(
            turns in proptest::collection::vec((0usize..3, -3.0..3.0f64), 1..60),
            x in -15.0..15.0f64, y in -15.0..15.0f64, z in -15.0..15.0f64,
        ) {
            let grid = grid(0.0);
            let size = [400.0, 300.0];
            let fixed = grid.centre() + PatientVector::new(x, y, z);
            let mut panes = AnatomicalPlane::ALL.map(|plane| pane(plane, &grid));
            panes.iter_mut().for_each(|p| p.move_to_slice_of(fixed));
            let before = panes;
            for (n, angle) in turns {
                turn_others(&mut panes, n, angle, fixed);
            }
            let [head, posterior, left] = panes.map(|p| p.normal());
            prop_assert!((left.cross(posterior).dot(head) - 1.0).abs() < 1e-9);
            for (pane, before) in panes.iter().zip(before) {
                prop_assert!(pane.right.dot(pane.down).abs() < 1e-12);
                prop_assert!(pane.through(pane.centre).distance_mm(fixed).abs() < 1e-9);
                let (now, then) = (pane.pane_from_patient(fixed, size), before.pane_from_patient(fixed, size));
                prop_assert!((now.x - then.x).abs() < 1e-6 && (now.y - then.y).abs() < 1e-6);
            }
            for pane in &mut panes {
                pane.align(&grid, fixed);
            }
            for (p, b) in panes.iter().zip(before) {
                prop_assert!(!p.is_oblique(&grid) && (p.right - b.right).length() < 1e-12);
                prop_assert!(p.centre.distance(b.centre) < 1e-9);
            }
        }

        #[test]
        fn an_oblique_plane_scrolls_from_end_to_end_and_passes_no_voxel_by(a in -1.5..1.5f64, b in -1.5..1.5f64) {
            let grid = grid(0.2);
            let mut pane = pane(AnatomicalPlane::Coronal, &grid);
            pane.turn(PatientVector::new(1.0, 0.0, 0.0), a, grid.centre());
            pane.turn(PatientVector::new(0.0, 0.0, 1.0), b, grid.centre());
            prop_assume!(pane.is_oblique(&grid));
            let (count, step) = (pane.slice_count(&grid), grid.step_along_mm(pane.normal()));
            let per_step = grid.voxel_step_from_patient(pane.normal() * step).abs();
            prop_assert!(per_step.max_element() <= 1.0 + 1e-9);
            pane.scroll(&grid, -100_000);
            prop_assert_eq!(pane.slice_index(&grid), 0);
            let start = pane.centre;
            for n in 1..count {
                pane.scroll(&grid, 1);
                prop_assert_eq!(pane.slice_index(&grid), n);
            }
            prop_assert!((pane.centre.distance(start) - step * (count as f64 - 1.0)).abs() < 1e-6);
            let end = pane.centre;
            pane.scroll(&grid, 1);
            prop_assert!(pane.centre.distance(end) < 1e-9);
            // Every voxel lies within half a step of one of the planes, or beyond the last by less than one.
            for corner in [[0.0, 0.0, 0.0], [49.0, 59.0, 19.0], [49.0, 0.0, 0.0], [0.0, 59.0, 19.0]] {
                let p = grid.patient_from_voxel(crate::geometry::VoxelPoint(corner.into()));
                let along = (p - start).dot(pane.normal()) / step;
                prop_assert!(along > -1e-6 && along < count as f64, "{}", along);
            }
        }

        #[test]
        fn pane_to_patient_and_back(x in 0.0..400.0f64, y in 0.0..300.0f64, factor in 0.3..4.0f64, dx in -50.0..50.0f64) {
            let grid = grid(0.0);
            for plane in AnatomicalPlane::ALL {
                let mut pane = pane(plane, &grid);
                let at = PanePoint::new(x, y);
                let before = pane.patient_from_pane(at, [400.0, 300.0]);
                pane.zoom_about(factor, at, [400.0, 300.0]);
                prop_assert!(pane.patient_from_pane(at, [400.0, 300.0]).distance(before) < 1e-6);
                pane.pan(dx, 0.0);
                let there = pane.pane_from_patient(before, [400.0, 300.0]);
                prop_assert!((there.x - x - dx).abs() < 1e-6 && (there.y - y).abs() < 1e-6);
            }
        }
    }
}
