//! The surface of a mask as elements with an area: cells of eight voxel centres that a marching-cubes surface cuts at the middle of
//! their edges (W. E. Lorensen, H. E. Cline, Comput. Graph. 21 (1987) 163–169). A cell's area is that of its polygons, each as the
//! smallest fan of triangles; corners that only meet across a face are parted.

/// Area of the surface in a cell by which of its corners lie inside: bit 4 · k + 2 · j + i of the code. mm².
pub(super) fn cell_areas(spacing_mm: [f64; 3]) -> Vec<f64> {
    (0..256usize).map(|code| cell_area(code, spacing_mm)).collect()
}

/// The cells of a mask `[k, j, i]`, one more than voxels along each axis; cell 0 lies half before the first voxel. What is beyond the
/// array is outside.
pub(super) fn cell_codes(mask: &[bool], size: [usize; 3]) -> Vec<u8> {
    let [ni, nj, nk] = size;
    let (rows, columns) = (nj + 1, ni + 1);
    let mut codes = vec![0u8; (nk + 1) * rows * columns];
    for (n, _) in mask.iter().enumerate().filter(|(_, inside)| **inside) {
        let (i, j, k) = (n % ni, n / ni % nj, n / (ni * nj));
        // A voxel is a corner of eight cells: of the one before it the far corner.
        for corner in 0..8usize {
            let (dk, dj, di) = (1 - (corner >> 2 & 1), 1 - (corner >> 1 & 1), 1 - (corner & 1));
            codes[((k + dk) * rows + j + dj) * columns + i + di] |= 1 << corner;
        }
    }
    codes
}

/// Whether a cell is cut.
pub(super) fn is_cut(code: u8) -> bool {
    code != 0 && code != 255
}

type Point = [f64; 3];

/// The two corners that an edge joins; an edge is named by its lower corner and its axis.
fn edge(corner: usize, axis: usize) -> [usize; 2] {
    [corner & !(1 << axis), corner | 1 << axis]
}

fn middle([a, b]: [usize; 2], spacing_mm: [f64; 3]) -> Point {
    [0, 1, 2].map(|axis| ((a >> axis & 1) + (b >> axis & 1)) as f64 / 2.0 * spacing_mm[axis])
}

/// Corners of a face, one after another around it.
fn face(axis: usize, side: usize) -> [usize; 4] {
    let [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
    [(0, 0), (0, 1), (1, 1), (1, 0)].map(|(a, b)| side << axis | a << u | b << v)
}

fn cell_area(code: usize, spacing_mm: [f64; 3]) -> f64 {
    let inside = |corner: usize| code >> corner & 1 == 1;
    let joining = |a: usize, b: usize| edge(a, (a ^ b).trailing_zeros() as usize);
    // Where the surface crosses each face: pieces from the middle of an edge to that of another.
    let mut pieces: Vec<[[usize; 2]; 2]> = Vec::new();
    for (axis, side) in (0..3).flat_map(|axis| [(axis, 0), (axis, 1)]) {
        let ring = face(axis, side);
        let edges = [0, 1, 2, 3].map(|n| joining(ring[n], ring[(n + 1) % 4]));
        let crossed: Vec<usize> = (0..4).filter(|n| inside(ring[*n]) != inside(ring[(*n + 1) % 4])).collect();
        match crossed[..] {
            [a, b] => pieces.push([edges[a], edges[b]]),
            [_, _, _, _] => {
                let corners = (0..4).filter(|n| inside(ring[*n]));
                pieces.extend(corners.map(|n| [edges[(n + 3) % 4], edges[n]]));
            }
            _ => {}
        }
    }
    let mut area = 0.0;
    while let Some([first, mut at]) = pieces.pop() {
        let mut polygon = vec![first, at];
        while at != first {
            let Some(next) = pieces.iter().position(|piece| piece.contains(&at)) else { break };
            let [a, b] = pieces.swap_remove(next);
            at = if a == at { b } else { a };
            polygon.push(at);
        }
        polygon.pop();
        area += smallest_fan(&polygon.iter().map(|e| middle(*e, spacing_mm)).collect::<Vec<_>>());
    }
    area
}

fn smallest_fan(polygon: &[Point]) -> f64 {
    let n = polygon.len();
    let fan = |from: usize| {
        let at = |step: usize| polygon[(from + step) % n];
        (1..n.saturating_sub(1)).map(|step| triangle(at(0), at(step), at(step + 1))).sum::<f64>()
    };
    (0..n).map(fan).fold(f64::INFINITY, f64::min).min(f64::MAX)
}

fn triangle(a: Point, b: Point, c: Point) -> f64 {
    let to = |p: Point| [p[0] - a[0], p[1] - a[1], p[2] - a[2]];
    let ([x, y, z], [u, v, w]) = (to(b), to(c));
    let cross = [y * w - z * v, z * u - x * w, x * v - y * u];
    cross.iter().map(|c| c * c).sum::<f64>().sqrt() / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_cut_by_a_plane_a_corner_and_nothing() {
        let areas = cell_areas([0.8, 0.9, 2.0]);
        assert_eq!((areas[0], areas[255]), (0.0, 0.0));
        // The lower four corners inside: a rectangle half way up.
        assert!((areas[0b0000_1111] - 0.8 * 0.9).abs() < 1e-12);
        assert!((areas[0b0101_0101] - 0.9 * 2.0).abs() < 1e-12);
        // One corner: a triangle through the middles of its edges.
        let corner = triangle([0.4, 0.0, 0.0], [0.0, 0.45, 0.0], [0.0, 0.0, 1.0]);
        for n in 0..8 {
            assert!((areas[1 << n] - corner).abs() < 1e-12 && (areas[255 ^ 1 << n] - corner).abs() < 1e-12);
        }
        // Opposite corners are parted: two triangles.
        assert!((areas[0b1000_0001] - 2.0 * corner).abs() < 1e-12);
        assert!(areas[1..255].iter().all(|a| *a > 0.0 && a.is_finite()));
    }

    #[test]
    fn one_voxel_is_an_octahedron() {
        let codes = cell_codes(&[true], [1, 1, 1]);
        let areas = cell_areas([1.0; 3]);
        assert_eq!(codes.iter().filter(|c| is_cut(**c)).count(), 8);
        let area: f64 = codes.iter().map(|c| areas[usize::from(*c)]).sum();
        assert!((area - 3.0f64.sqrt()).abs() < 1e-12, "{area}");
    }

    #[test]
    fn the_area_of_a_ball() {
        let n = 41;
        let mask: Vec<bool> = (0..n * n * n)
            .map(|v| {
                let at = [v % n, v / n % n, v / (n * n)].map(|c| c as f64 - 20.0);
                at.iter().map(|c| c * c).sum::<f64>() <= 15.0f64.powi(2)
            })
            .collect();
        let areas = cell_areas([1.0; 3]);
        let area: f64 = cell_codes(&mask, [n; 3]).iter().map(|c| areas[usize::from(*c)]).sum();
        // A surface of steps halved is larger than the sphere by no more than a tenth.
        let sphere = 4.0 * std::f64::consts::PI * 15.0f64.powi(2);
        assert!(area > sphere && area < 1.1 * sphere, "{area} {sphere}");
    }
}
