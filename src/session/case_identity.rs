//! Which CT a kept reading belongs to.

use super::state::Case;
use crate::volume::CtVolume;
use sha2::{Digest, Sha256};

/// SHA-256 of what tells a CT from any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CaseDigest(pub [u8; 32]);

/// Rows of a slice that are read for its share of the digest.
const ROWS: usize = 8;

/// The digest of a CT whose slices have all arrived.
///
/// It is taken of the grid (size, origin and steps), for DICOM of the Series Instance UID and, slice by slice, of the SOP Instance
/// UIDs and frames, and of the HU of about eight rows of each slice, other rows on the next. That suffices: the UIDs name the
/// images, and the sample, some megabytes of noisy values from all over the body, differs between any two scans and between two
/// reconstructions of one scan, even where a tool gave both the same UIDs. A change in fewer rows than are sampled may pass; marks
/// then still lie where they were drawn. Volume files have no UIDs of their own: there the grid and the sample are all.
pub(super) fn case_digest(case: &Case) -> CaseDigest {
    let mut sha = Sha256::new();
    let mut text = |text: &str| {
        sha.update((text.len() as u64).to_le_bytes());
        sha.update(text);
    };
    text("hilum case 1");
    if case.is_dicom() {
        text(&case.series.uid);
        for k in 0..case.plan.slices.len() {
            for source in case.plan.sources(k) {
                let instance = case.series.instances.get(source.instance);
                text(instance.map_or("", |i| i.sop_instance_uid.as_str()));
                text(&source.frame.to_string());
            }
            text("");
        }
    }
    let grid = case.volume.grid();
    let [ni, nj, nk] = grid.size();
    let size = [ni, nj, nk].map(|n| n as f64);
    let steps = [0, 1, 2].map(|a| grid.step(a).0.to_array());
    for number in size.into_iter().chain(grid.origin().0.to_array()).chain(steps.into_iter().flatten()) {
        sha.update(number.to_le_bytes());
    }
    take_sample(&case.volume, &mut sha);
    CaseDigest(sha.finalize().into())
}

/// The digest of a CT's voxels alone, whatever its UIDs are: SHA-256 of the words `hilum content 1`, its columns, rows and slices as
/// 8 bytes each, least significant first, and the sample of its HU.
pub(super) fn content_digest(volume: &CtVolume) -> [u8; 32] {
    let mut sha = Sha256::new();
    sha.update("hilum content 1");
    for n in volume.grid().size() {
        sha.update((n as u64).to_le_bytes());
    }
    take_sample(volume, &mut sha);
    sha.finalize().into()
}

/// Of each slice 1 and some of its rows as 16-bit numbers, least significant byte first, or 0 where it is missing.
fn take_sample(volume: &CtVolume, sha: &mut Sha256) {
    let [ni, nj, nk] = volume.grid().size();
    let every = (nj / ROWS).max(1);
    for k in 0..nk {
        let Some(pixels) = volume.pixels(k) else {
            sha.update([0]);
            continue;
        };
        sha.update([1]);
        for j in (k * 29 % every..nj).step_by(every) {
            sha.update(bytemuck::cast_slice::<i16, u8>(&pixels[j * ni..(j + 1) * ni]));
        }
    }
}
