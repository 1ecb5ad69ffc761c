//! Slice positions → a regular lattice with whole-numbered places, or the reason why there is none.

use super::ImportError;
use crate::geometry::{PatientPoint, PatientVector};
use glam::DVec3;

/// A straight, evenly spaced row of places: origin + k · step.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lattice {
    /// Place 0.
    pub(super) origin: PatientPoint,
    /// From one place to the next. Not along the normal if the gantry was tilted.
    pub(super) step: PatientVector,
    /// Number of places.
    pub(super) slices: usize,
    /// For each position its place; `None` if it has none.
    pub(super) indices: Vec<Option<usize>>,
    /// Smallest and largest distance between neighbouring positions along the normal, millimetres.
    pub(super) distances_mm: [f64; 2],
    /// Largest distance of a position from its place, millimetres.
    pub(super) deviation_mm: f64,
}

/// How positions are spaced.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Spacing {
    /// They fit a lattice.
    Even(Lattice),
    /// They do not.
    Uneven,
    /// There are fewer than two.
    Single,
}

/// A position may lie off its place by this fraction of the spacing …
const MOST_DEVIATION: f64 = 0.1;
/// … and by this many millimetres, at most.
pub(super) const MOST_DEVIATION_MM: f64 = 0.5;
/// The rest of a stack may be left out if the even part holds this much of the positions, and of the distance they span.
const NEARLY_ALL: f64 = 0.75;

/// Fits a lattice to positions that ascend strictly along `normal`.
///
/// Distances that are whole multiples of one spacing leave empty places, but no more of them than there are positions. If no
/// spacing fits all positions, the longest evenly spaced run is taken, provided it holds nearly all of them.
///
/// # Errors
/// [`ImportError::ShiftedSlices`].
pub(super) fn fit_lattice(positions: &[PatientPoint], normal: PatientVector) -> Result<Spacing, ImportError> {
    if positions.len() < 2 {
        return Ok(Spacing::Single);
    }
    let along: Vec<f64> = positions.iter().map(|p| p.0.dot(normal.0)).collect();
    let distances: Vec<f64> = along.windows(2).map(|w| w[1] - w[0]).collect();
    let mut sorted = distances.clone();
    sorted.sort_by(f64::total_cmp);
    let (smallest_mm, median, largest_mm) = (sorted[0], sorted[(sorted.len() - 1) / 2], sorted[sorted.len() - 1]);

    let whole = [median, smallest_mm].into_iter().find_map(|spacing| places(&along, spacing));
    let (begin, indices) = match whole {
        Some(indices) => (0, indices),
        None => {
            let (begin, end) = longest_run(&distances);
            let spans = (along[end - 1] - along[begin]) / (along[along.len() - 1] - along[0]);
            if spans.min((end - begin) as f64 / positions.len() as f64) < NEARLY_ALL {
                return Ok(Spacing::Uneven);
            }
            (begin, (0..end - begin).collect())
        }
    };
    let used = &positions[begin..begin + indices.len()];
    let Some((origin, step)) = fit_line(used, &indices) else { return Ok(Spacing::Uneven) };
    let deviation_mm =
        used.iter().zip(&indices).map(|(p, &k)| p.0.distance(origin + step * k as f64)).fold(0.0, f64::max);
    let spacing = step.dot(normal.0);
    if deviation_mm > MOST_DEVIATION_MM.min(MOST_DEVIATION * spacing) || spacing < 0.5 * step.length() {
        return Err(ImportError::ShiftedSlices { deviation_mm });
    }
    let mut all = vec![None; positions.len()];
    for (n, &k) in indices.iter().enumerate() {
        all[begin + n] = Some(k);
    }
    Ok(Spacing::Even(Lattice {
        origin: PatientPoint(origin),
        step: PatientVector(step),
        slices: indices.last().map_or(0, |k| k + 1),
        indices: all,
        distances_mm: [smallest_mm, largest_mm],
        deviation_mm,
    }))
}

/// Whole-numbered places for positions along the normal if one spacing near `spacing` fits them all.
fn places(along: &[f64], spacing: f64) -> Option<Vec<usize>> {
    let tolerance = MOST_DEVIATION_MM.min(MOST_DEVIATION * spacing);
    // From neighbour to neighbour, so that an error of the guessed spacing does not add up over a long stack.
    let mut indices = vec![0usize];
    for w in along.windows(2) {
        let steps = ((w[1] - w[0]) / spacing).round();
        let last = *indices.last()?;
        if steps < 1.0 || steps > 2.0 * along.len() as f64 {
            return None;
        }
        indices.push(last + steps as usize);
    }
    let last = *indices.last()?;
    if last + 1 > 2 * along.len() {
        return None;
    }
    let line: Vec<DVec3> = along.iter().map(|&t| DVec3::new(t, 0.0, 0.0)).collect();
    let (origin, step) = fit_points(&line, &indices)?;
    let fits = along.iter().zip(&indices).all(|(t, &k)| (t - origin.x - step.x * k as f64).abs() <= tolerance);
    fits.then_some(indices)
}

/// The longest run of positions with even distances: first position, and position beyond.
pub(super) fn longest_run(distances: &[f64]) -> (usize, usize) {
    let (mut best, mut begin) = ((0, 1), 0);
    for (n, &distance) in distances.iter().enumerate() {
        let even = (distance - distances[begin]).abs() <= 0.02 * distances[begin];
        if !even {
            begin = n;
        }
        if n + 2 - begin > best.1 - best.0 {
            best = (begin, n + 2);
        }
    }
    best
}

fn fit_line(positions: &[PatientPoint], indices: &[usize]) -> Option<(DVec3, DVec3)> {
    fit_points(&positions.iter().map(|p| p.0).collect::<Vec<_>>(), indices)
}

fn fit_points(points: &[DVec3], indices: &[usize]) -> Option<(DVec3, DVec3)> {
    least_squares(points, &indices.iter().map(|k| *k as f64).collect::<Vec<_>>())
}

/// The line origin + t · step nearest to points with known t, by least squares; centred, so that nothing cancels.
pub(super) fn least_squares(points: &[DVec3], at: &[f64]) -> Option<(DVec3, DVec3)> {
    let n = points.len() as f64;
    let mean_t = at.iter().sum::<f64>() / n;
    let mean = points.iter().sum::<DVec3>() / n;
    let (mut tt, mut tp) = (0.0, DVec3::ZERO);
    for (p, &t) in points.iter().zip(at) {
        let dt = t - mean_t;
        tt += dt * dt;
        tp += (*p - mean) * dt;
    }
    (tt > 0.0).then(|| {
        let step = tp / tt;
        (mean - step * mean_t, step)
    })
}
