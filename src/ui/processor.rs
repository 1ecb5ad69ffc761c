//! The processor as what draws: slices and the 3D picture from page memory.
//!
//! Slices along the axes of the grid are drawn at once. What takes longer (other slices, slabs, the 3D picture) is drawn in pieces of a
//! part of a frame, and shown when it is whole.

use super::canvases::Canvases;
use super::picture::PANES;
use crate::geometry::IndexBox;
use crate::platform::clock;
use crate::session::{Beside, Case};
use crate::view::raycast::Scene;
use crate::view::reslice::VoxelWalk;
use crate::view::{
    FrameInput, LabelLook, Leaping, PaneContent, PaneInput, PxRect, RayPicture, SliceInput, VolumeInput, draw_slice,
    draws_quickly,
};
use wasm_bindgen::{Clamped, JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement, ImageData};

/// What pieces may take of a frame, ms.
const PIECES_MS: f64 = 12.0;
/// Rows of a piece of a slice.
const PIECE_ROWS: u32 = 16;

/// See the module.
pub(super) struct Processor {
    canvases: Canvases,
    panes: Vec<Pane>,
    look: LabelLook,
    stale: Stale,
    leaping: Leaping,
    /// The 3D picture that is shown, and the one that is being drawn.
    picture: Option<RayPicture>,
    next: Option<Cast>,
    took: Option<(u32, f64)>,
    /// The pane that pieces begin with: each frame another.
    first: usize,
}

/// A 3D picture in the making.
struct Cast {
    picture: RayPicture,
    spent_ms: f64,
}

/// What a canvas shows.
#[derive(Default)]
struct Pane {
    input: Option<PaneInput>,
    /// What is not right any more of what it shows, px.
    wrong: Option<PxRect>,
    /// A part of a slice in the making.
    making: Option<Making>,
}

struct Making {
    rect: PxRect,
    slice: SliceInput,
    part: PxRect,
    pixels: Vec<u8>,
}

/// What has changed since slices were last drawn.
#[derive(Clone, Copy, Default)]
enum Stale {
    /// Nothing but what panes show.
    #[default]
    Nothing,
    /// Labels of these voxels.
    Labels(IndexBox),
    /// Voxels.
    All,
}

/// A picture that is drawn beside those on screen.
pub(super) struct ProcessorPortrait {
    look: LabelLook,
    content: Portrayed,
}

enum Portrayed {
    Slice(Making),
    Volume(RayPicture),
}

impl Processor {
    /// On canvases of its own inside `host`.
    pub(super) fn on(host: &HtmlElement) -> Self {
        Self {
            canvases: Canvases::on(host, PANES),
            panes: (0..PANES).map(|_| Pane::default()).collect(),
            look: LabelLook::default(),
            stale: Stale::All,
            leaping: Leaping::new([0; 3]),
            picture: None,
            next: None,
            took: None,
            first: 0,
        }
    }

    /// Another CT.
    pub(super) fn begin(&mut self, case: &Case) {
        // Placed again, canvases are empty: nothing of the CT before may stay on them.
        self.canvases.place(&[]);
        self.forget();
        let size = case.volume.grid().size();
        self.leaping = Leaping::new(size);
        self.note_labels(case, IndexBox::whole(size));
        self.stale = Stale::All;
    }
    /// No CT is open any more.
    pub(super) fn clear(&mut self) {
        self.canvases.place(&[]);
        self.forget();
        self.leaping = Leaping::new([0; 3]);
    }
    fn forget(&mut self) {
        self.panes.fill_with(Pane::default);
        (self.picture, self.next) = (None, None);
    }
    /// Another CT is beside the open one, or none.
    pub(super) fn begin_beside(&mut self) {
        self.canvases.place(&[]);
        self.show_again();
    }
    /// What is on screen may be gone.
    pub(super) fn show_again(&mut self) {
        self.panes.fill_with(Pane::default);
        self.stale = Stale::All;
    }
    pub(super) fn voxels_changed(&mut self) {
        self.stale = Stale::All;
    }
    /// What rays need to know of slice `k`.
    pub(super) fn note_slice(&mut self, k: usize, hu: &[i16]) {
        self.leaping.bricks().set_slice(k, hu);
    }
    pub(super) fn note_labels(&mut self, case: &Case, touched: IndexBox) {
        let [anatomy, findings] = case.document.layers();
        self.leaping.bricks().set_labels(touched, anatomy, findings);
        self.stale = match self.stale {
            Stale::Nothing => Stale::Labels(touched),
            Stale::Labels(before) => Stale::Labels(before.union(&touched)),
            Stale::All => Stale::All,
        };
    }

    pub(super) fn is_behind(&self) -> bool {
        self.panes.iter().any(|pane| pane.making.is_some() || pane.wrong.is_some())
    }
    pub(super) fn is_casting(&self) -> bool {
        self.next.is_some()
    }
    /// Whether the last frame went on with a 3D picture.
    pub(super) fn has_cast(&self) -> bool {
        self.next.is_some() || self.took.is_some()
    }
    pub(super) fn cast_took(&mut self) -> Option<(u32, f64)> {
        self.took.take()
    }

    /// Draws what is not right any more; whether it could. `cast`: the 3D picture too; `moves`: it is being turned.
    pub(super) fn draw(
        &mut self,
        frame: &FrameInput,
        case: &Case,
        beside: Option<&Beside>,
        cast: bool,
        moves: bool,
    ) -> bool {
        let until = clock::now_ms() + PIECES_MS;
        let rects: Vec<PxRect> = frame.panes.iter().map(|p| p.rect).collect();
        self.canvases.place(&rects);
        let stale = if self.look == frame.look { std::mem::take(&mut self.stale) } else { Stale::All };
        self.stale = Stale::Nothing;
        self.look.clone_from(&frame.look);
        let mut drawn = true;
        let mut volume = None;
        self.first = (self.first + 1) % PANES;
        for n in (0..PANES).map(|n| (n + self.first) % PANES) {
            let (Some(canvas), pane) = (self.canvases.all().get(n), &mut self.panes[n]) else { continue };
            let input = frame.panes.get(n);
            let same = pane.input.as_ref() == input;
            match input.map(|i| &i.content) {
                Some(PaneContent::Slice(slice)) => {
                    pane.note(case, slice, input, same, stale);
                    drawn &= pane.draw(canvas, case, beside, &frame.look, until);
                }
                Some(PaneContent::Volume(input)) => {
                    (pane.making, pane.wrong) = (None, None);
                    let rect = frame.panes[n].rect;
                    let shows = |p: &PaneInput| p.rect == rect && matches!(p.content, PaneContent::Volume(_));
                    let moved = !pane.input.as_ref().is_some_and(shows);
                    volume = Some((n, rect, input, moved));
                }
                None => *pane = Pane::default(),
            }
            pane.input = input.cloned();
        }
        let Some((n, rect, input, moved)) = volume else {
            self.next = None;
            return drawn;
        };
        let finished = cast && self.cast(input, [rect.width, rect.height], case, &frame.look, moves, until);
        if let (true, Some(canvas)) = (finished || moved, self.canvases.all().get(n)) {
            let put = match &self.picture {
                Some(picture) => put_scaled(canvas, picture, rect),
                None => empty(canvas, rect),
            };
            put.unwrap_or_else(|e| log::error!("{e:?}"));
        }
        drawn
    }

    /// Goes on with the 3D picture that is asked for; whether one was finished. While it moves, one that was begun is finished first if
    /// it is as coarse: none would ever be seen otherwise.
    fn cast(
        &mut self,
        input: &VolumeInput,
        pane: [u32; 2],
        case: &Case,
        look: &LabelLook,
        moves: bool,
        until: f64,
    ) -> bool {
        let is_right = |p: &RayPicture| p.shows(input, pane);
        let is_coarse = |p: &RayPicture| p.input().reduction >= input.reduction && p.input().rays <= input.rays;
        self.next = self.next.take().filter(|n| is_right(&n.picture) || moves && is_coarse(&n.picture));
        let begin = || Cast { picture: RayPicture::new(input.clone(), pane), spent_ms: 0.0 };
        if self.next.is_none() && !self.picture.as_ref().is_some_and(is_right) {
            self.next = Some(begin());
        }
        let Some(next) = &mut self.next else { return false };
        let begun = clock::now_ms();
        let leaps = self.leaping.leaps(&next.picture.input().transfer, look).0;
        let scene = Scene { volume: &case.volume, labels: case.document.layers(), look, leaps: Some(leaps) };
        let whole = next.picture.draw(&scene, || clock::now_ms() < until);
        next.spent_ms += clock::now_ms() - begun;
        if !whole {
            return false;
        }
        if let Some(Cast { picture, spent_ms }) = self.next.take() {
            self.took = Some((picture.input().reduction, spent_ms));
            self.next = (!is_right(&picture)).then(begin);
            self.picture = Some(picture);
        }
        true
    }

    /// Goes on with a picture beside those on screen; whether it is whole.
    pub(super) fn go_on(&mut self, portrait: &mut ProcessorPortrait, case: &Case, beside: Option<&Beside>) -> bool {
        let until = clock::now_ms() + PIECES_MS;
        let look = &portrait.look;
        match &mut portrait.content {
            Portrayed::Slice(making) => making.go_on(case, beside, look, until).unwrap_or(true),
            Portrayed::Volume(picture) => {
                // While slices arrive, bricks know less than there is.
                let knows_all = self.leaping.bricks().arrived_count() == case.volume.loaded_count();
                let leaps = knows_all.then(|| self.leaping.leaps(&picture.input().transfer, look).0);
                let scene = Scene { volume: &case.volume, labels: case.document.layers(), look, leaps };
                picture.draw(&scene, || clock::now_ms() < until)
            }
        }
    }
}

impl ProcessorPortrait {
    pub(super) fn new(pane: PaneInput, look: LabelLook) -> Self {
        let size = [pane.rect.width, pane.rect.height];
        let content = match pane.content {
            PaneContent::Slice(slice) => Portrayed::Slice(Making::new(pane.rect, slice, PxRect::whole(size))),
            PaneContent::Volume(input) => Portrayed::Volume(RayPicture::new(input, size)),
        };
        Self { look, content }
    }
    /// RGBA, row by row.
    pub(super) fn into_pixels(self) -> Vec<u8> {
        match self.content {
            Portrayed::Slice(making) => making.pixels,
            Portrayed::Volume(picture) => picture.pixels().to_vec(),
        }
    }
}

impl Pane {
    /// Finds out what is wrong now with what it shows.
    fn note(&mut self, case: &Case, slice: &SliceInput, input: Option<&PaneInput>, same: bool, stale: Stale) {
        let Some(rect) = input.map(|i| i.rect) else { return };
        let size = [rect.width, rect.height];
        let wrong = match stale {
            Stale::Nothing if same => None,
            Stale::Labels(_) if same && slice.beside => None,
            Stale::Labels(touched) if same => VoxelWalk::new(case.volume.grid(), slice, size).px_of(&touched, size),
            _ => Some(PxRect::whole(size)),
        };
        self.wrong = match (self.wrong.filter(|_| same), wrong) {
            (Some(before), Some(now)) => Some(before.union(&now)),
            (before, now) => before.or(now),
        };
        self.input = input.cloned();
    }

    /// Draws what is wrong: at once where there is a quick way, else until it is time to go. `false` if the canvas took nothing.
    fn draw(
        &mut self,
        canvas: &HtmlCanvasElement,
        case: &Case,
        beside: Option<&Beside>,
        look: &LabelLook,
        until: f64,
    ) -> bool {
        let Some(PaneInput { rect, content: PaneContent::Slice(slice) }) = &self.input else { return true };
        let (rect, slice) = (*rect, *slice);
        let quick = draws_quickly(beside.filter(|_| slice.beside).map_or(&case.volume, |b| &b.volume), &slice);
        // What was begun is shown first, but not on a canvas of another size.
        let size = [rect.width, rect.height];
        self.making = self.making.take().filter(|m| !quick && [m.rect.width, m.rect.height] == size);
        loop {
            let Some(making) = &mut self.making else {
                let Some(part) = self.wrong.take() else { return true };
                self.making = Some(Making::new(rect, slice, part));
                continue;
            };
            let Some(whole) = making.go_on(case, beside, look, if quick { f64::MAX } else { until }) else {
                self.making = None;
                return true;
            };
            if !whole {
                return true;
            }
            let put = put(canvas, &making.pixels, making.part);
            self.making = None;
            if let Err(e) = put {
                log::error!("{e:?}");
                self.wrong = Some(PxRect::whole(size));
                return false;
            }
            // What is wrong already again waits: other panes want their pieces of the frame.
            return true;
        }
    }
}

impl Making {
    fn new(rect: PxRect, slice: SliceInput, part: PxRect) -> Self {
        Self { rect, slice, part, pixels: Vec::new() }
    }
    /// Draws rows until then, at least some; whether all are drawn, `None` if the CT is gone that it shows.
    fn go_on(&mut self, case: &Case, beside: Option<&Beside>, look: &LabelLook, until: f64) -> Option<bool> {
        let size = [self.rect.width, self.rect.height];
        let at_once = if until == f64::MAX { u32::MAX } else { PIECE_ROWS };
        loop {
            let drawn = (self.pixels.len() / (4 * self.part.width.max(1) as usize)) as u32;
            if drawn >= self.part.height {
                return Some(true);
            }
            let height = at_once.min(self.part.height - drawn);
            let part = PxRect { y: self.part.y + drawn, height, ..self.part };
            let rows = if self.slice.beside {
                let beside = beside?;
                draw_slice(&beside.volume, [&beside.unmarked; 2], &LabelLook::default(), &self.slice, size, part)
            } else {
                draw_slice(&case.volume, case.document.layers(), look, &self.slice, size, part)
            };
            if self.pixels.is_empty() {
                self.pixels = rows;
            } else {
                self.pixels.extend(rows);
            }
            if clock::now_ms() >= until {
                return Some(drawn + height >= self.part.height);
            }
        }
    }
}

/// Puts a 3D picture on a canvas as large as its pane.
fn put_scaled(canvas: &HtmlCanvasElement, picture: &RayPicture, rect: PxRect) -> Result<(), JsValue> {
    let [width, height] = picture.size();
    let own = PxRect::whole([width, height]);
    if [width, height] == [rect.width, rect.height] {
        return put(canvas, picture.pixels(), own).map(|_| ());
    }
    let document = web_sys::window().and_then(|w| w.document()).ok_or("no document")?;
    let small: HtmlCanvasElement = document.create_element("canvas")?.unchecked_into();
    small.set_width(width);
    small.set_height(height);
    put(&small, picture.pixels(), own)?;
    let context = context_of(canvas)?;
    let (to_width, to_height) = (f64::from(rect.width), f64::from(rect.height));
    context.draw_image_with_html_canvas_element_and_dw_and_dh(&small, 0.0, 0.0, to_width, to_height)
}

/// Nothing may stay of what a canvas showed.
fn empty(canvas: &HtmlCanvasElement, rect: PxRect) -> Result<(), JsValue> {
    context_of(canvas)?.clear_rect(0.0, 0.0, rect.width.into(), rect.height.into());
    Ok(())
}

/// Puts RGBA on a canvas, in its place.
pub(super) fn put(
    canvas: &HtmlCanvasElement,
    pixels: &[u8],
    rect: PxRect,
) -> Result<CanvasRenderingContext2d, JsValue> {
    let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(pixels), rect.width, rect.height)?;
    let context = context_of(canvas)?;
    context.put_image_data(&image, f64::from(rect.x), f64::from(rect.y))?;
    Ok(context)
}

fn context_of(canvas: &HtmlCanvasElement) -> Result<CanvasRenderingContext2d, JsValue> {
    // Kept in page memory, where it is drawn: a simulated GPU would cost more than the drawing.
    let kept_here = js_sys::Object::new();
    js_sys::Reflect::set(&kept_here, &"willReadFrequently".into(), &true.into())?;
    let context = canvas.get_context_with_context_options("2d", &kept_here)?.ok_or("no 2D canvas")?;
    Ok(context.unchecked_into())
}
