//! A smooth closed curve through points.
//!
//! Centripetal Catmull–Rom spans: C. Yuksel, S. Schaefer, J. Keyser, "Parameterization and applications of Catmull–Rom curves",
//! Computer-Aided Design 43 (2011) 747–755. They pass through every point, and within a span they make neither cusp nor loop,
//! however unevenly the points lie.

/// The spans of the closed curve through `points`: the n-th holds point n and then points on the way to the next, no farther apart
/// than about `step`. Fewer than three points are joined by nothing.
///
/// ```
/// let square = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]];
/// let spans = hilum::geometry::closed_spline(&square, 0.1);
/// assert!(spans.iter().zip(square).all(|(span, point)| span[0] == point && span.len() > 10));
/// ```
pub fn closed_spline(points: &[[f64; 2]], step: f64) -> Vec<Vec<[f64; 2]>> {
    let count = points.len();
    let at = |n: usize| points[n % count];
    let span = |n: usize| {
        if count < 3 {
            return vec![at(n)];
        }
        // From the second to the third of four points, of which the first and the last give the directions.
        let p = [at(n + count - 1), at(n), at(n + 1), at(n + 2)];
        let knots = p.windows(2).map(|w| (w[1][0] - w[0][0]).hypot(w[1][1] - w[0][1]).sqrt().max(1e-6));
        let mut t = [0.0; 4];
        for (n, knot) in knots.enumerate() {
            t[n + 1] = t[n] + knot;
        }
        let length = (t[2] - t[1]).powi(2);
        let pieces = (length / step.max(1e-3)).ceil().clamp(1.0, 512.0) as usize;
        let way = (1..pieces).map(|m| barry_goldman(&p, &t, t[1] + (t[2] - t[1]) * m as f64 / pieces as f64));
        std::iter::once(p[1]).chain(way).collect()
    };
    (0..count).map(span).collect()
}

/// The value at `x` of the curve through `p` at the knots `t`, by repeated linear interpolation.
fn barry_goldman(p: &[[f64; 2]; 4], t: &[f64; 4], x: f64) -> [f64; 2] {
    let between = |a: [f64; 2], b: [f64; 2], from: f64, to: f64| {
        let s = (x - from) / (to - from);
        [a[0] + (b[0] - a[0]) * s, a[1] + (b[1] - a[1]) * s]
    };
    let first = [0, 1, 2].map(|n| between(p[n], p[n + 1], t[n], t[n + 1]));
    let second = [0, 1].map(|n| between(first[n], first[n + 1], t[n], t[n + 2]));
    between(second[0], second[1], t[1], t[2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn eight_points_of_a_circle_make_the_circle() {
        let points: Vec<[f64; 2]> = (0..8)
            .map(|n| std::f64::consts::TAU * f64::from(n) / 8.0)
            .map(|a| [10.0 * a.cos(), 10.0 * a.sin()])
            .collect();
        for [x, y] in closed_spline(&points, 0.2).concat() {
            assert!((x.hypot(y) - 10.0).abs() < 0.1, "{}", x.hypot(y));
        }
    }

    proptest! {
        #[test]
        fn it_is_closed_dense_and_finite(points in prop::collection::vec([-50.0..50.0f64, -50.0..50.0f64], 0..12)) {
            let spans = closed_spline(&points, 0.5);
            prop_assert_eq!(&spans.iter().map(|s| s[0]).collect::<Vec<_>>(), &points);
            let curve = spans.concat();
            prop_assert!(curve.iter().flatten().all(|v| v.is_finite()));
            if points.len() > 2 {
                for (n, p) in curve.iter().enumerate() {
                    let q = curve[(n + 1) % curve.len()];
                    prop_assert!((p[0] - q[0]).hypot(p[1] - q[1]) < 4.0);
                }
            }
        }
    }
}
