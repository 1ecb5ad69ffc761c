//! Milliseconds for each frame of what readers do all day, on the GPU at hand (a software rasteriser counts as one): scrolling
//! axial slices, dragging the crosshair through three planes, turning the 3D picture. `cargo xtask bench render` runs it.
//!
//! The CT is made; with `HILUM_TEST_DATA` (by default `../shared/data`) a real one follows. Bytes are those of texels that the
//! frame asks for, eight for a blended value, before any cache: per second of the median they say how far memory bandwidth is.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a native clock and a table are what it is for")]

use hilum::dicom::{decode_frame, group_into_series, read_header};
use hilum::geometry::{AnatomicalPlane, Grid, PatientPoint, PatientVector};
use hilum::import::plan_stack;
use hilum::render::Renderer;
use hilum::view::raycast::{Scene, Work};
use hilum::view::{
    Camera, Clip, FrameInput, LabelLook, Leaps, PRESETS, PaneContent, PaneInput, PaneState, Projection, PxRect,
    SliceInput, VolumeInput, VolumePreset, Window,
};
use hilum::volume::{Bricks, CtVolume, LabelMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Frames of each row, at most.
const FRAMES: u32 = 60;
/// A row ends after this long, for a software rasteriser takes its time.
const ROW: Duration = Duration::from_secs(8);

fn main() {
    println!(
        "{:<44} {:>8} {:>8} {:>8} {:>7} {:>10} {:>8} {:>14}",
        "ms per frame", "median", "min", "p95", "frames", "MB read", "GB/s", "without leaps"
    );
    if let Some(volume) = made() {
        measure("made 512 x 512 x 300", &volume);
    }
    match real() {
        Some(volume) => {
            let [ni, nj, nk] = volume.grid().size();
            measure(&format!("real {ni} x {nj} x {nk}"), &volume);
        }
        None => println!("no real CT: HILUM_TEST_DATA names no folder with one"),
    }
}

/// A chest of ellipsoids: body, two lungs with vessels, spine; 0.7 × 0.7 × 1 mm.
fn made() -> Option<CtVolume> {
    let v = PatientVector::new;
    let steps = [v(0.7, 0.0, 0.0), v(0.0, 0.7, 0.0), v(0.0, 0.0, 1.0)];
    let grid = Grid::new([512, 512, 300], PatientPoint::new(-179.0, -179.0, -150.0), steps)?;
    let within = |p: [f64; 3], at: [f64; 3], axes: [f64; 3]| {
        (0..3).map(|a| ((p[a] - at[a]) / axes[a]).powi(2)).sum::<f64>() < 1.0
    };
    let hu = |p: [f64; 3]| {
        let lung = [-70.0, 70.0].into_iter().any(|x| within(p, [x, -5.0, 0.0], [55.0, 75.0, 120.0]));
        let vessel = (p[0] / 9.0).sin() * (p[1] / 11.0).sin() * (p[2] / 13.0).sin() > 0.9;
        match () {
            () if within(p, [0.0, 75.0, p[2]], [20.0, 20.0, 1.0]) => 600,
            () if lung => {
                if vessel {
                    40
                } else {
                    -850
                }
            }
            () if within(p, [0.0, 0.0, 0.0], [165.0, 115.0, 400.0]) => 40,
            () => -1000,
        }
    };
    let slice = |k: usize| {
        let at = move |n: usize, step: f64, from: f64| n as f64 * step + from;
        let row =
            move |j: usize| (0..512).map(move |i| hu([at(i, 0.7, -179.0), at(j, 0.7, -179.0), at(k, 1.0, -150.0)]));
        (0..512).flat_map(row).collect()
    };
    CtVolume::from_slices(grid, (0..300).map(slice).collect())
}

/// The largest series of the uncompressed real CT.
fn real() -> Option<CtVolume> {
    let root = std::env::var_os("HILUM_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let files = std::fs::read_dir(root.join("lidc-0001")).ok()?;
    let bytes: Vec<_> = files.filter_map(|f| std::fs::read(f.ok()?.path()).ok()).collect();
    let read = bytes.iter().filter_map(|b| Some((read_header(b).ok()?, b)));
    let (instances, of): (Vec<_>, std::collections::BTreeMap<_, _>) =
        read.map(|(i, b)| (i.clone(), (i.sop_instance_uid, b))).unzip();
    let series = group_into_series(instances);
    let planned = series.iter().filter_map(|s| Some((s, plan_stack(s).ok()?)));
    let (series, plan) = planned.max_by_key(|(_, plan)| plan.slices.len())?;
    let mut volume = CtVolume::empty(plan.grid)?;
    for (k, source) in plan.slices.iter().enumerate() {
        let Some(source) = source else { continue };
        let file = of.get(&series.instances.get(source.instance)?.sop_instance_uid)?;
        volume.set_slice(k, decode_frame(file, source.frame).ok()?.hu).ok()?;
    }
    Some(volume)
}

fn measure(name: &str, volume: &CtVolume) {
    let grid = *volume.grid();
    println!("{name}");
    for size in [[512, 512], [1920, 1080]] {
        let Ok(mut renderer) = pollster::block_on(Renderer::headless(size)) else {
            println!("  no GPU driver");
            return;
        };
        if let Err(e) = renderer.set_grid(&grid, true) {
            println!("  {e}");
            return;
        }
        let mut bricks = Bricks::new(grid.size());
        for (k, hu) in (0..grid.size()[2]).filter_map(|k| Some((k, volume.pixels(k)?))) {
            renderer.upload_slice(k, hu);
            bricks.set_slice(k, hu);
        }
        let label = |what: &str| format!("  {what}, {} x {}", size[0], size[1]);
        let pane = |plane: AnatomicalPlane, at: PatientPoint, size: [u32; 2]| {
            let mut pane = PaneState::new(plane, at);
            pane.fit(&grid, size.map(f64::from));
            pane.centre = at;
            pane.scroll(&grid, 0);
            PaneContent::Slice(SliceInput::new(pane.through(pane.centre), pane.mm_per_px, PRESETS[0]))
        };
        let along = |n: u32| grid.centre() + PatientVector::new(1.0, 1.0, 1.0) * (2.0 * f64::from(n) - 12.0);
        let px = f64::from(size[0]) * f64::from(size[1]);
        let whole = PxRect { x: 0, y: 0, width: size[0], height: size[1] };
        row(&label("axial scroll"), [px * 16.0; 2], &mut renderer, |n| {
            frame(size, vec![PaneInput { rect: whole, content: pane(AnatomicalPlane::Axial, along(n), size) }])
        });
        let half = [size[0] / 2, size[1] / 2];
        row(&label("three planes"), [px * 0.75 * 16.0; 2], &mut renderer, |n| {
            let planes = AnatomicalPlane::ALL.into_iter().zip([[0, 0], [half[0], 0], [0, half[1]]]);
            let panes = planes.map(|(plane, [x, y])| PaneInput {
                rect: PxRect { x, y, width: half[0], height: half[1] },
                content: pane(plane, along(n), half),
            });
            frame(size, panes.collect())
        });
        let [lungs, bone, vessels] =
            [VolumePreset::Lungs, VolumePreset::Bone, VolumePreset::Vessels].map(|preset| (preset, None));
        let window = Window::linear(-300.0, 1400.0);
        let mip = (VolumePreset::default(), Some((Projection::Highest, window)));
        for (what, (preset, projection), still) in [
            ("3D lungs", lungs, false),
            ("3D bone", bone, false),
            ("3D vessels", vessels, false),
            ("3D MIP", mip, false),
            ("3D lungs, still", lungs, true),
        ] {
            let input = |n: u32| {
                let mut camera = Camera::fit(&grid);
                camera.orbit(f64::from(n) * 10f64.to_radians(), 0.0);
                VolumeInput {
                    camera,
                    transfer: preset.transfer(),
                    projection,
                    step_mm: 1.0,
                    clip: Clip::default(),
                    window: PRESETS[0],
                    rays: 1,
                    shadows: still,
                    reduction: 1,
                    rows_at_once: u32::MAX,
                    revision: u64::from(n),
                }
            };
            // A wide pane shows the square view in its middle, and nothing beside it.
            let square = (f64::from(size[1]) / f64::from(SMALL)).powi(2);
            let bytes = [true, false].map(|leaps| {
                work(volume, leaps.then_some(&bricks), &input(0)).map_or(0.0, |w| w.bytes() as f64) * square
            });
            row(&label(what), bytes, &mut renderer, |n| {
                frame(size, vec![PaneInput { rect: whole, content: PaneContent::Volume(input(n)) }])
            });
        }
    }
}

/// Rows and columns of the picture whose work is counted.
const SMALL: u32 = 64;

/// What rays of a small picture of the same view look at; without bricks, every sample.
fn work(volume: &CtVolume, bricks: Option<&Bricks>, input: &VolumeInput) -> Option<Work> {
    let none = LabelMap::empty(*volume.grid())?;
    let look = LabelLook::default();
    let leaps = bricks.map(|bricks| Leaps::new(bricks, &input.transfer, &look));
    let scene = Scene { volume, labels: [&none, &none], look: &look, leaps: leaps.as_ref() };
    Some(hilum::view::raycast::work(&scene, input, [SMALL, SMALL]))
}

fn frame(size: [u32; 2], panes: Vec<PaneInput>) -> FrameInput {
    FrameInput { size, look: LabelLook::default(), panes }
}

fn row(name: &str, [bytes, all]: [f64; 2], renderer: &mut Renderer, input: impl Fn(u32) -> FrameInput) {
    let begun = Instant::now();
    // The first frame compiles and uploads.
    once(renderer, &input(0));
    let going = |n: &u32| *n <= 2 || begun.elapsed() < ROW;
    let mut times: Vec<f64> = (1..=FRAMES).take_while(going).map(|n| once(renderer, &input(n))).collect();
    times.sort_by(f64::total_cmp);
    // The time that so large a share of the frames does not exceed.
    let within = |share: f64| times[((times.len() as f64 * share).ceil() as usize).clamp(1, times.len()) - 1];
    let (median, count) = (within(0.5), times.len());
    println!(
        "{name:<44} {median:>8.1} {:>8.1} {:>8.1} {count:>7} {:>10.1} {:>8.1} {:>14.1}",
        within(0.0),
        within(0.95),
        bytes / 1e6,
        bytes / 1e6 / median,
        all / 1e6
    );
}

/// One frame from being asked for to being drawn, ms.
fn once(renderer: &mut Renderer, input: &FrameInput) -> f64 {
    let begun = Instant::now();
    renderer.draw(input, true);
    let drawn = Arc::new(AtomicBool::new(false));
    let done = drawn.clone();
    renderer.when_done(move || done.store(true, Ordering::Release));
    while !drawn.load(Ordering::Acquire) {
        renderer.poll();
        std::thread::sleep(Duration::from_micros(100));
    }
    begun.elapsed().as_secs_f64() * 1e3
}
