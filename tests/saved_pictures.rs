//! Pictures that are saved and colours that are edited, replayed without a browser: what stands on them, and whose name does not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop with its reason")]

use hilum::jobs::FileId;
use hilum::session::words::Lang;
use hilum::session::{
    Action, Command, Effect, Gpu, Mark, PaneId, Screenshot, TransferChange, TransferView, Update, VolumeStyle,
};
use hilum::view::{Interpolation, LabelLook, PaneContent, Projection, VolumeInput, VolumePreset};

mod files;
mod tab;
use tab::{Tab, ct, noise};

const NOW: &str = "20261128101500";

/// A tab with the small CT open, drawing by WebGPU.
fn reader() -> Tab {
    let mut tab = Tab::open(&std::rc::Rc::default(), 1);
    tab.opens(&ct("1.2.3", &noise(7)));
    tab.does(Command::Gpu(Gpu::WebGpu));
    assert!(tab.session.case().unwrap().is_settled());
    tab
}

/// What the session asks of the page.
fn asked(tab: &mut Tab, command: Command) -> Vec<Effect> {
    let Update { effects, .. } = tab.session.update(command, NOW);
    effects
}

fn shot(tab: &mut Tab, pane: PaneId, annotated: bool) -> Screenshot {
    tab.does(Command::Activate(pane));
    match asked(tab, Command::Do(Action::Screenshot(annotated))).pop() {
        Some(Effect::Screenshot(shot)) => *shot,
        other => panic!("{other:?}"),
    }
}

fn words(shot: &Screenshot) -> Vec<String> {
    let rows = |mark: &Mark| if let Mark::Words { rows, .. } = mark { rows.clone() } else { Vec::new() };
    shot.over.iter().flat_map(rows).collect()
}

fn volume(shot: &Screenshot) -> &VolumeInput {
    let PaneContent::Volume(input) = &shot.panes[0].content else { panic!("no 3D picture") };
    input
}

#[test]
fn a_picture_says_what_is_seen_and_never_whose_it_is_unless_that_was_asked_for() {
    let mut tab = reader();
    tab.acts(Action::Window(2));
    let annotated = shot(&mut tab, PaneId::Axial, true);
    assert_eq!(annotated.file_name, "hilum-axial-20261128-101500.png");
    let rows = words(&annotated);
    for wanted in ["R", "L", "A", "P", "Slice 6 / 10", "Image 6 · z 10.0 mm", "W 350  L 40", "Axial", "5 mm"] {
        assert!(rows.iter().any(|row| row == wanted), "{wanted} among {rows:?}");
    }
    assert!(annotated.over.iter().any(|mark| matches!(mark, Mark::Lines { lines, .. } if !lines.is_empty())));
    let of_patient = ["SECRET", "1950", "1231", "31/12", "20260105", "2026-01-05", "ACC-77", "1.2.3"];
    for pane in PaneId::ALL {
        for plain in [true, false] {
            let said = format!("{:?}", shot(&mut tab, pane, plain));
            assert!(of_patient.iter().all(|text| !said.contains(text)), "{said}");
        }
    }
    tab.acts(Action::PatientText);
    let rows = words(&shot(&mut tab, PaneId::Coronal, true));
    for wanted in ["SECRET NAME", "SECRET-ID", "born 1950-12-31 · other sex", "CT of 2026-01-05"] {
        assert!(rows.iter().any(|row| row == wanted), "{wanted} among {rows:?}");
    }
    let plain = shot(&mut tab, PaneId::Coronal, false);
    assert!(plain.over.is_empty() && !plain.file_name.contains("SECRET"));
    // A new page begins without.
    assert!(!reader().session.view_model().patient_text);
}

#[test]
fn words_of_a_picture_are_in_the_readers_language_and_lines_are_those_on_screen() {
    let mut tab = reader();
    tab.does(Command::Language(Lang::Fr));
    let rows = words(&shot(&mut tab, PaneId::Sagittal, true));
    assert!(rows.iter().any(|row| row == "Sagittal") && rows.iter().any(|row| row.starts_with("Coupe ")));
    // A plane that was turned is said and its letters follow.
    tab.does(Command::Activate(PaneId::Sagittal));
    tab.acts(Action::TurnPlanes(30));
    let rows = words(&shot(&mut tab, PaneId::Axial, true));
    assert!(rows.iter().any(|row| row.contains("oblique 30")), "{rows:?}");
    assert!(rows.iter().any(|row| row.len() == 2 && row.chars().all(|c| c.is_ascii_uppercase())), "{rows:?}");
}

#[test]
fn without_annotations_slices_show_no_segments_and_the_3d_picture_does() {
    let mut tab = reader();
    tab.acts(Action::ProposeLungs);
    tab.acts(Action::Compartments);
    tab.acts(Action::Cubic);
    let with = shot(&mut tab, PaneId::Axial, true);
    let without = shot(&mut tab, PaneId::Axial, false);
    let slice = |shot: &Screenshot| match shot.panes[0].content {
        PaneContent::Slice(slice) => slice,
        PaneContent::Volume(_) => panic!("no slice"),
    };
    assert!(with.look.shows_any(0) && slice(&with).compartments);
    assert!(words(&with).iter().any(|row| row.starts_with('■')), "colours are explained");
    assert_eq!(without.look, LabelLook::default());
    assert!(!slice(&without).compartments);
    assert_eq!(slice(&without).interpolation, Interpolation::Cubic, "all else stays");
    let volume = shot(&mut tab, PaneId::Volume, false);
    assert!(volume.look.shows_any(0), "what it shows are the segments");
}

#[test]
fn a_3d_picture_is_saved_at_its_best_however_it_is_sampled_on_screen() {
    let mut tab = reader();
    // It costs so much that the screen shows a coarse one.
    tab.does(Command::CastTook(6, 100.0));
    assert!(tab.session.is_reduced());
    let shot = shot(&mut tab, PaneId::Volume, true);
    let input = volume(&shot);
    assert_eq!((input.reduction, input.step_mm, input.shadows), (1, 1.0, true));
    assert!(input.rows_at_once < shot.panes[0].rect.height, "in bands");
    assert!(words(&shot).iter().any(|row| row == "3D · Lungs and soft tissue"));
}

/// Draws frames of a turn as the page would, until `stop` have come or none is asked for; the last effects.
fn draw(tab: &mut Tab, mut effects: Vec<Effect>, cameras: &mut Vec<f64>, stop: usize) -> Vec<Effect> {
    while cameras.len() < stop
        && let Some(Effect::TurntableFrame(turn, shot)) = effects.first()
    {
        assert!(shot.over.is_empty());
        cameras.push(volume(shot).camera.azimuth_rad);
        let drawn = Command::FrameDrawn(*turn, Ok(FileId(1000 + cameras.len() as u32)));
        effects = asked(tab, drawn);
    }
    effects
}

#[test]
fn a_turn_goes_round_once_and_becomes_an_archive() {
    let mut tab = reader();
    tab.does(Command::TurntableFrames(36));
    tab.does(Command::TurntableFrames(7));
    let begun = asked(&mut tab, Command::Do(Action::Turntable));
    let mut cameras = Vec::new();
    let half = draw(&mut tab, begun, &mut cameras, 9);
    assert_eq!(tab.session.view_model().running.as_deref(), Some("Turn of the 3D picture: 25 %. Escape stops it."));
    let end = draw(&mut tab, half, &mut cameras, 999);
    assert_eq!(cameras.len(), 36);
    let steps = cameras.iter().zip(cameras.iter().cycle().skip(1));
    for (from, to) in steps {
        assert!(((to - from).rem_euclid(std::f64::consts::TAU) - 10f64.to_radians()).abs() < 1e-9);
    }
    let [Effect::RunJob(request), Effect::ForgetFiles(forgotten)] = &end[..] else { panic!("{end:?}") };
    assert_eq!(&request.files, forgotten);
    assert_eq!(request.files, (1001..=1036).map(FileId).collect::<Vec<_>>());
    assert!(format!("{:?}", request.job).contains("frame-036.png"));
    assert!(!tab.session.view_model().turntable.0);
}

#[test]
fn an_archive_holds_what_was_drawn_and_is_the_same_each_time() {
    use hilum::jobs::{Job, JobFacts, JobInput, JobOutput, Payload, run};
    let entries: Vec<String> = (1..=3).map(|n| format!("frame-{n:03}.png")).collect();
    let job = Job::WriteArchive { name: "turn.zip".to_owned(), entries: entries.clone() };
    let written = || {
        let files = (0..3u8).map(|n| Box::new(files::Bytes(vec![n; 1000])) as Box<_>).collect();
        let input = JobInput { files, ..JobInput::default() };
        let Ok(JobOutput { facts: JobFacts::Files(names), payloads }) = run(&job, input, &mut files::Kept::default())
        else {
            panic!("no archive")
        };
        assert_eq!(names, ["turn.zip"]);
        let [Payload::Bytes(bytes)] = &payloads[..] else { panic!("no bytes") };
        bytes.clone()
    };
    let bytes = written();
    assert_eq!(bytes, written());
    // Read by the very door that archives come in through.
    let contents = hilum::import::archive_contents(std::io::Cursor::new(bytes)).unwrap();
    assert_eq!(contents.entries.iter().map(|e| e.path.clone()).collect::<Vec<_>>(), entries);
    assert!(contents.entries.iter().all(|e| e.place.bytes == 1000 && !e.place.deflated));
}

#[test]
fn a_turn_is_stopped_and_what_comes_late_is_let_go() {
    for by_key in [true, false] {
        let mut tab = reader();
        let begun = asked(&mut tab, Command::Do(Action::Turntable));
        let mut cameras = Vec::new();
        let left = draw(&mut tab, begun, &mut cameras, 3);
        let [Effect::TurntableFrame(turn, _)] = left[..] else { panic!("{left:?}") };
        let stop = if by_key { Action::Escape } else { Action::Turntable };
        let effects = asked(&mut tab, Command::Do(stop));
        assert!(effects.iter().any(|e| matches!(e, Effect::ForgetFiles(files) if files.len() == 3)), "{effects:?}");
        assert_eq!(tab.session.view_model().running, None);
        let late = asked(&mut tab, Command::FrameDrawn(turn, Ok(FileId(77))));
        assert!(matches!(&late[..], [Effect::ForgetFiles(files)] if *files == [FileId(77)]), "{late:?}");
        // Nor is it taken for one of the next turn.
        let again = asked(&mut tab, Command::Do(Action::Turntable));
        assert!(matches!(again[..], [Effect::TurntableFrame(next, _)] if next != turn));
        let late = asked(&mut tab, Command::FrameDrawn(turn, Err("gone".to_owned())));
        assert!(late.is_empty() && tab.session.view_model().turntable.0);
    }
}

#[test]
fn a_turn_that_cannot_be_drawn_and_one_of_another_ct_end() {
    let mut tab = reader();
    let begun = asked(&mut tab, Command::Do(Action::Turntable));
    let [Effect::TurntableFrame(turn, _)] = begun[..] else { panic!("{begun:?}") };
    asked(&mut tab, Command::FrameDrawn(turn, Err("GPU".to_owned())));
    let view = tab.session.view_model();
    assert!(!view.turntable.0 && view.notice.unwrap().contains("GPU"));
    asked(&mut tab, Command::Do(Action::Turntable));
    tab.opens(&ct("1.2.4", &noise(8)[..9]));
    tab.does(Command::OpenSeries("1.2.4.2".to_owned()));
    assert!(!tab.session.view_model().turntable.0);
}

fn transfer(tab: &Tab) -> hilum::view::TransferFunction {
    let frame = tab.session.frame_input().unwrap();
    let mut contents = frame.panes.into_iter().map(|pane| pane.content);
    contents.find_map(|c| if let PaneContent::Volume(v) = c { Some(v.transfer) } else { None }).unwrap()
}

fn editor(tab: &Tab) -> TransferView {
    tab.session.view_model().transfer.unwrap()
}

#[test]
fn points_are_added_moved_coloured_and_removed_and_the_picture_follows() {
    let mut tab = reader();
    let preset = VolumePreset::Bone;
    tab.does(Command::VolumeStyle(VolumeStyle::Preset(preset)));
    let change = |tab: &mut Tab, change| tab.does(Command::Transfer(change));
    change(&mut tab, TransferChange::Add(50.0, 0.3));
    assert_eq!(transfer(&tab), preset.transfer(), "the editor is closed");
    tab.acts(Action::TransferEditor);
    assert!(editor(&tab).histogram.contains(&1.0), "the CT's own histogram");
    change(&mut tab, TransferChange::Add(50.0, 0.3));
    change(&mut tab, TransferChange::Colour([255, 0, 128]));
    change(&mut tab, TransferChange::Move(60.0, 0.4));
    let view = editor(&tab);
    let point = &view.points[view.selected];
    assert_eq!((point.hu, point.opacity, point.colour.as_str(), view.edited), (60.0, 0.4, "#ff0080", true));
    let seen = transfer(&tab).at(60.0);
    assert_eq!([seen[0], seen[1], seen[3]], [1.0, 0.0, 0.4]);
    // A place of the plot and what is there are one.
    let [hu, opacity] = TransferView::at([point.x, point.y]);
    assert!((hu - 60.0).abs() < 0.01 && (opacity - 0.4).abs() < 1e-5);
    // By key, however quickly one follows the other.
    for _ in 0..3 {
        change(&mut tab, TransferChange::Step(20.0, 0.0));
        change(&mut tab, TransferChange::Step(-20.0, 0.01));
    }
    let view = editor(&tab);
    let raised = &view.points[view.selected];
    assert!(raised.hu == 60.0 && (raised.y - point.y - 0.03).abs() < 1e-5, "{raised:?}");
    change(&mut tab, TransferChange::Insert);
    assert_eq!(editor(&tab).points.len(), preset.transfer().points.len() + 2);
    change(&mut tab, TransferChange::Remove);
    change(&mut tab, TransferChange::Select(1));
    change(&mut tab, TransferChange::Remove);
    assert_eq!(transfer(&tab), preset.transfer(), "both points are gone");
    assert!(!editor(&tab).edited);
}

#[test]
fn what_was_edited_outlasts_the_gpu_other_presets_and_another_ct_until_it_is_reset() {
    let mut tab = reader();
    tab.acts(Action::TransferEditor);
    tab.does(Command::Transfer(TransferChange::Move(-1000.0, 0.2)));
    let edited = transfer(&tab);
    assert_ne!(edited, VolumePreset::default().transfer());
    tab.does(Command::Gpu(Gpu::Probing));
    tab.does(Command::Gpu(Gpu::WebGl2));
    assert_eq!(transfer(&tab), edited);
    tab.does(Command::VolumeStyle(VolumeStyle::Preset(VolumePreset::Skin)));
    assert_eq!(transfer(&tab), VolumePreset::Skin.transfer());
    tab.does(Command::VolumeStyle(VolumeStyle::Projection(Projection::Highest)));
    assert_eq!(tab.session.view_model().transfer, None, "a projection has no opacity");
    tab.does(Command::VolumeStyle(VolumeStyle::Preset(VolumePreset::default())));
    tab.opens(&ct("1.2.4", &noise(8)[..9]));
    tab.does(Command::OpenSeries("1.2.4.2".to_owned()));
    assert_eq!(transfer(&tab), edited);
    assert!(editor(&tab).edited);
    tab.does(Command::Transfer(TransferChange::Reset));
    assert_eq!(transfer(&tab), VolumePreset::default().transfer());
    // It is no part of the document.
    assert!(!tab.session.view_model().can_undo);
}

#[test]
fn while_a_point_is_held_the_picture_follows_coarsely() {
    let mut tab = reader();
    tab.acts(Action::TransferEditor);
    tab.does(Command::CastTook(1, 200.0));
    assert!(!tab.session.is_orbiting());
    tab.does(Command::Transfer(TransferChange::Hold(true)));
    tab.does(Command::Transfer(TransferChange::Move(-1000.0, 0.2)));
    assert!(tab.session.is_orbiting() && tab.session.reduction() > 1);
    tab.does(Command::Transfer(TransferChange::Hold(false)));
    assert!(!tab.session.is_orbiting());
    tab.does(Command::Transfer(TransferChange::Hold(true)));
    tab.acts(Action::TransferEditor);
    assert!(!tab.session.is_orbiting(), "closed while held");
}
