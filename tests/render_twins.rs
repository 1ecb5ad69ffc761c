//! The GPU draws what the CPU twins say, on phantoms of several geometries. Needs a Vulkan driver (lavapipe will do).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may stop with its reason"
)]
#![cfg(feature = "gpu")]

use hilum::geometry::{AnatomicalPlane, Grid, IndexBox, PatientPoint, PatientVector, VoxelIndex};
use hilum::render::{RenderError, Renderer};
use hilum::view::{
    Camera, Clip, Cut, FrameInput, Interpolation, LabelLook, PRESETS, PaneContent, PaneInput, PaneState, Projection,
    PxRect, Slab, SliceInput, TransferFunction, VoiFunction, VolumeInput, VolumePreset, Window, raycast,
    raycast::Scene, reslice, turn_others,
};
use hilum::volume::{CtVolume, LabelMap};
use ndarray::Array3;

/// A ball of soft tissue with a lung-like hollow and a bone core, on a ramp, so that every place has another value.
fn phantom(grid: Grid) -> (CtVolume, LabelMap, LabelMap) {
    let [ni, nj, nk] = grid.size();
    let centre = grid.centre();
    let hu = Array3::from_shape_fn((nk, nj, ni), |(k, j, i)| {
        let p = grid.patient_from_voxel(VoxelIndex::new(i, j, k).centre());
        let d = p.distance(centre);
        let base = match d {
            d if d < 8.0 => 900.0,
            d if d < 20.0 => -850.0,
            d if d < 28.0 => 50.0,
            _ => -1000.0,
        };
        (base + p.0.x).round() as i16
    });
    let mut anatomy = LabelMap::empty(grid).unwrap();
    let mut findings = LabelMap::empty(grid).unwrap();
    let (mut lung, mut lesion) = (anatomy.edit(), findings.edit());
    for offset in 0..grid.voxel_count() {
        let index = grid.index_at(offset);
        let d = grid.patient_from_voxel(index.centre()).distance(centre);
        if d < 20.0 {
            lung.set(index, 3);
        }
        if d > 12.0 && d < 18.0 && index.i > ni / 2 {
            lesion.set(index, 7);
        }
    }
    lung.finish();
    lesion.finish();
    (CtVolume::from_array(grid, hu).unwrap(), anatomy, findings)
}

fn grids() -> [(&'static str, Grid); 3] {
    let v = PatientVector::new;
    let origin = PatientPoint::new(-30.0, -28.0, 10.0);
    let grid = |size, steps| Grid::new(size, origin, steps).unwrap();
    let (s, c) = 0.3f64.sin_cos();
    [
        ("anisotropic", grid([60, 56, 24], [v(1.0, 0.0, 0.0), v(0.0, 1.0, 0.0), v(0.0, 0.0, 2.5)])),
        ("rotated", grid([56, 60, 40], [v(c, s, 0.0), v(-s, c, 0.0), v(0.0, 0.0, 1.5)])),
        ("tilted", grid([60, 56, 30], [v(1.0, 0.0, 0.0), v(0.0, c, s), v(0.0, 0.0, 2.0)])),
    ]
}

fn look() -> LabelLook {
    let mut look = LabelLook::default();
    look.show(0, 3, [80, 160, 220]);
    look.show(1, 7, [240, 80, 60]);
    look
}

fn scene<'a>(volume: &'a CtVolume, anatomy: &'a LabelMap, findings: &'a LabelMap, look: &'a LabelLook) -> Scene<'a> {
    // Every sample: rays that leap must draw the same.
    Scene { volume, labels: [anatomy, findings], look, leaps: None }
}

/// A renderer with the phantom on it; `None` (said aloud) where no driver is, which fails a run that must have one.
fn renderer(volume: &CtVolume, anatomy: &LabelMap, findings: &LabelMap) -> Option<Renderer> {
    match pollster::block_on(Renderer::headless([64, 64])) {
        Ok(mut renderer) => {
            let grid = volume.grid();
            renderer.set_grid(grid, true).unwrap();
            for k in 0..grid.size()[2] {
                renderer.upload_slice(k, volume.pixels(k).unwrap());
            }
            renderer.upload_labels(IndexBox::whole(grid.size()), anatomy, findings);
            Some(renderer)
        }
        Err(e) => {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "no GPU driver, and this run must have one: {e}");
            println!("skipped, no GPU driver: {e}");
            None
        }
    }
}

fn draw(renderer: &mut Renderer, size: [u32; 2], content: PaneContent) -> Vec<u8> {
    let rect = PxRect { x: 0, y: 0, width: size[0], height: size[1] };
    let frame = FrameInput { size, look: look(), panes: vec![PaneInput { rect, content }] };
    assert!(renderer.draw(&frame, true));
    pollster::block_on(renderer.pixels()).unwrap()
}

/// Share of channels that differ by more than `tolerance`, and the mean difference.
fn difference(a: &[u8], b: &[u8], tolerance: u8) -> (f64, f64) {
    assert_eq!(a.len(), b.len());
    let differences: Vec<u8> = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).collect();
    let over = differences.iter().filter(|d| **d > tolerance).count() as f64 / differences.len() as f64;
    (over, differences.iter().map(|d| f64::from(*d)).sum::<f64>() / differences.len() as f64)
}

fn save(name: &str, size: [u32; 2], pixels: &[u8]) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    image::save_buffer(folder.join(format!("{name}.png")), pixels, size[0], size[1], image::ColorType::Rgba8).unwrap();
}

#[test]
fn slices_are_those_of_the_twin() {
    for (name, grid) in grids() {
        let (volume, anatomy, findings) = phantom(grid);
        let Some(mut renderer) = renderer(&volume, &anatomy, &findings) else { return };
        for plane in AnatomicalPlane::ALL {
            let mut pane = PaneState::new(plane, grid.centre());
            let size = [150, 130];
            pane.fit(&grid, size.map(f64::from));
            // At the centre of a slice: midway between two, the nearest label is a matter of rounding.
            pane.scroll(&grid, 0);
            // One grey level is one HU: the picture shows what the texture holds.
            let window = Window::linear(-830.0, 256.0);
            let slice = SliceInput::new(pane.through(pane.centre), pane.mm_per_px, window);
            let cpu = reslice::reslice(&volume, [&anatomy, &findings], &look(), &slice, size);
            let gpu = draw(&mut renderer, size, PaneContent::Slice(slice));
            save(&format!("slice-{name}-{plane:?}-gpu"), size, &gpu);
            save(&format!("slice-{name}-{plane:?}-cpu"), size, &cpu);
            // Which label is nearest is a matter of rounding midway between two.
            let (over, mean) = difference(&cpu, &gpu, 1);
            assert!(over < 0.006 && mean < 0.3, "{name} {plane:?}: {over} of channels beyond one HU, mean {mean}");
        }
    }
}

/// Tissue without edges, so that what is compared is where values are read and not how finely a GPU blends across a jump.
fn smooth(grid: Grid) -> CtVolume {
    let [ni, nj, nk] = grid.size();
    let hu = Array3::from_shape_fn((nk, nj, ni), |(k, j, i)| {
        let p = grid.patient_from_voxel(VoxelIndex::new(i, j, k).centre()).0;
        (110.0 * (p.x / 9.0).sin() * (p.y / 11.0).cos() + 2.0 * p.z).round() as i16
    });
    CtVolume::from_array(grid, hu).unwrap()
}

/// Panes of a grid, turned about all three normals in turn.
fn turned(grid: &Grid, size: [u32; 2]) -> [PaneState; 3] {
    let mut panes = AnatomicalPlane::ALL.map(|plane| {
        let mut pane = PaneState::new(plane, grid.centre());
        pane.fit(grid, size.map(f64::from));
        pane
    });
    for (n, angle) in [(0, 0.5), (1, -0.8), (2, 0.35), (0, 1.1)] {
        turn_others(&mut panes, n, angle, grid.centre());
    }
    panes
}

#[test]
fn oblique_planes_are_those_of_the_twin_within_one_hu() {
    for (name, grid) in grids() {
        let volume = smooth(grid);
        let none = LabelMap::empty(grid).unwrap();
        let Some(mut renderer) = renderer(&volume, &none, &none) else { return };
        let size = [140, 120];
        for (pane, slab) in turned(&grid, size).into_iter().zip([0.0, 0.0, 9.0]) {
            assert!(pane.is_oblique(&grid), "{name}");
            // One grey level is one HU.
            let window = Window::linear(30.0, 256.0);
            let slab = Slab { projection: Projection::Highest, thickness_mm: slab };
            let slice = SliceInput { slab, ..SliceInput::new(pane.through(pane.centre), pane.mm_per_px, window) };
            let cpu = reslice::reslice(&volume, [&none, &none], &look(), &slice, size);
            let gpu = draw(&mut renderer, size, PaneContent::Slice(slice));
            save(&format!("oblique-{name}-{:?}", pane.plane), size, &gpu);
            // At the outermost faces, inside or outside is a matter of rounding.
            let (over, _) = difference(&cpu, &gpu, 1);
            assert!(over < 0.002, "{name} {:?}: {over} of channels beyond one HU", pane.plane);
            assert!(gpu.chunks(4).filter(|p| p[0] > 0).count() > 3000, "{name} {:?} shows something", pane.plane);
        }
    }
}

#[test]
fn windows_of_every_function_are_those_of_the_twin() {
    let grid = grids()[0].1;
    let volume = smooth(grid);
    let none = LabelMap::empty(grid).unwrap();
    let Some(mut renderer) = renderer(&volume, &none, &none) else { return };
    let size = [90, 80];
    let mut pane = PaneState::new(AnatomicalPlane::Axial, grid.centre());
    pane.fit(&grid, size.map(f64::from));
    pane.scroll(&grid, 0);
    for function in VoiFunction::ALL {
        // A width of 1 is a step (C.11.2.1.2.1): voxels as they are, or the GPU's blending would decide.
        for (width_hu, interpolation) in
            [(1.0, Interpolation::Nearest), (2.0, Interpolation::Nearest), (300.0, Interpolation::Linear)]
        {
            let window = Window { centre_hu: 40.0, width_hu, function };
            let mm_per_px = pane.mm_per_px * 1.0371;
            let slice = SliceInput { interpolation, ..SliceInput::new(pane.through(pane.centre), mm_per_px, window) };
            let cpu = reslice::reslice(&volume, [&none, &none], &look(), &slice, size);
            let gpu = draw(&mut renderer, size, PaneContent::Slice(slice));
            let (over, _) = difference(&cpu, &gpu, 1);
            assert!(over < 0.002, "{function:?} {width_hu}: {over} of channels beyond 1");
            let levels: std::collections::BTreeSet<u8> = gpu.chunks(4).map(|p| p[0]).collect();
            assert!(levels.len() >= 2, "{function:?} {width_hu} shows something");
            if width_hu == 1.0 && function == VoiFunction::Linear {
                assert_eq!(levels.into_iter().collect::<Vec<_>>(), [0, 255], "a step has no grey");
            }
        }
    }
}

#[test]
fn cubic_slices_are_those_of_the_twin_within_one_hu() {
    for (name, grid) in grids() {
        let volume = smooth(grid);
        let none = LabelMap::empty(grid).unwrap();
        let Some(mut renderer) = renderer(&volume, &none, &none) else { return };
        let size = [140, 120];
        let mut straight = PaneState::new(AnatomicalPlane::Axial, grid.centre());
        straight.fit(&grid, size.map(f64::from));
        straight.scroll(&grid, 0);
        for pane in [straight, turned(&grid, size)[1]] {
            let window = Window::linear(30.0, 256.0);
            let plain = SliceInput::new(pane.through(pane.centre), pane.mm_per_px, window);
            let slice = SliceInput { interpolation: Interpolation::Cubic, ..plain };
            let cpu = reslice::reslice(&volume, [&none, &none], &look(), &slice, size);
            let gpu = draw(&mut renderer, size, PaneContent::Slice(slice));
            save(&format!("cubic-{name}-{}", pane.is_oblique(&grid)), size, &gpu);
            let (over, _) = difference(&cpu, &gpu, 1);
            assert!(over < 0.002, "{name}: {over} of channels beyond one HU");
            let linear = draw(&mut renderer, size, PaneContent::Slice(plain));
            assert!(difference(&linear, &gpu, 0).0 > 0.01, "{name}: cubics are no straight lines");
        }
    }
}

#[test]
fn compartments_are_those_of_the_twin_and_stay_inside_their_label() {
    let grid = grids()[0].1;
    let (volume, anatomy, findings) = phantom(grid);
    let Some(mut renderer) = renderer(&volume, &anatomy, &findings) else { return };
    let size = [150, 130];
    let mut pane = PaneState::new(AnatomicalPlane::Axial, grid.centre());
    pane.fit(&grid, size.map(f64::from));
    pane.scroll(&grid, 0);
    let mut tinted = look();
    tinted.show_compartments(3);
    let plain = SliceInput::new(pane.through(pane.centre), pane.mm_per_px, Window::linear(-200.0, 2400.0));
    let slice = SliceInput { compartments: true, ..plain };
    let cpu = reslice::reslice(&volume, [&anatomy, &findings], &tinted, &slice, size);
    let rect = PxRect { x: 0, y: 0, width: size[0], height: size[1] };
    let panes = vec![PaneInput { rect, content: PaneContent::Slice(slice) }];
    assert!(renderer.draw(&FrameInput { size, look: tinted, panes }, true));
    let gpu = pollster::block_on(renderer.pixels()).unwrap();
    save("compartments", size, &gpu);
    // Along the borders between two compartments rounding decides.
    let (over, mean) = difference(&cpu, &gpu, 1);
    assert!(over < 0.001 && mean < 0.1, "{over} of channels beyond 1, mean {mean}");
    let without = draw(&mut renderer, size, PaneContent::Slice(plain));
    let colourful = |p: &[u8]| p.iter().take(3).max().unwrap() - p.iter().take(3).min().unwrap() > 40;
    let (mut coloured, mut outside) = (0, 0);
    for (n, (with, without)) in gpu.chunks(4).zip(without.chunks(4)).enumerate() {
        let px = hilum::geometry::PanePoint::new((n % 150) as f64 + 0.5, (n / 150) as f64 + 0.5);
        let voxel = grid.voxel_at(pane.patient_from_pane(px, size.map(f64::from)));
        if voxel.is_some_and(|v| anatomy.at(v) == 3) {
            coloured += usize::from(colourful(with));
        } else {
            outside += usize::from(with != without);
        }
    }
    assert!(coloured > 500 && outside == 0, "{coloured} px coloured, {outside} changed outside");
}

#[test]
fn slabs_voxels_and_inverted_grey_are_those_of_the_twin() {
    for (name, grid) in grids() {
        let (volume, anatomy, findings) = phantom(grid);
        let Some(mut renderer) = renderer(&volume, &anatomy, &findings) else { return };
        for (plane, projection) in AnatomicalPlane::ALL.into_iter().zip(Projection::ALL) {
            let mut pane = PaneState::new(plane, grid.centre());
            let size = [120, 110];
            pane.fit(&grid, size.map(f64::from));
            pane.scroll(&grid, 0);
            let window = Window::linear(-200.0, 2400.0);
            let alone = SliceInput::new(pane.through(pane.centre), pane.mm_per_px, window);
            let slab = SliceInput { slab: Slab { projection, thickness_mm: 14.0 }, ..alone };
            // Not px by px with the voxels, or whole columns would lie midway between two.
            let voxels = SliceInput {
                interpolation: Interpolation::Nearest,
                inverted: true,
                mm_per_px: pane.mm_per_px * 1.0371,
                ..alone
            };
            let mut pictures = Vec::new();
            for slice in [alone, slab, voxels] {
                let cpu = reslice::reslice(&volume, [&anatomy, &findings], &look(), &slice, size);
                let gpu = draw(&mut renderer, size, PaneContent::Slice(slice));
                save(&format!("slab-{name}-{plane:?}-{}", pictures.len()), size, &gpu);
                let (over, mean) = difference(&cpu, &gpu, 1);
                assert!(over < 0.006 && mean < 0.4, "{name} {plane:?} {projection:?}: {over} beyond 1, mean {mean}");
                pictures.push(gpu);
            }
            let level = |picture: &[u8]| picture.chunks(4).map(|p| f64::from(p[0])).sum::<f64>();
            let [alone, slab] = [level(&pictures[0]), level(&pictures[1])];
            match projection {
                Projection::Highest => assert!(slab > alone),
                Projection::Lowest => assert!(slab < alone),
                Projection::Mean => assert!(slab > 0.5 * alone && slab < 1.5 * alone),
            }
        }
    }
}

#[test]
fn one_value_of_each_ray_is_that_of_the_twin() {
    let (name, grid) = grids()[2];
    let (volume, anatomy, findings) = phantom(grid);
    let Some(mut renderer) = renderer(&volume, &anatomy, &findings) else { return };
    let mut camera = Camera::fit(&grid);
    camera.orbit(0.6, 0.3);
    for (projection, function) in Projection::ALL.into_iter().zip(VoiFunction::ALL) {
        let window = Window { function, ..Window::linear(-100.0, 2200.0) };
        let transfer = TransferFunction::lungs_and_soft_tissue();
        let projection = Some((projection, window));
        let input = VolumeInput {
            camera,
            transfer,
            projection,
            step_mm: 0.8,
            clip: Clip::default(),
            window: PRESETS[0],
            rays: 1,
            shadows: false,
            reduction: 1,
            rows_at_once: u32::MAX,
            revision: 1,
        };
        let size = [96, 96];
        let cpu = raycast::raycast(&scene(&volume, &anatomy, &findings, &look()), &input, size);
        let gpu = draw(&mut renderer, size, PaneContent::Volume(input));
        save(&format!("volume-{name}-{projection:?}"), size, &gpu);
        let (over, _) = difference(&cpu, &gpu, 2);
        assert!(over == 0.0, "{projection:?}: {over} of channels beyond 2 of 255");
        assert!(gpu.chunks(4).filter(|p| p[0] > 20).count() > 500, "{projection:?} shows something");
    }
}

/// Each preset shows something of its own.
#[test]
fn presets_are_pictures_of_their_own() {
    let grid = grids()[0].1;
    let (volume, anatomy, findings) = phantom(grid);
    let mut camera = Camera::fit(&grid);
    camera.orbit(0.4, 0.2);
    let picture = |preset: VolumePreset| {
        let input = VolumeInput {
            camera,
            transfer: preset.transfer(),
            projection: None,
            step_mm: 0.8,
            clip: Clip::default(),
            window: PRESETS[0],
            rays: 1,
            shadows: false,
            reduction: 1,
            rows_at_once: u32::MAX,
            revision: 1,
        };
        raycast::raycast(&scene(&volume, &anatomy, &findings, &look()), &input, [48, 48])
    };
    let pictures = VolumePreset::ALL.map(picture);
    for (n, a) in pictures.iter().enumerate() {
        assert!(a.chunks(4).any(|p| p[0] > 30), "{:?} is empty", VolumePreset::ALL[n]);
        for b in &pictures[n + 1..] {
            assert!(difference(a, b, 2).0 > 0.002, "{:?} looks like another", VolumePreset::ALL[n]);
        }
    }
}

#[test]
fn the_3d_picture_is_that_of_the_twin() {
    // Moving, and still: several rays, shadows, a crop and a cut.
    for ((name, grid), still) in grids().into_iter().flat_map(|g| [(g, false), (g, true)]) {
        let (volume, anatomy, findings) = phantom(grid);
        let Some(mut renderer) = renderer(&volume, &anatomy, &findings) else { return };
        let mut camera = Camera::fit(&grid);
        camera.orbit(0.6, 0.3);
        let cut = Some(Cut { at: grid.centre(), normal: PatientVector::new(0.6, 0.8, 0.0) });
        let kept = IndexBox::whole(grid.size().map(|n| n - 4));
        let clip = Clip { voxels: Some(kept), cut };
        let transfer = TransferFunction::lungs_and_soft_tissue();
        let input = VolumeInput {
            camera,
            transfer,
            projection: None,
            step_mm: 0.8,
            clip: if still { clip } else { Clip::default() },
            window: PRESETS[0],
            rays: 1 + u32::from(still),
            shadows: still,
            reduction: 1,
            rows_at_once: u32::MAX,
            revision: 1,
        };
        let size = [72, 72];
        let cpu = raycast::raycast(&scene(&volume, &anatomy, &findings, &look()), &input, size);
        let gpu = draw(&mut renderer, size, PaneContent::Volume(input));
        save(&format!("volume-{name}-{still}-gpu"), size, &gpu);
        save(&format!("volume-{name}-{still}-cpu"), size, &cpu);
        // At the faces of the clip, inside or outside is a matter of rounding.
        let (over, mean) = difference(&cpu, &gpu, 2);
        assert!(over < 0.002 && mean < 0.02, "{name}: {over} of channels beyond 2 of 255, mean {mean}");
        let lit = gpu.chunks(4).filter(|p| p[0] > 20).count();
        assert!(lit > 200, "{name}: the ball is in the picture ({lit} px)");
    }
}

#[test]
fn a_picture_put_together_from_bands_is_the_whole_one() {
    let grid = grids()[1].1;
    let (volume, anatomy, findings) = phantom(grid);
    let Some(mut renderer) = renderer(&volume, &anatomy, &findings) else { return };
    let input = |rows_at_once, revision| VolumeInput {
        camera: Camera::fit(&grid),
        transfer: TransferFunction::lungs_and_soft_tissue(),
        projection: None,
        step_mm: 1.0,
        clip: Clip::default(),
        window: PRESETS[0],
        rays: 1,
        shadows: false,
        reduction: 1,
        rows_at_once,
        revision,
    };
    let size = [80, 70];
    let whole = draw(&mut renderer, size, PaneContent::Volume(input(u32::MAX, 1)));
    assert!(!renderer.is_casting());
    let mut frames = 0;
    loop {
        // The picture before stays until the new one is complete.
        assert!(draw(&mut renderer, size, PaneContent::Volume(input(16, 2))) == whole);
        frames += 1;
        if !renderer.is_casting() {
            break;
        }
    }
    assert_eq!(frames, 5, "70 rows, 16 at once");
    renderer.set_grid(&grid, true).unwrap();
    for k in 0..grid.size()[2] {
        renderer.upload_slice(k, volume.pixels(k).unwrap());
    }
    renderer.upload_labels(IndexBox::whole(grid.size()), &anatomy, &findings);
    while {
        draw(&mut renderer, size, PaneContent::Volume(input(16, 2)));
        renderer.is_casting()
    } {}
    assert!(pollster::block_on(renderer.pixels()).unwrap() == whole, "and without one before");
}

#[test]
fn a_changed_box_of_labels_is_all_that_is_sent() {
    let grid = grids()[0].1;
    let (volume, anatomy, findings) = phantom(grid);
    let Some(mut renderer) = renderer(&volume, &anatomy, &findings) else { return };
    let mut erased = findings;
    let mut edit = erased.edit();
    edit.set_span(12, 28, 0, 60, |_, old| (old == 7).then_some(0));
    let touched = edit.finish().bounds().unwrap();
    renderer.upload_labels(touched, &anatomy, &erased);
    let pane = {
        let mut pane =
            PaneState::new(AnatomicalPlane::Axial, grid.patient_from_voxel(VoxelIndex::new(30, 28, 12).centre()));
        pane.fit(&grid, [60.0, 56.0]);
        pane
    };
    let slice = SliceInput::new(pane.through(pane.centre), pane.mm_per_px, hilum::view::PRESETS[0]);
    let cpu = reslice::reslice(&volume, [&anatomy, &erased], &look(), &slice, [60, 56]);
    let gpu = draw(&mut renderer, [60, 56], PaneContent::Slice(slice));
    let (over, _) = difference(&cpu, &gpu, 2);
    assert!(over < 0.01, "{over} of channels beyond 2");
}

/// Panes that did not change are not drawn again; what changed must still be.
#[test]
fn a_frame_after_others_is_the_frame_alone() {
    let grid = grids()[0].1;
    let (volume, anatomy, findings) = phantom(grid);
    let Some(mut renderer) = renderer(&volume, &anatomy, &findings) else { return };
    let pane = |k: usize| {
        let mut pane =
            PaneState::new(AnatomicalPlane::Axial, grid.patient_from_voxel(VoxelIndex::new(30, 28, k).centre()));
        pane.fit(&grid, [60.0, 56.0]);
        let window = hilum::view::PRESETS[0];
        PaneContent::Slice(SliceInput::new(pane.through(pane.centre), pane.mm_per_px, window))
    };
    let frame = |left: usize, right: usize| {
        let rect = |x| PxRect { x, y: 0, width: 60, height: 56 };
        let panes = [(0, left), (60, right)].map(|(x, k)| PaneInput { rect: rect(x), content: pane(k) }).to_vec();
        FrameInput { size: [120, 56], look: look(), panes }
    };
    for (left, right) in [(6, 18), (12, 18), (12, 9)] {
        assert!(renderer.draw(&frame(left, right), true));
    }
    let after_others = pollster::block_on(renderer.pixels()).unwrap();
    let Some(mut fresh) = self::renderer(&volume, &anatomy, &findings) else { return };
    assert!(fresh.draw(&frame(12, 9), true));
    let alone = pollster::block_on(fresh.pixels()).unwrap();
    assert!(after_others == alone, "the same picture whatever came before");
    assert!(renderer.draw(&frame(12, 10), true));
    assert!(pollster::block_on(renderer.pixels()).unwrap() != alone);
}

#[test]
fn a_refused_volume_leaves_no_other_patient_on_screen() {
    let grid = grids()[0].1;
    let (volume, anatomy, findings) = phantom(grid);
    let Some(mut renderer) = renderer(&volume, &anatomy, &findings) else { return };
    let plane = PaneState::new(AnatomicalPlane::Axial, grid.centre()).through(grid.centre());
    let slice = PaneContent::Slice(SliceInput::new(plane, 1.0, hilum::view::PRESETS[0]));
    let lit = |pixels: &[u8]| pixels.chunks(4).filter(|p| p[..3] != [0; 3]).count();
    assert!(lit(&draw(&mut renderer, [64, 64], slice.clone())) > 1000);
    let v = PatientVector::new;
    let steps = [v(1.0, 0.0, 0.0), v(0.0, 1.0, 0.0), v(0.0, 0.0, 1.0)];
    let huge = Grid::new([4, 4, 1 << 20], PatientPoint::new(0.0, 0.0, 0.0), steps).unwrap();
    assert!(matches!(renderer.set_grid(&huge, true), Err(RenderError::VolumeTooLarge { found: 1_048_576, .. })));
    assert_eq!(lit(&draw(&mut renderer, [64, 64], slice)), 0);
}

/// Nothing of the case before may outlive it, neither in slices nor in the 3D pane that waits for its first picture.
#[test]
fn another_case_begins_with_an_empty_screen() {
    let grid = grids()[0].1;
    let (volume, anatomy, findings) = phantom(grid);
    let Some(mut renderer) = renderer(&volume, &anatomy, &findings) else { return };
    let plane = PaneState::new(AnatomicalPlane::Axial, grid.centre()).through(grid.centre());
    let slice = SliceInput::new(plane, 1.0, hilum::view::PRESETS[1]);
    let transfer = TransferFunction::lungs_and_soft_tissue();
    let cast = VolumeInput {
        camera: Camera::fit(&grid),
        transfer,
        projection: None,
        step_mm: 1.0,
        clip: Clip::default(),
        window: PRESETS[0],
        rays: 1,
        shadows: false,
        reduction: 1,
        rows_at_once: u32::MAX,
        revision: 1,
    };
    let pane = |x, content| PaneInput { rect: PxRect { x, y: 0, width: 64, height: 64 }, content };
    let panes = vec![pane(0, PaneContent::Slice(slice)), pane(64, PaneContent::Volume(cast))];
    let frame = FrameInput { size: [128, 64], look: look(), panes };
    let lit = |renderer: &Renderer| {
        let pixels = pollster::block_on(renderer.pixels()).unwrap();
        let count =
            |half: usize| (0..64 * 128).filter(|n| n % 128 / 64 == half && pixels[n * 4..n * 4 + 3] != [0; 3]).count();
        [count(0), count(1)]
    };
    assert!(renderer.draw(&frame, true));
    assert!(lit(&renderer).iter().all(|n| *n > 500));
    renderer.set_grid(&grid, true).unwrap();
    assert!(renderer.draw(&frame, false));
    assert_eq!(lit(&renderer), [0, 0]);
}

/// What has not arrived looks like air, in every slice.
#[test]
fn slices_that_have_not_arrived_are_air() {
    let grid = grids()[0].1;
    let (volume, anatomy, findings) = phantom(grid);
    let Some(mut renderer) = renderer(&volume, &anatomy, &findings) else { return };
    renderer.set_grid(&grid, true).unwrap();
    let pane = {
        let mut pane = PaneState::new(AnatomicalPlane::Coronal, grid.centre());
        pane.fit(&grid, [60.0, 60.0]);
        pane
    };
    let window = Window::linear(-1000.0, 100.0);
    let slice = SliceInput::new(pane.through(pane.centre), pane.mm_per_px, window);
    let empty = CtVolume::empty(grid).unwrap();
    let nothing = LabelMap::empty(grid).unwrap();
    let cpu = reslice::reslice(&empty, [&nothing, &nothing], &look(), &slice, [60, 60]);
    let gpu = draw(&mut renderer, [60, 60], PaneContent::Slice(slice));
    assert!(cpu.chunks(4).any(|p| p[0] > 0), "air is not black in this window");
    assert_eq!(difference(&cpu, &gpu, 1).0, 0.0);
}
