//! Extent of findings by zone and by lobe, and the scores that follow.
//!
//! Six zones, right and left, cut by two planes that the reader sets at the carina and at the inferior pulmonary veins; until then they cut
//! the lungs in thirds. A zone scores 0 without findings, then 1 below 25 %, 2 below 50 %, 3 below 75 %, and 4. Lobes are those that are
//! drawn or imported: 0 without findings, then 1 below 5 %, 2 to 25 %, 3 to 50 %, 4 to 75 %, and 5 (M. Francone et al., Eur. Radiol. 30
//! (2020) 6808–6817).

use super::form::ZONE_PLANES;
use super::profile::Profile;
use super::quantities::{Quantity, QuantityGroup};
use crate::annotation::{Answer, Document};
use crate::geometry::PatientVector;

const ZONES: [&str; 6] = [
    "zone-right-upper-extent",
    "zone-right-middle-extent",
    "zone-right-lower-extent",
    "zone-left-upper-extent",
    "zone-left-middle-extent",
    "zone-left-lower-extent",
];
const LOBES: [&str; 5] = [
    "lobe-right-upper-extent",
    "lobe-middle-extent",
    "lobe-right-lower-extent",
    "lobe-left-upper-extent",
    "lobe-left-lower-extent",
];

/// Extents of the six zones and of the lobes, percent, and the scores of both, which need an extent of each part. Named after the field
/// of the form that asks for them: `zone-right-upper-extent`, `lobe-middle-extent`; `zone-score`, `lobe-score`.
pub(super) fn regions(document: &Document, profile: &Profile) -> Vec<Quantity> {
    let of =
        |name, value, unit, digits, method| Quantity::new(QuantityGroup::Regions, name, value, unit, digits, method);
    let zones = zone_extents(document, profile).unwrap_or_default();
    let lobes = lobe_extents(document, profile);
    let extent = |(name, extent)| of(name, extent, "%", 1, "volume of findings in this part of the lung / its volume");
    let score = |extents: &[Option<f64>], score: fn(f64) -> u8| {
        extents.iter().map(|extent| extent.map(|percent| f64::from(score(percent)))).sum::<Option<f64>>()
    };
    let mut all: Vec<Quantity> = ZONES.into_iter().zip(zones).map(extent).collect();
    all.push(of("zone-score", score(&zones, zone_score), "1", 0, "sum of six zones, each 0 to 4 by its extent"));
    all.extend(LOBES.into_iter().zip(lobes).map(extent));
    all.push(of("lobe-score", score(&lobes, lobe_score), "1", 0, "sum of five lobes, each 0 to 5 by its extent"));
    all
}

/// 0 none, 1 below 25 %, 2 below 50 %, 3 below 75 %, 4 from there on.
pub fn zone_score(percent: f64) -> u8 {
    match percent {
        p if p <= 0.0 => 0,
        p if p < 25.0 => 1,
        p if p < 50.0 => 2,
        p if p < 75.0 => 3,
        _ => 4,
    }
}

/// 0 none, 1 below 5 %, 2 to 25 %, 3 to 50 %, 4 to 75 %, 5 above.
pub fn lobe_score(percent: f64) -> u8 {
    match percent {
        p if p <= 0.0 => 0,
        p if p < 5.0 => 1,
        p if p <= 25.0 => 2,
        p if p <= 50.0 => 3,
        p if p <= 75.0 => 4,
        _ => 5,
    }
}

/// Heights of the planes between the zones, patient z in mm, lower and upper: the reader's, else thirds of the lungs. `None` without
/// lungs, or where slices do not follow one another from feet to head.
pub fn zone_planes_mm(document: &Document, profile: &Profile) -> Option<[f64; 2]> {
    let grid = document.grid();
    let (lungs, up) = (profile.lungs()?, grid.step(2).0.z);
    if grid.axis_along(PatientVector::new(0.0, 0.0, 1.0)) != 2 || up == 0.0 {
        return None;
    }
    // Between slices, in the middle of the volume.
    let middle = grid.size()[2] as f64 / 2.0;
    let height = |k: usize| grid.centre().0.z + (k as f64 - middle) * up;
    let thirds = [1, 2].map(|n| height(lungs.start + lungs.len() * n / 3));
    let [low, high] = [thirds[0].min(thirds[1]), thirds[0].max(thirds[1])];
    let plane = |field: u16, otherwise: f64| match document.answers().get(&field) {
        Some(Answer::Number(z)) => *z,
        _ => otherwise,
    };
    Some([plane(ZONE_PLANES[0], low), plane(ZONE_PLANES[1], high)])
}

/// Percent of each of the six zones that findings involve: right upper, middle, lower, then left; as for [`zone_planes_mm`]. `None` where
/// opacities were not looked for, and of a zone without lung.
pub fn zone_extents(document: &Document, profile: &Profile) -> Option<[Option<f64>; 6]> {
    let planes = zone_planes_mm(document, profile).filter(|_| document.was_searched())?;
    let grid = document.grid();
    let (count, up) = (grid.size()[2], grid.step(2).0.z);
    // The first slice above a plane, from the feet.
    let above = planes.map(|z| {
        let from_middle = (z - grid.centre().0.z) / up.abs();
        (from_middle + count as f64 / 2.0 + 1e-6).clamp(0.0, count as f64) as usize
    });
    let zones = |profile: &Profile| profile.zones(above[0], above[1]);
    Some(if up > 0.0 { zones(profile) } else { zones(&profile.reversed()) })
}

/// Percent of each lobe that findings involve, in the order of `SegmentMeaning::lobe`; none of one that is not drawn, and where
/// opacities were not looked for.
fn lobe_extents(document: &Document, profile: &Profile) -> [Option<f64>; 5] {
    let total = profile.total();
    [0, 1, 2, 3, 4].map(|n| {
        let share = 100.0 * total.lobes_involved[n] as f64 / total.lobes[n] as f64;
        (document.was_searched() && total.lobes[n] > 0).then_some(share)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_change_where_their_classes_end() {
        let zones = [(0.0, 0), (0.1, 1), (24.9, 1), (25.0, 2), (50.0, 3), (75.0, 4), (100.0, 4)];
        let lobes = [(0.0, 0), (4.9, 1), (5.0, 2), (25.0, 2), (25.1, 3), (50.1, 4), (75.0, 4), (75.1, 5)];
        assert!(zones.iter().all(|(percent, score)| zone_score(*percent) == *score));
        assert!(lobes.iter().all(|(percent, score)| lobe_score(*percent) == *score));
    }
}
