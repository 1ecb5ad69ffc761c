//! A second CT beside the open one, to compare time points or reconstructions: the same planes at the same places of the patient, in
//! the right half of each slice pane. It is looked at, never marked or measured.

use super::change::Update;
use super::command::{PaneId, PaneSize};
use super::effect::Effect;
use super::fetching::{slices_of, wanted};
use super::loading::takes_spare;
use super::state::{Case, Purpose, Session};
use super::words::beside as words;
use crate::dicom::{Instance, Series};
use crate::geometry::{Grid, PanePoint, PatientPoint, PatientVector};
use crate::import::{Assembly, Capacity, SliceSource, StackPlan};
use crate::jobs::{JobError, JobId, JobOutput};
use crate::view::{PaneState, SliceInput};
use crate::volume::{CtVolume, LabelMap};

/// See the module.
#[derive(Debug)]
pub struct Beside {
    /// The series.
    pub series: Series,
    /// Which of its stacks.
    stack: usize,
    plan: StackPlan,
    /// Its voxels.
    pub volume: CtVolume,
    /// Nothing is marked on it.
    pub unmarked: LabelMap,
    assembly: Assembly,
    /// Images still being decoded.
    pending: usize,
    /// From a place of the open CT to the same place of this one, mm.
    shift: PatientVector,
    /// Both lie in one frame of reference: places are the same as they are.
    same_frame: bool,
    /// Both are of one patient, as their headers say.
    same_patient: bool,
}

/// What stands over the right half of a slice pane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BesideHeader {
    /// Series and date of the study.
    pub title: String,
    /// Which slice of how many.
    pub slice_words: String,
    /// Slice on screen, from 0; `None` where the plane passes by the CT.
    pub slice: Option<usize>,
    /// What is to be known before the halves are compared.
    pub notes: Vec<String>,
}

impl Beside {
    /// The pane that shows the same place of this CT.
    fn pane(&self, pane: &PaneState) -> PaneState {
        let mut pane = *pane;
        pane.centre = pane.centre + self.shift;
        pane
    }
    /// Slices that have arrived.
    pub fn arrived(&self) -> Vec<usize> {
        (0..self.plan.slices.len()).filter(|k| self.volume.is_loaded(*k)).collect()
    }
}

/// From a place of one CT to the same place of another, mm: none within a frame of reference, else from centre to centre.
fn shift_between([a, b]: [&Instance; 2], grids: [&Grid; 2]) -> (PatientVector, bool) {
    let frame = |i: &Instance| i.series.frame_of_reference_uid.clone().filter(|uid| !uid.is_empty());
    let same = frame(a).is_some() && frame(a) == frame(b);
    let shift = if same { PatientVector::new(0.0, 0.0, 0.0) } else { grids[1].centre() - grids[0].centre() };
    (shift, same)
}

impl Session {
    /// The CT beside the open one.
    pub fn beside(&self) -> Option<&Beside> {
        self.beside.as_ref()
    }

    /// Puts a stack of a series beside the open CT; the one that is there already goes.
    pub(super) fn compare_with(&mut self, uid: &str, place: usize, update: &mut Update) {
        let is_there = self.is_beside(uid, place);
        self.end_beside(update);
        if is_there {
            return;
        }
        if self.case.as_ref().is_some_and(|c| c.series.uid == uid && c.stack == place) {
            return;
        }
        let Some(case) = self.case.as_ref().filter(|c| c.is_settled() && c.is_dicom()) else {
            return self.say(super::words::WAIT_FOR_SLICES, update);
        };
        let series = self.series.iter().find(|s| s.uid == uid).cloned();
        let stack = self.stacks.get(uid).and_then(|all| all.get(place));
        let Some((series, stack)) = series.zip(stack).filter(|(s, _)| !self.volume_files.contains_key(&s.uid)) else {
            return self.say(words::COMPARE_DICOM, update);
        };
        let Ok(plan) = stack.plan(&series) else { return self.say(words::COMPARE_NOT, update) };
        // Both together must be held.
        let all = self.capacity();
        let left = all.voxels.saturating_sub(case.volume.grid().voxel_count() as u64);
        let fits =
            Capacity { voxels: left, ..all }.offer(&plan.grid).is_none() && plan.grid.voxel_count() as u64 <= left;
        let made = CtVolume::empty(plan.grid).zip(LabelMap::empty(plan.grid)).filter(|_| fits);
        let Some((volume, unmarked)) = made else { return self.say(words::COMPARE_TOO_LARGE, update) };
        let images = [case.series.instances.first(), series.instances.first()];
        let [Some(a), Some(b)] = images else { return };
        let (shift, same_frame) = shift_between([a, b], [case.volume.grid(), &plan.grid]);
        let same_patient = a.patient.id == b.patient.id && a.patient.name == b.patient.name;
        let pending = self.fetch_images(&series, wanted(&plan), true, update);
        let assembly = Assembly::default();
        self.beside = Some(Beside {
            series,
            stack: place,
            plan,
            volume,
            unmarked,
            assembly,
            pending,
            shift,
            same_frame,
            same_patient,
        });
        self.share_panes(update);
    }

    /// Nothing is beside the open CT any more.
    pub(super) fn end_beside(&mut self, update: &mut Update) {
        if self.beside.take().is_none() {
            return;
        }
        let decoding = self.jobs.iter().filter(|(_, p)| matches!(p, Purpose::Decode { beside: true, .. }));
        let decoding: Vec<JobId> = decoding.map(|(id, _)| *id).collect();
        for id in decoding {
            self.jobs.remove(&id);
            update.effects.push(Effect::CancelJob(id));
        }
        self.share_panes(update);
    }

    /// Slice panes are half as wide while two CTs share them.
    fn share_panes(&mut self, update: &mut Update) {
        self.pointer_beside = false;
        self.resize(self.page_sizes, self.px_ratio, update);
        update.changes.beside = true;
        update.changes.view = true;
        update.changes.facts = true;
    }

    /// The sizes of the panes that the open CT has of those on the page.
    pub(super) fn own_sizes(&self, page: [PaneSize; 4]) -> [PaneSize; 4] {
        let mut sizes = page;
        if self.beside.is_some() {
            sizes[..3].iter_mut().for_each(|size| size.width /= 2.0);
        }
        sizes
    }

    /// Where the right half of a pane lies on the page.
    pub(super) fn half_beside(&self, id: PaneId) -> Option<PaneSize> {
        self.beside.as_ref().filter(|_| id != PaneId::Volume)?;
        let left = self.sizes[id.index()];
        Some(PaneSize { left: left.left + left.width, ..left })
    }

    /// What the right half of a pane shows.
    pub(super) fn slice_beside(&self, slice: SliceInput) -> Option<SliceInput> {
        let beside = self.beside.as_ref()?;
        let mut plane = slice.plane;
        plane.origin = plane.origin + beside.shift;
        Some(SliceInput { plane, compartments: false, beside: true, ..slice })
    }

    /// A place of a pane of the page as one of the open CT's half, and whether it was in the other half.
    pub(super) fn place_in_half(&self, id: PaneId, at: PanePoint) -> (PanePoint, bool) {
        let width = self.sizes[id.index()].width;
        if self.half_beside(id).is_some() && at.x >= width {
            (PanePoint::new(at.x - width, at.y), true)
        } else {
            (at, false)
        }
    }

    /// Slices of the CT beside came, or did not.
    pub(super) fn decoded_beside(
        &mut self,
        sources: &[SliceSource],
        result: Result<JobOutput, JobError>,
        update: &mut Update,
    ) {
        let Some(beside) = &mut self.beside else { return };
        beside.pending = beside.pending.saturating_sub(sources.len());
        update.changes.facts = true;
        let (mut failed, mut again) = (None, Vec::new());
        for (source, hu) in sources.iter().zip(slices_of(sources.len(), beside.volume.grid(), result)) {
            match hu {
                Ok(hu) => {
                    for (k, hu) in beside.assembly.arrive(&beside.plan, *source, hu) {
                        if beside.volume.set_slice(k, hu).is_ok() {
                            update.changes.beside_slices.push(k);
                            update.changes.view = true;
                        }
                    }
                }
                Err(JobError::Cancelled) => {}
                Err(_)
                    if takes_spare(
                        &mut beside.series,
                        *source,
                        &mut self.series,
                        &mut self.spares,
                        &mut self.file_of,
                    ) =>
                {
                    again.push(*source);
                }
                Err(error) => failed = failed.or(Some((*source, error))),
            }
        }
        let file = failed.and_then(|(source, error)| {
            let instance = beside.series.instances.get(source.instance)?;
            Some((*self.file_of.get(&instance.sop_instance_uid)?, error))
        });
        if !again.is_empty() {
            let series = beside.series.clone();
            let pending = self.fetch_images(&series, again, true, update);
            self.beside.iter_mut().for_each(|beside| beside.pending += pending);
        }
        if let Some((file, error)) = file {
            self.add_problem(file, super::state::ProblemReason::Job(error));
        }
    }

    /// Moves the CT beside by so many of its slices along the normal of the pane that keys act on: it stays moved.
    pub(super) fn step_beside(&mut self, slices: i32, update: &mut Update) {
        let Some(pane) = self.panes.get(self.pane_for_keys().index()).copied() else { return };
        if let Some(beside) = &mut self.beside {
            let step_mm = beside.volume.grid().step_along_mm(pane.normal());
            beside.shift = beside.shift + pane.normal() * (step_mm * f64::from(slices));
        }
        update.changes.view = true;
        update.changes.facts = true;
    }

    /// Moves the CT beside within the plane of a pane, by so many CSS px.
    pub(super) fn pan_beside(&mut self, id: PaneId, dx: f64, dy: f64, update: &mut Update) {
        let (Some(pane), Some(beside)) = (self.panes.get(id.index()), &mut self.beside) else { return };
        beside.shift = beside.shift + pane.right() * (-dx * pane.mm_per_px) + pane.down() * (-dy * pane.mm_per_px);
        update.changes.view = true;
        update.changes.facts = true;
    }

    /// Both lie again as they did when they were put beside each other.
    pub(super) fn reset_beside(&mut self) {
        let (Some(case), Some(beside)) = (&self.case, &mut self.beside) else { return };
        if let (Some(a), Some(b)) = (case.series.instances.first(), beside.series.instances.first()) {
            beside.shift = shift_between([a, b], [case.volume.grid(), beside.volume.grid()]).0;
        }
    }

    /// A place of the open CT in the CT beside, and that.
    pub(super) fn place_beside(&self, p: PatientPoint) -> Option<(PatientPoint, &CtVolume)> {
        let beside = self.beside.as_ref()?;
        Some((p + beside.shift, &beside.volume))
    }

    pub(super) fn beside_header(&self, n: usize) -> Option<BesideHeader> {
        let (beside, pane) = (self.beside.as_ref()?, self.panes.get(n)?);
        let (pane, grid) = (beside.pane(pane), beside.volume.grid());
        let (slice, slices) = (pane.slice_index(grid), pane.slice_count(grid));
        // The plane of the nearest slice is no farther than a slice.
        let mut nearest = pane;
        nearest.scroll(grid, 0);
        let off_mm = (nearest.centre - pane.centre).dot(pane.normal()).abs();
        let is_there = off_mm <= grid.step_along_mm(pane.normal());
        let first = beside.series.instances.first();
        let row = |i: &Instance| {
            let number = i.series.number.map_or_else(String::new, |n| format!("{n} · "));
            let date = self.date(&i.study.date);
            format!("{number}{} {date}", i.series.description).trim().to_owned()
        };
        let stack = self.stack_rows(&beside.series.uid).into_iter().find(|s| s.is_beside).map(|s| s.text);
        let mut notes = Vec::new();
        let mut note = |text: super::words::Text| notes.push(text.in_lang(self.lang).to_owned());
        if !beside.same_patient {
            note(words::OTHER_PATIENT);
        }
        if !beside.same_frame {
            note(words::OTHER_FRAME);
        }
        if !is_there {
            note(words::NOT_HERE);
        }
        if beside.pending > 0 {
            note(words::STILL_LOADING);
        }
        Some(BesideHeader {
            title: first.map(row).into_iter().chain(stack).collect::<Vec<_>>().join(" · "),
            slice_words: super::words::SLICE_OF.with(self.lang, &[&(slice + 1).to_string(), &slices.to_string()]),
            slice: is_there.then_some(slice),
            notes,
        })
    }

    /// Whether a stack of a series is beside the open CT.
    pub(super) fn is_beside(&self, uid: &str, stack: usize) -> bool {
        self.beside.as_ref().is_some_and(|b| b.series.uid == uid && b.stack == stack)
    }

    /// Whether a stack of a series can be put beside the open CT.
    pub(super) fn can_compare(&self, uid: &str, stack: usize) -> bool {
        let case = self.case.as_ref().filter(|c| c.is_settled() && c.is_dicom());
        case.is_some_and(|case: &Case| case.series.uid != uid || case.stack != stack)
            && !self.volume_files.contains_key(uid)
    }
}
