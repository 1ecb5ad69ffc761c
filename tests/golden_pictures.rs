//! Pictures of the demonstration chest against those in `tests/golden`, drawn by the CPU twins and by the GPU where there is one.
//!
//! With `HILUM_WRITE_GOLDEN=1` the twins' pictures are written there instead; look at them before committing.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test may stop with its reason")]
#![cfg(all(feature = "gpu", feature = "codecs"))]

use hilum::analysis::{LungParameters, Progress, propose_lungs};
use hilum::dicom::{decode_frame, group_into_series, read_header};
use hilum::geometry::{AnatomicalPlane, IndexBox};
use hilum::import::{DemonstrationLesion, demonstration, plan_stack};
use hilum::render::Renderer;
use hilum::view::{
    Camera, Clip, FrameInput, LabelLook, PRESETS, PaneContent, PaneInput, PaneState, PxRect, SliceInput,
    TransferFunction, VolumeInput, raycast, reslice,
};
use hilum::volume::{CtVolume, LabelMap};
use std::path::Path;

struct Quiet;
impl Progress for Quiet {
    fn report(&mut self, _: f32) {}
    fn cancelled(&self) -> bool {
        false
    }
}

/// The demonstration with its lungs (label 1 and up, anatomy) and its two lesions (250 and 251, findings) as segments.
fn chest() -> (CtVolume, LabelMap, LabelMap) {
    let files = demonstration();
    let series = group_into_series(files.iter().map(|f| read_header(&f.bytes).unwrap()).collect());
    let plan = plan_stack(&series[0]).unwrap();
    let mut volume = CtVolume::empty(plan.grid).unwrap();
    for (k, source) in plan.slices.iter().enumerate() {
        let instance = &series[0].instances[source.as_ref().unwrap().instance];
        let uid = &instance.sop_instance_uid;
        let file = files.iter().find(|f| read_header(&f.bytes).unwrap().sop_instance_uid == *uid).unwrap();
        volume.set_slice(k, decode_frame(&file.bytes, 0).unwrap().hu).unwrap();
    }
    let grid = *volume.grid();
    let (mut anatomy, mut findings) = (LabelMap::empty(grid).unwrap(), LabelMap::empty(grid).unwrap());
    let lungs = propose_lungs(&volume, &LungParameters::default(), &mut Quiet).unwrap();
    let (mut lung, mut lesion) = (anatomy.edit(), findings.edit());
    for (offset, label) in lungs.labels.iter().enumerate() {
        let index = grid.index_at(offset);
        lung.set(index, *label);
        let p = grid.patient_from_voxel(index.centre());
        for (ball, number) in [(DemonstrationLesion::GROUND_GLASS, 250), (DemonstrationLesion::CONSOLIDATION, 251)] {
            let d = (p - ball.centre()).0 / glam::DVec3::from(ball.semi_axes_mm);
            if d.length() <= 1.0 {
                lesion.set(index, number);
            }
        }
    }
    lung.finish();
    lesion.finish();
    (volume, anatomy, findings)
}

fn look() -> LabelLook {
    let mut look = LabelLook::default();
    for (layer, label, colour) in [
        (0, 1, [86, 156, 214]),
        (0, 2, [78, 201, 176]),
        (0, 3, [220, 220, 170]),
        (1, 250, [244, 176, 66]),
        (1, 251, [200, 80, 190]),
    ] {
        look.show(layer, label, colour);
    }
    look
}

/// Share of channels that differ by more than `tolerance`.
fn share_beyond(a: &[u8], b: &[u8], tolerance: u8) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).filter(|(a, b)| a.abs_diff(**b) > tolerance).count() as f64 / a.len() as f64
}

#[test]
fn the_demonstration_looks_as_it_did() {
    let (volume, anatomy, findings) = chest();
    let (grid, look) = (*volume.grid(), look());
    let size = [160, 160];
    let mut pictures = Vec::new();
    for (plane, name) in AnatomicalPlane::ALL.into_iter().zip(["axial", "coronal", "sagittal"]) {
        let mut pane = PaneState::new(plane, DemonstrationLesion::GROUND_GLASS.centre());
        pane.fit(&grid, size.map(f64::from));
        pane.scroll(&grid, 0);
        let slice = SliceInput::new(pane.through(pane.centre), pane.mm_per_px, PRESETS[0]);
        let twin = reslice::reslice(&volume, [&anatomy, &findings], &look, &slice, size);
        pictures.push((name, PaneContent::Slice(slice), twin));
    }
    let mut camera = Camera::fit(&grid);
    camera.orbit(-0.5, 0.1);
    let transfer = TransferFunction::lungs_and_soft_tissue();
    let input = VolumeInput {
        camera,
        transfer,
        projection: None,
        step_mm: 1.4,
        clip: Clip::default(),
        window: PRESETS[0],
        rays: 1,
        shadows: false,
        reduction: 1,
        rows_at_once: u32::MAX,
        revision: 0,
    };
    let scene = raycast::Scene { volume: &volume, labels: [&anatomy, &findings], look: &look, leaps: None };
    let twin = raycast::raycast(&scene, &input, size);
    // A lesion is seen although the lung around it is a segment too.
    let near = |p: &[u8], c: [f64; 3]| {
        let v = [0, 1, 2].map(|n| f64::from(p[n]));
        let length = |v: [f64; 3]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
        length(v) > 90.0 && (0..3).map(|n| v[n] * c[n]).sum::<f64>() > 0.97 * length(v) * length(c)
    };
    for (name, colour) in [("ground glass", [244.0, 176.0, 66.0]), ("consolidation", [200.0, 80.0, 190.0])] {
        let seen = twin.chunks(4).filter(|p| near(p, colour)).count();
        assert!(seen > 15, "{name}: {seen} px in the 3D picture");
    }
    pictures.push(("volume", PaneContent::Volume(input), twin));

    let mut renderer = match pollster::block_on(Renderer::headless(size)) {
        Ok(mut renderer) => {
            renderer.set_grid(&grid, true).unwrap();
            for k in 0..grid.size()[2] {
                renderer.upload_slice(k, volume.pixels(k).unwrap());
            }
            renderer.upload_labels(IndexBox::whole(grid.size()), &anatomy, &findings);
            Some(renderer)
        }
        Err(e) => {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "no GPU driver, and this run must have one: {e}");
            println!("SKIPPED on the GPU, no driver: {e}");
            None
        }
    };
    for (name, content, twin) in pictures {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.png"));
        if std::env::var_os("HILUM_WRITE_GOLDEN").is_some() {
            image::save_buffer(&path, &twin, size[0], size[1], image::ColorType::Rgba8).unwrap();
        }
        let golden = image::open(&path).unwrap().into_rgba8().into_raw();
        assert_eq!(share_beyond(&golden, &twin, 1), 0.0, "{name}: the twin draws another picture");
        let Some(renderer) = &mut renderer else { continue };
        let rect = PxRect { x: 0, y: 0, width: size[0], height: size[1] };
        let frame = FrameInput { size, look: look.clone(), panes: vec![PaneInput { rect, content }] };
        assert!(renderer.draw(&frame, true));
        let gpu = pollster::block_on(renderer.pixels()).unwrap();
        let beyond = share_beyond(&golden, &gpu, 4);
        assert!(beyond < 0.01, "{name}: {beyond} of channels beyond 4");
    }
}
