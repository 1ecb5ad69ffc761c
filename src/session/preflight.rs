//! A CT that is too large: what of it can be opened is offered before its pixels are read; what is open stays until then.

use super::change::Update;
use super::state::{ProblemReason, Purpose, Session};
use super::words;
use crate::geometry::orientation_letters;
use crate::import::{Capacity, Offer, Reduction};
use crate::jobs::{FileId, Job, Priority};

/// An offer that waits for the reader.
#[derive(Debug)]
pub(super) struct Preflight {
    uid: String,
    stack: usize,
    name: String,
    offer: Offer,
    /// Slice in the middle of the slab.
    centre: usize,
    /// Segmentations that came along: they are read once the CT is open.
    segmentations: Vec<FileId>,
}

/// The offer in words.
#[derive(Clone, Debug, PartialEq)]
pub struct PreflightView {
    /// What the whole needs and what can be held.
    pub about: String,
    /// The smallest n for which every n-th slice can be held.
    pub every: usize,
    /// What every n-th slice would be.
    pub thinned: String,
    /// What the slab would be.
    pub slab: String,
    /// Slice in the middle of the slab, from 0.
    pub centre: usize,
    /// The first and the last slice that can be in the middle.
    pub centres: [usize; 2],
    /// Letters of the directions in which those two lie.
    pub ends: [String; 2],
}

impl Session {
    /// What can be held of a CT here.
    pub(super) fn capacity(&self) -> Capacity {
        Capacity { longest_axis: self.longest_axis, ..Capacity::default() }
    }

    /// How long an axis of a volume the GPU holds. A CT beyond that is put aside and offered in part.
    pub(super) fn set_longest_axis(&mut self, longest_axis: Option<usize>, update: &mut Update) {
        self.longest_axis = longest_axis;
        let fits = |grid| self.capacity().offer(grid).is_none();
        let open = self.case.as_ref().filter(|c| !c.is_preview && !fits(c.volume.grid()));
        if let Some((uid, stack)) = open.map(|c| (c.series.uid.clone(), c.stack)) {
            self.shelve(update);
            update.changes.volume = true;
            self.open_part(&uid, stack, None, update);
        }
    }

    /// Shows an offer; nothing else changes.
    pub(super) fn offer_part(&mut self, uid: &str, stack: usize, name: String, offer: Offer, update: &mut Update) {
        let segmentations = self.preflight.take().map_or_else(Vec::new, |p| p.segmentations);
        let centre = offer.slices() / 2;
        self.preflight = Some(Preflight { uid: uid.to_owned(), stack, name, offer, centre, segmentations });
        update.changes.facts = true;
    }

    /// Reads segmentations now, or once the CT that is offered is open.
    pub(super) fn read_segmentations(&mut self, files: Vec<FileId>, update: &mut Update) {
        if let Some(preflight) = &mut self.preflight {
            return preflight.segmentations.extend(files);
        }
        for file in files {
            if self.case.is_none() {
                self.add_problem(file, ProblemReason::Text(words::SEG_NEEDS_CT));
                continue;
            }
            let request = self.start_job(Purpose::ReadSegmentation(file), Priority::SOON, Job::ReadMarks, vec![file]);
            update.effects.push(super::effect::Effect::RunJob(request));
        }
    }

    /// The offer is no more: a CT was opened, or the reader declined.
    pub(super) fn end_preflight(&mut self, update: &mut Update) {
        if let Some(preflight) = self.preflight.take() {
            self.read_segmentations(preflight.segmentations, update);
            update.changes.facts = true;
        }
    }

    /// Moves the slab.
    pub(super) fn set_slab_centre(&mut self, centre: usize, update: &mut Update) {
        if let Some(preflight) = &mut self.preflight {
            preflight.centre = centre.min(preflight.offer.slices() - 1);
            update.changes.facts = true;
        }
    }

    /// Opens what was offered: a slab, or every n-th slice.
    pub(super) fn take_offer(&mut self, slab: bool, update: &mut Update) {
        let Some(preflight) = &self.preflight else { return };
        let reduction = if slab { preflight.offer.slab(preflight.centre) } else { preflight.offer.thinned() };
        let (uid, stack) = (preflight.uid.clone(), preflight.stack);
        self.open_part(&uid, stack, Some(reduction), update);
    }

    pub(super) fn preflight_view(&self) -> Option<PreflightView> {
        let lang = self.lang;
        let Preflight { name, offer, centre, .. } = self.preflight.as_ref()?;
        let [columns, rows, of] = offer.grid.size();
        let digits = if offer.bytes(of) < 10_000_000 { 2 } else { 0 };
        let mb = |slices: usize| lang.number(offer.bytes(slices) as f64 / 1e6, digits);
        let slices = |n: usize| words::SLICES.with(lang, &[&n.to_string()]);
        let mut about = if name.is_empty() { String::new() } else { words::PREFLIGHT_NAME.with(lang, &[name]) };
        let size = [slices(of), columns.to_string(), rows.to_string(), mb(of)];
        about.push_str(&words::PREFLIGHT_SIZE.with(lang, &size.each_ref().map(String::as_str)));
        let reasons = [(offer.most_in_memory, words::PREFLIGHT_MEMORY), (offer.most_on_gpu, words::PREFLIGHT_GPU)];
        for (most, why) in reasons.into_iter().filter_map(|(most, why)| Some((most?, why))) {
            about.push(' ');
            about.push_str(&why.with(lang, &[&slices(most), &mb(most)]));
        }
        let every = offer.thinned();
        let kept = every.kept(of).count();
        let normal = offer.grid.step(0).cross(offer.grid.step(1)).unit();
        let along = offer.grid.step(2);
        let spacing_mm = normal.map_or(along.length(), |n| n.dot(along).abs()) * offer.every as f64;
        let thinned = words::PREFLIGHT_EVERY
            .with(lang, &[&offer.every.to_string(), &slices(kept), &lang.number(spacing_mm, 2), &mb(kept)]);
        let Reduction::Slab { first, slices: long } = offer.slab(*centre) else { return None };
        let slab = words::PREFLIGHT_SLAB
            .with(lang, &[&(first + 1).to_string(), &(first + long).to_string(), &of.to_string(), &mb(long)]);
        Some(PreflightView {
            about,
            every: offer.every,
            thinned,
            slab,
            centre: *centre,
            centres: [long / 2, of - long + long / 2],
            ends: [orientation_letters(-along), orientation_letters(along)],
        })
    }
}
