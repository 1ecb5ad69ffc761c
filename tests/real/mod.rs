//! Real CTs that are no part of the project, as the tests find and read them.

use hilum::analysis::Progress;
use hilum::dicom::{decode_frame, group_into_series, read_header};
use hilum::import::plan_stack;
use hilum::volume::CtVolume;
use std::path::{Path, PathBuf};

/// Watches, and never stops.
pub(crate) struct Watch(pub(crate) f32);

impl Progress for Watch {
    fn report(&mut self, fraction: f32) {
        assert!((self.0..=1.0).contains(&fraction), "{fraction} after {}", self.0);
        self.0 = fraction;
    }
    fn cancelled(&self) -> bool {
        false
    }
}

/// A folder of the test data; `None`, and said, where it is absent.
pub(crate) fn data(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("HILUM_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "test data {} are absent", path.display());
    println!("SKIPPED: test data {} are absent", path.display());
    None
}

/// The largest CT series below a folder, and the SOP Instance UID of each of its slices.
pub(crate) fn volume(folder: &Path) -> (CtVolume, Vec<String>) {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    let (mut instances, mut bytes) = (Vec::new(), std::collections::BTreeMap::new());
    for file in files {
        let content = std::fs::read(file).unwrap();
        if let Ok(instance) = read_header(&content) {
            bytes.insert(instance.sop_instance_uid.clone(), content);
            instances.push(instance);
        }
    }
    let series = group_into_series(instances);
    let (series, plan) =
        series.iter().filter_map(|s| Some((s, plan_stack(s).ok()?))).max_by_key(|(_, plan)| plan.slices.len()).unwrap();
    let mut volume = CtVolume::empty(plan.grid).unwrap();
    let mut uids = vec![String::new(); plan.slices.len()];
    for (k, source) in plan.slices.iter().enumerate() {
        let Some(source) = source else { continue };
        uids[k].clone_from(&series.instances[source.instance].sop_instance_uid);
        let file = &bytes[&uids[k]];
        volume.set_slice(k, decode_frame(file, source.frame).unwrap().hu).unwrap();
    }
    (volume, uids)
}
