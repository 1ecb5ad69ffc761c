//! WGSL is checked without a GPU: naga reads and validates each shader, and the structs shared with Rust have the same size.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may stop with its reason"
)]
#![cfg(feature = "gpu")]

use hilum::render::{SHADERS, shared_struct_sizes};
use naga::valid::{Capabilities, ValidationFlags, Validator};

fn modules() -> Vec<(&'static str, naga::Module)> {
    SHADERS
        .iter()
        .map(|(name, source)| {
            let module =
                naga::front::wgsl::parse_str(source).unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(source)));
            (*name, module)
        })
        .collect()
}

#[test]
fn every_shader_is_valid() {
    for (name, module) in modules() {
        Validator::new(ValidationFlags::all(), Capabilities::empty())
            .validate(&module)
            .unwrap_or_else(|e| panic!("{name}: {e:?}"));
    }
}

#[test]
fn shared_structs_have_the_size_that_wgsl_gives_them() {
    let modules = modules();
    for (name, size) in shared_struct_sizes() {
        let span = modules.iter().find_map(|(_, module)| {
            module.types.iter().find_map(|(_, t)| match &t.inner {
                naga::TypeInner::Struct { span, .. } if t.name.as_deref() == Some(name) => Some(*span),
                _ => None,
            })
        });
        assert_eq!(span.map(u64::from), Some(size), "{name}");
    }
}

/// The constants of the ray caster stand in two languages; they must be the same.
#[test]
fn ray_caster_constants_are_those_of_the_twin() {
    use hilum::view::raycast::{
        AMBIENT, ANATOMY_OPACITY, ANATOMY_TINT, CUT_HU, DIFFUSE, ENOUGH, EVEN_GROWTH, EVEN_RISE, EVEN_SHARE,
        FINDING_OPACITY, FULL_GRADIENT, GRADIENT_SAMPLES, LIGHT_SAMPLES, SHADOW_GROWTH, SHADOW_LEAST, SHADOW_NEAR_MM,
        SHADOW_PLACES, SHININESS, SPECULAR, THIN,
    };
    use hilum::view::{SHORT, TransferFunction};
    use hilum::volume::Bricks;
    let source = SHADERS.iter().find(|(name, _)| *name == "raycast").unwrap().1;
    for (name, value) in [
        ("LOW_HU", f64::from(TransferFunction::LOW_HU)),
        ("STEP_HU", f64::from(TransferFunction::STEP_HU)),
        ("ENTRIES", TransferFunction::ENTRIES as f64),
        ("ENOUGH", ENOUGH),
        ("ANATOMY_OPACITY", ANATOMY_OPACITY),
        ("ANATOMY_TINT", ANATOMY_TINT),
        ("FINDING_OPACITY", FINDING_OPACITY),
        ("FULL_GRADIENT", FULL_GRADIENT),
        ("EVEN_SHARE", EVEN_SHARE),
        ("BRICK", Bricks::EDGE as f64),
        ("SHORT", SHORT),
        ("AMBIENT", AMBIENT),
        ("DIFFUSE", DIFFUSE),
        ("SPECULAR", SPECULAR),
        ("SHININESS", SHININESS),
        ("CUT_HU", CUT_HU),
        ("SHADOW_PLACES", f64::from(SHADOW_PLACES)),
        ("SHADOW_NEAR_MM", SHADOW_NEAR_MM),
        ("SHADOW_GROWTH", SHADOW_GROWTH),
        ("SHADOW_LEAST", SHADOW_LEAST),
        ("LIGHT_SAMPLES", LIGHT_SAMPLES),
        ("GRADIENT_SAMPLES", GRADIENT_SAMPLES),
        ("EVEN_GROWTH", EVEN_GROWTH),
        ("EVEN_RISE", EVEN_RISE),
        ("THIN", THIN),
    ] {
        let line = source.lines().find(|l| l.starts_with(&format!("const {name}: f32 = "))).unwrap();
        let written: f64 = line.split(['=', ';']).nth(1).unwrap().trim().parse().unwrap();
        assert_eq!(written, value, "{name}");
    }
}
