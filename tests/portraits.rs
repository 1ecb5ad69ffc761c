//! A picture to be saved is what the CPU twins say, whatever is on screen and in however many bands it is drawn; the same for any
//! transfer function. Needs a Vulkan driver (lavapipe will do).
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may stop with its reason")]
#![cfg(feature = "gpu")]

use hilum::geometry::{AnatomicalPlane, Grid, IndexBox, PatientPoint, PatientVector};
use hilum::render::Renderer;
use hilum::view::raycast::{Scene, raycast};
use hilum::view::{
    Camera, Clip, FrameInput, LabelLook, Leaps, PRESETS, PaneContent, PaneInput, PaneState, PxRect, SliceInput,
    TransferFunction, VolumeInput, VolumePreset, Window, reslice,
};
use hilum::volume::{Bricks, CtVolume, LabelMap};
use ndarray::Array3;
use proptest::prelude::*;

fn grid() -> Grid {
    let v = PatientVector::new;
    let steps = [v(1.0, 0.0, 0.0), v(0.0, 1.0, 0.1), v(0.0, 0.0, 1.6)];
    Grid::new([48, 44, 30], PatientPoint::new(-20.0, -20.0, 0.0), steps).unwrap()
}

/// Smooth tissue of every HU from air to bone, and a marked ball.
fn phantom() -> (CtVolume, [LabelMap; 2], LabelLook) {
    let grid = grid();
    let [ni, nj, nk] = grid.size();
    let hu = Array3::from_shape_fn((nk, nj, ni), |(k, j, i)| {
        let wave = (i as f64 / 7.0).sin() * (j as f64 / 8.0).sin() * (k as f64 / 6.0).cos();
        (wave * 1100.0).round() as i16
    });
    let mut maps = [LabelMap::empty(grid).unwrap(), LabelMap::empty(grid).unwrap()];
    let mut edit = maps[1].edit();
    for (k, j) in (10..18).flat_map(|k| (12..24).map(move |j| (k, j))) {
        edit.set_span(k, j, 14, 30, |_, _| Some(2));
    }
    edit.finish();
    let mut look = LabelLook::default();
    look.show(1, 2, [240, 80, 60]);
    (CtVolume::from_array(grid, hu).unwrap(), maps, look)
}

fn renderer(volume: &CtVolume, [anatomy, findings]: &[LabelMap; 2]) -> Option<Renderer> {
    match pollster::block_on(Renderer::headless([64, 64])) {
        Ok(mut renderer) => {
            let grid = volume.grid();
            renderer.set_grid(grid, true).unwrap();
            (0..grid.size()[2]).for_each(|k| renderer.upload_slice(k, volume.pixels(k).unwrap()));
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

fn input(transfer: TransferFunction, rows_at_once: u32) -> VolumeInput {
    let mut camera = Camera::fit(&grid());
    camera.orbit(0.5, 0.2);
    VolumeInput {
        camera,
        transfer,
        projection: None,
        clip: Clip::default(),
        window: PRESETS[0],
        step_mm: 1.0,
        rays: 1,
        shadows: false,
        reduction: 1,
        rows_at_once,
        revision: 0,
    }
}

const SIZE: [u32; 2] = [80, 72];

fn pane(content: PaneContent) -> PaneInput {
    PaneInput { rect: PxRect { x: 0, y: 0, width: SIZE[0], height: SIZE[1] }, content }
}

/// Share of channels that differ by more than 2.
fn beyond(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).filter(|(a, b)| a.abs_diff(**b) > 2).count() as f64 / a.len() as f64
}

/// The picture, and in how many steps it was drawn. Between them the screen shows something else.
fn portrait(renderer: &mut Renderer, content: PaneContent, look: &LabelLook) -> (Vec<u8>, u32) {
    let on_screen = FrameInput {
        size: [64, 64],
        look: LabelLook::default(),
        panes: vec![PaneInput {
            rect: PxRect { x: 0, y: 0, width: 64, height: 64 },
            content: PaneContent::Volume(input(VolumePreset::Skin.transfer(), 9)),
        }],
    };
    let mut portrait = renderer.begin_portrait(pane(content), look.clone()).unwrap();
    for step in 1.. {
        let all = renderer.go_on(&mut portrait).unwrap();
        assert!(renderer.draw(&on_screen, true));
        if all {
            return (pollster::block_on(renderer.read_portrait(portrait)).unwrap(), step);
        }
    }
    unreachable!("it ends");
}

#[test]
fn a_slice_is_that_of_the_twin() {
    let (volume, maps, look) = phantom();
    let Some(mut renderer) = renderer(&volume, &maps) else { return };
    let mut state = PaneState::new(AnatomicalPlane::Axial, grid().centre());
    state.fit(&grid(), SIZE.map(f64::from));
    state.scroll(&grid(), 0);
    let slice = SliceInput::new(state.through(state.centre), state.mm_per_px, Window::linear(0.0, 2400.0));
    for look in [look, LabelLook::default()] {
        let twin = reslice::reslice(&volume, [&maps[0], &maps[1]], &look, &slice, SIZE);
        let (drawn, steps) = portrait(&mut renderer, PaneContent::Slice(slice), &look);
        assert_eq!(steps, 1);
        let over = beyond(&twin, &drawn);
        assert!(over < 0.005, "{over} of channels beyond 2");
    }
}

#[test]
fn the_3d_picture_is_that_of_the_twin_in_however_many_bands() {
    let (volume, maps, look) = phantom();
    let Some(mut renderer) = renderer(&volume, &maps) else { return };
    let scene = Scene { volume: &volume, labels: [&maps[0], &maps[1]], look: &look, leaps: None };
    let twin = raycast(&scene, &input(VolumePreset::Bone.transfer(), 1), SIZE);
    assert!(twin.chunks(4).filter(|p| p[0] > 20).count() > 500, "there is something to see");
    for (rows, bands) in [(u32::MAX, 1), (30, 3), (1, SIZE[1])] {
        let content = PaneContent::Volume(input(VolumePreset::Bone.transfer(), rows));
        let (drawn, steps) = portrait(&mut renderer, content, &look);
        assert_eq!(steps, bands);
        let over = beyond(&twin, &drawn);
        assert!(over < 0.01, "{bands} bands: {over} of channels beyond 2");
    }
}

#[test]
fn nothing_is_drawn_of_a_volume_that_is_gone() {
    let (volume, maps, look) = phantom();
    let Some(mut renderer) = renderer(&volume, &maps) else { return };
    let content = || PaneContent::Volume(input(VolumePreset::Bone.transfer(), 9));
    let mut begun = renderer.begin_portrait(pane(content()), look.clone()).unwrap();
    assert_eq!(renderer.go_on(&mut begun), Some(false));
    renderer.clear();
    assert_eq!(renderer.go_on(&mut begun), None);
    assert!(renderer.begin_portrait(pane(content()), look).is_none());
}

/// Any curve that an editor can make.
fn any_transfer() -> impl Strategy<Value = TransferFunction> {
    let step = (0u8..4, 0usize..16, -1024.0f32..1500.0, 0.0f32..1.0, prop::array::uniform3(0.0f32..1.0));
    (0usize..8, prop::collection::vec(step, 0..12)).prop_map(|(preset, steps)| {
        let mut transfer = VolumePreset::ALL[preset].transfer();
        for (what, n, hu, height, rgb) in steps {
            match what {
                0 => transfer.move_point(n, hu, height.powi(3)),
                1 => drop(transfer.add_point(hu, height.powi(3))),
                2 => transfer.remove_point(n),
                _ => transfer.colour_point(n, rgb),
            }
        }
        transfer
    })
}

#[test]
fn any_curve_is_drawn_as_its_twin_and_rays_leap_without_a_difference() {
    let (volume, maps, look) = phantom();
    let mut bricks = Bricks::new(grid().size());
    (0..grid().size()[2]).for_each(|k| bricks.set_slice(k, volume.pixels(k).unwrap()));
    bricks.set_labels(IndexBox::whole(grid().size()), &maps[0], &maps[1]);
    let renderer = renderer(&volume, &maps).map(std::cell::RefCell::new);
    proptest!(ProptestConfig::with_cases(12), |(transfer in any_transfer())| {
        let leaps = Leaps::new(&bricks, &transfer, &look);
        let every = Scene { volume: &volume, labels: [&maps[0], &maps[1]], look: &look, leaps: None };
        let leaping = Scene { leaps: Some(&leaps), ..every };
        let input = input(transfer, u32::MAX);
        let twin = raycast(&every, &input, SIZE);
        prop_assert!(twin == raycast(&leaping, &input, SIZE), "leaps change the picture");
        if let Some(renderer) = &renderer {
            let (drawn, _) = portrait(&mut renderer.borrow_mut(), PaneContent::Volume(input), &look);
            // Two points may be one HU apart, and a GPU's half of a value between them is another.
            let over = beyond(&twin, &drawn);
            prop_assert!(over < 0.03, "{over} of channels beyond 2");
        }
    });
}
