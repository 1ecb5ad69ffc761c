//! Closed planar polygons as lists of (x, y): area, raster, simplification.

/// Signed area (shoelace formula about the first vertex, which keeps precision far from the origin).
///
/// Positive when the vertices turn from +x towards +y. Fewer than three vertices have no area.
///
/// ```
/// assert_eq!(hilum::geometry::area(&[[0.0, 0.0], [2.0, 0.0], [2.0, 3.0], [0.0, 3.0]]), 6.0);
/// ```
pub fn area(polygon: &[[f64; 2]]) -> f64 {
    let Some(&[x0, y0]) = polygon.first() else { return 0.0 };
    polygon.windows(2).map(|w| (w[0][0] - x0) * (w[1][1] - y0) - (w[1][0] - x0) * (w[0][1] - y0)).sum::<f64>() / 2.0
}

/// Cells whose centre lies inside the polygon (even-odd rule), as (row, first column, column beyond) spans.
///
/// Cell (column, row) has its centre at (column, row). Only columns `0..columns` and rows `0..rows` are returned, in row
/// order. An edge exactly through a centre counts the centre on one side only, so neighbouring polygons share no cell.
pub fn raster_spans(polygon: &[[f64; 2]], columns: usize, rows: usize) -> Vec<(usize, usize, usize)> {
    let mut spans = Vec::new();
    if polygon.len() < 3 || columns == 0 || rows == 0 || !polygon.iter().flatten().all(|v| v.is_finite()) {
        return spans;
    }
    // Each edge marks the rows that it crosses: an outline with many short edges costs no more than its length.
    let mut crossings: Vec<(usize, f64)> = Vec::new();
    for (n, a) in polygon.iter().enumerate() {
        let b = &polygon[(n + 1) % polygon.len()];
        let [low, high] = [a[1].min(b[1]), a[1].max(b[1])].map(|y| y.ceil().clamp(0.0, rows as f64) as usize);
        crossings.extend((low..high).map(|row| (row, a[0] + (row as f64 - a[1]) / (b[1] - a[1]) * (b[0] - a[0]))));
    }
    crossings.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    for pair in crossings.chunks_exact(2) {
        let begin = pair[0].1.ceil().max(0.0);
        let end = pair[1].1.ceil().min(columns as f64);
        if begin < end {
            spans.push((pair[0].0, begin as usize, end as usize));
        }
    }
    spans
}

/// Drops vertices closer than `tolerance` to the line between their kept neighbours (Douglas–Peucker); open polyline.
pub fn simplify(line: &[[f64; 2]], tolerance: f64) -> Vec<[f64; 2]> {
    if line.len() < 3 {
        return line.to_vec();
    }
    let mut keep = vec![false; line.len()];
    keep[0] = true;
    keep[line.len() - 1] = true;
    let mut stack = vec![(0, line.len() - 1)];
    while let Some((a, b)) = stack.pop() {
        let far =
            (a + 1..b).map(|n| (n, distance_to_segment(line[n], line[a], line[b]))).max_by(|x, y| x.1.total_cmp(&y.1));
        if let Some((n, d)) = far
            && d > tolerance
        {
            keep[n] = true;
            stack.push((a, n));
            stack.push((n, b));
        }
    }
    line.iter().zip(keep).filter_map(|(p, k)| k.then_some(*p)).collect()
}

fn distance_to_segment(p: [f64; 2], a: [f64; 2], b: [f64; 2]) -> f64 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let length2 = dx * dx + dy * dy;
    let t = if length2 > 0.0 { (((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length2).clamp(0.0, 1.0) } else { 0.0 };
    (p[0] - a[0] - t * dx).hypot(p[1] - a[1] - t * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disc_has_its_area_in_cells() {
        let disc: Vec<[f64; 2]> = (0..720)
            .map(|n| {
                let a = f64::from(n) / 720.0 * std::f64::consts::TAU;
                [50.3 + 20.0 * a.cos(), 50.7 + 20.0 * a.sin()]
            })
            .collect();
        let cells: usize = raster_spans(&disc, 100, 100).iter().map(|s| s.2 - s.1).sum();
        let exact = std::f64::consts::PI * 400.0;
        assert!((cells as f64 - exact).abs() < 0.01 * exact, "{cells} against {exact}");
        assert!((area(&disc) - exact).abs() < 0.001 * exact);
    }

    #[test]
    fn neighbours_share_no_cell_and_leave_no_gap() {
        let left = [[0.0, 0.0], [5.0, 0.0], [5.0, 8.0], [0.0, 8.0]];
        let right = [[5.0, 0.0], [9.0, 0.0], [9.0, 8.0], [5.0, 8.0]];
        let count = |p: &[[f64; 2]]| raster_spans(p, 20, 20).iter().map(|s| s.2 - s.1).sum::<usize>();
        assert_eq!(count(&left) + count(&right), 9 * 8);
    }

    #[test]
    fn outside_and_odd_input_is_harmless() {
        assert!(raster_spans(&[[-9.0, -9.0], [-1.0, -9.0], [-1.0, -1.0]], 10, 10).is_empty());
        assert!(raster_spans(&[[f64::NAN, 0.0], [1.0, 0.0], [1.0, 1.0]], 10, 10).is_empty());
        assert_eq!(raster_spans(&[[-5.0, -5.0], [50.0, -5.0], [50.0, 50.0], [-5.0, 50.0]], 10, 10).len(), 10);
    }

    #[test]
    fn simplify_keeps_corners() {
        let line = [[0.0, 0.0], [1.0, 0.01], [2.0, 0.0], [2.0, 2.0]];
        assert_eq!(simplify(&line, 0.1), vec![[0.0, 0.0], [2.0, 0.0], [2.0, 2.0]]);
    }
}
