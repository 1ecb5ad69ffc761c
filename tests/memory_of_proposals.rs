//! What a worker holds while it proposes lungs and opacities of a CT of 512 × 512 × 300: its copy of the CT and all beside it.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by stopping, and says what it found"
)]

use hilum::jobs::{Job, JobInput, JobOutput, Payload, run};
use hilum::volume::{CtVolume, PackedLabels};
use std::sync::{Mutex, PoisonError};

#[path = "../benches/chest/mod.rs"]
mod chest;
mod files;

/// The target is 400 MB; this leaves room for what a browser adds.
const AT_MOST_MIB: f64 = 300.0;

/// MiB by the process's own status.
fn memory(key: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix(key)).unwrap();
    line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1024.0
}

/// Does a job; its labels, and the most that was held at once beside what was held before, the CT not counted as held before.
fn held(job: &Job, input: JobInput) -> (PackedLabels, f64) {
    let ct: usize = input.hu.iter().map(|slice| slice.len() * 2).sum();
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = memory("VmRSS:") - ct as f64 / f64::from(1 << 20);
    let JobOutput { mut payloads, .. } = run(job, input, &mut files::Kept::default()).unwrap();
    let Some(Payload::Labels(labels)) = payloads.pop() else { panic!("no labels") };
    (labels, memory("VmHWM:") - before)
}

/// One at a time: what is held is the process's.
static ALONE: Mutex<()> = Mutex::new(());

fn input(volume: &CtVolume, labels: PackedLabels) -> JobInput {
    let hu = (0..volume.grid().size()[2]).map(|k| volume.pixels(k).unwrap().to_vec()).collect();
    JobInput { hu, labels, ..JobInput::default() }
}

#[test]
fn lungs_of_a_full_size_ct_keep_below_the_limit() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let volume = chest::chest();
    let grid = *volume.grid();
    let (labels, mib) = held(&Job::ProposeLungs { grid }, input(&volume, PackedLabels::default()));
    println!("lungs: {mib:.0} MiB");
    let lung = labels.unpacked(grid.voxel_count()).unwrap().iter().filter(|l| matches!(l, 1 | 2)).count();
    assert!(lung > 10_000_000, "there are lungs: {lung}");
    assert!(mib < AT_MOST_MIB, "{mib} MiB");
}

#[test]
fn opacities_of_a_full_size_ct_keep_below_the_limit() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let volume = chest::chest();
    let grid = *volume.grid();
    let mut lungs = PackedLabels::default();
    for k in 0..grid.size()[2] {
        let inside = |o: usize| {
            let p = grid.patient_from_voxel(grid.index_at(o).centre()).0;
            u8::from(((p.x.abs() - 70.0) / 58.0).powi(2) + (p.y / 85.0).powi(2) + (p.z / 130.0).powi(2) < 1.0)
        };
        let plane = grid.size()[0] * grid.size()[1];
        lungs.push(&(k * plane..(k + 1) * plane).map(inside).collect::<Vec<u8>>());
    }
    let (labels, mib) = held(&Job::ProposeLesions { grid }, input(&volume, lungs));
    println!("opacities: {mib:.0} MiB");
    let glass = labels.unpacked(grid.voxel_count()).unwrap().iter().filter(|l| **l == 1).count();
    assert!(glass > 100_000, "the opacity is found: {glass}");
    assert!(mib < AT_MOST_MIB, "{mib} MiB");
}
