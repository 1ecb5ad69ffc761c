//! What is known of files while their headers are read, and what is missing among them.

use super::state::{ProblemReason, Session};
use super::words;
use crate::dicom::{Instance, ListedFile, Series};
use crate::import::{GeometryFinding, VolumeFile};
use crate::jobs::{Along, FileId};
use std::collections::{BTreeMap, BTreeSet};

/// Header reading in progress.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) total: usize,
    pub(super) done: usize,
    pub(super) found: Vec<Instance>,
    /// Headers of volume files that hold labels.
    pub(super) label_maps: Vec<(FileId, VolumeFile)>,
    /// Headers of volume files.
    pub(super) volumes: Vec<(FileId, VolumeFile)>,
    /// How often entries of archives are on their way to become files.
    pub(super) coming: usize,
    /// Names of archives inside archives that become files in their own right.
    pub(super) inner: BTreeSet<String>,
    /// Bytes that the archives declare to become.
    pub(super) unpacked_bytes: u64,
    /// HU of slices that were decoded along with their headers, until the CT they belong to takes them in.
    pub(super) early: BTreeMap<FileId, Vec<i16>>,
    /// Files that are read once the first slice is on screen: it would wait for them otherwise.
    pub(super) rest: Vec<FileId>,
    /// What is decoded along with their headers.
    pub(super) along: Option<Along>,
    /// Given up: what was found so far is not opened.
    pub(super) stopped: bool,
    /// SOP Instance UIDs of files whose instance was open already.
    pub(super) repeated: Vec<String>,
    /// Bundles: they find their CT by themselves.
    pub(super) bundles: usize,
    /// DICOMDIRs, and what they list.
    pub(super) directories: Vec<(FileId, Vec<ListedFile>)>,
    /// All headers were read, and there was nothing to show among them.
    pub(super) found_nothing: bool,
}

impl Scan {
    /// Whether more headers are to come.
    pub(super) fn goes_on(&self) -> bool {
        self.done < self.total || self.coming > 0
    }
}

impl Session {
    /// Compares what a DICOMDIR lists with what was read.
    pub(super) fn take_directory(&mut self, directory: FileId, listed: Vec<ListedFile>) {
        let is_absent = |f: &&ListedFile| !self.file_of.contains_key(&f.sop_instance_uid);
        let absent: Vec<&ListedFile> = listed.iter().filter(is_absent).collect();
        let count = listed.len();
        match absent.first().map(|f| f.path.clone()) {
            None => self.notice = Some(words::DIRECTORY_WHOLE.with(self.lang, &[&count.to_string()])),
            Some(first) => {
                let absent = absent.len();
                self.add_problem(directory, ProblemReason::Absent { listed: count, absent, first });
            }
        }
        for file in listed {
            self.listed.entry(file.series_uid).or_default().insert(file.sop_instance_uid);
        }
    }

    /// What a series has less than its server said when it was asked for, or than a DICOMDIR lists.
    pub(super) fn part_of_series(&self, series: &Series) -> Option<GeometryFinding> {
        let images = series.instances.len();
        let announced = self.announced(&series.uid).filter(|of| images < *of);
        let listed = series.instances.first().and_then(|i| self.listed.get(&i.series.instance_uid));
        let absent = listed.map_or(0, |uids| uids.iter().filter(|uid| !self.file_of.contains_key(*uid)).count());
        let of = announced.or((absent > 0).then_some(images + absent))?;
        Some(GeometryFinding::PartOfSeries { images, of })
    }
}
