//! Outlines of a flat mask along the edges of its cells, as closed polygons that give back the mask exactly.

/// The outline of a part of a mask whose cells hang together by their edges. Vertices are (column, row); cell (column, row) has its
/// centre at (column, row), so vertices lie at halves.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// Round the outside.
    pub outer: Vec<[f64; 2]>,
    /// Round each hole.
    pub holes: Vec<Vec<[f64; 2]>>,
}

/// The outlines of the cells for which `is_set(column, row)` holds, of a mask of `columns` × `rows`. Cells that touch at a corner
/// only belong to different outlines, unless they hang together elsewhere.
pub fn outlines(columns: usize, rows: usize, is_set: impl Fn(usize, usize) -> bool) -> Vec<Outline> {
    let set = |x: i64, y: i64| {
        (0..columns as i64).contains(&x) && (0..rows as i64).contains(&y) && is_set(x as usize, y as usize)
    };
    // Corner (x, y) is the upper left one of cell (x, y). Each corner has up to two edges that leave it with set cells on their
    // right, as seen with rows going down.
    let width = columns + 1;
    let mut leaving = vec![0u8; width * (rows + 1)];
    for y in 0..=rows as i64 {
        for x in 0..=columns as i64 {
            let [here, left, above, across] = [set(x, y), set(x - 1, y), set(x, y - 1), set(x - 1, y - 1)];
            let mut edges = 0;
            for (direction, on_right, on_left) in
                [(EAST, here, above), (SOUTH, left, here), (WEST, across, left), (NORTH, above, across)]
            {
                if on_right && !on_left {
                    edges |= 1 << direction;
                }
            }
            leaving[y as usize * width + x as usize] = edges;
        }
    }
    let mut found: Vec<Outline> = Vec::new();
    let mut holes: Vec<Vec<[f64; 2]>> = Vec::new();
    for start in 0..leaving.len() {
        while leaving[start] != 0 {
            let line = follow(&mut leaving, width, start);
            // The first corner met of an outside is its topmost: the mask lies to the right of an edge that goes east.
            if super::area(&closed(&line)) > 0.0 {
                found.push(Outline { outer: line, holes: Vec::new() });
            } else {
                holes.push(line);
            }
        }
    }
    for hole in holes {
        // Just left of the hole's leftmost edge is a cell of the part that it is a hole in.
        let at = leftmost(&hole);
        let owner = found
            .iter_mut()
            .filter(|o| crossings_left_of(&o.outer, at) % 2 == 1)
            .min_by(|a, b| super::area(&closed(&a.outer)).total_cmp(&super::area(&closed(&b.outer))));
        if let Some(owner) = owner {
            owner.holes.push(hole);
        }
    }
    found
}

const EAST: u8 = 0;
const SOUTH: u8 = 1;
const WEST: u8 = 2;
const NORTH: u8 = 3;

/// Follows edges from a corner back to it, taking them away; corners where the way turns.
fn follow(leaving: &mut [u8], width: usize, start: usize) -> Vec<[f64; 2]> {
    let mut line = Vec::new();
    let (mut at, mut came) = (start, None);
    loop {
        let edges = leaving[at];
        // Where two edges leave, the one to the right stays with the same cell.
        let wanted = came.map(|c: u8| [(c + 1) % 4, c, (c + 3) % 4]).unwrap_or([EAST, SOUTH, WEST]);
        let Some(go) = wanted.into_iter().chain([NORTH]).find(|d| edges >> d & 1 == 1) else { break };
        leaving[at] &= !(1 << go);
        if came != Some(go) {
            line.push([(at % width) as f64 - 0.5, (at / width) as f64 - 0.5]);
        }
        at = match go {
            EAST => at + 1,
            SOUTH => at + width,
            WEST => at - 1,
            _ => at - width,
        };
        came = Some(go);
        if at == start {
            break;
        }
    }
    line
}

/// The lines with the first vertex again at the end, as `area` wants them.
fn closed(line: &[[f64; 2]]) -> Vec<[f64; 2]> {
    line.iter().chain(line.first()).copied().collect()
}

/// A quarter down the leftmost edge of a line along cells: never a vertex, never the centre of a cell.
fn leftmost(line: &[[f64; 2]]) -> [f64; 2] {
    let x = line.iter().map(|p| p[0]).fold(f64::INFINITY, f64::min);
    let y = line.iter().filter(|p| p[0] == x).map(|p| p[1]).fold(f64::INFINITY, f64::min);
    [x, y + 0.25]
}

/// How many edges of a line lie straight to the left of a place.
fn crossings_left_of(line: &[[f64; 2]], at: [f64; 2]) -> usize {
    edges(line).filter(|(a, b)| a[0] < at[0] && (a[1] <= at[1]) != (b[1] <= at[1])).count()
}

fn edges(line: &[[f64; 2]]) -> impl Iterator<Item = ([f64; 2], [f64; 2])> {
    line.iter().enumerate().map(|(n, a)| (*a, line[(n + 1) % line.len()]))
}

impl Outline {
    /// One closed line round the part and all its holes: each hole is reached by a channel of no width (a keyhole, PS3.3
    /// C.8.8.6.3), which runs a quarter of a row off the centres of cells.
    pub fn keyholed(&self) -> Vec<[f64; 2]> {
        let mut line = self.outer.clone();
        let mut holes: Vec<_> = self.holes.iter().collect();
        // From the left: the edge that a channel meets belongs to what is joined already.
        holes.sort_by(|a, b| leftmost(a)[0].total_cmp(&leftmost(b)[0]));
        for hole in holes {
            let at = leftmost(hole);
            let met = edges(&line)
                .enumerate()
                .filter(|(_, (a, b))| a[0] == b[0] && a[0] < at[0] && (a[1] <= at[1]) != (b[1] <= at[1]))
                .max_by(|(_, (a, _)), (_, (b, _))| a[0].total_cmp(&b[0]));
            let (Some((n, (a, _))), Some(begin)) = (
                met,
                edges(hole).position(|(a, b)| a[0] == at[0] && b[0] == at[0] && (a[1] <= at[1]) != (b[1] <= at[1])),
            ) else {
                continue;
            };
            let door = [a[0], at[1]];
            let round = (1..=hole.len()).map(|m| hole[(begin + m) % hole.len()]);
            let detour: Vec<_> = [door, at].into_iter().chain(round).chain([at, door]).collect();
            line.splice(n + 1..n + 1, detour);
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::super::raster_spans;
    use super::*;
    use proptest::prelude::*;

    fn filled(line: &[[f64; 2]], columns: usize, rows: usize) -> Vec<bool> {
        let mut mask = vec![false; columns * rows];
        for (row, begin, end) in raster_spans(line, columns, rows) {
            mask[row * columns + begin..row * columns + end].iter_mut().for_each(|m| *m = !*m);
        }
        mask
    }

    fn mask(rows: &[&str]) -> (usize, usize, Vec<bool>) {
        let cells = rows.iter().flat_map(|r| r.chars().map(|c| c == '#')).collect();
        (rows[0].len(), rows.len(), cells)
    }

    #[test]
    fn a_ring_is_one_line_with_a_keyhole() {
        let (columns, rows, cells) = mask(&["#####", "#...#", "#.#.#", "#...#", "#####"]);
        let found = outlines(columns, rows, |x, y| cells[y * columns + x]);
        assert_eq!(found.iter().map(|o| o.holes.len()).collect::<Vec<_>>(), [1, 0]);
        assert_eq!(found[0].outer.len(), 4);
        assert_eq!(found[0].keyholed().len(), 4 + 4 + 4);
        assert_eq!(filled(&found[0].keyholed(), columns, rows).iter().filter(|m| **m).count(), 16);
    }

    #[test]
    fn cells_that_touch_at_a_corner_are_two() {
        let (columns, rows, cells) = mask(&["#.", ".#"]);
        assert_eq!(outlines(columns, rows, |x, y| cells[y * columns + x]).len(), 2);
        let (columns, rows, cells) = mask(&["##.", "#.#", "###"]);
        let found = outlines(columns, rows, |x, y| cells[y * columns + x]);
        assert_eq!((found.len(), found[0].holes.len()), (1, 0), "what is empty hangs together by corners");
    }

    proptest! {
        #[test]
        fn any_mask_comes_back(cells in proptest::collection::vec(proptest::bool::weighted(0.6), 12 * 9)) {
            let mut back = vec![false; cells.len()];
            for outline in outlines(12, 9, |x, y| cells[y * 12 + x]) {
                prop_assert!(crate::geometry::area(&closed(&outline.outer)) > 0.0);
                for (to, from) in back.iter_mut().zip(filled(&outline.keyholed(), 12, 9)) {
                    prop_assert!(!(*to && from), "parts share no cell");
                    *to |= from;
                }
            }
            prop_assert_eq!(back, cells);
        }
    }
}
