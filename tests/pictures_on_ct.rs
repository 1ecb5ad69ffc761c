//! Planes and rays through a real CT, public and de-identified, that is no part of the project: `HILUM_TEST_DATA`, by default
//! `../shared/data`.
//!
//! Where it is absent the test says that it is skipped; with `CI=true` its absence is a failure. With `HILUM_TEST_PICTURES` set to a
//! folder each preset is written there as a picture to look at, with the lungs and lesions that are proposed.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by stopping, and says what it skips")]
#![cfg(all(feature = "gpu", feature = "codecs"))]

use hilum::analysis::{LesionParameters, LungParameters, Progress, propose_lesions, propose_lungs};
use hilum::dicom::{decode_frame, group_into_series, read_header};
use hilum::geometry::{AnatomicalPlane, IndexBox};
use hilum::import::plan_stack;
use hilum::render::Renderer;
use hilum::view::raycast::{Scene, raycast};
use hilum::view::{
    Camera, Clip, Cut, FrameInput, Interpolation, LabelLook, PRESETS, PaneContent, PaneInput, PaneState, Projection,
    PxRect, Slab, SliceInput, VolumeInput, VolumePreset, Window, reslice, turn_others,
};
use hilum::volume::{CtVolume, LabelMap};
use std::path::{Path, PathBuf};

struct Quiet;
impl Progress for Quiet {
    fn report(&mut self, _: f32) {}
    fn cancelled(&self) -> bool {
        false
    }
}

/// The uncompressed chest CT of 64 slices.
fn chest() -> Option<CtVolume> {
    let root = std::env::var_os("HILUM_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let (mut files, mut folders) = (Vec::new(), vec![root.join("lungdx-a0001-B")]);
    if !folders[0].exists() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "test data are absent");
        println!("SKIPPED: test data {} are absent", folders[0].display());
        return None;
    }
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(std::fs::read(path).unwrap()) }
        }
    }
    let read: Vec<_> = files.iter().filter_map(|f| Some((read_header(f).ok()?, f))).collect();
    let series = group_into_series(read.iter().map(|(i, _)| i.clone()).collect());
    let planned = series.iter().filter_map(|s| Some((s, plan_stack(s).ok()?)));
    let (series, plan) = planned.max_by_key(|(_, plan)| plan.slices.len()).unwrap();
    let mut volume = CtVolume::empty(plan.grid).unwrap();
    for (k, source) in plan.slices.iter().enumerate() {
        let Some(source) = source else { continue };
        let uid = &series.instances[source.instance].sop_instance_uid;
        let file = read.iter().find(|(i, _)| i.sop_instance_uid == *uid).unwrap().1;
        volume.set_slice(k, decode_frame(file, source.frame).unwrap().hu).unwrap();
    }
    Some(volume)
}

/// What is proposed: lungs 1–3 as anatomy, lesions 7 as findings.
fn proposals(volume: &CtVolume) -> [LabelMap; 2] {
    let grid = *volume.grid();
    let lungs = propose_lungs(volume, &LungParameters::default(), &mut Quiet).unwrap();
    let inside: Vec<u8> = lungs.labels.iter().map(|l| u8::from(*l == 1 || *l == 2)).collect();
    let lesions = propose_lesions(volume, inside, &LesionParameters::default(), &mut Quiet).unwrap();
    let (mut anatomy, mut findings) = (LabelMap::empty(grid).unwrap(), LabelMap::empty(grid).unwrap());
    let (mut lung, mut lesion) = (anatomy.edit(), findings.edit());
    for offset in 0..grid.voxel_count() {
        lung.set(grid.index_at(offset), lungs.labels[offset]);
        lesion.set(grid.index_at(offset), if lesions.labels[offset] > 0 { 7 } else { 0 });
    }
    lung.finish();
    lesion.finish();
    [anatomy, findings]
}

/// A renderer that holds the CT; `None`, and said, where there is no driver.
fn renderer(volume: &CtVolume, size: [u32; 2]) -> Option<Renderer> {
    let mut renderer = match pollster::block_on(Renderer::headless(size)) {
        Ok(renderer) => renderer,
        Err(e) => {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "no GPU driver, and this run must have one: {e}");
            println!("skipped, no GPU driver: {e}");
            return None;
        }
    };
    let grid = *volume.grid();
    renderer.set_grid(&grid, false).unwrap();
    for k in 0..grid.size()[2] {
        renderer.upload_slice(k, volume.pixels(k).unwrap());
    }
    Some(renderer)
}

fn input(camera: Camera, preset: VolumePreset) -> VolumeInput {
    VolumeInput {
        camera,
        transfer: preset.transfer(),
        projection: None,
        clip: Clip::default(),
        window: PRESETS[0],
        step_mm: 1.5,
        rays: 1,
        shadows: true,
        reduction: 1,
        rows_at_once: u32::MAX,
        revision: 0,
    }
}

fn draw(renderer: &mut Renderer, look: &LabelLook, size: [u32; 2], content: PaneContent) -> Vec<u8> {
    let rect = PxRect { x: 0, y: 0, width: size[0], height: size[1] };
    let panes = vec![PaneInput { rect, content }];
    assert!(renderer.draw(&FrameInput { size, look: look.clone(), panes }, true));
    pollster::block_on(renderer.pixels()).unwrap()
}

#[test]
fn planes_through_a_real_chest_are_those_of_the_twin() {
    let Some(volume) = chest() else { return };
    let size = [150, 130];
    let Some(mut renderer) = renderer(&volume, size) else { return };
    let (grid, look) = (*volume.grid(), LabelLook::default());
    let none = LabelMap::empty(grid).unwrap();
    let upright = AnatomicalPlane::ALL.map(|plane| {
        let mut pane = PaneState::new(plane, grid.centre());
        pane.fit(&grid, size.map(f64::from));
        pane.scroll(&grid, 0);
        pane
    });
    let mut turned = upright;
    for (n, angle) in [(0, 0.5), (1, -0.8), (2, 0.35)] {
        turn_others(&mut turned, n, angle, grid.centre());
    }
    for pane in upright.into_iter().chain(turned) {
        // One grey level is one HU: of lung, then of soft tissue.
        for window in [Window::linear(-830.0, 256.0), Window::linear(40.0, 256.0)] {
            let plain = SliceInput::new(pane.through(pane.centre), pane.mm_per_px, window);
            let slab = |projection| Slab { projection, thickness_mm: 10.0 };
            for slice in [
                plain,
                SliceInput { interpolation: Interpolation::Cubic, ..plain },
                SliceInput { slab: slab(Projection::Highest), ..plain },
                SliceInput { slab: slab(Projection::Mean), ..plain },
            ] {
                let cpu = reslice::reslice(&volume, [&none, &none], &look, &slice, size);
                let gpu = draw(&mut renderer, &look, size, PaneContent::Slice(slice));
                let furthest = cpu.iter().zip(&gpu).map(|(a, b)| a.abs_diff(*b)).max();
                let what = format!("{:?} {:?} {:?}", pane.plane, slice.interpolation, slice.slab);
                assert!(furthest <= Some(1), "{what}: {furthest:?} HU apart");
                assert!(gpu.chunks(4).filter(|p| p[0] > 0 && p[0] < 255).count() > 500, "{what} shows something");
            }
        }
    }
}

#[test]
fn the_gpu_draws_a_real_chest_as_the_twin_does() {
    let Some(volume) = chest() else { return };
    let size = [44, 36];
    let Some(mut renderer) = renderer(&volume, size) else { return };
    let grid = *volume.grid();
    let mut camera = Camera::fit(&grid);
    camera.orbit(-0.5, 0.2);
    let none = LabelMap::empty(grid).unwrap();
    let mut look = LabelLook::default();
    let scene = Scene { volume: &volume, labels: [&none, &none], look: &look, leaps: None };
    for preset in [VolumePreset::Lungs, VolumePreset::Airways, VolumePreset::Bone, VolumePreset::Skin] {
        let input = input(camera, preset);
        let cpu = raycast(&scene, &input, size);
        let gpu = draw(&mut renderer, &look, size, PaneContent::Volume(input));
        let furthest = cpu.iter().zip(&gpu).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(furthest <= Some(2), "{preset:?}: {furthest:?} of 255 apart");
        assert!(gpu.chunks(4).any(|p| p[0] > 60), "{preset:?} shows something");
    }

    let Some(folder) = std::env::var_os("HILUM_TEST_PICTURES").map(PathBuf::from) else { return };
    let [anatomy, findings] = proposals(&volume);
    renderer.upload_labels(IndexBox::whole(grid.size()), &anatomy, &findings);
    let size = [440, 380];
    let mut save = |name: &str, look: &LabelLook, input: VolumeInput| {
        let content = PaneContent::Volume(VolumeInput { rays: 2, step_mm: 1.0, ..input });
        let pixels = draw(&mut renderer, look, size, content);
        let path = folder.join(format!("{name}.png"));
        image::save_buffer(path, &pixels, size[0], size[1], image::ColorType::Rgba8).unwrap();
    };
    camera.half_height_mm *= 0.8;
    for preset in VolumePreset::ALL {
        save(&format!("{preset:?}"), &look, input(camera, preset));
    }
    let window = Window::linear(-600.0, 1500.0);
    let cut = Cut { at: grid.centre(), normal: hilum::geometry::PatientVector::new(0.0, 1.0, 0.0) };
    let clip = Clip { voxels: None, cut: Some(cut) };
    save("Bone-cut", &look, VolumeInput { clip, window, ..input(camera, VolumePreset::Bone) });
    save("Skin-cut", &look, VolumeInput { clip, window, ..input(camera, VolumePreset::Skin) });
    let mip = Some((Projection::Highest, Window::linear(100.0, 900.0)));
    save("MIP", &look, VolumeInput { projection: mip, ..input(camera, VolumePreset::Lungs) });
    look.show(1, 7, [240, 90, 60]);
    for (label, colour) in [(1, [86, 156, 214]), (2, [78, 201, 176]), (3, [220, 220, 170])] {
        look.show(0, label, colour);
    }
    save("Lesions-marked", &look, input(camera, VolumePreset::Lesions));
    save("Lungs-marked", &look, input(camera, VolumePreset::Lungs));
    save("Segments-marked", &look, input(camera, VolumePreset::Segments));
}
