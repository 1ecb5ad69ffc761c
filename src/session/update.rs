//! One match: each command is a call into the part that knows it.

use super::change::Update;
use super::command::{Action, Command, PaneId, Tool};
use super::connection::ConnectionEvent;
use super::effect::Effect;
use super::keeping::KeepRequest;
use super::piecewise::Piecewise;
use super::proposing::Proposable;
use super::state::{Case, Gpu, Purpose, Session};
use super::words;
use crate::analysis::field_of_view_clips;
use crate::export::Audience;
use crate::geometry::IndexBox;
use crate::import::Collision;
use crate::jobs::{JobEvent, JobId, JobOutput};
use crate::report::{ZONE_PLANES, findings_outside_ml, lung_flags, quantities};
use crate::view::Interpolation;

impl Session {
    /// Does what is asked; says what changed and what the page should do. `now` is the local time as `YYYYMMDDHHMMSS`.
    pub fn update(&mut self, command: Command, now: &str) -> Update {
        let mut update = Update::default();
        now.clone_into(&mut self.now);
        if self.must_answer_first(&command) {
            self.say(words::ANSWER_OFFER, &mut update);
            return update;
        }
        // Redo waits for what is being made, and so does what is on show.
        let waits = matches!(command, Command::Do(Action::Redo)) && self.is_making();
        if self.settles_region(&command) && !waits {
            self.accept_region(&mut update);
        }
        match command {
            Command::Do(action) => self.act(action, now, &mut update),
            Command::OpenFiles(files) => self.open_files(files, &mut update),
            Command::RunModel(files) => self.run_model(&files, &mut update),
            Command::OpenReadings(reader, files) => self.open_readings(reader, files, &mut update),
            Command::OpenSeries(uid) => {
                // What was said was of the CT before.
                self.notice = None;
                self.open_series(&uid, false, &mut update);
            }
            Command::OpenStack(uid, stack) => {
                self.notice = None;
                self.open_stack(&uid, stack, false, &mut update);
            }
            Command::Compare(uid, stack) => self.compare_with(&uid, stack, &mut update),
            Command::Job(JobEvent::Progress(id, fraction)) => {
                if let Some(running) = self.running.get_mut(&id) {
                    running.fraction = fraction;
                    update.changes.facts = true;
                }
            }
            Command::Job(JobEvent::Part(id, part)) => self.job_part(id, part, &mut update),
            Command::Job(JobEvent::Done(id, result)) => self.job_done(id, result, &mut update),
            Command::Resize(sizes, px_ratio) => self.resize(sizes, px_ratio, &mut update),
            Command::Activate(pane) => {
                (self.active, self.pointer) = (pane, None);
                update.changes.facts = true;
            }
            Command::Pointer(input) => self.pointer_event(input, &mut update),
            Command::DoubleClick(pane) => {
                if matches!(self.tool, Tool::Navigate | Tool::Window | Tool::Pan | Tool::Zoom) || pane == PaneId::Volume
                {
                    self.maximise(&mut update);
                    update.changes.facts = true;
                }
            }
            Command::Wheel(pane, at, steps, does) => self.wheel(pane, at, steps, does, &mut update),
            Command::Window(change) => self.change_window(change, &mut update),
            Command::OwnWindow(n) => self.choose_own_window(n, &mut update),
            Command::CineRate(rate_hz) => self.set_cine_rate(rate_hz, &mut update),
            Command::CineStep(now_ms) => self.cine_step(now_ms, &mut update),
            Command::Slab(slab) => self.set_slab(slab, &mut update),
            Command::VolumeStyle(style) => self.set_volume_style(style, &mut update),
            Command::ClipFace(face, cut_mm) => self.set_clip_face(face, cut_mm, &mut update),
            Command::Transfer(change) => self.change_transfer(change, &mut update),
            Command::TurntableFrames(frames) => self.choose_turntable_frames(frames, &mut update),
            Command::FrameDrawn(turn, drawn) => self.frame_drawn(turn, drawn, &mut update),
            Command::NotDrawn(why) => self.not_drawn(&why, &mut update),
            Command::BrushRadius(radius_mm) => self.set_brush_radius(radius_mm, &mut update),
            Command::BrushRange(range_hu) => {
                self.brush.range_hu = range_hu.map(|(a, b)| (a.min(b), a.max(b)));
                self.range_changed(&mut update);
                update.changes.facts = true;
            }
            Command::RefineSettings(settings) => self.set_refine(settings, &mut update),
            Command::AddSegment(meaning) => self.add_segment(meaning, &mut update),
            Command::SelectSegment(number) => {
                if let Some(case) = &mut self.case
                    && case.document.segment(number).is_some()
                {
                    case.active = Some(number);
                }
                if self.solo {
                    self.volume_moved(&mut update);
                }
                update.changes.facts = true;
            }
            Command::Piece(place) => self.go_to_piece(place, &mut update),
            Command::ChangeSegment(number, change) => self.change_segment(number, change, &mut update),
            Command::ArrivalMeaning(label, meaning) => self.set_arrival_meaning(label, meaning, &mut update),
            Command::Answer(number, input) => self.answer(number, &input, &mut update),
            Command::Measurement(number, change) => self.change_measurement(number, change, &mut update),
            Command::Language(lang) => {
                self.lang = lang;
                self.notice = None;
                update.changes.facts = true;
            }
            Command::Blinding(site) => {
                self.blind_by_site(site);
                update.changes.facts = true;
            }
            Command::Destinations(destinations) => {
                self.destinations = *destinations;
                self.outbox_configured(&mut update);
                update.effects.push(Effect::Keep(KeepRequest::FindParcels));
                update.changes.facts = true;
            }
            Command::Reader(to, text) => {
                self.set_reader(to, &text, now, &mut update);
                update.changes.facts = true;
            }
            Command::Remote(event) => self.remote_event(event, &mut update),
            Command::Connection(event) => self.connection_event(event, &mut update),
            Command::SignedIn(to, result) => self.signed_in(to, result, &mut update),
            Command::SignedOut(to, result) => self.signed_out(to, result, &mut update),
            Command::Ledger(entry) => self.enter(entry, &mut update),
            Command::Outbox(event) => self.outbox_event(event, &mut update),
            Command::ReadOn => self.read_on(&mut update),
            Command::CastTook(reduction, ms) => {
                if self.cast_took(reduction, ms) {
                    update.changes.volume_view = true;
                    update.changes.view = true;
                }
                update.changes.facts = true;
            }
            Command::Refined => {
                update.changes.volume_view = self.refined();
                update.changes.view = update.changes.volume_view;
                update.changes.facts = true;
            }
            Command::LongestAxis(longest_axis) => self.set_longest_axis(longest_axis, &mut update),
            Command::SlabCentre(centre) => self.set_slab_centre(centre, &mut update),
            Command::Gpu(gpu) => {
                self.full_cast_ms = None;
                if gpu == Gpu::Cpu {
                    self.say(words::GPU_NOTICE_CPU, &mut update);
                } else if gpu == Gpu::Probing && self.gpu != Gpu::Probing {
                    self.say(words::GPU_LOST, &mut update);
                }
                self.gpu = gpu;
                update.changes.facts = true;
            }
            Command::Keeping(news) => self.keeping_news(news, &mut update),
        }
        self.measure(&mut update);
        self.measure_shapes(&mut update);
        if update.changes.facts {
            self.note_what_is_shown();
        }
        self.keep(&mut update);
        update
    }

    /// Measures the document anew after its labels changed; a stroke is measured at its end.
    fn measure(&mut self, update: &mut Update) {
        let whole =
            self.case.as_ref().filter(|_| update.changes.volume).map(|c| IndexBox::whole(c.volume.grid().size()));
        for touched in [whole, update.changes.labels].into_iter().flatten() {
            self.unmeasured = Some(self.unmeasured.map_or(touched, |b| b.union(&touched)));
        }
        if update.changes.volume {
            self.piecewise = Piecewise::default();
        }
        if self.case.is_none() {
            (self.unmeasured, self.quantities) = (None, Vec::new());
        }
        // A segment without voxels says that opacities were looked for: no label changes when it comes or goes.
        let says_involvement = self.quantities.iter().any(|q| q.name == "involvement" && q.value.is_some());
        let is_due = |c: &Case| c.document.was_searched() && self.profile.lungs().is_some();
        let planes = |c: &Case| ZONE_PLANES.map(|field| c.document.answers().get(&field).cloned());
        let is_stale = |c: &Case| is_due(c) != says_involvement || planes(c) != self.measured_planes;
        if self.unmeasured.is_none() && self.case.as_ref().is_some_and(is_stale) {
            self.unmeasured = Some(IndexBox { min: [0; 3], max: [0; 3] });
        }
        if let (Some(touched), Some(case), false) = (self.unmeasured, &self.case, self.is_marking()) {
            self.unmeasured = None;
            self.profile.recount(&case.document, touched.min[2]..touched.max[2]);
            self.quantities = quantities(&case.document, &self.profile);
            self.findings_outside_ml = findings_outside_ml(&case.document, &self.profile);
            self.measured_planes = planes(case);
            self.lung_flags = lung_flags(&case.document, &self.profile, |k| case.volume.is_loaded(k));
            let wall = self.profile.wall(0).map(|(k, _)| k);
            if wall != self.wall.map(|(k, _)| k) || update.changes.volume {
                let clips = |k| case.volume.pixels(k).is_some_and(|hu| field_of_view_clips(hu, case.volume.grid()));
                self.wall = wall.map(|k| (k, clips(k)));
            }
            self.recount_pieces(touched.min[2]..touched.max[2]);
            update.changes.facts = true;
        }
    }

    fn act(&mut self, action: Action, now: &str, update: &mut Update) {
        match action {
            Action::Tool(tool) => {
                self.abort_gesture(update);
                self.tool = tool;
            }
            Action::Window(preset) => self.choose_window(preset, update),
            Action::Undo => self.undo(false, update),
            Action::Redo => self.undo(true, update),
            Action::Escape => {
                self.abort_gesture(update);
                self.abort_region(update);
                self.cine.playing = None;
                self.stop_turntable(update);
                self.notice = None;
                self.ask_to_clear(false);
                self.cancel_upload(update);
                self.leave_arrival();
                self.report_open = false;
                self.comparison.is_open = false;
                self.close_remote(update);
                self.close_connection();
                self.end_preflight(update);
            }
            Action::Scroll(slices) => self.scroll_key(slices, update),
            Action::Zoom(steps) => self.zoom_key(steps, update),
            Action::Layout(layout) => self.choose_layout(layout, update),
            Action::Maximise => self.maximise(update),
            Action::ResetView => {
                self.reset_planes(update);
                self.fit_views();
                self.reset_beside();
                update.changes.view = true;
                update.changes.volume_view = true;
            }
            Action::TurnPlanes(degrees) => self.turn_by_key(degrees, update),
            Action::ResetPlanes => self.reset_planes(update),
            Action::CycleSlab => self.cycle_slab(update),
            Action::SlabStep(steps) => self.step_slab(steps, update),
            Action::Invert => {
                self.inverted = !self.inverted;
                update.changes.view = true;
            }
            Action::Nearest => self.toggle_interpolation(Interpolation::Nearest, update),
            Action::Cubic => self.toggle_interpolation(Interpolation::Cubic, update),
            Action::Compartments => self.toggle_compartments(update),
            Action::LinkWindow => self.toggle_linked_window(update),
            Action::LinkView => self.toggle_linked_view(update),
            Action::Flip(sideways) => self.change_picture(|pane| pane.flip(sideways), update),
            Action::TurnPicture(quarters) => self.change_picture(|pane| pane.turn_picture(quarters), update),
            Action::Cine => self.toggle_cine(update),
            Action::CinePingPong => self.cine.ping_pong = !self.cine.ping_pong,
            Action::PickSurface => self.pick_by_key(update),
            Action::CropToLungs => self.toggle_crop(update),
            Action::ClipBox => self.clip_box = !self.clip_box && self.case.is_some(),
            Action::CycleCut => self.cycle_cut(update),
            Action::CutStep(steps) => self.step_cut(steps, update),
            Action::TransferEditor => self.toggle_transfer_editor(update),
            Action::Turntable => self.toggle_turntable(now, update),
            Action::Screenshot(annotated) => self.take_screenshot(annotated, now, update),
            Action::PatientText => self.toggle_patient_text(update),
            Action::EndCompare => self.end_beside(update),
            Action::StepBeside(slices) => self.step_beside(slices, update),
            Action::Join(join) => self.choose_join(join, update),
            Action::ToggleSubtract => self.subtract = !self.subtract,
            Action::ToggleBall => self.brush.ball = !self.brush.ball,
            Action::ToggleInLungs => self.toggle_in_lungs(update),
            Action::BrushStep(steps) => self.step_tool(steps, update),
            Action::CloseContour if self.accept_when_done(update) => {}
            Action::CloseContour => self.close_contour(update),
            Action::AcceptRegion => {
                self.accept_when_done(update);
            }
            Action::Refine(refine) => self.begin_refine(refine, update),
            Action::CopySlice(slices) => self.copy_slice(slices, update),
            Action::Interpolate => self.interpolate(update),
            Action::MoveSegment(places) => self.move_segment(places, update),
            Action::Solo => self.toggle_solo(update),
            Action::DeleteSegment | Action::DeleteMeasurement if self.take_point_back() => {}
            Action::DeleteSegment => self.delete_segment(update),
            Action::DeleteMeasurement => self.delete_measurement(update),
            Action::ProposeLungs => self.propose(Proposable::Lungs, update),
            Action::ProposeLesions => self.propose(Proposable::Lesions, update),
            Action::Propose(what) => self.propose(what, update),
            Action::CancelProposal => self.cancel_proposals(update),
            Action::Piece(action) => self.act_on_piece(action, update),
            Action::ComparePrior => self.compare_with_prior(update),
            Action::Artery(trunk) => self.set_artery(trunk, update),
            Action::CompareSegments => self.compare(update),
            Action::Blinded => self.toggle_blinded(update),
            Action::Associations => self.associations_open = !self.associations_open,
            Action::CompareReadings => self.toggle_comparison(),
            Action::ExportComparison => self.save_comparison(update),
            Action::Form => self.toggle_form(update),
            Action::FillZones => self.fill_zones(update),
            Action::ZonePlane(upper) => self.set_zone_plane(upper, update),
            Action::ExportCsv => self.save_table(false, now, update),
            Action::ExportJson => self.save_table(true, now, update),
            Action::ExportNifti => self.save_label_maps(update),
            Action::Report => {
                self.report_open = !self.report_open && self.case.is_some();
            }
            Action::ExportSeg => self.save(false, now, update),
            Action::ExportRtstruct => self.save_structure_set(now, update),
            Action::ExportLabelMaps => self.save_label_map_segs(now, update),
            Action::ExportBundle => self.save_bundle(now, update),
            Action::TakeArrival => self.answer_arrival(Collision::Overwrite, update),
            Action::KeepMine => self.answer_arrival(Collision::KeepExisting, update),
            Action::LeaveArrival => self.leave_arrival(),
            Action::ExportSr => self.save(true, now, update),
            Action::PrepareUpload => self.prepare_upload(Audience::Hospital, now, update),
            Action::PrepareCampaign => self.prepare_upload(Audience::Campaign, now, update),
            Action::SavePreview => self.save_preview(update),
            Action::SaveLedger => self.save_ledger(update),
            Action::ConfirmUpload => self.confirm_upload(update),
            Action::CancelUpload => self.cancel_upload(update),
            Action::OpenDicomweb => self.toggle_remote(update),
            Action::ConnectionTest => self.connection_event(ConnectionEvent::Toggle, update),
            Action::OpenDemonstration => self.open_demonstration(update),
            Action::OpenEverySecond => self.take_offer(false, update),
            Action::OpenSlab => self.take_offer(true, update),
            Action::DeclinePart => self.end_preflight(update),
            Action::CancelLoading => self.cancel_loading(update),
            Action::AcceptKept => self.accept_kept(update),
            Action::DeclineKept => self.decline_kept(update),
            Action::TakeOver => self.take_over(update),
            Action::ClearKept => self.ask_to_clear(true),
            Action::ConfirmClear => self.clear_kept(update),
            Action::CancelClear => self.ask_to_clear(false),
        }
        update.changes.facts = true;
    }

    fn job_done(&mut self, id: JobId, result: Result<JobOutput, crate::jobs::JobError>, update: &mut Update) {
        self.running.remove(&id);
        // A job of a case that was put aside has no purpose any more.
        match self.jobs.remove(&id) {
            Some(Purpose::Scan(files)) => self.scanned(&files, result, update),
            Some(Purpose::InnerArchive(file)) => self.inner_archive_read(file, result, update),
            Some(Purpose::Decode { sources, beside: false }) => self.decoded(&sources, result, update),
            Some(Purpose::Decode { sources, beside: true }) => self.decoded_beside(&sources, result, update),
            Some(Purpose::DecodeVolume { file }) => self.volume_read(file, result, update),
            Some(Purpose::ReadBundle(file)) => self.bundle_read(file, result, update),
            Some(Purpose::ReadLabels { file, grid, spacing_mm }) => {
                self.labels_read(file, &grid, spacing_mm, result, update);
            }
            Some(Purpose::ReadSegmentation(file)) => self.segmentation_read(file, result, update),
            Some(Purpose::Demonstration) => self.made(result, update),
            Some(Purpose::Proposal(title, bounds)) => self.proposed(title, bounds, result, update),
            Some(Purpose::Change) => self.changed(result, update),
            Some(Purpose::Reading { reader, name }) => self.reading_read(reader, name, result, update),
            Some(Purpose::Compare(pair, revision)) => self.compared(pair, revision, result, update),
            Some(Purpose::Save(title)) => self.file_written(title, result, update),
            Some(Purpose::Region) => self.region_done(id, result, update),
            None => {}
        }
    }
}
