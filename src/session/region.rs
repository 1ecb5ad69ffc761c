//! Region tools: a job changes the active segment, the outcome is shown at once, and the reader takes it, corrects it or leaves it.

use super::change::Update;
use super::command::{Action, Command, PaneId, PointerInput};
use super::effect::Effect;
use super::gesture::Gesture;
use super::refining::Refine;
use super::region_voxels::VoxelNeeds;
use super::state::{Case, Purpose, Session};
use super::words;
use crate::analysis::RegionOutcome;
use crate::annotation::{Edit, Layer, Origin, Transaction};
use crate::geometry::{IndexBox, PatientPoint, Plane};
use crate::jobs::{Job, JobError, JobFacts, JobId, JobOutput, Payload, Priority};
use crate::view::PaneState;

/// What a press of the region tools does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionTool {
    /// Grows through voxels like those pressed; a drag up takes in more.
    Grow,
    /// Finds the lesion under the click; strokes correct it.
    Lesion,
    /// Strokes inside and outside compete.
    Compete,
    /// A threshold inside an outline.
    Threshold,
}

/// Farthest a region grows, mm.
pub(super) const GROW_MOST_MM: f64 = 60.0;
/// Farthest a lesion reaches from a stroke, mm.
pub(super) const LESION_MOST_MM: f64 = 45.0;
/// Tolerance that growing begins with, in standard deviations.
const GROW_FACTOR: f64 = 2.5;
/// What a step of more or less is worth to a threshold, HU.
const STEP_HU: i16 = 20;
/// Where the border of a lesion is looked for at first, between the lung (0) and the lesion (1).
const LESION_BORDER: f64 = 0.5;

/// What changes a region.
#[derive(Debug)]
pub(super) enum By {
    Strokes {
        tool: RegionTool,
        /// Path in the patient, and whether it is inside.
        strokes: Vec<(Vec<PatientPoint>, bool)>,
        /// Tolerance of growing, or border of the lesion.
        amount: f64,
    },
    /// Voxels inside an outline, by HU.
    Outline {
        plane: Plane,
        /// In-plane mm.
        points: Vec<[f64; 2]>,
        /// Whether they join.
        adds: bool,
        /// How far under the HU that was found the range begins.
        below_hu: i16,
    },
    Refine(Refine),
    /// What lies between marked slices is filled; they were marked in this pane, as far as that is known.
    Interpolate {
        pane: Option<PaneState>,
    },
}

/// A change on show that is not yet the reader's.
#[derive(Debug)]
pub(super) struct Region {
    pub(super) segment: u8,
    pub(super) by: By,
    /// Made before the job began: a segment that takes in a part.
    pub(super) before: Option<Edit>,
    /// The voxels as the job changed them.
    preview: Option<Edit>,
    bounds: IndexBox,
    job: Option<JobId>,
    /// Something changed while the job ran.
    again: bool,
    /// Accepted before the job was done.
    pub(super) accepted: bool,
    outcome: Option<RegionOutcome>,
}

/// What the page shows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct RegionView {
    /// HU that were chosen, or that it is being computed.
    pub text: String,
    /// Whether a tolerance can be changed.
    pub adjustable: bool,
}

impl Session {
    /// A press with a region tool.
    pub(super) fn press_region(&mut self, tool: RegionTool, input: &PointerInput, update: &mut Update) {
        let Some(at) = self.patient_at(input.pane, input.at) else { return };
        let inside = self.subtract == input.ctrl;
        if tool == RegionTool::Threshold {
            self.accept_region(update);
            let (Some(segment), Some(pane)) = (self.paintable(update), self.panes.get(input.pane.index())) else {
                return;
            };
            let by = By::Outline { plane: pane.through(at), points: vec![[0.0; 2]], adds: inside, below_hu: 0 };
            self.region = Some(Box::new(Region::new(segment, by)));
            self.note_plane(segment, input.pane);
            self.gesture = Gesture::Seed { pane: input.pane, last: input.at };
            return;
        }
        let goes_on = self.region.as_ref().is_some_and(|r| self.continues(r, tool, at));
        if !goes_on {
            self.accept_region(update);
            let Some(segment) = self.markable(update) else { return };
            if !inside {
                return self.say(words::REGION_BEGINS_INSIDE, update);
            }
            let amount = if tool == RegionTool::Grow { GROW_FACTOR } else { LESION_BORDER };
            let by = By::Strokes { tool, strokes: Vec::new(), amount };
            self.region = Some(Box::new(Region::new(segment, by)));
        }
        if let Some(Region { by: By::Strokes { strokes, .. }, .. }) = self.region.as_deref_mut() {
            strokes.push((vec![at], inside));
        }
        self.gesture = Gesture::Seed { pane: input.pane, last: input.at };
        if tool == RegionTool::Grow {
            self.run_region(update);
        }
    }

    /// Whether another press corrects what is on show.
    fn continues(&self, region: &Region, tool: RegionTool, at: PatientPoint) -> bool {
        let By::Strokes { tool: before, strokes, .. } = &region.by else { return false };
        let near = |p: &PatientPoint| (*p - at).length() <= LESION_MOST_MM;
        let is_near = strokes.iter().flat_map(|(path, _)| path).any(near);
        let segment = self.case.as_ref().and_then(|c| c.active);
        tool != RegionTool::Grow && *before == tool && is_near && segment == Some(region.segment)
    }

    pub(super) fn drag_region(&mut self, input: &PointerInput, update: &mut Update) {
        let at = self.patient_at(input.pane, input.at);
        let Gesture::Seed { pane, last } = &mut self.gesture else { return };
        if *pane != input.pane {
            return;
        }
        let up = last.y - input.at.y;
        *last = input.at;
        let by = self.region.as_deref_mut().map(|region| &mut region.by);
        if let (Some(By::Outline { plane, points, .. }), Some(at)) = (by, at) {
            points.push(plane.coordinates(at));
            return;
        }
        let Some(Region { by: By::Strokes { tool, strokes, amount }, .. }) = self.region.as_deref_mut() else { return };
        if *tool == RegionTool::Grow {
            *amount = (*amount * 1.01f64.powf(up)).clamp(0.2, 40.0);
            self.run_region(update);
        } else if let (Some((path, _)), Some(at)) = (strokes.last_mut(), at) {
            path.push(at);
        }
    }

    pub(super) fn release_region(&mut self, update: &mut Update) {
        if matches!(self.region.as_deref(), Some(Region { by: By::Outline { points, .. }, .. }) if points.len() < 3) {
            self.abort_region(update);
            return self.say(words::CONTOUR_NEEDS_POINTS, update);
        }
        let grows = self.region.as_ref().is_some_and(|r| matches!(r.by, By::Strokes { tool: RegionTool::Grow, .. }));
        if !grows {
            self.run_region(update);
            if self.region.is_none() {
                self.say(words::CONTOUR_EMPTY, update);
            }
        }
        update.changes.facts = true;
    }

    /// More (+1) or less (−1) of what is on show.
    pub(super) fn step_region(&mut self, steps: i32, update: &mut Update) -> bool {
        let by = self.region.as_deref_mut().map(|region| &mut region.by);
        if let (Some(By::Outline { below_hu, .. }), None) = (by, self.brush.range_hu) {
            *below_hu = below_hu.saturating_add(STEP_HU.saturating_mul(steps.clamp(-99, 99) as i16));
            self.run_region(update);
            return true;
        }
        let Some(Region { by: By::Strokes { tool, amount, .. }, .. }) = self.region.as_deref_mut() else {
            return false;
        };
        match tool {
            RegionTool::Grow => *amount = (*amount * 1.15f64.powi(steps)).clamp(0.2, 40.0),
            RegionTool::Lesion => *amount = (*amount - 0.05 * f64::from(steps)).clamp(0.05, 0.95),
            RegionTool::Compete | RegionTool::Threshold => return false,
        }
        self.run_region(update);
        true
    }

    /// The HU range changed: a threshold on show follows.
    pub(super) fn range_changed(&mut self, update: &mut Update) {
        let is_threshold = |r: &Region| {
            matches!(r.by, By::Outline { .. } | By::Refine(Refine::ThresholdSegment | Refine::ThresholdLungs))
        };
        if self.region.as_deref().is_some_and(is_threshold) {
            self.run_region(update);
        }
    }

    /// The active segment, if it can be changed now; else the reader is told why not.
    pub(super) fn markable(&mut self, update: &mut Update) -> Option<u8> {
        let case = self.case.as_ref()?;
        let segment = case.active.and_then(|n| case.document.segment(n));
        let why = match segment {
            _ if !case.is_settled() => words::WAIT_FOR_SLICES,
            None => words::NO_SEGMENT,
            Some(segment) if segment.locked => words::SEGMENT_LOCKED,
            Some(segment) => {
                self.notice = None;
                return Some(segment.number);
            }
        };
        self.say(why, update);
        None
    }

    /// As [`Self::markable`], for tools that may be held in the lungs: there must be lungs then.
    pub(super) fn paintable(&mut self, update: &mut Update) -> Option<u8> {
        let number = self.markable(update)?;
        let case = self.case.as_ref()?;
        let bound = self.brush.in_lungs && case.document.segment(number)?.layer == Layer::Findings;
        if bound && !case.has_lungs() {
            self.say(words::marking::NO_LUNGS_TO_STAY_IN, update);
            return None;
        }
        Some(number)
    }

    /// Asks a worker for the change, or notes that it is to be asked again.
    pub(super) fn run_region(&mut self, update: &mut Update) {
        update.changes.facts = true;
        let Some(region) = self.region.as_deref_mut() else { return };
        // The report is of what the reader accepted.
        self.report_open = false;
        region.again = region.job.is_some();
        if region.again {
            return;
        }
        let Some((bounds, task, layer)) = self.plan_region() else { return self.abort_region(update) };
        let without = self.region.as_deref().and_then(|r| match &r.preview {
            Some(Edit::Voxels { delta, .. }) => Some(delta.clone()),
            _ => None,
        });
        let other = self.refine.other;
        let voxels = VoxelNeeds::Box { bounds, layer, other, hu: task.operation.needs_hu(), without };
        let grid = self.case.as_ref().map(|c| c.volume.grid().spacing_mm()).unwrap_or_default();
        let job = Job::ChangeRegion { size: bounds.size(), spacing_mm: grid, task };
        let mut request = self.start_job(Purpose::Region, Priority::NOW, job, Vec::new());
        request.voxels = voxels;
        if let Some(region) = self.region.as_deref_mut() {
            (region.job, region.bounds) = (Some(request.id), bounds);
        }
        update.effects.push(Effect::RunJob(request));
    }

    /// The worker's answer.
    pub(super) fn region_done(&mut self, id: JobId, result: Result<JobOutput, JobError>, update: &mut Update) {
        update.changes.facts = true;
        let Some(mut region) = self.region.take_if(|r| r.job == Some(id)) else { return };
        region.job = None;
        let Some(case) = &mut self.case else { return };
        let labels = match result {
            Ok(JobOutput { facts: JobFacts::Region(outcome), payloads }) => {
                region.outcome = Some(outcome);
                let count = region.bounds.size().iter().product::<usize>();
                match payloads.into_iter().next() {
                    Some(Payload::Bytes(labels)) if labels.len() == count => Ok(labels),
                    _ => Err(JobError::WrongInput),
                }
            }
            Ok(_) => Err(JobError::WrongInput),
            Err(error) => Err(error),
        };
        let labels = match labels {
            Ok(labels) => labels,
            Err(error) => {
                self.region = Some(region);
                self.abort_region(update);
                if error != JobError::Cancelled {
                    let why = super::explain::job_error(&error, self.lang);
                    let name = words::REGION.in_lang(self.lang);
                    self.notice = Some(words::JOB_FAILED.with(self.lang, &[name, &why]));
                }
                return;
            }
        };
        if let Some(preview) = region.preview.take() {
            case.take_back(std::slice::from_ref(&preview), update);
        }
        if let Some(edit) = case.write_labels(region.segment, region.bounds, &labels) {
            if let Edit::Voxels { delta, .. } = &edit
                && let Some(bounds) = delta.bounds()
            {
                update.changes.add_labels(bounds);
            }
            region.preview = Some(edit);
        }
        self.volume_revision += 1;
        let fills = matches!(region.by, By::Interpolate { .. });
        if fills && !region.preview.as_ref().is_some_and(changes_voxels) {
            return self.say(words::NOTHING_BETWEEN, update);
        }
        let leaks = region.outcome.as_ref().is_some_and(|o| o.reached_limit);
        let (again, accepted) = (region.again, region.accepted);
        self.region = Some(region);
        if again {
            return self.run_region(update);
        }
        self.notice = leaks.then(|| words::REGION_LEAKS.in_lang(self.lang).to_owned());
        if accepted {
            self.accept_region(update);
        }
    }

    /// Accepts what is on show, now or when it is there.
    pub(super) fn accept_when_done(&mut self, update: &mut Update) -> bool {
        match self.region.as_deref_mut() {
            None => return false,
            Some(region) if region.job.is_some() => region.accepted = true,
            Some(_) => self.accept_region(update),
        }
        true
    }

    /// What is on show becomes the reader's; what is still being computed is given up.
    pub(super) fn accept_region(&mut self, update: &mut Update) {
        let Some(mut region) = self.region.take() else { return };
        update.changes.facts = true;
        update.effects.extend(region.job.map(Effect::CancelJob));
        let Some(case) = &mut self.case else { return };
        let Some(voxels) = region.preview.take().filter(changes_voxels) else {
            case.take_back(region.before.as_slice(), update);
            return self.say(words::REGION_UNCHANGED, update);
        };
        let origin = case.proposed_by(region.segment, &region.algorithm());
        let noted = case.mark_edited(region.segment, std::slice::from_ref(&voxels));
        let edits = region.before.into_iter().chain([voxels]).chain(origin).chain(noted).collect();
        let name = if matches!(region.by, By::Interpolate { .. }) { "interpolate" } else { "region" };
        case.history.commit(Transaction { name, edits });
    }

    /// Whether a command changes or reads the document, so that what is on show must be the reader's before.
    pub(super) fn settles_region(&self, command: &Command) -> bool {
        match command {
            Command::AddSegment(_) | Command::SelectSegment(_) | Command::ChangeSegment(..) | Command::Piece(_) => true,
            Command::OpenFiles(_) | Command::OpenSeries(_) | Command::OpenStack(..) | Command::RunModel(_) => true,
            Command::Do(action) => matches!(
                action,
                Action::Tool(_)
                    | Action::Join(_)
                    | Action::Interpolate
                    | Action::CopySlice(_)
                    | Action::CompareSegments
                    | Action::MoveSegment(_)
                    | Action::DeleteSegment
                    | Action::ProposeLungs
                    | Action::ProposeLesions
                    | Action::Propose(_)
                    | Action::ComparePrior
                    | Action::Piece(_)
                    | Action::Redo
                    | Action::ExportSeg
                    | Action::ExportRtstruct
                    | Action::ExportLabelMaps
                    | Action::ExportBundle
                    | Action::ExportSr
                    | Action::ExportCsv
                    | Action::ExportJson
                    | Action::ExportNifti
                    | Action::PrepareUpload
                    | Action::PrepareCampaign
                    | Action::Report
                    | Action::FillZones
                    | Action::AcceptKept
            ),
            _ => false,
        }
    }

    /// What is on show goes; whether there was something.
    pub(super) fn abort_region(&mut self, update: &mut Update) {
        let Some(region) = self.region.take() else { return };
        update.changes.facts = true;
        update.effects.extend(region.job.map(Effect::CancelJob));
        if let Some(case) = &mut self.case {
            case.take_back(region.preview.as_slice(), update);
            case.take_back(region.before.as_slice(), update);
        }
        self.volume_revision += 1;
    }

    /// Takes the last stroke of what is on show back, or all of it; whether there was something.
    pub(super) fn take_stroke_back(&mut self, update: &mut Update) -> bool {
        let Some(region) = self.region.as_deref_mut() else { return false };
        match &mut region.by {
            By::Strokes { strokes, .. } if strokes.len() > 1 => {
                strokes.pop();
                self.run_region(update);
            }
            _ => self.abort_region(update),
        }
        true
    }

    /// The path of the stroke that is being drawn in a pane, and whether it is inside.
    pub(super) fn seed_stroke(&self, id: PaneId) -> Option<(Vec<PatientPoint>, bool)> {
        let Gesture::Seed { pane, .. } = self.gesture else { return None };
        match &self.region.as_deref()?.by {
            By::Strokes { strokes, .. } if pane == id => strokes.last().map(|(path, inside)| (path.clone(), *inside)),
            By::Outline { plane, points, adds, .. } if pane == id => {
                Some((points.iter().map(|p| plane.at(p[0], p[1])).collect(), *adds))
            }
            _ => None,
        }
    }

    pub(super) fn region_view(&self) -> Option<RegionView> {
        let region = self.region.as_deref()?;
        let adjustable = match region.by {
            By::Strokes { tool, .. } => matches!(tool, RegionTool::Grow | RegionTool::Lesion),
            By::Outline { .. } => self.brush.range_hu.is_none(),
            By::Refine(_) | By::Interpolate { .. } => false,
        };
        let text = match &region.outcome {
            _ if region.job.is_some() => words::REGION_COMPUTING.in_lang(self.lang).to_owned(),
            Some(RegionOutcome { range_hu: Some((low, i16::MAX)), .. }) => {
                words::REGION_FROM.with(self.lang, &[&self.lang.number(f64::from(*low), 0)])
            }
            Some(RegionOutcome { range_hu: Some((low, high)), .. }) => words::REGION_RANGE.with(
                self.lang,
                &[low, high].map(|v| self.lang.number(f64::from(*v), 0)).each_ref().map(|s| s.as_str()),
            ),
            _ if matches!(region.by, By::Interpolate { .. }) => {
                words::marking::INTERPOLATED.in_lang(self.lang).to_owned()
            }
            _ => String::new(),
        };
        Some(RegionView { text, adjustable })
    }
}

fn changes_voxels(edit: &Edit) -> bool {
    matches!(edit, Edit::Voxels { delta, .. } if !delta.is_empty())
}

impl Region {
    pub(super) fn new(segment: u8, by: By) -> Self {
        let bounds = IndexBox { min: [0; 3], max: [0; 3] };
        Self {
            segment,
            by,
            before: None,
            preview: None,
            bounds,
            job: None,
            again: false,
            accepted: false,
            outcome: None,
        }
    }
    /// What it changed of the document so far, in order.
    pub(super) fn edits(&self) -> Vec<&Edit> {
        self.before.iter().chain(&self.preview).collect()
    }
    /// What made it, where the voxels were chosen by an algorithm and not by the reader's hand.
    fn algorithm(&self) -> Option<(&'static str, String)> {
        let (tool, strokes, amount) = match &self.by {
            By::Strokes { tool, strokes, amount } => (*tool, strokes.len(), *amount),
            By::Outline { .. } => (RegionTool::Threshold, 1, 0.0),
            By::Refine(_) | By::Interpolate { .. } => return None,
        };
        let range = self.outcome.as_ref().and_then(|o| o.range_hu);
        let range = range.map_or_else(String::new, |(low, high)| format!("; hu_at_least={low}; hu_at_most={high}"));
        Some(match tool {
            RegionTool::Grow => ("Hilum region growing", format!("factor={amount:.2}; most_mm={GROW_MOST_MM}{range}")),
            RegionTool::Lesion => (
                "Hilum lesion by strokes",
                format!("strokes={strokes}; border={amount:.2}; most_mm={LESION_MOST_MM}{range}"),
            ),
            RegionTool::Compete => ("Hilum competing regions", format!("strokes={strokes}")),
            RegionTool::Threshold => ("Hilum threshold in an outline", range.trim_start_matches("; ").to_owned()),
        })
    }
}

impl Case {
    /// What is said of the case without some edits, the last ones made of it; afterwards they are there again.
    pub(super) fn without<T>(&mut self, edits: &[&Edit], said: impl FnOnce(&Self) -> T) -> T {
        let mut unseen = Update::default();
        edits.iter().rev().for_each(|edit| self.apply(&edit.inverse(), &mut unseen));
        let out = said(self);
        edits.iter().for_each(|edit| self.apply(edit, &mut unseen));
        out
    }
    /// Writes labels of a box where they differ; locked and unknown ones are left alone.
    fn write_labels(&mut self, segment: u8, bounds: IndexBox, labels: &[u8]) -> Option<Edit> {
        let layer = self.document.editable_layer(segment).ok()?;
        let locked = self.document.locked_labels(layer);
        let mut known = [false; 256];
        known[0] = true;
        for segment in self.document.segments().iter().filter(|s| s.layer == layer && !s.locked) {
            known[usize::from(segment.number)] = true;
        }
        let width = bounds.size()[0].max(1);
        let mut rows = labels.chunks_exact(width);
        Some(self.document.edit_voxels(layer, &self.volume, |editor| {
            for k in bounds.min[2]..bounds.max[2] {
                for j in bounds.min[1]..bounds.max[1] {
                    let Some(row) = rows.next() else { return };
                    let mut new = row.iter();
                    editor.set_span(k, j, bounds.min[0], bounds.max[0], |_, old| {
                        new.next().copied().filter(|new| known[usize::from(*new)] && !locked[usize::from(old)])
                    });
                }
            }
        }))
    }

    /// Notes how a segment came to be: by an algorithm if it was made by one alone, else that the reader changed what one proposed.
    fn proposed_by(&mut self, segment: u8, algorithm: &Option<(&'static str, String)>) -> Option<Edit> {
        let before = self.document.segment(segment)?.clone();
        let mut after = before.clone();
        match (&mut after.origin, algorithm) {
            (Origin::Proposed { edited, .. }, _) => *edited = true,
            (origin @ Origin::Manual, Some((name, parameters))) => {
                *origin = Origin::Proposed {
                    algorithm: (*name).to_owned(),
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                    parameters: parameters.clone(),
                    // A reader's click began it, and a reader accepted it.
                    edited: true,
                };
            }
            _ => return None,
        }
        if before == after {
            return None;
        }
        let edit = Edit::Segment { number: segment, before: Some(before), after: Some(after) };
        self.document.apply(&edit, &self.volume).ok()?;
        Some(edit)
    }
}
