//! Colours and opacities of the 3D picture, edited over the histogram of the CT. A view setting: kept for each preset as long as the
//! page, not part of the document.

use super::change::Update;
use super::command::VolumeStyle;
use super::state::Session;
use super::words::pictures as words;
use crate::view::{TransferFunction, VolumePreset};
use crate::volume::Histogram;

/// A change of the transfer function, or of what is edited of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TransferChange {
    /// This point is edited.
    Select(usize),
    /// The point that is edited goes there: HU, opacity per mm.
    Move(f32, f32),
    /// It goes by so many HU, and by so much up the plot (see [`TransferView::place`]).
    Step(f32, f64),
    /// A point at this HU and opacity per mm, in the colour that is there; it is edited then.
    Add(f32, f32),
    /// A point on the curve halfway to the next one; it is edited then.
    Insert,
    /// The point that is edited goes.
    Remove,
    /// Its colour, sRGB.
    Colour([u8; 3]),
    /// It is held and moved: the picture follows coarsely until it is let go.
    Hold(bool),
    /// All as the preset says.
    Reset,
}

/// A point of the curve.
#[derive(Clone, Debug, PartialEq)]
pub struct TransferPoint {
    /// HU.
    pub hu: f32,
    /// Opacity per mm, 0..=1.
    pub opacity: f32,
    /// `#rrggbb`.
    pub colour: String,
    /// Place across the plot, 0..=1.
    pub x: f64,
    /// Place up the plot, 0..=1.
    pub y: f64,
    /// In words.
    pub words: String,
}

/// What the editor shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransferView {
    /// By rising HU.
    pub points: Vec<TransferPoint>,
    /// The point that is edited.
    pub selected: usize,
    /// The curve between the points: places across and up the plot, 0..=1.
    pub curve: Vec<[f64; 2]>,
    /// How many voxels there are of each HU, by bins from left to right, as heights 0..=1 on a logarithmic scale.
    pub histogram: Vec<f64>,
    /// Whether it is other than the preset.
    pub edited: bool,
}

impl TransferView {
    /// HU and opacity per mm at a place of the plot.
    pub fn at([x, y]: [f64; 2]) -> [f32; 2] {
        let [low, high] = TransferFunction::LIMITS_HU.map(f64::from);
        [(low + x * (high - low)) as f32, y.clamp(0.0, 1.0).powi(3) as f32]
    }
    /// Place of HU and opacity per mm. Upwards goes the cube root: a thousandth of a millimetre's opacity is a faint lung.
    pub fn place(hu: f32, opacity: f32) -> [f64; 2] {
        let [low, high] = TransferFunction::LIMITS_HU;
        [f64::from((hu - low) / (high - low)), f64::from(opacity).cbrt()]
    }
}

/// The editor, while it is open.
#[derive(Debug, Default)]
pub(super) struct TransferEditor {
    selected: usize,
    /// Heights of the histogram.
    histogram: Vec<f64>,
}

/// Bins of the histogram on show.
const BINS: usize = 256;
/// Voxels that are looked at for it: a picture of the distribution, no measurement.
const SAMPLES: usize = 1 << 20;
/// Steps of the curve.
const STEPS: usize = 256;

impl Session {
    /// The transfer function of the 3D picture: the preset's, or what the reader made of it.
    pub(super) fn transfer(&self) -> TransferFunction {
        let VolumeStyle::Preset(preset) = self.volume_style else { return VolumePreset::default().transfer() };
        self.transfers.get(&preset).cloned().unwrap_or_else(|| preset.transfer())
    }

    /// Opens the editor, or closes it.
    pub(super) fn toggle_transfer_editor(&mut self, update: &mut Update) {
        self.transfer_held = false;
        if self.transfer_editor.take().is_some() {
            return;
        }
        if !matches!(self.volume_style, VolumeStyle::Preset(_)) {
            return self.say(words::TRANSFER_OF_PRESETS, update);
        }
        if self.case.is_some() {
            self.transfer_editor = Some(TransferEditor { selected: 0, histogram: self.histogram_heights() });
        }
    }

    /// Another CT, or the rest of one: another histogram.
    pub(super) fn renew_histogram(&mut self) {
        if self.transfer_editor.is_some() {
            let histogram = self.histogram_heights();
            self.transfer_editor = self.transfer_editor.take().map(|editor| TransferEditor { histogram, ..editor });
        }
    }

    pub(super) fn change_transfer(&mut self, change: TransferChange, update: &mut Update) {
        let (VolumeStyle::Preset(preset), Some(editor)) = (self.volume_style, &self.transfer_editor) else { return };
        let (mut transfer, selected) = (self.transfer(), editor.selected);
        let last = transfer.points.len().saturating_sub(1);
        let selected = match change {
            TransferChange::Select(n) => n.min(last),
            TransferChange::Move(hu, opacity) => {
                transfer.move_point(selected, hu, opacity);
                selected
            }
            TransferChange::Step(by_hu, up) => {
                if let Some(&(hu, [_, _, _, opacity])) = transfer.points.get(selected) {
                    let [x, y] = TransferView::place(hu, opacity);
                    let opacity = if up == 0.0 { opacity } else { TransferView::at([x, y + up])[1] };
                    transfer.move_point(selected, hu + by_hu, opacity);
                }
                selected
            }
            TransferChange::Add(hu, opacity) => transfer.add_point(hu, opacity).unwrap_or(selected),
            TransferChange::Insert => {
                let from = selected.min(last.saturating_sub(1));
                let hu = match transfer.points.get(from..from + 2) {
                    Some([a, b]) => (a.0 + b.0) / 2.0,
                    _ => return,
                };
                let opacity = transfer.at(hu)[3];
                transfer.add_point(hu, opacity).unwrap_or(selected)
            }
            TransferChange::Remove => {
                transfer.remove_point(selected);
                selected.min(transfer.points.len() - 1)
            }
            TransferChange::Colour(rgb) => {
                transfer.colour_point(selected, rgb.map(|v| f32::from(v) / 255.0));
                selected
            }
            TransferChange::Hold(held) => {
                self.transfer_held = held;
                self.volume_moved(update);
                selected
            }
            TransferChange::Reset => {
                transfer = preset.transfer();
                selected.min(transfer.points.len() - 1)
            }
        };
        if let Some(editor) = &mut self.transfer_editor {
            editor.selected = selected;
        }
        if transfer != self.transfer() {
            if transfer == preset.transfer() {
                self.transfers.remove(&preset);
            } else {
                self.transfers.insert(preset, transfer);
            }
            // What the picture costs is another matter now, but about the same: what was measured is kept.
            self.volume_moved(update);
        }
        update.changes.facts = true;
    }

    pub(super) fn transfer_view(&self) -> Option<TransferView> {
        let (VolumeStyle::Preset(preset), Some(editor)) = (self.volume_style, &self.transfer_editor) else {
            return None;
        };
        let transfer = self.transfer();
        let point = |&(hu, [r, g, b, opacity]): &(f32, [f32; 4])| {
            let [x, y] = TransferView::place(hu, opacity);
            let [r, g, b] = [r, g, b].map(|v| (v * 255.0).round() as u8);
            let number = |value: f32, digits: usize| self.lang.number(f64::from(value), digits);
            let words = words::TRANSFER_POINT.with(self.lang, &[&number(hu, 0), &number(opacity, 4)]);
            TransferPoint { hu, opacity, colour: format!("#{r:02x}{g:02x}{b:02x}"), x, y, words }
        };
        let [low, high] = TransferFunction::LIMITS_HU;
        let mut along: Vec<f32> = (0..=STEPS).map(|n| low + (high - low) * n as f32 / STEPS as f32).collect();
        along.extend(transfer.points.iter().map(|p| p.0));
        along.sort_by(f32::total_cmp);
        Some(TransferView {
            curve: along.into_iter().map(|hu| TransferView::place(hu, transfer.at(hu)[3])).collect(),
            points: transfer.points.iter().map(point).collect(),
            selected: editor.selected.min(transfer.points.len().saturating_sub(1)),
            histogram: editor.histogram.clone(),
            edited: self.transfers.contains_key(&preset),
        })
    }

    /// Heights of the bins, of as many voxels as are quickly looked at, evenly over the slices that have arrived.
    fn histogram_heights(&self) -> Vec<f64> {
        let Some(case) = &self.case else { return Vec::new() };
        let every = case.volume.grid().voxel_count().div_ceil(SAMPLES).max(1);
        let slices = (0..case.volume.grid().size()[2]).filter_map(|k| case.volume.pixels(k));
        // An odd step goes through all columns.
        let seen = Histogram::of(slices.flat_map(|hu| hu.iter().copied().step_by(every | 1)));
        let [low, high] = TransferFunction::LIMITS_HU.map(|hu| hu as i32);
        let wide = (high - low + 1) as usize / BINS;
        let counts: Vec<u64> = (0..BINS)
            .map(|n| (n, low + (n * wide) as i32))
            // The first bin holds what lies below it too.
            .map(|(n, from)| seen.count(if n == 0 { i16::MIN } else { from as i16 }, (from + wide as i32 - 1) as i16))
            .collect();
        let most = counts.iter().copied().max().unwrap_or(0).max(1);
        counts.into_iter().map(|n| (n as f64).ln_1p() / (most as f64).ln_1p()).collect()
    }
}
