//! Pictures of a pane to be saved on this computer: what is drawn, and what is written over it as the reader sees it.

use super::change::Update;
use super::command::{PaneId, VolumeStyle};
use super::effect::Effect;
use super::explain;
use super::pane_header::tissue_words;
use super::state::Session;
use super::words::pictures as words;
use super::words::{MIRRORED, WAIT_FOR_SLICES};
use crate::geometry::PanePoint;
use crate::import::Severity;
use crate::view::{COMPARTMENTS, LabelLook, PaneContent, PaneInput, PxRect, SliceInput};

/// A picture of a pane that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Screenshot {
    /// Name without path; says nothing of the patient.
    pub file_name: String,
    /// What the pane shows: one picture, or two CTs beside each other. The first begins at (0, 0), device px.
    pub panes: Vec<PaneInput>,
    /// Colours of segments.
    pub look: LabelLook,
    /// Device px of a CSS px.
    pub px_ratio: f64,
    /// What is drawn over it, in this order.
    pub over: Vec<Mark>,
}

impl Screenshot {
    /// Columns and rows of the whole, device px.
    pub fn size(&self) -> [u32; 2] {
        let ends = self.panes.iter().map(|p| [p.rect.x + p.rect.width, p.rect.y + p.rect.height]);
        ends.fold([0, 0], |all, end| [all[0].max(end[0]), all[1].max(end[1])])
    }
}

/// Something drawn over a picture, CSS px.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// Lines of one colour.
    Lines {
        /// Each from point to point.
        lines: Vec<Vec<PanePoint>>,
        /// sRGB.
        rgb: [u8; 3],
        /// CSS px.
        width_px: f64,
        /// Broken, not continuous.
        dashed: bool,
    },
    /// Rows of words.
    Words {
        /// Where the first row stands on its line.
        at: PanePoint,
        /// Which side of the rows is there.
        side: Side,
        /// From top to bottom.
        rows: Vec<String>,
        /// sRGB.
        rgb: [u8; 3],
    },
}

/// Which side of words a point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// They begin there.
    Left,
    /// They stand about it.
    Middle,
    /// They end there.
    Right,
}

/// Distance of two rows of words, CSS px.
pub const ROW_PX: f64 = 17.0;
/// Distance from the edge, CSS px.
const MARGIN_PX: f64 = 8.0;
/// About what a letter takes, CSS px: long sentences are broken by it.
const LETTER_PX: f64 = 7.0;

const TEXT: [u8; 3] = [211, 220, 230];
const LETTERS: [u8; 3] = [233, 210, 124];
const WARNING: [u8; 3] = [224, 176, 76];
const MEASUREMENT: [u8; 3] = [111, 227, 255];
/// Of the planes between the zones.
const ZONES: [u8; 3] = [183, 166, 245];
/// Of the planes, as their lines are on the page.
const PLANES: [[u8; 3]; 3] = [[239, 131, 118], [127, 207, 147], [236, 213, 124]];

impl Session {
    /// Saves a picture of the pane that keys act on: as it is, or without anything over it and without segments in slices.
    pub(super) fn take_screenshot(&mut self, annotated: bool, now: &str, update: &mut Update) {
        let id = self.pane_for_keys();
        match self.screenshot(id, annotated, now) {
            Some(shot) => update.effects.push(Effect::Screenshot(Box::new(shot))),
            None => self.say(WAIT_FOR_SLICES, update),
        }
    }

    /// The CT that is open, and the one beside it: their series, and which stack. A picture that takes a while is of these.
    pub fn what_is_open(&self) -> (Option<(String, usize)>, Option<String>) {
        let case = self.case.as_ref().map(|c| (c.series.uid.clone(), c.stack));
        (case, self.beside().map(|b| b.series.uid.clone()))
    }

    /// The picture of a pane; `None` where nothing is shown.
    pub(super) fn screenshot(&self, id: PaneId, annotated: bool, now: &str) -> Option<Screenshot> {
        let rect = self.px_rect(self.sizes[id.index()]).filter(|_| self.case.is_some())?;
        let content = match self.content_of(id) {
            // The picture at its best, however it is sampled on screen.
            PaneContent::Volume(_) => PaneContent::Volume(self.still_input()),
            PaneContent::Slice(slice) if annotated => PaneContent::Slice(slice),
            PaneContent::Slice(slice) => PaneContent::Slice(SliceInput { compartments: false, ..slice }),
        };
        let half = self.half_beside(id).and_then(|half| self.px_rect(half));
        let beside = half.zip(if let PaneContent::Slice(slice) = content { self.slice_beside(slice) } else { None });
        let beside = beside.map(|(half, slice)| PaneInput {
            rect: PxRect { x: rect.width, y: 0, ..half },
            content: PaneContent::Slice(slice),
        });
        let own = PaneInput { rect: PxRect { x: 0, y: 0, ..rect }, content };
        // In 3D segments are tissue like any other.
        let look = if annotated || id == PaneId::Volume { self.look() } else { LabelLook::default() };
        let name = id.test_id().trim_start_matches("pane-");
        let name = if id == PaneId::Volume { "3d" } else { name };
        let (date, time) = now.split_at_checked(8).unwrap_or((now, ""));
        Some(Screenshot {
            file_name: format!("hilum-{name}-{date}-{time}.png"),
            panes: std::iter::once(own).chain(beside).collect(),
            look,
            px_ratio: self.px_ratio,
            over: if annotated { self.marks_over(id) } else { Vec::new() },
        })
    }

    /// What stands over a pane: lines and words of slices, the name of the 3D picture; of the patient only if it was asked for.
    fn marks_over(&self, id: PaneId) -> Vec<Mark> {
        let [width, height] = self.size_of(id);
        let words = |x: f64, y: f64, side: Side, rows: Vec<String>, rgb| Mark::Words {
            at: PanePoint::new(x, y),
            side,
            rows,
            rgb,
        };
        let lang = self.lang;
        let mut over = Vec::new();
        let (mut top_left, mut bottom_left, mut title) = (Vec::new(), Vec::new(), id.title().in_lang(lang).to_owned());
        if id == PaneId::Volume {
            title = format!("{title} · {}", self.volume_style.title().in_lang(lang));
            if let VolumeStyle::Projection(_) = self.volume_style {
                bottom_left.push(self.window_words(&self.window_of(id)));
            }
        } else {
            let header = self.pane_header(id.index());
            over.extend(self.lines_over(id.index(), &header));
            let ([left, right, top, bottom], middle) = (header.letters, [width / 2.0, height / 2.0 + 5.0]);
            over.extend([
                words(MARGIN_PX, middle[1], Side::Left, vec![left], LETTERS),
                words(width - MARGIN_PX, middle[1], Side::Right, vec![right], LETTERS),
                words(middle[0], ROW_PX, Side::Middle, vec![top], LETTERS),
                words(middle[0], height - MARGIN_PX, Side::Middle, vec![bottom], LETTERS),
            ]);
            if let Some((px, length)) = header.scale {
                let (right, y) = (width - 10.0, height - 26.0);
                let bar = [(right - px, y - 5.0), (right - px, y), (right, y), (right, y - 5.0)];
                let lines = vec![bar.map(|(x, y)| PanePoint::new(x, y)).to_vec()];
                over.push(Mark::Lines { lines, rgb: TEXT, width_px: 1.0, dashed: false });
                over.push(words(right, height - MARGIN_PX, Side::Right, vec![length], TEXT));
            }
            top_left.push(header.slice_words);
            top_left.extend(Some(header.image_words).filter(|words| !words.is_empty()));
            bottom_left.push([header.window_words, header.slab_words.unwrap_or_default()].join(" ").trim().to_owned());
            for note in header.mirrored.then(|| MIRRORED.in_lang(lang).to_owned()).into_iter().chain(header.oblique) {
                title = format!("{title} · {note}");
            }
        }
        // A picture of a blinded page names nobody.
        if self.patient_text && !self.blinding.on {
            top_left.extend(self.patient_rows());
        }
        let plane = PLANES.get(id.index()).copied().unwrap_or(TEXT);
        over.push(words(MARGIN_PX, ROW_PX, Side::Left, top_left, TEXT));
        over.push(words(width - MARGIN_PX, ROW_PX, Side::Right, vec![title], plane));
        let most = ((width * 0.6 / LETTER_PX) as usize).max(12);
        if let Some(beside) = self.beside_header(id.index()) {
            let mut rows = vec![beside.slice_words];
            rows.extend(beside.notes.iter().flat_map(|note| broken(note, most)));
            over.push(words(width + MARGIN_PX, ROW_PX, Side::Left, rows, TEXT));
            // Its description may be anything, a name too.
            if self.patient_text {
                over.push(words(2.0 * width - MARGIN_PX, ROW_PX, Side::Right, vec![beside.title], TEXT));
            }
            let border = vec![PanePoint::new(width, 0.0), PanePoint::new(width, height)];
            over.push(Mark::Lines { lines: vec![border], rgb: TEXT, width_px: 1.0, dashed: false });
        }
        let mut bottom = height - MARGIN_PX;
        let mut upwards = |rows: Vec<String>, rgb| {
            let first = bottom - ROW_PX * (rows.len() as f64 - 1.0);
            bottom = first - ROW_PX;
            over.push(words(MARGIN_PX, first, Side::Left, rows, rgb));
        };
        upwards(bottom_left, TEXT);
        // What makes the picture doubtful goes with it.
        let findings = self.case.iter().flat_map(|c| &c.plan.findings).filter(|f| f.severity() == Severity::Warning);
        let doubts: Vec<String> = findings.flat_map(|f| broken(&explain::geometry_finding(f, lang), most)).collect();
        if !doubts.is_empty() {
            upwards(doubts, WARNING);
        }
        if self.compartments && id != PaneId::Volume {
            for compartment in COMPARTMENTS.iter().rev() {
                let [r, g, b] = compartment.colour;
                upwards(vec![format!("■ {}", tissue_words(compartment.tissue).in_lang(lang))], [r, g, b]);
            }
        }
        over
    }

    /// Planes, slabs and measurements over a slice pane.
    fn lines_over(&self, n: usize, header: &super::PaneHeader) -> Vec<Mark> {
        let mut over = Vec::new();
        for line in &header.lines {
            let rgb = PLANES.get(line.of).copied().unwrap_or(TEXT);
            for (pieces, dashed) in [(&line.pieces, false), (&line.slab, true)] {
                let lines = pieces.iter().map(|piece| piece.to_vec()).collect();
                over.push(Mark::Lines { lines, rgb, width_px: 1.0, dashed });
            }
        }
        if !header.zone_lines.is_empty() {
            let lines = header.zone_lines.iter().map(|piece| piece.to_vec()).collect();
            over.push(Mark::Lines { lines, rgb: ZONES, width_px: 1.0, dashed: true });
        }
        for (at, name) in &header.zone_names {
            over.push(Mark::Words { at: *at, side: Side::Left, rows: vec![(*name).to_owned()], rgb: ZONES });
        }
        for drawing in self.measurement_drawings(n) {
            let cross = |c: &PanePoint| {
                [(-4.0, -4.0), (4.0, 4.0), (4.0, -4.0), (-4.0, 4.0)]
                    .map(|(x, y)| PanePoint::new(c.x + x, c.y + y))
                    .chunks(2)
                    .map(<[_]>::to_vec)
                    .collect::<Vec<_>>()
            };
            let lines = drawing.lines.into_iter().chain(drawing.crossings.iter().flat_map(cross)).collect();
            over.push(Mark::Lines { lines, rgb: MEASUREMENT, width_px: 1.5, dashed: false });
            if let Some((at, rows)) = drawing.label {
                over.push(Mark::Words { at, side: Side::Left, rows, rgb: MEASUREMENT });
            }
        }
        over
    }

    /// Whether saved pictures say whose they are.
    pub(super) fn toggle_patient_text(&mut self, update: &mut Update) {
        self.patient_text = !self.patient_text;
        if self.patient_text {
            self.say(words::PATIENT_TEXT_ON, update);
        }
    }
}

/// A sentence in rows of about so many letters.
fn broken(sentence: &str, most: usize) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for word in sentence.split_whitespace() {
        match rows.last_mut() {
            Some(row) if row.chars().count() + word.chars().count() < most => {
                row.push(' ');
                row.push_str(word);
            }
            _ => rows.push(word.to_owned()),
        }
    }
    rows
}
