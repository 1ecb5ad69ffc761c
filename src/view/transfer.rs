//! HU → colour and opacity for the 3D picture.

/// A piecewise linear transfer function over HU.
#[derive(Clone, Debug, PartialEq)]
pub struct TransferFunction {
    /// (HU, [r, g, b, opacity per mm]), by rising HU; colours 0..=1.
    pub points: Vec<(f32, [f32; 4])>,
}

/// What the 3D picture is to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum VolumePreset {
    /// Faint lungs, their vessels, translucent soft tissue, bone.
    #[default]
    Lungs,
    /// Vessels with contrast agent, and what is as dense.
    Vessels,
    /// The walls between air and tissue: lungs' surfaces and, inside them, airways.
    Airways,
    /// Heart, great vessels and nodes in faint fat and muscle.
    Mediastinum,
    /// Bone.
    Bone,
    /// The surface of the body.
    Skin,
    /// Translucent lungs; the lesions in them in their own colours.
    Lesions,
    /// Segments in their own colours in hardly visible tissue.
    Segments,
}

impl VolumePreset {
    /// All, in the order of the list.
    pub const ALL: [Self; 8] = [
        Self::Lungs,
        Self::Airways,
        Self::Vessels,
        Self::Mediastinum,
        Self::Bone,
        Self::Skin,
        Self::Lesions,
        Self::Segments,
    ];

    /// Its transfer function.
    pub fn transfer(self) -> TransferFunction {
        let points = match self {
            Self::Lungs => return TransferFunction::lungs_and_soft_tissue(),
            Self::Vessels => vec![
                (-1024.0, [0.0, 0.0, 0.0, 0.0]),
                (100.0, [0.8, 0.15, 0.1, 0.0]),
                (160.0, [0.85, 0.2, 0.15, 0.08]),
                (300.0, [1.0, 0.4, 0.3, 0.4]),
                (600.0, [1.0, 0.85, 0.75, 0.5]),
                (3071.0, [1.0, 1.0, 1.0, 0.8]),
            ],
            Self::Airways => vec![
                (-1024.0, [0.6, 0.8, 0.9, 0.0]),
                (-780.0, [0.6, 0.8, 0.9, 0.0]),
                (-640.0, [0.7, 0.9, 0.95, 0.06]),
                (-500.0, [0.85, 0.95, 0.95, 0.08]),
                (-380.0, [0.85, 0.9, 0.85, 0.0]),
                (3071.0, [0.85, 0.9, 0.85, 0.0]),
            ],
            Self::Mediastinum => vec![
                (-1024.0, [0.0, 0.0, 0.0, 0.0]),
                (0.0, [0.7, 0.5, 0.4, 0.0]),
                (40.0, [0.75, 0.45, 0.38, 0.006]),
                (90.0, [0.8, 0.35, 0.3, 0.02]),
                (130.0, [0.9, 0.35, 0.28, 0.1]),
                (250.0, [1.0, 0.5, 0.4, 0.2]),
                (400.0, [0.95, 0.9, 0.8, 0.06]),
                (3071.0, [1.0, 1.0, 0.95, 0.1]),
            ],
            Self::Lesions => vec![
                (-1024.0, [0.5, 0.65, 0.8, 0.0]),
                (-900.0, [0.5, 0.65, 0.8, 0.0]),
                (-820.0, [0.5, 0.65, 0.8, 0.0015]),
                (-600.0, [0.55, 0.7, 0.85, 0.012]),
                (-400.0, [0.6, 0.72, 0.85, 0.008]),
                (-150.0, [0.6, 0.6, 0.65, 0.0008]),
                (150.0, [0.7, 0.65, 0.65, 0.0012]),
                (300.0, [0.9, 0.9, 0.85, 0.008]),
                (3071.0, [1.0, 1.0, 1.0, 0.03]),
            ],
            Self::Bone => vec![
                (-1024.0, [0.0, 0.0, 0.0, 0.0]),
                (150.0, [0.8, 0.6, 0.45, 0.0]),
                (250.0, [0.95, 0.85, 0.7, 0.2]),
                (600.0, [1.0, 0.97, 0.9, 0.7]),
                (3071.0, [1.0, 1.0, 1.0, 0.9]),
            ],
            Self::Skin => vec![
                (-1024.0, [0.9, 0.7, 0.6, 0.0]),
                (-500.0, [0.9, 0.7, 0.6, 0.0]),
                (-250.0, [0.92, 0.72, 0.6, 0.6]),
                (3071.0, [0.95, 0.78, 0.66, 0.9]),
            ],
            Self::Segments => vec![
                (-1024.0, [0.5, 0.6, 0.7, 0.0]),
                (-600.0, [0.5, 0.6, 0.7, 0.0]),
                (-300.0, [0.6, 0.6, 0.65, 0.003]),
                (0.0, [0.6, 0.6, 0.65, 0.001]),
                (300.0, [0.9, 0.9, 0.85, 0.02]),
                (3071.0, [1.0, 1.0, 1.0, 0.05]),
            ],
        };
        TransferFunction { points }
    }
}

impl TransferFunction {
    /// Entries of the table.
    pub const ENTRIES: usize = 1024;
    /// HU of the first entry's centre.
    pub const LOW_HU: f32 = -1024.0;
    /// HU between entries.
    pub const STEP_HU: f32 = 4.0;
    /// The lowest and the highest HU that a point may have.
    pub const LIMITS_HU: [f32; 2] = [-1024.0, 3071.0];
    /// Two points are at least so far apart, HU.
    const APART_HU: f32 = 1.0;
    /// Most points of a curve that is edited.
    const MOST_POINTS: usize = 32;

    /// Faint lungs, their vessels, translucent soft tissue, bone: what a reader of lung disease wants to see through.
    pub fn lungs_and_soft_tissue() -> Self {
        Self {
            points: vec![
                (-1024.0, [0.0, 0.0, 0.0, 0.0]),
                (-880.0, [0.35, 0.5, 0.65, 0.0]),
                (-800.0, [0.4, 0.55, 0.7, 0.002]),
                (-650.0, [0.65, 0.6, 0.65, 0.006]),
                (-450.0, [0.85, 0.5, 0.45, 0.012]),
                (-200.0, [0.85, 0.55, 0.45, 0.006]),
                (-80.0, [0.9, 0.62, 0.48, 0.004]),
                (20.0, [0.9, 0.45, 0.38, 0.012]),
                (110.0, [0.95, 0.55, 0.45, 0.03]),
                (200.0, [1.0, 0.85, 0.7, 0.12]),
                (400.0, [1.0, 0.95, 0.85, 0.4]),
                (1200.0, [1.0, 1.0, 0.98, 0.6]),
                (3071.0, [1.0, 1.0, 1.0, 0.8]),
            ],
        }
    }

    /// The entry of the table that stands for a HU.
    pub fn entry_of(hu: f64) -> usize {
        let place = ((hu - f64::from(Self::LOW_HU)) / f64::from(Self::STEP_HU)).round();
        place.clamp(0.0, Self::ENTRIES as f64 - 1.0) as usize
    }

    /// Colour and opacity per mm at a HU, as the table and its linear lookup give it.
    pub fn at(&self, hu: f32) -> [f32; 4] {
        let Some((first, last)) = self.points.first().zip(self.points.last()) else { return [0.0; 4] };
        if hu <= first.0 {
            return first.1;
        }
        for pair in self.points.windows(2) {
            let ((a, low), (b, high)) = (pair[0], pair[1]);
            if hu <= b {
                let t = (hu - a) / (b - a).max(1e-6);
                return std::array::from_fn(|c| low[c] + (high[c] - low[c]) * t);
            }
        }
        last.1
    }

    /// Moves a point, as far as its neighbours allow.
    pub fn move_point(&mut self, n: usize, hu: f32, opacity: f32) {
        if !(hu.is_finite() && opacity.is_finite()) {
            return;
        }
        let beside = |n: Option<usize>| n.and_then(|n| self.points.get(n)).map(|p| p.0);
        let [lowest, highest] = Self::LIMITS_HU;
        let low = beside(n.checked_sub(1)).map_or(lowest, |hu| hu + Self::APART_HU);
        let high = beside(Some(n + 1)).map_or(highest, |hu| hu - Self::APART_HU);
        if let Some((at, colour)) = self.points.get_mut(n) {
            *at = hu.round().min(high).max(low);
            colour[3] = opacity.clamp(0.0, 1.0);
        }
    }
    /// Adds a point in the colour that is there; its place among the points. `None` where there is no room for one.
    pub fn add_point(&mut self, hu: f32, opacity: f32) -> Option<usize> {
        let [lowest, highest] = Self::LIMITS_HU;
        let hu = hu.round().clamp(lowest, highest);
        let free = self.points.iter().all(|p| (p.0 - hu).abs() >= Self::APART_HU);
        if !(free && hu.is_finite() && opacity.is_finite()) || self.points.len() >= Self::MOST_POINTS {
            return None;
        }
        let [r, g, b, _] = self.at(hu);
        let n = self.points.partition_point(|p| p.0 < hu);
        self.points.insert(n, (hu, [r, g, b, opacity.clamp(0.0, 1.0)]));
        Some(n)
    }
    /// Removes a point; two always stay.
    pub fn remove_point(&mut self, n: usize) {
        if self.points.len() > 2 && n < self.points.len() {
            self.points.remove(n);
        }
    }
    /// Colours a point, 0..=1.
    pub fn colour_point(&mut self, n: usize, [r, g, b]: [f32; 3]) {
        if let Some((_, colour)) = self.points.get_mut(n) {
            *colour = [r, g, b, colour[3]];
        }
    }

    /// The table: RGBA in 0..=255, entry n at `LOW_HU + n · STEP_HU`. Opacity is stored as its square root, which keeps the
    /// faint end apart in eight bits.
    pub fn table(&self) -> Vec<[u8; 4]> {
        (0..Self::ENTRIES)
            .map(|n| {
                let [r, g, b, a] = self.at(Self::LOW_HU + n as f32 * Self::STEP_HU);
                [r, g, b, a.max(0.0).sqrt()].map(|v| (v.clamp(0.0, 1.0) * 255.0).round() as u8)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_is_done_to_it_a_curve_stays_one(
            preset in 0usize..8,
            steps in prop::collection::vec((0u8..4, 0usize..40, -5000.0f32..5000.0, -1.0f32..2.0), 0..80),
        ) {
            let mut transfer = VolumePreset::ALL[preset].transfer();
            for (what, n, hu, opacity) in steps {
                match what {
                    0 => transfer.move_point(n, hu, opacity),
                    1 => {
                        let before = transfer.clone();
                        match transfer.add_point(hu, opacity) {
                            Some(n) => prop_assert_eq!(transfer.points.len(), before.points.len() + usize::from(n < 99)),
                            None => prop_assert_eq!(&transfer, &before),
                        }
                    }
                    2 => transfer.remove_point(n),
                    _ => transfer.colour_point(n, [0.1, 0.5, 0.9]),
                }
                prop_assert!((2..=TransferFunction::MOST_POINTS).contains(&transfer.points.len()));
                for (hu, [r, g, b, opacity]) in &transfer.points {
                    prop_assert!((-1024.0..=3071.0).contains(hu) && (0.0..=1.0).contains(opacity));
                    prop_assert!([r, g, b].iter().all(|v| (0.0..=1.0).contains(*v)));
                }
                prop_assert!(transfer.points.is_sorted_by(|a, b| a.0 < b.0), "{:?}", transfer.points);
            }
        }
    }

    #[test]
    fn a_point_on_the_curve_changes_nothing_until_it_is_moved() {
        let mut transfer = VolumePreset::Bone.transfer();
        let before = transfer.table();
        assert_eq!(transfer.add_point(400.0, transfer.at(400.0)[3]), Some(3));
        assert_eq!(transfer.table(), before);
        assert_eq!(transfer.add_point(400.4, 0.3), None, "one point at an HU");
        transfer.move_point(3, 4000.0, 0.0);
        assert_eq!(transfer.points[3].0, 599.0, "no farther than its neighbour");
        transfer.remove_point(3);
        assert_eq!(transfer, VolumePreset::Bone.transfer());
    }
}
