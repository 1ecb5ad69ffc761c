//! Stacks made of numbers: order, gaps, duplicates, tilt, and what must be refused.

use super::*;
use crate::dicom::{Acquisition, FrameFacts, ImagePlane, Instance, PixelFormat, SeriesKind, SeriesModule};
use crate::geometry::VoxelPoint;
use crate::import::{Assembly, StackTrait};
use proptest::prelude::*;

const SPACING: f64 = 0.7;

/// A slice of 4 rows × 5 columns at a place, with axial directions turned by `tilt` radians about the x axis.
fn slice(number: i32, position: PatientPoint, tilt: f64) -> Instance {
    Instance {
        sop_class_uid: "1.2.840.10008.5.1.4.1.1.2".into(),
        sop_instance_uid: format!("2.25.{number}"),
        transfer_syntax_uid: "1.2.840.10008.1.2.1".into(),
        image_type: vec!["ORIGINAL".into(), "PRIMARY".into(), "AXIAL".into()],
        instance_number: Some(number),
        patient: Default::default(),
        study: Default::default(),
        series: SeriesModule { instance_uid: "2.25.1".into(), modality: "CT".into(), ..Default::default() },
        acquisition: Acquisition::default(),
        plane: ImagePlane {
            position: Some(position),
            directions: Some([PatientVector::new(1.0, 0.0, 0.0), PatientVector::new(0.0, tilt.cos(), tilt.sin())]),
            pixel_spacing_mm: Some([SPACING, SPACING]),
            slice_thickness_mm: None,
        },
        pixels: Some(PixelFormat {
            rows: 4,
            columns: 5,
            frames: 1,
            samples_per_pixel: 1,
            photometric: "MONOCHROME2".into(),
            bits_allocated: 16,
            bits_stored: 16,
            high_bit: 15,
            signed: true,
            rescale_slope: Some(1.0),
            rescale_intercept: Some(0.0),
            rescale_type: String::new(),
            padding: None,
        }),
        windows: Vec::new(),
        frames: Vec::new(),
        lossy: None,
        frame_number: None,
    }
}

fn series(instances: Vec<Instance>) -> Series {
    Series { uid: "2.25.1".into(), kind: SeriesKind::CtVolume, instances }
}

/// Axial slices at the given heights, numbered from 1.
fn at(heights: &[f64]) -> Series {
    let slices = (1..).zip(heights).map(|(n, z)| slice(n, PatientPoint::new(-10.0, -20.0, *z), 0.0));
    series(slices.collect())
}

/// The SOP Instance UIDs from the first slice to the last.
fn order<'a>(series: &'a Series, plan: &StackPlan) -> Vec<Option<&'a str>> {
    let uid = |s: &SliceSource| series.instances[s.instance].sop_instance_uid.as_str();
    plan.slices.iter().map(|s| s.as_ref().map(uid)).collect()
}

#[test]
fn slices_ascend_to_the_head_whatever_their_numbers() {
    let stack = at(&[10.0, 7.5, 5.0, 2.5]);
    let plan = plan_stack(&stack).unwrap();
    assert_eq!(plan.grid.size(), [5, 4, 4]);
    assert_eq!(plan.grid.spacing_mm(), [SPACING, SPACING, 2.5]);
    assert_eq!(plan.grid.origin(), PatientPoint::new(-10.0, -20.0, 2.5));
    assert_eq!(order(&stack, &plan), [Some("2.25.4"), Some("2.25.3"), Some("2.25.2"), Some("2.25.1")]);
    assert_eq!(plan.findings, []);
}

#[test]
fn a_gap_stays_empty() {
    let stack = at(&[0.0, 2.5, 10.0, 12.5, 15.0]);
    let plan = plan_stack(&stack).unwrap();
    assert_eq!(plan.findings, [GeometryFinding::MissingSlices { slices: vec![2, 3] }]);
    assert_eq!(order(&stack, &plan)[1..5], [Some("2.25.2"), None, None, Some("2.25.3")]);
    assert_eq!(plan.grid.spacing_mm()[2], 2.5);
}

#[test]
fn of_two_images_in_one_place_the_first_acquired_stays() {
    let mut stack = at(&[0.0, 2.0, 4.0, 2.0]);
    stack.instances.swap(0, 3);
    let plan = plan_stack(&stack).unwrap();
    assert_eq!(plan.findings, [GeometryFinding::DuplicatePositions { left_out: 1 }]);
    assert_eq!(order(&stack, &plan), [Some("2.25.1"), Some("2.25.2"), Some("2.25.3")]);
}

/// The acquisition or kernel of each stack, and the heights of its slices in order of their places.
fn heights(series: &Series, stack: &Stack) -> Vec<f64> {
    let plan = stack.plan(series).unwrap();
    let z = |s: &SliceSource| series.instances[s.instance].of_frame(s.frame).unwrap().plane.position.unwrap().0.z;
    plan.slices.iter().flatten().map(z).collect()
}

#[test]
fn a_second_phase_over_the_first_is_a_stack_of_its_own() {
    let mut stack = at(&[0.0, 2.0, 4.0, 0.0, 2.0, 4.0]);
    for (n, instance) in stack.instances.iter_mut().enumerate() {
        // The numbers begin anew in the second phase.
        instance.instance_number = Some(n as i32 % 3);
        instance.acquisition.number = Some(2 - n as i32 / 3);
    }
    let all = stacks(&stack);
    assert_eq!(all.len(), 2);
    for (stack_of, (uids, number)) in
        all.iter().zip([(["2.25.4", "2.25.5", "2.25.6"], 1), (["2.25.1", "2.25.2", "2.25.3"], 2)])
    {
        let plan = stack_of.plan(&stack).unwrap();
        assert_eq!(order(&stack, &plan), uids.map(Some));
        assert_eq!(plan.findings, [GeometryFinding::OtherStacks { images: 3, stacks: 1 }]);
        assert_eq!(stack_of.traits, [StackTrait::Acquisition(number)]);
    }
}

#[test]
fn each_step_acquired_on_its_own_is_one_stack() {
    let mut steps = at(&[0.0, 2.0, 4.0, 6.0, 4.0]);
    for (n, instance) in steps.instances.iter_mut().enumerate() {
        instance.acquisition.number = Some(n as i32);
        instance.acquisition.date_time = format!("20260105 08000{n}");
    }
    let all = stacks(&steps);
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].plan(&steps).unwrap().findings, [GeometryFinding::DuplicatePositions { left_out: 1 }]);
}

#[test]
fn times_tell_passes_apart_where_nothing_else_does() {
    // Twice over the same places, back and forth, each image with its own time.
    let mut cine = at(&[0.0, 2.0, 4.0, 4.0, 2.0, 0.0]);
    for (n, instance) in cine.instances.iter_mut().enumerate() {
        instance.acquisition.content_time = format!("08000{n}");
    }
    let all = stacks(&cine);
    assert_eq!(all.len(), 2);
    let plan = all[0].plan(&cine).unwrap();
    assert_eq!(order(&cine, &plan), ["2.25.1", "2.25.2", "2.25.3"].map(Some));
    assert_eq!(all[1].traits, [StackTrait::Time("080003".into())]);
    // The same, with one time for each pass and time points given.
    for (n, instance) in cine.instances.iter_mut().enumerate() {
        instance.acquisition.content_time = String::new();
        instance.acquisition.temporal_position = Some(1 + n as i32 / 3);
    }
    let points: Vec<_> = stacks(&cine).into_iter().flat_map(|s| s.traits).collect();
    assert_eq!(points, [StackTrait::TimePoint(1), StackTrait::TimePoint(2)]);
}

#[test]
fn acquisitions_between_each_other_are_parted_where_they_have_no_common_distance() {
    let both = |second: f64| {
        let mut heights: Vec<f64> = (0..8).map(|n| f64::from(n) * 5.0).collect();
        heights.extend((0..8).map(|n| second + f64::from(n) * 5.0));
        let mut series = at(&heights);
        series.instances.iter_mut().enumerate().for_each(|(n, i)| i.acquisition.number = Some(1 + n as i32 / 8));
        series
    };
    let offset = both(0.4);
    let all = stacks(&offset);
    assert_eq!(
        all.iter().map(|s| s.traits.clone()).collect::<Vec<_>>(),
        [1, 2].map(|n| vec![StackTrait::Acquisition(n)])
    );
    assert_eq!(all[1].plan(&offset).unwrap().grid.spacing_mm()[2], 5.0);
    // Half a distance apart they are one stack, as from a scanner that goes back to fill the gaps; one behind the other, too.
    for second in [2.5, 40.0] {
        assert_eq!(stacks(&both(second)).len(), 1, "{second}");
    }
}

#[test]
fn two_fields_of_view_at_the_same_heights_are_two_stacks() {
    let mut fields = at(&[0.0, 2.0, 4.0, 0.0, 2.0, 4.0]);
    for instance in &mut fields.instances[3..] {
        instance.plane.position = instance.plane.position.map(|p| p + PatientVector::new(90.0, 0.0, 0.0));
    }
    let all = stacks(&fields);
    let corners: Vec<_> = all.iter().flat_map(|s| s.traits.clone()).collect();
    let corner = |x| StackTrait::Corner(PatientPoint::new(x, -20.0, 0.0));
    assert_eq!(corners, [corner(-10.0), corner(80.0)]);
}

#[test]
fn a_tilted_gantry_shears_the_grid() {
    let tilt = 15f64.to_radians();
    let stack = series((1..=6).map(|n| slice(n, PatientPoint::new(0.0, 0.0, f64::from(n) * 5.0), tilt)).collect());
    let plan = plan_stack(&stack).unwrap();
    let [GeometryFinding::GantryTilt { degrees }] = plan.findings[..] else { panic!("{:?}", plan.findings) };
    assert!((degrees - 15.0).abs() < 1e-6);
    assert!((plan.grid.voxel_volume_mm3() - SPACING * SPACING * 5.0 * tilt.cos()).abs() < 1e-9);
}

#[test]
fn rounding_is_silent_jitter_is_told_chaos_is_refused() {
    let rounded: Vec<f64> = (0..200).map(|n| (f64::from(n) * 0.625 * 100.0).round() / 100.0).collect();
    assert_eq!(plan_stack(&at(&rounded)).unwrap().findings, []);
    let jitter: Vec<f64> = (0..20).map(|n| f64::from(n) * 2.0 + if n % 3 == 0 { 0.1 } else { 0.0 }).collect();
    assert!(matches!(plan_stack(&at(&jitter)).unwrap().findings[..], [GeometryFinding::IrregularSpacing { .. }]));
}

#[test]
fn what_fits_no_lattice_is_resampled_and_marked() {
    let chaos = at(&[0.0, 1.0, 2.7, 3.1, 6.0]);
    let plan = plan_stack(&chaos).unwrap();
    assert_eq!(plan.slices.len(), 13, "no more than three slices an image");
    assert_eq!(order(&chaos, &plan)[0], Some("2.25.1"));
    assert_eq!(order(&chaos, &plan)[12], Some("2.25.5"));
    let [GeometryFinding::ResampledSpacing { smallest_mm, largest_mm, spacing_mm, slices }] = plan.findings[..] else {
        panic!("{:?}", plan.findings)
    };
    assert!((smallest_mm - 0.4).abs() < 1e-9 && (largest_mm - 2.9).abs() < 1e-9 && (spacing_mm - 0.5).abs() < 1e-9);
    assert_eq!(slices, plan.blends.len());
    assert_eq!(plan.findings[0].severity(), crate::import::Severity::Warning);
    // Each slice is where its images say: 1.5 mm lies 5/17 of the way from 1.0 to 2.7 mm.
    let blend = plan.blends.iter().find(|b| b.k == 3).unwrap();
    assert_eq!((blend.below.instance, blend.above.instance), (1, 2));
    assert!((blend.weight_above - 5.0 / 17.0).abs() < 1e-6);
}

#[test]
fn evenly_spaced_images_stay_as_they_are_among_others() {
    let mut heights: Vec<f64> = (0..20).map(f64::from).collect();
    heights.extend((1..8).map(|n| 19.0 + f64::from(n) * 3.3));
    let mixed = at(&heights);
    let plan = plan_stack(&mixed).unwrap();
    assert!((plan.grid.spacing_mm()[2] - 1.0).abs() < 1e-9);
    assert!(plan.slices[..20].iter().all(Option::is_some), "{:?}", plan.slices);
    assert_eq!(plan.slices.len(), 20 + 23);
    assert!(matches!(plan.findings[..], [GeometryFinding::ResampledSpacing { .. }]));
}

#[test]
fn nothing_is_computed_across_a_gap() {
    let gap = at(&[0.0, 1.0, 2.0, 3.3, 4.3, 20.0, 21.0, 22.1]);
    let plan = plan_stack(&gap).unwrap();
    let missing = plan.findings.iter().find_map(|f| match f {
        GeometryFinding::MissingSlices { slices } => Some(slices.clone()),
        _ => None,
    });
    let heights: Vec<f64> = missing.unwrap().iter().map(|k| *k as f64 * plan.grid.spacing_mm()[2]).collect();
    assert!(heights.len() > 10 && heights.iter().all(|z| *z > 4.3 && *z < 20.0), "{heights:?}");
}

#[test]
fn images_arrive_in_any_order_and_mix() {
    let chaos = at(&[0.0, 1.0, 2.7, 3.1, 6.0]);
    let plan = plan_stack(&chaos).unwrap();
    // HU that rise linearly with the height come out linear.
    let arrived = |order: [usize; 5]| {
        let mut assembly = Assembly::default();
        let mut slices = vec![None; plan.slices.len()];
        for instance in order {
            let z = chaos.instances[instance].plane.position.unwrap().0.z;
            let hu = vec![(z * 100.0).round() as i16; 20];
            for (k, hu) in assembly.arrive(&plan, SliceSource { instance, frame: 0 }, hu) {
                assert!(slices[k].replace(hu[7]).is_none(), "slice {k} came twice");
            }
        }
        slices.into_iter().map(Option::unwrap).collect::<Vec<i16>>()
    };
    let linear: Vec<i16> = (0..13).map(|k| k * 50).collect();
    assert_eq!(arrived([0, 1, 2, 3, 4]), linear);
    assert_eq!(arrived([3, 0, 4, 2, 1]), linear);
}

#[test]
fn a_small_part_of_other_spacing_on_no_line_with_the_rest_is_left_out() {
    let mut heights: Vec<f64> = (0..20).map(|n| f64::from(n) * 2.0).collect();
    heights.extend([41.3, 44.6, 47.9]);
    let mut stack = at(&heights);
    for instance in &mut stack.instances[20..] {
        instance.plane.position = instance.plane.position.map(|p| p + PatientVector::new(30.0, 0.0, 0.0));
    }
    let plan = plan_stack(&stack).unwrap();
    assert_eq!(plan.grid.size()[2], 20);
    assert_eq!(plan.findings, [GeometryFinding::OffLattice { left_out: 3 }]);
}

#[test]
fn no_image_is_left_out_behind_a_gap() {
    let mut heights: Vec<f64> = (0..80).map(|n| f64::from(n) * 2.0).collect();
    heights.extend((0..20).map(|n| 165.0 + f64::from(n) * 2.0));
    let plan = plan_stack(&at(&heights)).unwrap();
    let used: BTreeSet<_> = (0..plan.slices.len()).flat_map(|k| plan.sources(k)).collect();
    assert_eq!(used.len(), 100);
    assert!(plan.slices[..80].iter().all(Option::is_some), "{:?}", plan.slices);
    assert!(plan.findings.iter().any(|f| matches!(f, GeometryFinding::ResampledSpacing { .. })), "{:?}", plan.findings);
}

#[test]
fn one_image_between_places_does_not_multiply_the_slices() {
    let with_one_behind = |mm: f64| {
        let mut heights: Vec<f64> = (0..700).map(f64::from).collect();
        heights.push(699.0 + mm);
        plan_stack(&at(&heights)).unwrap()
    };
    for mm in [0.3, 0.7] {
        let plan = with_one_behind(mm);
        assert_eq!((plan.grid.size()[2], plan.blends.len()), (700, 0));
        assert_eq!(plan.findings, [GeometryFinding::OffLattice { left_out: 1 }]);
    }
    let plan = with_one_behind(1.4);
    assert_eq!((plan.grid.size()[2], plan.blends.len()), (701, 1), "{:?}", plan.findings);
}

#[test]
fn unlike_images_are_stacks_of_their_own() {
    let mut series = at(&[0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0]);
    series.instances[0].image_type = vec!["ORIGINAL".into(), "PRIMARY".into(), "LOCALIZER".into()];
    series.instances[4].plane.directions = slice(0, PatientPoint::new(0.0, 0.0, 0.0), 1.0).plane.directions;
    series.instances[5].pixels.as_mut().unwrap().rows = 8;
    series.instances[6].plane.pixel_spacing_mm = Some([0.9, 0.9]);
    series.instances[7].plane.position = None;
    let all = stacks(&series);
    assert_eq!(all.iter().map(|s| s.sources.len()).collect::<Vec<_>>(), [3, 1, 1, 1, 1]);
    assert_eq!(heights(&series, &all[0]), [2.0, 4.0, 6.0]);
    let expected = [GeometryFinding::NotSlices { left_out: 1 }, GeometryFinding::OtherStacks { images: 4, stacks: 4 }];
    assert_eq!(all[0].plan(&series).unwrap().findings, expected);
    assert!(all[1].traits.contains(&StackTrait::Orientation(crate::geometry::AnatomicalPlane::Coronal)));
    assert!(all[2].traits.contains(&StackTrait::Matrix { columns: 5, rows: 8 }));
    assert!(all[3].traits.contains(&StackTrait::PixelSpacing(0.9)));
    assert!(all[4].traits.contains(&StackTrait::Localiser(true)), "localisers come last");
}

#[test]
fn kernels_are_stacks() {
    let mut series = at(&[0.0, 1.0, 2.0, 0.0, 1.0, 2.0]);
    for (n, instance) in series.instances.iter_mut().enumerate() {
        instance.acquisition.kernel = if n < 3 { "B30f".into() } else { "B70f".into() };
    }
    let all = stacks(&series);
    let kernels: Vec<_> = all.iter().flat_map(|s| s.traits.clone()).collect();
    assert_eq!(kernels, ["B30f", "B70f"].map(|k| StackTrait::Kernel(k.into())));
    assert!(all.iter().all(|s| heights(&series, s) == [0.0, 1.0, 2.0]));
}

#[test]
fn acquisition_differences_are_told() {
    let mut stack = at(&[0.0, 1.0, 2.0]);
    stack.instances[1].pixels.as_mut().unwrap().rescale_intercept = None;
    stack.instances[2].series.frame_of_reference_uid = Some("2.25.9".into());
    for instance in &mut stack.instances {
        instance.plane.slice_thickness_mm = Some(0.6);
    }
    let expected = [
        GeometryFinding::MixedRescale,
        GeometryFinding::NoRescale { slices: 1 },
        GeometryFinding::MixedFrameOfReference { count: 2 },
        GeometryFinding::ThicknessNotSpacing { thickness_mm: 0.6, spacing_mm: 1.0 },
    ];
    assert_eq!(plan_stack(&stack).unwrap().findings, expected);
}

#[test]
fn what_rescaling_gives_is_not_always_hu() {
    let mut stack = at(&[0.0, 1.0, 2.0]);
    let types = ["HU", "hu", ""];
    let set = |stack: &mut Series, types: [&str; 3]| {
        for (instance, own) in stack.instances.iter_mut().zip(types) {
            instance.pixels.as_mut().unwrap().rescale_type = own.into();
        }
    };
    set(&mut stack, types);
    assert_eq!(plan_stack(&stack).unwrap().findings, []);
    set(&mut stack, ["MGML", "HU", "Z_EFF"]);
    assert_eq!(plan_stack(&stack).unwrap().findings, [GeometryFinding::NotHu { slices: 2 }]);
}

#[test]
fn a_tilt_that_only_the_header_has_is_told() {
    let found_of = |tag: f64, tilt: f64, image_type: [&str; 3]| {
        let mut stack = at(&[0.0, 2.0, 4.0]);
        for instance in &mut stack.instances {
            instance.image_type = image_type.map(str::to_owned).to_vec();
            instance.acquisition.gantry_tilt_degrees = Some(tag);
            instance.plane.directions = slice(0, PatientPoint::new(0.0, 0.0, 0.0), tilt.to_radians()).plane.directions;
        }
        let findings = plan_stack(&stack).unwrap().findings;
        findings.into_iter().filter(|f| matches!(f, GeometryFinding::TiltDisagrees { .. })).collect::<Vec<_>>()
    };
    let found = |tag, tilt| found_of(tag, tilt, ["ORIGINAL", "PRIMARY", "AXIAL"]);
    assert_eq!([found(0.0, 0.0), found(0.6, 0.0), found(15.0, 15.4), found(-15.0, 15.4)].concat(), []);
    assert_eq!(found(15.0, 0.0), [GeometryFinding::TiltDisagrees { header_degrees: 15.0, measured_degrees: 0.0 }]);
    assert!(matches!(found(0.0, 15.0)[..], [GeometryFinding::TiltDisagrees { .. }]));
    // Reformatted images lie elsewhere than those that were acquired, whose header they keep.
    let reformatted =
        [["DERIVED", "SECONDARY", "MPR"], ["DERIVED", "PRIMARY", "AXIAL"], ["ORIGINAL", "PRIMARY", "MPR"]];
    assert_eq!(reformatted.map(|image_type| found_of(15.0, 0.0, image_type)).concat(), []);
    let mut one = at(&[0.0]);
    one.instances[0].acquisition.gantry_tilt_degrees = Some(15.0);
    assert!(!plan_stack(&one).unwrap().findings.iter().any(|f| matches!(f, GeometryFinding::TiltDisagrees { .. })));
}

#[test]
fn slices_far_apart_are_samples() {
    let affected_at = |heights: &[f64], thickness: f64| {
        let mut stack = at(heights);
        stack.instances.iter_mut().for_each(|i| i.plane.slice_thickness_mm = Some(thickness));
        plan_stack(&stack).unwrap().findings.iter().any(GeometryFinding::affects_volumes)
    };
    let affected = |thickness| affected_at(&[0.0, 10.0, 20.0], thickness);
    assert_eq!([1.0, 6.0, 7.0, 10.0, 20.0].map(affected), [true, true, false, false, false]);
    assert!(!affected_at(&[0.0, 1.5, 3.01], 1.0), "1 mm every 1.5 mm, positions rounded");
}

/// One instance of three frames, the last first, each with its own rescale.
fn multi_frame() -> Series {
    let mut object = slice(1, PatientPoint::new(0.0, 0.0, 0.0), 0.0);
    let frame = |(n, z): (i32, f64)| FrameFacts {
        image_type: object.image_type.clone(),
        plane: slice(0, PatientPoint::new(0.0, 0.0, z), 0.0).plane,
        rescale_slope: Some(f64::from(n)),
        rescale_intercept: Some(-1024.0),
        ..Default::default()
    };
    object.frames = [(1, 4.0), (2, 2.0), (3, 0.0)].into_iter().map(frame).collect();
    object.pixels.as_mut().unwrap().frames = 3;
    object.plane = ImagePlane::default();
    series(vec![object])
}

#[test]
fn frames_are_slices() {
    let series = multi_frame();
    let plan = plan_stack(&series).unwrap();
    let frames: Vec<_> = plan.slices.iter().map(|s| s.unwrap().frame).collect();
    assert_eq!((frames, plan.grid.spacing_mm()[2]), (vec![2, 1, 0], 2.0));
    assert_eq!(plan.findings, [GeometryFinding::MixedRescale]);
    let image = series.instances[0].of_frame(1).unwrap();
    assert_eq!((image.frame_number, image.pixels.unwrap().rescale_slope), (Some(2), Some(2.0)));
    assert_eq!(image.plane.position, Some(PatientPoint::new(0.0, 0.0, 2.0)));
    assert!(series.instances[0].is_ct_slice() && series.instances[0].of_frame(3).is_none());
}

#[test]
fn frames_without_a_place_are_counted() {
    let mut series = multi_frame();
    series.instances[0].frames[0].plane.position = None;
    let plan = plan_stack(&series).unwrap();
    assert_eq!(plan.slices.len(), 2);
    assert_eq!(plan.findings, [GeometryFinding::UnplacedFrames { left_out: 1 }, GeometryFinding::MixedRescale]);
    assert!(plan.findings[0].affects_volumes());
    // Without functional groups the place is that of the first frame alone.
    let mut classic = at(&[0.0, 1.0, 9.0]);
    classic.instances[2].pixels.as_mut().unwrap().frames = 40;
    assert_eq!(plan_stack(&classic).unwrap().findings, [GeometryFinding::UnplacedFrames { left_out: 40 }]);
}

#[test]
fn what_is_no_stack_is_refused() {
    assert_eq!(plan_stack(&series(Vec::new())), Err(ImportError::NoSlices));
    let mut multi = at(&[0.0]);
    multi.instances[0].pixels.as_mut().unwrap().frames = 40;
    assert_eq!(plan_stack(&multi), Err(ImportError::NoSlices), "frames without a place each");
    let mut spacing = at(&[0.0, 1.0]);
    spacing.instances.iter_mut().for_each(|i| i.plane.pixel_spacing_mm = None);
    assert_eq!(plan_stack(&spacing), Err(ImportError::NoPixelSpacing));
    let mut skew = at(&[0.0, 1.0]);
    let along = PatientVector::new(1.0, 0.0, 0.0);
    skew.instances.iter_mut().for_each(|i| i.plane.directions = Some([along, along]));
    assert_eq!(plan_stack(&skew), Err(ImportError::BadOrientation));
    let mut shifted = at(&[0.0, 1.0, 2.0, 3.0]);
    shifted.instances[2].plane.position = Some(PatientPoint::new(30.0, -20.0, 2.0));
    assert!(matches!(plan_stack(&shifted), Err(ImportError::ShiftedSlices { .. })));
    let mut huge = at(&[0.0, 1.0]);
    for instance in &mut huge.instances {
        let pixels = instance.pixels.as_mut().unwrap();
        (pixels.rows, pixels.columns) = (1 << 16, 1 << 16);
    }
    assert!(matches!(plan_stack(&huge), Err(ImportError::TooLarge { .. })));
}

#[test]
fn one_slice_takes_its_thickness_and_says_so() {
    let mut one = at(&[3.0]);
    one.instances[0].plane.slice_thickness_mm = Some(1.25);
    let plan = plan_stack(&one).unwrap();
    let expected = [GeometryFinding::SingleSlice, GeometryFinding::AssumedSpacing { spacing_mm: 1.25 }];
    assert_eq!((plan.grid.spacing_mm()[2], &plan.findings[..]), (1.25, &expected[..]));
}

#[test]
fn loading_begins_on_screen_and_names_each_slice_once() {
    assert_eq!(load_order(10, 5), [5, 0, 4, 8, 2, 6, 1, 9, 3, 7]);
    assert_eq!(load_order(0, 3), [0usize; 0]);
    for (slices, first) in [(1, 0), (7, 6), (8, 100), (301, 150)] {
        let mut order = load_order(slices, first);
        order.sort_unstable();
        assert_eq!(order, (0..slices).collect::<Vec<_>>());
    }
}

proptest! {
    /// Positions of no sense: a plan or a reason.
    #[test]
    fn nonsense_is_survived(positions in prop::collection::vec(prop::array::uniform3(any::<f64>()), 1..12), mm in any::<f64>()) {
        let finite = |v: f64| if v.is_finite() { v } else { 0.0 };
        let mut stack = series((0..).zip(&positions).map(|(n, p)| {
            slice(n, PatientPoint::new(finite(p[0]), finite(p[1]), finite(p[2])), 0.0)
        }).collect());
        stack.instances[0].plane.pixel_spacing_mm = Some([finite(mm), 1.0]);
        if let Ok(plan) = plan_stack(&stack) {
            prop_assert_eq!(plan.slices.len(), plan.grid.size()[2]);
        }
    }

    /// Any oblique, possibly tilted stack: the grid goes through every Image Position, and the order of files does not matter.
    #[test]
    fn the_grid_goes_through_every_position_in_any_order(
        (count, spacing, tilt) in (2usize..40, 0.3..10.0f64, -0.5..0.5f64),
        origin in prop::array::uniform3(-500.0..500.0f64),
        turn in -3.0..3.0f64,
        shuffle in any::<u64>(),
    ) {
        let turned = |v: [f64; 3]| {
            let (s, c) = turn.sin_cos();
            PatientVector::new(c * v[0] - s * v[1], s * v[0] + c * v[1], v[2])
        };
        let step = turned([0.0, tilt.sin(), tilt.cos()]) * spacing;
        let instances: Vec<Instance> = (0..count)
            .map(|n| {
                let position = PatientPoint::new(origin[0], origin[1], origin[2]) + step * n as f64;
                let mut slice = slice(n as i32, position, 0.0);
                slice.plane.directions = Some([turned([1.0, 0.0, 0.0]), turned([0.0, 1.0, 0.0])]);
                slice
            })
            .collect();
        let sorted = series(instances.clone());
        let plan = plan_stack(&sorted).unwrap();
        for (k, source) in plan.slices.iter().enumerate() {
            let position = sorted.instances[source.unwrap().instance].plane.position.unwrap();
            let grid = plan.grid.patient_from_voxel(VoxelPoint::new(0.0, 0.0, k as f64));
            prop_assert!(position.distance(grid) < 0.01);
            let far = plan.grid.patient_from_voxel(VoxelPoint::new(4.0, 3.0, k as f64));
            let expected = position + turned([1.0, 0.0, 0.0]) * (4.0 * SPACING) + turned([0.0, 1.0, 0.0]) * (3.0 * SPACING);
            prop_assert!(far.distance(expected) < 0.01);
        }
        let mut reversed = series(instances.iter().rev().cloned().collect());
        let other = plan_stack(&reversed).unwrap();
        prop_assert_eq!(&other.grid, &plan.grid);
        prop_assert_eq!(order(&reversed, &other), order(&sorted, &plan));
        // A shuffle by a hash of the number.
        reversed.instances.sort_by_key(|i| shuffle.wrapping_mul(i.instance_number.unwrap_or(0) as u64 * 2 + 1));
        let other = plan_stack(&reversed).unwrap();
        prop_assert_eq!(&other.grid, &plan.grid);
        prop_assert_eq!(other.findings, plan.findings);
    }
}
