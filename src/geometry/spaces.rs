//! The spaces as types: a patient point cannot be passed where a voxel is wanted.

use glam::DVec3;
use serde::{Deserialize, Serialize};
use std::ops::{Add, Mul, Neg, Sub};

/// A point in patient space, LPS millimetres.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PatientPoint(pub DVec3);

/// A direction or displacement in patient space, LPS millimetres.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PatientVector(pub DVec3);

/// A continuous voxel coordinate (i, j, k) = (column, row, slice); whole numbers are voxel centres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoxelPoint(pub DVec3);

/// A voxel of a grid: column `i`, row `j`, slice `k`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VoxelIndex {
    /// Column.
    pub i: usize,
    /// Row.
    pub j: usize,
    /// Slice.
    pub k: usize,
}

/// A point of a pane, CSS pixels from its top left corner, y down.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PanePoint {
    /// Pixels to the right.
    pub x: f64,
    /// Pixels down.
    pub y: f64,
}

impl PatientPoint {
    /// From LPS coordinates in millimetres.
    pub const fn new(x: f64, y: f64, z: f64) -> Self {
        Self(DVec3::new(x, y, z))
    }
    /// Distance to another point, millimetres.
    pub fn distance(self, other: Self) -> f64 {
        self.0.distance(other.0)
    }
}

impl PatientVector {
    /// From LPS components.
    pub const fn new(x: f64, y: f64, z: f64) -> Self {
        Self(DVec3::new(x, y, z))
    }
    /// Length, millimetres.
    pub fn length(self) -> f64 {
        self.0.length()
    }
    /// Scalar product.
    pub fn dot(self, other: Self) -> f64 {
        self.0.dot(other.0)
    }
    /// Vector product.
    pub fn cross(self, other: Self) -> Self {
        Self(self.0.cross(other.0))
    }
    /// Turned about a unit axis by the right-hand rule.
    pub fn turned(self, unit_axis: Self, angle_rad: f64) -> Self {
        Self(glam::DQuat::from_axis_angle(unit_axis.0, angle_rad) * self.0)
    }
    /// The same direction with length 1; `None` for the zero vector.
    pub fn unit(self) -> Option<Self> {
        self.0.try_normalize().map(Self)
    }
}

impl Add<PatientVector> for PatientPoint {
    type Output = Self;
    fn add(self, v: PatientVector) -> Self {
        Self(self.0 + v.0)
    }
}
impl Sub for PatientPoint {
    type Output = PatientVector;
    fn sub(self, other: Self) -> PatientVector {
        PatientVector(self.0 - other.0)
    }
}
impl Add for PatientVector {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}
impl Sub for PatientVector {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}
impl Mul<f64> for PatientVector {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self(self.0 * factor)
    }
}
impl Neg for PatientVector {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl VoxelPoint {
    /// From continuous (i, j, k).
    pub const fn new(i: f64, j: f64, k: f64) -> Self {
        Self(DVec3::new(i, j, k))
    }
}

impl VoxelIndex {
    /// Column, row, slice.
    pub const fn new(i: usize, j: usize, k: usize) -> Self {
        Self { i, j, k }
    }
    /// Its centre as a continuous coordinate.
    pub fn centre(self) -> VoxelPoint {
        VoxelPoint::new(self.i as f64, self.j as f64, self.k as f64)
    }
}

impl PanePoint {
    /// Pixels right and down from the top left corner.
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }
}
