//! Slices that the processor draws: what of them is not right any more, drawn anew at once or piece by piece.

use super::raycast::Scene;
use super::reslice::VoxelWalk;
use super::{PxRect, SliceInput, draw_slice, draws_quickly};
use crate::geometry::{Grid, IndexBox};

/// Rows of a piece.
const PIECE_ROWS: u32 = 16;

/// A slice, or a part of it, and the first rows of its pixels.
#[derive(Clone, Debug)]
pub struct SlicePicture {
    slice: SliceInput,
    size: [u32; 2],
    part: PxRect,
    pixels: Vec<u8>,
}

impl SlicePicture {
    /// A part of a slice in a pane of this size, px; nothing of it is drawn yet.
    pub fn new(slice: SliceInput, size: [u32; 2], part: PxRect) -> Self {
        Self { slice, size, part, pixels: Vec::new() }
    }
    /// What it shows.
    pub fn slice(&self) -> &SliceInput {
        &self.slice
    }
    /// Where it lies in its pane, px.
    pub fn part(&self) -> PxRect {
        self.part
    }
    /// RGBA, row by row, of the rows that are drawn.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }
    /// The same, for good.
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }
    fn rows(&self) -> u32 {
        (self.pixels.len() / (4 * self.part.width.max(1) as usize)) as u32
    }
    /// Whether all is drawn.
    pub fn is_whole(&self) -> bool {
        self.rows() >= self.part.height
    }

    /// Draws a piece, and more while `go_on` says so; where there is a quick way, all at once. Whether all is drawn then.
    pub fn draw(&mut self, scene: &Scene<'_>, mut go_on: impl FnMut() -> bool) -> bool {
        let piece = if draws_quickly(scene.volume, &self.slice) { u32::MAX } else { PIECE_ROWS };
        while !self.is_whole() {
            let drawn = self.rows();
            let part = PxRect { y: self.part.y + drawn, height: piece.min(self.part.height - drawn), ..self.part };
            let rows = draw_slice(scene.volume, scene.labels, scene.look, &self.slice, self.size, part);
            if self.pixels.is_empty() {
                self.pixels = rows;
            } else {
                self.pixels.extend(rows);
            }
            if !go_on() {
                break;
            }
        }
        self.is_whole()
    }
}

/// What has changed since slices were last drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Stale {
    /// Nothing but what panes show.
    #[default]
    Nothing,
    /// Labels of these voxels.
    Labels(IndexBox),
    /// Voxels, or how all looks.
    All,
}

impl Stale {
    /// Labels of these voxels too.
    #[must_use]
    pub fn and_labels(self, touched: IndexBox) -> Self {
        match self {
            Self::Nothing => Self::Labels(touched),
            Self::Labels(before) => Self::Labels(before.union(&touched)),
            Self::All => Self::All,
        }
    }
}

/// A slice on a canvas that keeps what was put on it.
#[derive(Clone, Debug, Default)]
pub struct SliceOnScreen {
    input: Option<(PxRect, SliceInput)>,
    /// What is not right any more of what is shown, px of the pane.
    wrong: Option<PxRect>,
    making: Option<SlicePicture>,
}

impl SliceOnScreen {
    /// What the canvas is to show, `rect` of the page; `grid` is that of the open CT.
    pub fn ask(&mut self, rect: PxRect, slice: SliceInput, stale: Stale, grid: &Grid) {
        let size = [rect.width, rect.height];
        let same = self.input == Some((rect, slice));
        let wrong = match stale {
            Stale::Nothing if same => None,
            // Labels are those of the open CT.
            Stale::Labels(_) if same && slice.beside => None,
            Stale::Labels(touched) if same => VoxelWalk::new(grid, &slice, size).px_of(&touched, size),
            _ => Some(PxRect::whole(size)),
        };
        self.wrong = match (self.wrong.filter(|_| same), wrong) {
            (Some(before), Some(now)) => Some(before.union(&now)),
            (before, now) => before.or(now),
        };
        self.input = Some((rect, slice));
    }

    /// Draws what is wrong while `go_on` says so; a part that is whole now is to be put on the canvas. What was begun is finished first,
    /// or nothing would be seen while the reader scrolls, but not for a canvas of another size. `scene` is that of the open CT, or of the
    /// one beside; without it there is nothing to draw.
    pub fn draw<'a>(
        &mut self,
        scene: impl Fn(bool) -> Option<Scene<'a>>,
        go_on: impl FnMut() -> bool,
    ) -> Option<SlicePicture> {
        let (rect, slice) = self.input?;
        let size = [rect.width, rect.height];
        let quick = scene(slice.beside).is_some_and(|scene| draws_quickly(scene.volume, &slice));
        let begun = self.making.take().filter(|making| !quick && making.size == size);
        let mut making = match begun {
            Some(begun) => begun,
            None => SlicePicture::new(slice, size, self.wrong.take()?),
        };
        if making.draw(&scene(making.slice.beside)?, go_on) {
            return Some(making);
        }
        self.making = Some(making);
        None
    }

    /// The canvas took nothing: all is to be drawn again.
    pub fn fail(&mut self) {
        self.wrong = self.input.map(|(rect, _)| PxRect::whole([rect.width, rect.height]));
    }
    /// Whether there is more to draw.
    pub fn is_behind(&self) -> bool {
        self.making.is_some() || self.wrong.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{AnatomicalPlane, PatientPoint, PatientVector};
    use crate::view::{Interpolation, LabelLook, PaneState, Window};
    use crate::volume::{CtVolume, LabelMap};

    const RECT: PxRect = PxRect { x: 5, y: 7, width: 60, height: 50 };
    const SIZE: [u32; 2] = [RECT.width, RECT.height];

    /// Noise of 20 × 20 × 20 voxels with a marked corner, and a slice through its middle that has a quick way.
    struct Fixture {
        volume: CtVolume,
        maps: [LabelMap; 2],
        look: LabelLook,
        quick: SliceInput,
    }

    impl Fixture {
        fn new() -> Option<Self> {
            let [x, y, z] =
                [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].map(|[x, y, z]| PatientVector::new(x, y, z));
            let grid = Grid::new([20; 3], PatientPoint::new(0.0, 0.0, 0.0), [x, y, z])?;
            let noise = |n: u32| (n.wrapping_mul(747_796_405) >> 20) as i16 % 900 - 450;
            let slices = (0..20).map(|k| (0..400).map(|n| noise(k * 400 + n)).collect()).collect();
            let volume = CtVolume::from_slices(grid, slices)?;
            let mut maps = [LabelMap::empty(grid)?, LabelMap::empty(grid)?];
            let mut edit = maps[1].edit();
            for (k, j) in (0..20).flat_map(|k| (2..6).map(move |j| (k, j))) {
                edit.set_span(k, j, 2, 6, |_, _| Some(1));
            }
            edit.finish();
            let mut look = LabelLook::default();
            look.show(1, 1, [220, 60, 30]);
            let plane = PaneState::new(AnatomicalPlane::Axial, grid.centre()).through(grid.centre());
            Some(Self { volume, maps, look, quick: SliceInput::new(plane, 0.5, Window::linear(0.0, 900.0)) })
        }
        fn slow(&self) -> SliceInput {
            SliceInput { interpolation: Interpolation::Cubic, ..self.quick }
        }
        fn scene(&self) -> Scene<'_> {
            Scene { volume: &self.volume, labels: [&self.maps[0], &self.maps[1]], look: &self.look, leaps: None }
        }
        fn all_of(&self, slice: &SliceInput) -> Vec<u8> {
            draw_slice(&self.volume, self.scene().labels, &self.look, slice, SIZE, PxRect::whole(SIZE))
        }
        fn ask(&self, shown: &mut SliceOnScreen, slice: SliceInput, stale: Stale) {
            shown.ask(RECT, slice, stale, self.volume.grid());
        }
        fn draw(&self, shown: &mut SliceOnScreen) -> Option<SlicePicture> {
            shown.draw(|_| Some(self.scene()), || false)
        }
    }

    #[test]
    fn what_has_a_quick_way_is_drawn_at_once_and_only_once() -> Result<(), &'static str> {
        let fixture = Fixture::new().ok_or("no fixture")?;
        let mut shown = SliceOnScreen::default();
        assert!(!shown.is_behind() && fixture.draw(&mut shown).is_none(), "nothing was asked for");
        fixture.ask(&mut shown, fixture.quick, Stale::Nothing);
        let picture = fixture.draw(&mut shown).ok_or("not drawn")?;
        assert_eq!(
            (picture.part(), picture.pixels()),
            (PxRect::whole(SIZE), fixture.all_of(&fixture.quick).as_slice())
        );
        fixture.ask(&mut shown, fixture.quick, Stale::Nothing);
        assert!(!shown.is_behind() && fixture.draw(&mut shown).is_none(), "it is right");
        fixture.ask(&mut shown, fixture.quick, Stale::All);
        assert!(fixture.draw(&mut shown).is_some_and(|p| p.part() == PxRect::whole(SIZE)), "voxels are other ones");
        // The canvas lies elsewhere, and is empty.
        shown.ask(PxRect { x: 6, ..RECT }, fixture.quick, Stale::Nothing, fixture.volume.grid());
        assert!(fixture.draw(&mut shown).is_some());
        shown.fail();
        assert!(fixture.draw(&mut shown).is_some_and(|p| p.part() == PxRect::whole(SIZE)), "the canvas took nothing");
        Ok(())
    }

    #[test]
    fn labels_that_changed_are_drawn_where_they_show() -> Result<(), &'static str> {
        let mut fixture = Fixture::new().ok_or("no fixture")?;
        let mut shown = SliceOnScreen::default();
        fixture.ask(&mut shown, fixture.quick, Stale::All);
        let mut screen = fixture.draw(&mut shown).ok_or("not drawn")?.into_pixels();
        // Two changes between two frames, and one where the plane does not pass.
        let mut stale = Stale::default();
        for touched in [IndexBox { min: [3, 3, 9], max: [5, 5, 11] }, IndexBox { min: [8, 3, 9], max: [10, 5, 11] }] {
            let mut edit = fixture.maps[1].edit();
            for k in touched.min[2]..touched.max[2] {
                for j in touched.min[1]..touched.max[1] {
                    edit.set_span(k, j, touched.min[0], touched.max[0], |_, _| Some(1));
                }
            }
            edit.finish();
            stale = stale.and_labels(touched);
        }
        fixture.ask(&mut shown, fixture.quick, stale);
        let picture = fixture.draw(&mut shown).ok_or("not drawn")?;
        let part = picture.part();
        assert!(part.width < SIZE[0] && part.height < SIZE[1], "{part:?}");
        let wide = 4 * part.width as usize;
        for (row, px) in picture.pixels().chunks_exact(wide).enumerate() {
            let at = 4 * ((part.y as usize + row) * SIZE[0] as usize + part.x as usize);
            screen[at..at + wide].copy_from_slice(px);
        }
        assert_eq!(screen, fixture.all_of(&fixture.quick));
        fixture.ask(&mut shown, fixture.quick, Stale::Labels(IndexBox { min: [0, 0, 0], max: [20, 20, 3] }));
        assert!(!shown.is_behind(), "the plane passes by");
        let beside = SliceInput { beside: true, ..fixture.quick };
        fixture.ask(&mut shown, beside, Stale::Nothing);
        assert!(fixture.draw(&mut shown).is_some());
        fixture.ask(&mut shown, beside, stale);
        assert!(!shown.is_behind(), "the CT beside has no labels");
        assert_eq!(Stale::All.and_labels(IndexBox::whole([20; 3])), Stale::All);
        Ok(())
    }

    #[test]
    fn what_takes_longer_comes_in_pieces_and_what_was_begun_comes_first() -> Result<(), &'static str> {
        let fixture = Fixture::new().ok_or("no fixture")?;
        let (first, second) = (fixture.slow(), SliceInput { inverted: true, ..fixture.slow() });
        let mut shown = SliceOnScreen::default();
        fixture.ask(&mut shown, first, Stale::Nothing);
        assert!(fixture.draw(&mut shown).is_none() && shown.is_behind(), "16 of 50 rows");
        fixture.ask(&mut shown, second, Stale::Nothing);
        let picture = (0..3).find_map(|_| fixture.draw(&mut shown)).ok_or("the first is never finished")?;
        assert_eq!(picture.pixels(), fixture.all_of(&first));
        assert!(shown.is_behind(), "the second follows");
        let picture = shown.draw(|_| Some(fixture.scene()), || true).ok_or("the second is never finished")?;
        assert_eq!(picture.pixels(), fixture.all_of(&second));
        assert!(!shown.is_behind());

        // On a canvas of another size nothing of it would fit, and what has a quick way waits for nothing.
        fixture.ask(&mut shown, first, Stale::Nothing);
        assert!(fixture.draw(&mut shown).is_none());
        shown.ask(PxRect { width: 30, ..RECT }, first, Stale::Nothing, fixture.volume.grid());
        let picture = shown.draw(|_| Some(fixture.scene()), || true).ok_or("not drawn")?;
        assert_eq!((picture.part().width, picture.slice()), (30, &first));
        fixture.ask(&mut shown, first, Stale::Nothing);
        assert!(fixture.draw(&mut shown).is_none());
        fixture.ask(&mut shown, fixture.quick, Stale::Nothing);
        assert!(fixture.draw(&mut shown).is_some_and(|p| p.slice() == &fixture.quick));
        assert!(!shown.is_behind());

        // The CT beside has gone: nothing is drawn, and nothing waits.
        fixture.ask(&mut shown, SliceInput { beside: true, ..first }, Stale::Nothing);
        assert!(shown.draw(|beside| (!beside).then(|| fixture.scene()), || true).is_none());
        assert!(!shown.is_behind());
        Ok(())
    }
}
