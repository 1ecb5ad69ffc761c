//! Rays through small made volumes: what the CPU twin of the ray caster must hold, whatever the volume and the look at it.
#![allow(clippy::unwrap_used, reason = "a test may stop with its reason")]

use hilum::geometry::{Grid, IndexBox, PatientPoint, PatientVector, VoxelIndex};
use hilum::view::raycast::{Scene, raycast};
use hilum::view::{
    Camera, Clip, Cut, LabelLook, Leaping, Leaps, PRESETS, Projection, RayPicture, VoiFunction, VolumeInput,
    VolumePreset, Window,
};
use hilum::volume::{Bricks, CtVolume, LabelMap};
use ndarray::Array3;
use proptest::prelude::*;

/// Balls of any HU in air, on a grid that is neither cubic nor straight; every second ball is marked.
fn balls(balls: &[([f64; 3], f64, i16)]) -> (CtVolume, LabelMap, LabelMap, Bricks) {
    let v = PatientVector::new;
    let steps = [v(1.0, 0.0, 0.0), v(0.0, 1.0, 0.2), v(0.0, 0.0, 1.7)];
    let grid = Grid::new([45, 38, 29], PatientPoint::new(-20.0, -20.0, 0.0), steps).unwrap();
    let [ni, nj, nk] = grid.size();
    let inside = |i: usize, j: usize, k: usize, (at, radius, _): &([f64; 3], f64, i16)| {
        let d = [i, j, k].into_iter().zip(at).map(|(n, share)| n as f64 - share * 40.0);
        d.map(|d| d * d).sum::<f64>() < radius * radius
    };
    let hu = Array3::from_shape_fn((nk, nj, ni), |(k, j, i)| {
        balls.iter().rev().find(|ball| inside(i, j, k, ball)).map_or(-1000, |ball| ball.2)
    });
    let volume = CtVolume::from_array(grid, hu).unwrap();
    let mut maps = [LabelMap::empty(grid).unwrap(), LabelMap::empty(grid).unwrap()];
    for (n, ball) in balls.iter().enumerate().skip(1).step_by(2) {
        let mut edit = maps[n / 2 % 2].edit();
        for index in (0..grid.voxel_count()).map(|n| grid.index_at(n)).filter(|v| inside(v.i, v.j, v.k, ball)) {
            edit.set(VoxelIndex::new(index.i, index.j, index.k), n as u8);
        }
        edit.finish();
    }
    let mut bricks = Bricks::new(grid.size());
    for k in 0..nk {
        bricks.set_slice(k, volume.pixels(k).unwrap());
    }
    let [anatomy, findings] = maps;
    bricks.set_labels(IndexBox::whole(grid.size()), &anatomy, &findings);
    (volume, anatomy, findings, bricks)
}

/// As the session asks for it, from somewhere.
fn input(
    camera: Camera,
    clip: Clip,
    preset: VolumePreset,
    projection: Option<Projection>,
    step_mm: f64,
) -> VolumeInput {
    VolumeInput {
        camera,
        transfer: preset.transfer(),
        projection: projection.map(|p| (p, Window::linear(-200.0, 2000.0))),
        step_mm,
        clip,
        window: PRESETS[0],
        rays: 1,
        shadows: false,
        reduction: 1,
        rows_at_once: u32::MAX,
        revision: 0,
    }
}

#[test]
fn a_projection_is_grey_as_the_function_of_its_window_says() {
    let hu = 260;
    let (volume, anatomy, findings, _) = balls(&[([0.5; 3], 500.0, hu)]);
    let grid = *volume.grid();
    let look = LabelLook::default();
    let scene = Scene { volume: &volume, labels: [&anatomy, &findings], look: &look, leaps: None };
    let mut greys = Vec::new();
    for function in VoiFunction::ALL {
        let window = Window { function, ..Window::linear(40.0, 700.0) };
        let input = VolumeInput {
            projection: Some((Projection::Highest, window)),
            ..input(Camera::fit(&grid), Clip::default(), VolumePreset::ALL[0], None, 1.0)
        };
        let picture = raycast(&scene, &input, [9, 9]);
        let middle = picture[4 * 40];
        assert_eq!(middle, (window.grey(f64::from(hu)) * 255.0).round() as u8, "{function:?}");
        greys.push(middle);
    }
    assert!(greys[0] != greys[2], "a sigmoid is not straight: {greys:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn rays_that_leap_draw_the_same_picture(
        places in prop::collection::vec((prop::array::uniform3(0.0f64..1.0), 1.0f64..9.0, -1024i16..2000), 0..6),
        style in 0usize..11, azimuth in 0.0f64..6.3, elevation in -1.5f64..1.5, step_mm in 0.4f64..2.0, shown in 0u8..8,
        cut in prop::option::of((prop::array::uniform3(-1.0f64..1.0), -15.0f64..15.0)), cropped in 0usize..10,
    ) {
        let (volume, anatomy, findings, bricks) = balls(&places);
        let mut camera = Camera::fit(volume.grid());
        (camera.azimuth_rad, camera.elevation_rad) = (azimuth, elevation);
        let projection = style.checked_sub(VolumePreset::ALL.len()).map(|n| Projection::ALL[n % 3]);
        let preset = VolumePreset::ALL[style % VolumePreset::ALL.len()];
        let grid = volume.grid();
        let cut = cut.and_then(|(n, mm)| {
            let normal = PatientVector::new(n[0], n[1], n[2]).unit()?;
            Some(Cut { at: grid.centre() + normal * mm, normal })
        });
        let mut kept = IndexBox::whole(grid.size());
        kept.min[0] += cropped;
        let clip = Clip { voxels: (cropped > 5).then_some(kept), cut };
        let input = input(camera, clip, preset, projection, step_mm);
        let mut look = LabelLook::default();
        for label in (1..6u8).filter(|n| shown >> (n / 2) & 1 == 1) {
            look.show(usize::from(label / 2 % 2), label, [200, 40 * label, 90]);
        }
        let leaps = Leaps::new(&bricks, &input.transfer, &look);
        let every = Scene { volume: &volume, labels: [&anatomy, &findings], look: &look, leaps: None };
        let leaping = Scene { leaps: Some(&leaps), ..every };
        // Not by `prop_assert_eq`: it would print the pixels.
        prop_assert!(raycast(&every, &input, [40, 36]) == raycast(&leaping, &input, [40, 36]));
    }
}

/// A brick is empty only if neither its HU nor its segments are shown.
#[test]
fn what_is_shown_decides_where_rays_leap() {
    let (volume, _, _, bricks) = balls(&[([0.5, 0.5, 0.4], 6.0, 60), ([0.2, 0.2, 0.2], 4.0, 40)]);
    let occupied = |preset: VolumePreset, look: &LabelLook| {
        let leaps = Leaps::new(&bricks, &preset.transfer(), look);
        leaps.bricks().iter().filter(|b| b.distance == 0).count()
    };
    let nothing = LabelLook::default();
    let mut marked = LabelLook::default();
    marked.show(0, 1, [200, 80, 80]);
    assert_eq!(occupied(VolumePreset::Bone, &nothing), 0);
    assert!(occupied(VolumePreset::Bone, &marked) > 0, "a segment is seen in any tissue");
    let soft = occupied(VolumePreset::Lungs, &nothing);
    assert!(soft > 0 && soft < bricks.size().iter().product(), "{soft} of {:?}", volume.grid().size());
}

/// What the processor draws in pieces is what it draws at once, and a coarser picture has fewer px.
#[test]
fn a_picture_in_pieces_is_the_whole_picture() {
    let (volume, anatomy, findings, _) = balls(&[([0.5, 0.5, 0.4], 9.0, 60), ([0.3, 0.2, 0.2], 6.0, 400)]);
    let look = LabelLook::default();
    let scene = Scene { volume: &volume, labels: [&anatomy, &findings], look: &look, leaps: None };
    let clip = Clip::default();
    for (reduction, size) in [(1, [40u32, 36u32]), (3, [14, 12])] {
        let mut asked = input(Camera::fit(volume.grid()), clip, VolumePreset::Lungs, None, 1.0);
        (asked.reduction, asked.shadows) = (reduction, reduction == 1);
        let mut picture = RayPicture::new(asked.clone(), [40, 36]);
        assert_eq!(picture.size(), size);
        let (mut pieces, mut rows) = (1, 0);
        let mut three_rows = || {
            rows += 1;
            rows % 3 != 0
        };
        while !picture.draw(&scene, &mut three_rows) {
            pieces += 1;
            assert!(!picture.pixels().is_empty() && !picture.is_whole());
        }
        assert!(pieces >= size[1] / 3 && picture.is_whole());
        assert!(picture.pixels() == raycast(&scene, &asked, size));
        assert!(picture.pixels().iter().filter(|v| **v > 10 && **v < 255).count() > 30, "something is shown");
        assert!(picture.shows(&asked, [40, 36]) && !picture.shows(&asked, [80, 36]));
        let turned = VolumeInput { revision: 1, ..asked };
        assert!(!picture.shows(&turned, [40, 36]));
    }
}

/// Leaps are made anew when voxels, labels or the look at them change, and only then.
#[test]
fn leaps_follow_what_they_were_made_of() {
    let (volume, anatomy, findings, _) = balls(&[([0.5, 0.5, 0.4], 6.0, 60), ([0.2, 0.2, 0.2], 4.0, 40)]);
    let grid = volume.grid();
    let mut leaping = Leaping::new(grid.size());
    let (bone, skin) = (VolumePreset::Bone.transfer(), VolumePreset::Skin.transfer());
    let nothing = LabelLook::default();
    let occupied = |leaps: &Leaps| leaps.bricks().iter().filter(|b| b.distance == 0).count();
    let (leaps, anew) = leaping.leaps(&skin, &nothing);
    assert!(anew && occupied(leaps) == 0, "nothing has arrived");
    for k in 0..grid.size()[2] {
        leaping.bricks().set_slice(k, volume.pixels(k).unwrap());
    }
    let (leaps, anew) = leaping.leaps(&skin, &nothing);
    assert!(anew && occupied(leaps) > 0);
    assert!(!leaping.leaps(&skin, &nothing).1);
    let (leaps, anew) = leaping.leaps(&bone, &nothing);
    assert!(anew && occupied(leaps) == 0);
    let mut marked = LabelLook::default();
    marked.show(0, 1, [200, 80, 80]);
    assert!(leaping.leaps(&bone, &marked).1);
    leaping.bricks().set_labels(IndexBox::whole(grid.size()), &anatomy, &findings);
    let (leaps, anew) = leaping.leaps(&bone, &marked);
    assert!(anew && occupied(leaps) > 0);
}
