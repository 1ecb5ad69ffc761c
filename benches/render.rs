//! How long drawing on the CPU takes where no GPU can draw, and how long a CT takes to the GPU where one is (a software rasteriser
//! counts as one).

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use hilum::geometry::{AnatomicalPlane, Grid, PatientPoint, PatientVector};
use hilum::render::Renderer;
use hilum::view::{FrameInput, LabelLook, PRESETS, PaneContent, PaneInput, PaneState, PxRect, SliceInput, reslice};
use hilum::volume::{CtVolume, LabelMap};
use ndarray::Array3;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A CT of 512 × 512 × 200 voxels of 0.7 × 0.7 × 1.5 mm.
fn grid() -> Option<Grid> {
    let v = PatientVector::new;
    let steps = [v(0.7, 0.0, 0.0), v(0.0, 0.7, 0.0), v(0.0, 0.0, 1.5)];
    Grid::new([512, 512, 200], PatientPoint::new(-180.0, -180.0, -150.0), steps)
}

fn slices(c: &mut Criterion) {
    let Some(grid) = grid() else { return };
    let hu = Array3::from_shape_fn((200, 512, 512), |(k, j, i)| ((i * 7 + j * 3 + k * 11) % 1400) as i16 - 1000);
    let (Some(volume), Some(mut anatomy), Some(findings)) =
        (CtVolume::from_array(grid, hu), LabelMap::empty(grid), LabelMap::empty(grid))
    else {
        return;
    };
    let mut edit = anatomy.edit();
    for (k, j) in (40..160).flat_map(|k| (100..400).map(move |j| (k, j))) {
        edit.set_span(k, j, 60, 240, |_, _| Some(1));
    }
    edit.finish();
    let mut look = LabelLook::default();
    look.show(0, 1, [80, 160, 220]);
    let mut group = c.benchmark_group("slice of 512 x 512 px on the CPU");
    for plane in AnatomicalPlane::ALL {
        let mut pane = PaneState::new(plane, grid.centre());
        pane.fit(&grid, [512.0, 512.0]);
        for (where_, shift) in [("at a slice", 0.0), ("between slices", 0.3)] {
            pane.scroll(&grid, 0);
            let at = pane.centre + pane.normal() * shift;
            let slice = SliceInput::new(pane.through(at), pane.mm_per_px, PRESETS[0]);
            group.bench_function(format!("{plane:?} {where_}"), |b| {
                b.iter(|| reslice::reslice(&volume, [&anatomy, &findings], &look, black_box(&slice), [512, 512]));
            });
        }
    }
    group.finish();
}

fn upload(c: &mut Criterion) {
    let (Some(grid), Ok(renderer)) = (grid(), pollster::block_on(Renderer::headless([64, 64]))) else { return };
    let renderer = std::cell::RefCell::new(renderer);
    let mut group = c.benchmark_group("512 x 512 x 200 on the GPU");
    group.sample_size(10);
    group.bench_function("room for it", |b| {
        b.iter_batched(|| (), |()| renderer.borrow_mut().set_grid(&grid, true), BatchSize::PerIteration);
    });
    let slice: Vec<i16> = (0..512 * 512).map(|n| (n % 3000) as i16 - 1000).collect();
    group.bench_function("one slice", |b| b.iter(|| renderer.borrow_mut().upload_slice(100, black_box(&slice))));
    group.finish();
}

/// A slice on the GPU from asking until it is drawn, at the next place each time.
fn draw(c: &mut Criterion) {
    let (Some(grid), Ok(mut renderer)) = (grid(), pollster::block_on(Renderer::headless([512, 512]))) else { return };
    if renderer.set_grid(&grid, false).is_err() {
        return;
    }
    for k in 0..200 {
        let slice: Vec<i16> = (0..512 * 512).map(|n| ((n * 7 + k * 11) % 1400) as i16 - 1000).collect();
        renderer.upload_slice(k, &slice);
    }
    let mut group = c.benchmark_group("slice of 512 x 512 px on the GPU");
    group.sample_size(30);
    for plane in AnatomicalPlane::ALL {
        let mut pane = PaneState::new(plane, grid.centre());
        pane.fit(&grid, [512.0, 512.0]);
        let mut step = 1;
        group.bench_function(format!("{plane:?}"), |b| {
            b.iter(|| {
                let before = pane.slice_index(&grid);
                pane.scroll(&grid, step);
                if pane.slice_index(&grid) == before {
                    step = -step;
                }
                let slice = SliceInput::new(pane.through(pane.centre), pane.mm_per_px, PRESETS[0]);
                let rect = PxRect { x: 0, y: 0, width: 512, height: 512 };
                let panes = vec![PaneInput { rect, content: PaneContent::Slice(slice) }];
                renderer.draw(&FrameInput { size: [512, 512], look: LabelLook::default(), panes }, true);
                let done = Arc::new(AtomicBool::new(false));
                let told = done.clone();
                renderer.when_done(move || told.store(true, Ordering::Release));
                while !done.load(Ordering::Acquire) {
                    renderer.poll();
                    std::thread::yield_now();
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, slices, upload, draw);
criterion_main!(benches);
