//! Pictures to be saved on this computer: drawn beside those on screen, written over, packed as PNG by the browser.

use super::processor::put;
use super::runtime::Runtime;
use crate::platform::files;
use crate::session::{Command, Mark, ROW_PX, Screenshot, Side, words};
use crate::view::{LabelLook, PaneInput, PxRect};
use gloo::timers::future::TimeoutFuture;
use send_wrapper::SendWrapper;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement};

/// How often a picture is begun: the GPU may go meanwhile, and come back.
const TRIES: u32 = 8;
/// Wait for a GPU to come back, ms.
const WAIT_MS: u32 = 750;
/// Between two questions whether the GPU is done, ms.
const ASK_MS: u32 = 4;

impl Runtime {
    /// Makes a picture and offers it as a download.
    pub(super) fn save_screenshot(&self, shot: Box<Screenshot>) {
        let runtime = self.clone();
        spawn_local(async move {
            let saved = match runtime.png(&shot).await {
                Ok(png) => files::download_blob(&shot.file_name, &png).map_err(|e| e.to_string()),
                Err(e) => Err(e),
            };
            if let Err(why) = saved {
                runtime.dispatch(Command::NotDrawn(why));
            }
        });
    }

    /// Makes a picture of a turn and keeps it until it is asked for or forgotten.
    pub(super) fn keep_frame(&self, turn: u32, shot: Box<Screenshot>) {
        let runtime = self.clone();
        spawn_local(async move {
            let kept = match runtime.png(&shot).await {
                Ok(png) => files::of_blob(&shot.file_name, &png).map_err(|e| e.to_string()),
                Err(e) => Err(e),
            };
            let kept = kept.and_then(|file| {
                let facts = runtime.files().add([(shot.file_name.clone(), file)]);
                facts.first().map(|f| f.id).ok_or_else(|| shot.file_name.clone())
            });
            runtime.dispatch(Command::FrameDrawn(turn, kept));
        });
    }

    async fn png(&self, shot: &Screenshot) -> Result<Blob, String> {
        let mut pictures = Vec::new();
        // The words over a picture are of the CT that was open: of another one, nothing is drawn under them.
        let open = || self.with_picture(|_, session, _| (session.what_is_open(), session.lang()));
        let begun = open();
        let changed = || open().filter(|now| begun.as_ref().is_some_and(|b| b.0 != now.0));
        for pane in &shot.panes {
            let mut pixels = None;
            for n in 0..TRIES {
                if n > 0 {
                    TimeoutFuture::new(WAIT_MS).await;
                }
                pixels = self.pixels(pane, &shot.look).await.filter(|_| changed().is_none());
                if pixels.is_some() {
                    break;
                }
                if let Some((_, lang)) = changed() {
                    return Err(words::ANOTHER_CT.in_lang(lang).to_owned());
                }
            }
            pictures.push((pane.rect, pixels.ok_or("GPU")?));
        }
        let said = |e: JsValue| format!("{e:?}");
        let canvas = canvas_of(shot, &pictures).map_err(said)?;
        files::png_of(&canvas).await.map_err(|e| e.to_string())
    }

    /// RGBA of a picture, without what stands over it; `None` if what draws went away meanwhile.
    async fn pixels(&self, pane: &PaneInput, look: &LabelLook) -> Option<Vec<u8>> {
        let mut portrait = self.with_picture(|picture, _, _| picture.begin_portrait(pane, look))??;
        loop {
            let drawn = Rc::new(Cell::new(false));
            let hears = SendWrapper::new(drawn.clone());
            let all = self.with_picture(|picture, session, case| {
                picture.go_on(&mut portrait, case, session.beside(), move || hears.set(true))
            })??;
            // What the reader does meanwhile comes first.
            TimeoutFuture::new(0).await;
            while !drawn.get() {
                TimeoutFuture::new(ASK_MS).await;
                // A device that is gone does not report.
                self.with_picture(|picture, _, _| {
                    picture.poll();
                    (!picture.is_lost()).then_some(())
                })??;
            }
            if all {
                break;
            }
        }
        let reading = self.with_picture(|picture, _, _| picture.read_portrait(portrait))??;
        reading.await
    }
}

/// A canvas with the picture, and over it what stands over it.
fn canvas_of(shot: &Screenshot, pictures: &[(PxRect, Vec<u8>)]) -> Result<HtmlCanvasElement, JsValue> {
    let document = web_sys::window().and_then(|w| w.document()).ok_or("no document")?;
    let canvas: HtmlCanvasElement = document.create_element("canvas")?.unchecked_into();
    let [width, height] = shot.size();
    canvas.set_width(width);
    canvas.set_height(height);
    let mut context = None;
    for (rect, pixels) in pictures {
        context = Some(put(&canvas, pixels, *rect)?);
    }
    let context = context.ok_or("no picture")?;
    context.scale(shot.px_ratio, shot.px_ratio)?;
    context.set_font("13px system-ui, sans-serif");
    context.set_line_join("round");
    for mark in &shot.over {
        draw(&context, mark)?;
    }
    Ok(canvas)
}

fn draw(context: &CanvasRenderingContext2d, mark: &Mark) -> Result<(), JsValue> {
    let colour = |[r, g, b]: [u8; 3]| format!("rgb({r} {g} {b})");
    match mark {
        Mark::Lines { lines, rgb, width_px, dashed } => {
            context.set_stroke_style_str(&colour(*rgb));
            context.set_line_width(*width_px);
            let dashes = js_sys::Array::new();
            if *dashed {
                dashes.push(&5.into());
                dashes.push(&4.into());
            }
            context.set_line_dash(&dashes)?;
            context.begin_path();
            for line in lines {
                for (n, p) in line.iter().enumerate() {
                    if n == 0 { context.move_to(p.x, p.y) } else { context.line_to(p.x, p.y) }
                }
            }
            context.stroke();
            context.set_line_dash(&js_sys::Array::new())
        }
        Mark::Words { at, side, rows, rgb } => {
            context.set_text_align(match side {
                Side::Left => "left",
                Side::Middle => "center",
                Side::Right => "right",
            });
            for (n, row) in rows.iter().enumerate() {
                let y = at.y + ROW_PX * n as f64;
                // Readable on any grey.
                context.set_stroke_style_str("#000");
                context.set_line_width(3.0);
                context.stroke_text(row, at.x, y)?;
                context.set_fill_style_str(&colour(*rgb));
                context.fill_text(row, at.x, y)?;
            }
            Ok(())
        }
    }
}
