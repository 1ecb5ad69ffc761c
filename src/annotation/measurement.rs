//! Measurements: lengths, angles, regions and arrows, in patient space.
//!
//! What derives `Serialize` here is stored by autosave: variants and fields are added at the end, or `stored::VERSION` goes up.

use super::plane_layer::PlaneLayer;
use crate::geometry::{PatientPoint, PatientVector, Plane, area, raster_spans};
use crate::volume::CtVolume;
use serde::{Deserialize, Serialize};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MeasurementKind {
    /// The distance of two points.
    Length,
    /// The long axis of a lesion and its short axis at right angles (RECIST 1.1, Eisenhauer 2009).
    Bidirectional,
    /// The angle between two lines.
    Angle,
    /// HU and area within an ellipse.
    Ellipse,
    /// HU and area within an outline drawn by hand.
    Freehand,
    /// An arrow with the reader's words; it measures nothing.
    Arrow,
}

impl MeasurementKind {
    /// All, in the order of the menu.
    pub const ALL: [Self; 6] =
        [Self::Length, Self::Bidirectional, Self::Angle, Self::Ellipse, Self::Freehand, Self::Arrow];

    /// Its key ("length").
    pub fn name(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Bidirectional => "bidirectional",
            Self::Angle => "angle",
            Self::Ellipse => "ellipse",
            Self::Freehand => "freehand",
            Self::Arrow => "arrow",
        }
    }
    /// Whether it encloses voxels.
    pub fn is_region(self) -> bool {
        matches!(self, Self::Ellipse | Self::Freehand)
    }
}

/// A measurement on one plane of the patient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Its number, from 1.
    pub number: u16,
    /// What is measured.
    pub kind: MeasurementKind,
    /// LPS mm, all in the plane. Length: its ends. Bidirectional: the ends of one axis, then of the other. Angle: an end, the
    /// vertex, the other end. Ellipse: the ends of one axis, then of the other, as DICOM has them (PS3.3 C.18.9.1.2). Freehand:
    /// the outline, last and first point joined. Arrow: its tip, its tail.
    pub points: Vec<PatientPoint>,
    /// Unit direction to the right of the screen it was drawn on.
    pub right: PatientVector,
    /// Unit direction down that screen.
    pub down: PatientVector,
    /// The reader's words; they never leave the computer.
    pub name: String,
    /// Whether panes draw it.
    pub visible: bool,
    /// Local time it was made, `YYYYMMDDHHMMSS`.
    pub made_at: String,
}

/// A number that a measurement gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// mm.
    Length,
    /// The longer axis, mm.
    LongAxis,
    /// The shorter axis, mm.
    ShortAxis,
    /// Degrees, 0 to 180.
    Angle,
    /// mm², of the shape itself.
    Area,
    /// Mean HU of the voxels inside.
    MeanHu,
    /// Standard deviation of their HU, of all n (not n − 1).
    DeviationHu,
    /// Lowest HU inside.
    LowestHu,
    /// Highest HU inside.
    HighestHu,
}

/// The part of a measurement that is taken hold of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grip {
    /// One of its points.
    Point(usize),
    /// All of it.
    Whole,
}

/// Corners of the polygon that an ellipse is drawn and filled as; its area is that of the ellipse within 0.1 %.
const ELLIPSE_CORNERS: usize = 96;
/// Shorter lines and smaller regions than this are slips of the hand, mm and mm².
const LEAST: f64 = 0.1;

impl Measurement {
    /// The plane it lies in, through its first point.
    pub fn plane(&self) -> Option<Plane> {
        Some(Plane { origin: *self.points.first()?, right: self.right, down: self.down })
    }
    /// Unit normal of its plane.
    pub fn normal(&self) -> PatientVector {
        self.right.cross(self.down)
    }
    /// The points of a shape that was dragged from one point of a plane to another; a drag that goes on gives the whole shape anew.
    pub fn dragged(kind: MeasurementKind, from: PatientPoint, to: PatientPoint, plane: &Plane) -> Vec<PatientPoint> {
        let middle = from + (to - from) * 0.5;
        match kind {
            MeasurementKind::Bidirectional => {
                // Half as long, until the reader says otherwise.
                let across = plane.normal().cross(to - from) * 0.25;
                vec![from, to, middle + across, middle + -across]
            }
            MeasurementKind::Ellipse => {
                let half = (to - from) * 0.5;
                let (a, b) = (plane.right * half.dot(plane.right), plane.down * half.dot(plane.down));
                vec![middle + -a, middle + a, middle + -b, middle + b]
            }
            _ => vec![from, to],
        }
    }
    /// As it is when a part of it is moved from one point of its plane to another; what makes its shape stays.
    pub fn moved(&self, grip: Grip, from: PatientPoint, to: PatientPoint) -> Self {
        let mut moved = self.clone();
        let points = &mut moved.points;
        match (grip, self.kind) {
            (Grip::Whole, _) => points.iter_mut().for_each(|p| *p = *p + (to - from)),
            (Grip::Point(n), MeasurementKind::Bidirectional) if points.len() == 4 => {
                let before: [PatientPoint; 4] = [points[0], points[1], points[2], points[3]];
                move_axis_end(points, &before, n, to, self.normal());
            }
            (Grip::Point(n), MeasurementKind::Ellipse) if points.len() == 4 && n < 4 => {
                let centre = points[0] + (points[1] - points[0]) * 0.5;
                let half = to - centre;
                let other = 2 - (n / 2) * 2;
                let breadth = points[other].distance(points[other + 1]) / 2.0;
                let Some(across) = self.normal().cross(half).unit() else { return self.clone() };
                // Ends keep their sides, so that a hand that passes the centre turns the ellipse and does not swap its ends.
                let sign = if (points[other] - centre).dot(across) < 0.0 { -1.0 } else { 1.0 };
                points[n] = to;
                points[n ^ 1] = centre + -half;
                points[other] = centre + across * (sign * breadth);
                points[other + 1] = centre + across * (-sign * breadth);
            }
            (Grip::Point(n), _) => {
                if let Some(point) = points.get_mut(n) {
                    *point = to;
                }
            }
        }
        moved
    }
    /// Points that can be taken hold of; of an outline drawn by hand only the whole can.
    pub fn handles(&self) -> &[PatientPoint] {
        if self.kind == MeasurementKind::Freehand { &[] } else { &self.points }
    }
    /// What is drawn: lines through these points, LPS mm. Regions end where they begin.
    pub fn lines(&self) -> Vec<Vec<PatientPoint>> {
        match (self.kind, &self.points[..]) {
            (MeasurementKind::Bidirectional, [a, b, c, d]) => vec![vec![*a, *b], vec![*c, *d]],
            (kind, _) if kind.is_region() => {
                let mut outline = self.outline();
                outline.extend(outline.first().copied());
                vec![outline]
            }
            _ => vec![self.points.clone()],
        }
    }
    /// The outline of a region; empty for anything else.
    pub fn outline(&self) -> Vec<PatientPoint> {
        match (self.kind, &self.points[..]) {
            (MeasurementKind::Freehand, outline) => outline.to_vec(),
            (MeasurementKind::Ellipse, [a, b, c, d]) => {
                let centre = *a + (*b - *a) * 0.5;
                let (u, v) = ((*b - *a) * 0.5, (*d - *c) * 0.5);
                let at = |n: usize| {
                    let (sin, cos) = (std::f64::consts::TAU * n as f64 / ELLIPSE_CORNERS as f64).sin_cos();
                    centre + u * cos + v * sin
                };
                (0..ELLIPSE_CORNERS).map(at).collect()
            }
            _ => Vec::new(),
        }
    }
    /// Whether it is a shape of its kind: as many points as it needs, all finite, none of them a slip of the hand.
    pub fn is_sound(&self) -> bool {
        let unit = |v: PatientVector| (v.length() - 1.0).abs() < 1e-6;
        let finite = self.points.iter().all(|p| p.0.is_finite()) && unit(self.right) && unit(self.down);
        let long = |a: &PatientPoint, b: &PatientPoint| a.distance(*b) >= LEAST;
        finite
            && match (self.kind, &self.points[..]) {
                (MeasurementKind::Length | MeasurementKind::Arrow, [a, b]) => long(a, b),
                (MeasurementKind::Angle, [a, vertex, b]) => long(a, vertex) && long(b, vertex),
                (MeasurementKind::Bidirectional | MeasurementKind::Ellipse, [a, b, c, d]) => long(a, b) && long(c, d),
                (MeasurementKind::Freehand, outline) => outline.len() >= 3 && self.area_mm2() >= LEAST,
                _ => false,
            }
    }
    /// The numbers it gives, from the voxels and never from a picture.
    ///
    /// The voxels of a region are those that a contour of the same shape would mark: those its plane passes through, one to a
    /// column, whose column it cuts inside. Where one of them has not arrived, or lies outside the CT, no HU is given.
    pub fn values(&self, volume: &CtVolume) -> Vec<(Measured, f64)> {
        match (self.kind, &self.points[..]) {
            (MeasurementKind::Length, [a, b]) => vec![(Measured::Length, a.distance(*b))],
            (MeasurementKind::Bidirectional, [a, b, c, d]) => {
                let (one, other) = (a.distance(*b), c.distance(*d));
                vec![(Measured::LongAxis, one.max(other)), (Measured::ShortAxis, one.min(other))]
            }
            (MeasurementKind::Angle, [a, vertex, b]) => {
                let (one, other) = (*a - *vertex, *b - *vertex);
                // Precise near 0 and 180 degrees too.
                let angle = one.cross(other).length().atan2(one.dot(other)).to_degrees();
                vec![(Measured::Angle, angle)]
            }
            (kind, _) if kind.is_region() => {
                let mut values = vec![(Measured::Area, self.area_mm2())];
                values.extend(self.hu_inside(volume).into_iter().flatten());
                values
            }
            _ => Vec::new(),
        }
    }

    fn area_mm2(&self) -> f64 {
        if let (MeasurementKind::Ellipse, [a, b, c, d]) = (self.kind, &self.points[..]) {
            return std::f64::consts::PI / 4.0 * a.distance(*b) * c.distance(*d);
        }
        let Some(plane) = self.plane() else { return 0.0 };
        area(&self.points.iter().map(|p| plane.coordinates(*p)).collect::<Vec<_>>()).abs()
    }

    /// Mean, deviation, lowest and highest HU; `None` where a voxel is missing or there is none.
    fn hu_inside(&self, volume: &CtVolume) -> Option<[(Measured, f64); 4]> {
        let grid = volume.grid();
        let layer = PlaneLayer::new(grid, &self.plane()?)?;
        let polygon: Vec<[f64; 2]> = self.outline().iter().map(|p| layer.column_of(grid, *p)).collect();
        let [columns, rows] = layer.columns();
        let outside =
            |p: &[f64; 2]| p[0] < -0.5 || p[1] < -0.5 || p[0] > columns as f64 - 0.5 || p[1] > rows as f64 - 0.5;
        if polygon.iter().any(outside) {
            return None;
        }
        let (mut count, mut sum, mut squares) = (0u64, 0i64, 0i64);
        let (mut lowest, mut highest) = (i16::MAX, i16::MIN);
        for (v, begin, end) in raster_spans(&polygon, columns, rows) {
            for u in begin..end {
                let at = layer.voxel(u, v)?;
                let hu = *volume.pixels(at.k)?.get(at.j * grid.size()[0] + at.i)?;
                count += 1;
                sum += i64::from(hu);
                squares += i64::from(hu) * i64::from(hu);
                (lowest, highest) = (lowest.min(hu), highest.max(hu));
            }
        }
        if count == 0 {
            return None;
        }
        let n = count as f64;
        let mean = sum as f64 / n;
        // Exact sums: (n Σx² − (Σx)²) / n².
        let spread = i128::from(squares) * i128::from(count) - i128::from(sum) * i128::from(sum);
        Some([
            (Measured::MeanHu, mean),
            (Measured::DeviationHu, (spread as f64).sqrt() / n),
            (Measured::LowestHu, f64::from(lowest)),
            (Measured::HighestHu, f64::from(highest)),
        ])
    }
}

/// Moves an end of one of two axes at right angles. The second crosses the first where it did, in proportion; an end of the second
/// moves along its own line and takes that along the first.
fn move_axis_end(
    points: &mut [PatientPoint],
    before: &[PatientPoint; 4],
    n: usize,
    to: PatientPoint,
    normal: PatientVector,
) {
    let [a, b, c, d] = *before;
    let axis = b - a;
    let length = axis.length();
    let Some(along) = axis.unit() else { return };
    let across = normal.cross(along);
    let heights = [c, d].map(|p| (p - a).dot(across));
    let share = ((c - a).dot(along) / length).clamp(0.0, 1.0);
    if n < 2 {
        points[n] = to;
        let (a, b) = (points[0], points[1]);
        let Some(along) = (b - a).unit() else { return };
        let (across, foot) = (normal.cross(along), a + (b - a) * share);
        points[2] = foot + across * heights[0];
        points[3] = foot + across * heights[1];
    } else if n < 4 {
        let foot = a + axis * ((to - a).dot(along) / length).clamp(0.0, 1.0);
        let mut heights = heights;
        heights[n - 2] = (to - a).dot(across);
        points[2] = foot + across * heights[0];
        points[3] = foot + across * heights[1];
    }
}
