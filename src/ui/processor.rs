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
use crate::view::{
    FrameInput, LabelLook, Leaping, PaneContent, PaneInput, PxRect, RayPicture, SliceOnScreen, SlicePicture, Stale,
    VolumeInput,
};
use wasm_bindgen::{Clamped, JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement, ImageData};

/// What pieces may take of a frame, ms.
const PIECES_MS: f64 = 12.0;

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
    slice: SliceOnScreen,
}

/// A picture that is drawn beside those on screen.
pub(super) struct ProcessorPortrait {
    look: LabelLook,
    content: Portrayed,
}

enum Portrayed {
    Slice(SlicePicture),
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
        self.stale = self.stale.and_labels(touched);
    }

    pub(super) fn is_behind(&self) -> bool {
        self.panes.iter().any(|pane| pane.slice.is_behind())
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
            match input.map(|i| (i.rect, &i.content)) {
                Some((rect, PaneContent::Slice(slice))) => {
                    pane.slice.ask(rect, *slice, stale, case.volume.grid());
                    let scene = |of_beside: bool| scene_of(of_beside, case, beside, &frame.look);
                    if let Some(picture) = pane.slice.draw(scene, || clock::now_ms() < until)
                        && let Err(e) = put(canvas, picture.pixels(), picture.part())
                    {
                        log::error!("{e:?}");
                        pane.slice.fail();
                        drawn = false;
                    }
                }
                Some((rect, PaneContent::Volume(input))) => {
                    pane.slice = SliceOnScreen::default();
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
            Portrayed::Slice(picture) => match scene_of(picture.slice().beside, case, beside, look) {
                Some(scene) => picture.draw(&scene, || clock::now_ms() < until),
                None => true,
            },
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
            PaneContent::Slice(slice) => Portrayed::Slice(SlicePicture::new(slice, size, PxRect::whole(size))),
            PaneContent::Volume(input) => Portrayed::Volume(RayPicture::new(input, size)),
        };
        Self { look, content }
    }
    /// RGBA, row by row.
    pub(super) fn into_pixels(self) -> Vec<u8> {
        match self.content {
            Portrayed::Slice(picture) => picture.into_pixels(),
            Portrayed::Volume(picture) => picture.into_pixels(),
        }
    }
}

/// What slices are drawn from: the open CT with its labels, or the one beside; `None` if that has gone.
fn scene_of<'a>(of_beside: bool, case: &'a Case, beside: Option<&'a Beside>, look: &'a LabelLook) -> Option<Scene<'a>> {
    if !of_beside {
        return Some(Scene { volume: &case.volume, labels: case.document.layers(), look, leaps: None });
    }
    // Its map is empty: no look shows anything.
    beside.map(|b| Scene { volume: &b.volume, labels: [&b.unmarked; 2], look, leaps: None })
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
