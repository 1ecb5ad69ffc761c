//! What a reader's hand waits for on 512 × 512 × 600 voxels, and whether a long day changes it: `cargo bench --bench strokes`.
//!
//! Times are those of `Session::update` with everything it does for a pointer event, measuring and autosave's journal included; the
//! picture is not drawn. The long run is some hour of reading without its pauses: `-- --strokes N` sets how many (3000).
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a native clock and a table are what it is for"
)]

use glam::DVec3;
use hilum::annotation::{Layer, SegmentMeaning};
use hilum::session::{Action, Command, ContourJoin, PaneId, PaneSize, PointerPhase, Tool};
use std::time::Instant;

#[path = "../tests/files/mod.rs"]
mod files;
#[path = "../tests/tab/mod.rs"]
mod tab;
use tab::Tab;

const SIZE: [usize; 3] = [512, 512, 600];
/// A pane of so many px: a voxel of 0.7 mm each.
const PANE_PX: f64 = 512.0;

fn main() {
    let strokes = std::env::args().skip_while(|a| a != "--strokes").nth(1).and_then(|n| n.parse().ok()).unwrap_or(3000);
    let mut tab = opened();
    println!("{} MB with the CT open", resident_mb());
    println!("\n{:<52} {:>8} {:>8} {:>8}", "ms", "median", "p95", "max");
    dabs(&mut tab);
    contours(&mut tab);
    large_edits(&mut tab);
    memory(&tab);
    long_run(&mut tab, strokes);
}

/// Lungs in a body, noise, and a lesion of 20 mm in the middle of the left lung.
fn opened() -> Tab {
    let mut random = 7u32;
    let mut values = Vec::with_capacity(SIZE.iter().product());
    for k in 0..SIZE[2] {
        for (j, i) in (0..SIZE[1]).flat_map(|j| (0..SIZE[0]).map(move |i| (j, i))) {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [x, y, z] = [i as f32 - 255.5, j as f32 - 255.5, k as f32 - 299.5];
            let lung = ((x.abs() - 100.0) / 80.0).powi(2) + (y / 120.0).powi(2) + (z / 260.0).powi(2) < 1.0;
            let lesion = (x - 100.0).powi(2) + y * y + z * z < 400.0;
            let tissue = if lesion {
                -450
            } else if lung {
                -860
            } else {
                40
            };
            values.push(tissue + (random >> 26) as i16 - 32);
        }
    }
    let steps = [DVec3::X * 0.7, DVec3::Y * 0.7, DVec3::Z * 0.7];
    let file = files::nifti(SIZE, DVec3::new(-179.0, -179.0, -210.0), steps, &values);
    drop(values);
    let mut tab = Tab::open(&Default::default(), 1);
    let size = |left, top| PaneSize { left, top, width: PANE_PX, height: PANE_PX };
    tab.does(Command::Resize([size(0.0, 0.0), size(PANE_PX, 0.0), size(0.0, PANE_PX), size(PANE_PX, PANE_PX)], 1.0));
    tab.opens(&[file]);
    let case = tab.session.case().expect("the CT opens");
    assert!(case.volume.grid().size() == SIZE && case.volume.loaded_count() == SIZE[2]);
    tab.does(Command::AddSegment(SegmentMeaning::Lesion));
    tab
}

fn timed(tab: &mut Tab, what: impl FnOnce(&mut Tab)) -> f64 {
    let begun = Instant::now();
    what(tab);
    begun.elapsed().as_secs_f64() * 1000.0
}

fn row(name: &str, ms: &[f64]) {
    let mut sorted = ms.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
    println!("{name:<52} {:>8.3} {:>8.3} {:>8.3}", at(0.5), at(0.95), at(1.0));
}

/// A spiral about a place of a pane.
fn spiral(n: usize, of: usize, [x, y]: [f64; 2], reach: f64) -> (f64, f64) {
    let part = n as f64 / of as f64;
    let (angle, radius) = (part * std::f64::consts::TAU * 3.0, 8.0 + reach * part);
    (x + radius * angle.cos(), y + radius * angle.sin())
}

const DABS: usize = 200;

/// Pointer moves of one stroke, each timed alone.
fn stroke(tab: &mut Tab, pane: PaneId) -> Vec<f64> {
    let place = |n| spiral(n, DABS, [256.0, 256.0], 90.0);
    tab.pointer(pane, PointerPhase::Down, place(0).0, place(0).1);
    let ms = (1..DABS).map(|n| timed(tab, |tab| tab.pointer(pane, PointerPhase::Move, place(n).0, place(n).1)));
    let ms = ms.collect();
    tab.pointer(pane, PointerPhase::Up, place(DABS).0, place(DABS).1);
    ms
}

fn dabs(tab: &mut Tab) {
    for (tool, name) in [(Tool::Brush, "brush"), (Tool::Push, "push"), (Tool::Eraser, "eraser")] {
        for (ball, radius_mm, shape) in [(false, 7.0, "disc of 10 px"), (true, 20.0, "ball of 20 mm")] {
            if tool == Tool::Push && ball {
                continue;
            }
            if tab.session.view_model().ball != ball {
                tab.acts(Action::ToggleBall);
            }
            tab.does(Command::BrushRadius(radius_mm));
            for pane in [PaneId::Axial, PaneId::Sagittal] {
                let switch = timed(tab, |tab| tab.acts(Action::Tool(tool)));
                let ms = stroke(tab, pane);
                row(&format!("a dab, {name}, {shape}, {}", pane.test_id()), &ms);
                assert!(switch < 50.0, "another tool took {switch} ms");
            }
        }
    }
    let tools = [Tool::Contour, Tool::Brush, Tool::Eraser, Tool::Push, Tool::Navigate];
    let ms: Vec<f64> = (0..100).map(|n| timed(tab, |tab| tab.acts(Action::Tool(tools[n % 5])))).collect();
    row("another tool in hand", &ms);
}

fn contours(tab: &mut Tab) {
    tab.acts(Action::Join(ContourJoin::Edges));
    let place = |n: usize| {
        let angle = n as f64 / 120.0 * std::f64::consts::TAU;
        (356.0 + 21.0 * angle.cos(), 256.0 + 21.0 * angle.sin())
    };
    let (mut anchors, mut moves) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        for n in 0..120 {
            let (x, y) = place(n);
            if n % 30 == 0 {
                anchors.push(timed(tab, |tab| tab.pointer(PaneId::Axial, PointerPhase::Down, x, y)));
                tab.pointer(PaneId::Axial, PointerPhase::Up, x, y);
            } else {
                moves.push(timed(tab, |tab| tab.pointer(PaneId::Axial, PointerPhase::Move, x, y)));
            }
        }
        anchors.push(timed(tab, |tab| tab.acts(Action::CloseContour)));
        tab.acts(Action::Scroll(1));
    }
    row("livewire: a point set, or the contour closed", &anchors);
    row("livewire: a move (the first after a point anchors)", &moves);
}

/// A segment of 15 million voxels, made, deleted, and both taken back and made again.
fn large_edits(tab: &mut Tab) {
    tab.does(Command::AddSegment(SegmentMeaning::Consolidation));
    tab.acts(Action::Join(ContourJoin::Lines));
    let circle: Vec<(f64, f64)> = (0..=90)
        .map(|n| (f64::from(n) * 4.0).to_radians())
        .map(|a| (256.0 + 140.0 * a.cos(), 256.0 + 140.0 * a.sin()))
        .collect();
    for slices in [-120, 240] {
        tab.acts(Action::Scroll(slices));
        tab.drags(PaneId::Axial, &circle);
    }
    tab.acts(Action::Interpolate);
    tab.acts(Action::AcceptRegion);
    let number = tab.session.case().unwrap().active.unwrap();
    let voxels = tab.session.case().unwrap().document.voxel_count(number);
    let mut ms = Vec::new();
    tab.acts(Action::DeleteSegment);
    for _ in 0..3 {
        for action in [Action::Undo, Action::Undo, Action::Redo, Action::Redo] {
            ms.push(timed(tab, |tab| tab.acts(action)));
        }
    }
    row(&format!("undo and redo of {:.1} million voxels", voxels as f64 / 1e6), &ms);
    while tab.session.case().unwrap().history.undo_name() != Some("add-segment") {
        tab.acts(Action::Undo);
    }
    tab.does(Command::SelectSegment(1));
}

fn memory(tab: &Tab) {
    let case = tab.session.case().unwrap();
    let voxels = case.volume.grid().voxel_count() as f64;
    for layer in Layer::ALL {
        let held = (0..SIZE[2]).filter(|k| case.document.layer(layer).slice(*k).is_some()).count();
        println!("{layer:?}: {:.3} bytes a voxel in labels", (held * SIZE[0] * SIZE[1]) as f64 / voxels);
    }
    println!("history: {:.2} MB in {} steps", case.history.byte_size() as f64 / 1e6, case.history.done().len());
}

/// Strokes of all kinds in all planes, slice after slice, with undo and redo among them.
fn long_run(tab: &mut Tab, strokes: usize) {
    println!(
        "\n{:<12} {:>12} {:>12} {:>10} {:>12} {:>12} {:>8}",
        "strokes", "stroke ms", "undo ms", "undo depth", "history MB", "journal MB", "MB"
    );
    let tools = [Tool::Brush, Tool::Contour, Tool::Eraser, Tool::Push, Tool::Brush];
    let report = (strokes / 10).max(1);
    let (mut stroke_ms, mut undo_ms) = (Vec::new(), Vec::new());
    for n in 0..strokes {
        let pane = PaneId::ALL[n % 3];
        tab.acts(Action::Tool(tools[n % tools.len()]));
        tab.does(Command::Pointer(hilum::session::PointerInput {
            pane,
            phase: PointerPhase::Move,
            at: hilum::geometry::PanePoint::new(256.0, 256.0),
            button: hilum::session::PointerButton::Primary,
            shift: false,
            ctrl: false,
        }));
        tab.acts(Action::Scroll(if n / 40 % 2 == 0 { 3 } else { -3 }));
        tab.does(Command::BrushRadius(3.0 + (n % 9) as f64));
        let middle = [180.0 + (n * 37 % 160) as f64, 180.0 + (n * 53 % 160) as f64];
        let path: Vec<(f64, f64)> = (0..24).map(|m| spiral(m, 24, middle, 25.0)).collect();
        stroke_ms.push(timed(tab, |tab| tab.drags(pane, &path)));
        if n % 7 == 6 {
            undo_ms.push(timed(tab, |tab| tab.acts(Action::Undo)));
            if n % 2 == 0 {
                tab.acts(Action::Redo);
            }
        }
        if (n + 1) % report == 0 {
            let case = tab.session.case().unwrap();
            let mean = |ms: &[f64]| ms.iter().sum::<f64>() / ms.len().max(1) as f64;
            let journal = tab.records().iter().map(Vec::len).sum::<usize>();
            println!(
                "{:<12} {:>12.2} {:>12.2} {:>10} {:>12.2} {:>12.2} {:>8}",
                n + 1,
                mean(&stroke_ms),
                mean(&undo_ms),
                case.history.done().len(),
                case.history.byte_size() as f64 / 1e6,
                journal as f64 / 1e6,
                resident_mb()
            );
            stroke_ms.clear();
            undo_ms.clear();
        }
    }
    let case = tab.session.case().unwrap();
    assert_eq!(case.document.problems(&case.volume), Vec::<String>::new());
}

/// Memory of this process, MB; 0 where the system does not tell.
fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or_default() / 1024
}
