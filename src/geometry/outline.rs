//! Outlines of a flat mask along the edges of its cells, as closed polygons that give back the mask exactly.

/// The outlines of the cells for which `is_set(column, row)` holds, of a mask of `columns` × `rows`: one closed line for each part
/// whose cells hang together by their edges, without its first vertex again at the end. Vertices are (column, row); cell
/// (column, row) has its centre at (column, row), so vertices lie at halves.
///
/// Inside by the even-odd rule are exactly the cells that are set. A hole is reached by a channel of no width (a keyhole, PS3.3
/// C.8.8.6.3), which runs a quarter of a row off the centres of cells. Cells that touch at a corner only belong to different outlines,
/// unless they hang together elsewhere. Takes time in proportion to the cells and their edges, whatever the mask.
pub fn outlines(columns: usize, rows: usize, is_set: impl Fn(usize, usize) -> bool) -> Vec<Vec<[f64; 2]>> {
    let cells: Vec<bool> = (0..columns * rows).map(|n| is_set(n % columns, n / columns)).collect();
    let set = |x: usize, y: usize| {
        // Corners are one more than cells: what lies left of the first and above it wraps to the largest number.
        x < columns && y < rows && cells[y * columns + x]
    };
    // Corner (x, y) is the upper left one of cell (x, y). Each corner has up to two edges that leave it with set cells on their
    // right, as seen with rows going down.
    let width = columns + 1;
    let mut leaving = vec![0u8; width * (rows + 1)];
    for y in 0..=rows {
        for x in 0..=columns {
            let (to_left, above) = (x.wrapping_sub(1), y.wrapping_sub(1));
            let [here, left, over, across] = [set(x, y), set(to_left, y), set(x, above), set(to_left, above)];
            for (direction, on_right, on_left) in
                [(EAST, here, over), (SOUTH, left, here), (WEST, across, left), (NORTH, over, across)]
            {
                leaving[y * width + x] |= u8::from(on_right && !on_left) << direction;
            }
        }
    }
    let mut lines: Vec<Line> = Vec::new();
    // By the corner it ends at, the line that an edge to the north belongs to and its place there: set cells begin behind it.
    let mut upright = vec![(0u32, 0u32); leaving.len()];
    for start in 0..leaving.len() {
        while leaving[start] != 0 {
            let line = follow(&mut leaving, width, start);
            for (place, (at, go)) in (0..).zip(line.edges(width)) {
                if go == NORTH {
                    upright[at - width] = (lines.len() as u32, place);
                }
            }
            lines.push(line);
        }
    }
    // A channel leads from a hole straight to the left, to the first edge there: of the outside, or of another hole of the same part.
    for n in 0..lines.len() {
        // The first corner met of an outside is left by its upper edge, to the right; that of a hole by its left edge, down.
        if lines[n].moves.first() == Some(&SOUTH) {
            let mut door = lines[n].start;
            let y = door / width;
            while set((door % width).wrapping_sub(1), y) {
                door -= 1;
            }
            let (to, place) = upright[door];
            lines[to as usize].holes.push((place, n));
        }
    }
    for line in &mut lines {
        line.holes.sort_unstable();
    }
    let outside = (0..lines.len()).filter(|n| lines[*n].moves.first() != Some(&SOUTH));
    outside.map(|n| keyholed(&lines, n, width)).collect()
}

const EAST: u8 = 0;
const SOUTH: u8 = 1;
const WEST: u8 = 2;
const NORTH: u8 = 3;
/// How far below the first corner of a hole its channel runs, rows.
const CHANNEL: f64 = 0.25;

/// A closed line along the edges of cells.
struct Line {
    /// The corner it begins at.
    start: usize,
    /// The way of each edge.
    moves: Vec<u8>,
    /// Holes whose channels end on it: at which of its edges, and the number of their line.
    holes: Vec<(u32, usize)>,
}

impl Line {
    /// Each edge: the corner it leaves, and its way.
    fn edges(&self, width: usize) -> impl Iterator<Item = (usize, u8)> {
        self.moves.iter().scan(self.start, move |at, go| {
            let from = *at;
            *at = step(from, *go, width);
            Some((from, *go))
        })
    }
}

fn step(at: usize, go: u8, width: usize) -> usize {
    match go {
        EAST => at + 1,
        SOUTH => at + width,
        WEST => at - 1,
        _ => at - width,
    }
}

/// Follows edges from a corner back to it, taking them away.
fn follow(leaving: &mut [u8], width: usize, start: usize) -> Line {
    let mut moves = Vec::new();
    let (mut at, mut came) = (start, None);
    loop {
        // Where two edges leave, the one to the right stays with the same cell.
        let wanted = came.map_or([EAST, SOUTH, WEST], |c: u8| [(c + 1) % 4, c, (c + 3) % 4]);
        let Some(go) = wanted.into_iter().chain([NORTH]).find(|d| leaving[at] >> d & 1 == 1) else { break };
        leaving[at] &= !(1 << go);
        moves.push(go);
        at = step(at, go, width);
        came = Some(go);
        if at == start {
            break;
        }
    }
    Line { start, moves, holes: Vec::new() }
}

/// One closed line round a part and all its holes.
fn keyholed(lines: &[Line], outside: usize, width: usize) -> Vec<[f64; 2]> {
    let place = |corner: usize| [(corner % width) as f64 - 0.5, (corner / width) as f64 - 0.5];
    // The lines on the way, each with the next of its edges, its corner, and how many of its holes are done.
    let mut way = vec![(outside, 0, lines[outside].start, 0)];
    let mut out: Vec<[f64; 2]> = Vec::new();
    while let Some((n, edge, at, done)) = way.pop() {
        let line = &lines[n];
        let Some(&go) = line.moves.get(edge) else {
            // Round the hole, to the corner that was passed over at its beginning, and back through its channel.
            if let Some((_, _, parent_at, _)) = way.last() {
                let [x, y] = place(line.start);
                out.extend([[x, y], [x, y + CHANNEL], [place(*parent_at)[0], y + CHANNEL]]);
            }
            continue;
        };
        if done == 0 || line.holes[done - 1].0 as usize != edge {
            let before = line.moves[if edge == 0 { line.moves.len() - 1 } else { edge - 1 }];
            // A hole is entered on its first edge, below its first corner.
            let is_entered = edge == 0 && !way.is_empty();
            if before != go && !is_entered {
                out.push(place(at));
            }
        }
        match line.holes.get(done) {
            Some((there, hole)) if *there as usize == edge => {
                let [x, y] = place(lines[*hole].start);
                way.push((n, edge, at, done + 1));
                out.extend([[place(at)[0], y + CHANNEL], [x, y + CHANNEL]]);
                way.push((*hole, 0, lines[*hole].start, 0));
            }
            _ => way.push((n, edge + 1, step(at, go, width), done)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{area, raster_spans};
    use super::*;
    use proptest::prelude::*;

    /// The cells inside, counted by crossings of a ray to the left of each centre.
    fn inside(line: &[[f64; 2]], columns: usize, rows: usize) -> Vec<bool> {
        let crossed = |x: f64, y: f64| {
            let ends = line.iter().zip(line.iter().cycle().skip(1));
            ends.filter(|(a, b)| a[0] == b[0] && a[0] < x && (a[1] < y) != (b[1] < y)).count() % 2 == 1
        };
        (0..columns * rows).map(|n| crossed((n % columns) as f64, (n / columns) as f64)).collect()
    }

    fn mask(rows: &[&str]) -> (usize, usize, Vec<bool>) {
        let cells = rows.iter().flat_map(|r| r.chars().map(|c| c == '#')).collect();
        (rows[0].len(), rows.len(), cells)
    }

    fn of(rows: &[&str]) -> Vec<Vec<[f64; 2]>> {
        let (columns, rows, cells) = mask(rows);
        outlines(columns, rows, |x, y| cells[y * columns + x])
    }

    #[test]
    fn a_ring_is_one_line_with_a_keyhole() {
        let found = of(&["#####", "#...#", "#.#.#", "#...#", "#####"]);
        // Four corners, four of the hole, two ends of the channel, passed twice.
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [12, 4]);
        assert_eq!(found[1], [[1.5, 1.5], [2.5, 1.5], [2.5, 2.5], [1.5, 2.5]]);
        assert_eq!(inside(&found[0], 5, 5).iter().filter(|m| **m).count(), 16);
    }

    #[test]
    fn holes_in_a_row_are_chained() {
        let found = of(&["#######", "#.#.#.#", "#######", "#..#..#", "#######"]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].len(), 4 + 5 * 8);
        assert_eq!(inside(&found[0], 7, 5).iter().filter(|m| **m).count(), 35 - 7);
    }

    #[test]
    fn cells_that_touch_at_a_corner_are_two() {
        assert_eq!(of(&["#.", ".#"]).len(), 2);
        assert_eq!(of(&["##.", "#.#", "###"]).len(), 1, "what is empty hangs together by corners");
        assert!(of(&["..", ".."]).is_empty() && outlines(0, 0, |_, _| true).is_empty());
    }

    #[test]
    fn many_holes_take_no_longer_than_their_edges() {
        // A chessboard of holes: a search of all edges for each of them would take minutes.
        let found = outlines(511, 511, |x, y| x % 2 == 0 || y % 2 == 0);
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [4 + 255 * 255 * 8]);
    }

    proptest! {
        #[test]
        fn any_mask_comes_back(cells in proptest::collection::vec(proptest::bool::weighted(0.6), 12 * 9)) {
            let mut back = vec![false; cells.len()];
            for line in outlines(12, 9, |x, y| cells[y * 12 + x]) {
                prop_assert!(area(&line.iter().chain(line.first()).copied().collect::<Vec<_>>()) > 0.0);
                prop_assert!(line.iter().zip(line.iter().cycle().skip(1)).all(|(a, b)| (a[0] == b[0]) != (a[1] == b[1])));
                let counted = inside(&line, 12, 9);
                let mut filled = vec![false; cells.len()];
                for (row, begin, end) in raster_spans(&line, 12, 9) {
                    filled[row * 12 + begin..row * 12 + end].iter_mut().for_each(|m| *m = !*m);
                }
                prop_assert_eq!(&filled, &counted);
                for (to, from) in back.iter_mut().zip(counted) {
                    prop_assert!(!(*to && from), "parts share no cell");
                    *to |= from;
                }
            }
            prop_assert_eq!(back, cells);
        }
    }
}
