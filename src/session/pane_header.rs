//! What stands over a slice pane, in words and numbers.

use super::state::Session;
use super::words::{self, Text, numbers, pictures};
use crate::geometry::{AnatomicalPlane, PanePoint, PatientVector};
use crate::view::{
    LungTissue, Piece, Projection, ReferenceLine, VoiFunction, Window, edge_letters, level_line, reference_lines,
    scale_bar,
};

/// What stands over a slice pane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PaneHeader {
    /// Letters at the left, right, top and bottom edge.
    pub letters: [String; 4],
    /// Which slice of how many.
    pub slice_words: String,
    /// Which image of the series that is, by its Instance Number or frame, and where it lies; empty where a pane shows no single image.
    pub image_words: String,
    /// Width, centre and, unless it is LINEAR, function of the window.
    pub window_words: String,
    /// The slab, if there is one.
    pub slab_words: Option<String>,
    /// Slice on screen, from 0.
    pub slice: usize,
    /// How many there are.
    pub slices: usize,
    /// Length of the scale bar, CSS px and its words.
    pub scale: Option<(f64, String)>,
    /// Where the crosshair lies, CSS px.
    pub crosshair: Option<(f64, f64)>,
    /// Where the other planes cut this one.
    pub lines: Vec<ReferenceLine>,
    /// Where the planes between the zones cut this one, while the form is open; lower and upper.
    pub zone_lines: Vec<Piece>,
    /// The names of the zones, each with the place where its words begin, CSS px.
    pub zone_names: Vec<(PanePoint, &'static str)>,
    /// The picture is a mirror image.
    pub mirrored: bool,
    /// How far the plane was turned out of the CT's own, in words; `None` if it was not.
    pub oblique: Option<String>,
}

impl Session {
    pub(super) fn pane_header(&self, n: usize) -> PaneHeader {
        let Some(case) = &self.case else { return PaneHeader::default() };
        let (pane, size) = (&self.panes[n], self.sizes[n]);
        let grid = case.volume.grid();
        let bar = scale_bar(pane.mm_per_px, size.width.min(size.height) / 3.0);
        let at = pane.pane_from_patient(self.crosshair, [size.width, size.height]);
        let inside = at.x >= 0.0 && at.y >= 0.0 && at.x <= size.width && at.y <= size.height;
        let (slice, slices) = (pane.slice_index(grid), pane.slice_count(grid));
        let (zone_lines, zone_names) = self.zones_over(n);
        PaneHeader {
            letters: edge_letters(&pane.through(pane.centre)),
            slice_words: words::SLICE_OF.with(self.lang, &[&(slice + 1).to_string(), &slices.to_string()]),
            image_words: self.image_words(n).unwrap_or_default(),
            window_words: self.window_words(&self.windows[n]),
            slab_words: (!self.slab.is_plane()).then(|| self.slab_words()),
            slice,
            slices,
            scale: bar.map(|b| {
                let words = if b.length_mm >= 10.0 {
                    format!("{} cm", self.lang.number(b.length_mm / 10.0, 0))
                } else {
                    format!("{} mm", self.lang.number(b.length_mm, usize::from(b.length_mm < 1.0)))
                };
                (b.length_px, words)
            }),
            crosshair: inside.then_some((at.x, at.y)),
            lines: reference_lines(&self.panes, n, at, self.slab.thickness_mm, [size.width, size.height]),
            zone_lines,
            zone_names,
            mirrored: pane.is_mirrored(),
            oblique: pane.is_oblique(grid).then(|| {
                let degrees = self.lang.number(pane.obliqueness_rad(grid).to_degrees(), 0);
                words::OBLIQUE.with(self.lang, &[&degrees])
            }),
        }
    }

    /// The planes between the zones in pane `n` and the names of the zones beside them, while the form is open.
    fn zones_over(&self, n: usize) -> (Vec<Piece>, Vec<(PanePoint, &'static str)>) {
        let Some(planes) = self.zone_planes_mm().filter(|_| self.form_open) else { return (Vec::new(), Vec::new()) };
        let size = [self.sizes[n].width, self.sizes[n].height];
        let lines = planes.map(|z_mm| level_line(&self.panes[n], z_mm, size));
        let [Some(lower), Some(upper)] = lines else { return (lines.into_iter().flatten().collect(), Vec::new()) };
        // Left of the picture, above or below the line that ends the zone.
        let beside = |line: Piece, below: bool| {
            let end = if line[0].x < line[1].x { line[0] } else { line[1] };
            PanePoint::new(end.x + 6.0, end.y + if below { 14.0 } else { -5.0 })
        };
        let is_upright = beside(upper, false).y < beside(lower, false).y;
        let names = [
            (beside(upper, !is_upright), numbers::UPPER_ZONE),
            (beside(upper, is_upright), numbers::MIDDLE_ZONE),
            (beside(lower, is_upright), numbers::LOWER_ZONE),
        ];
        (vec![lower, upper], names.into_iter().map(|(at, name)| (at, name.in_lang(self.lang))).collect())
    }

    /// Archives and reports know an image by its number, which need not run as the slices do.
    fn image_words(&self, n: usize) -> Option<String> {
        let case = self.case.as_ref()?;
        let (pane, grid) = (&self.panes[n], case.volume.grid());
        let is_axial = pane.plane == AnatomicalPlane::Axial && !pane.is_oblique(grid);
        if !is_axial || grid.axis_along(PatientVector::new(0.0, 0.0, 1.0)) != 2 || !self.slab.is_plane() {
            return None;
        }
        let z = self.lang.number(pane.centre.0.z, 1);
        // Of the plane as a whole, wherever its middle was panned to.
        let k = grid.voxel_from_patient(pane.centre).0.z.round();
        let source = (*case.plan.slices.get((k >= 0.0).then_some(k as usize)?)?)?;
        let image = case.series.instances.get(source.instance)?;
        let number =
            if image.frames.is_empty() { image.instance_number? } else { i32::try_from(source.frame + 1).ok()? };
        Some(pictures::IMAGE_AT.with(self.lang, &[&number.to_string(), &z]))
    }

    pub(super) fn window_words(&self, window: &Window) -> String {
        let number = |value: f64| self.lang.number(value, usize::from(value.fract() != 0.0));
        let values = words::WINDOW_VALUES.with(self.lang, &[&number(window.width_hu), &number(window.centre_hu)]);
        match window.function {
            VoiFunction::Linear => values,
            function => format!("{values} {}", function.name()),
        }
    }

    fn slab_words(&self) -> String {
        let title = match self.slab.projection {
            Projection::Highest => words::SLAB_MIP,
            Projection::Lowest => words::SLAB_MINIP,
            Projection::Mean => words::SLAB_MEAN,
        };
        words::SLAB_VALUES.with(self.lang, &[title.in_lang(self.lang), &self.lang.number(self.slab.thickness_mm, 0)])
    }
}

/// What the colour of a compartment means.
pub fn tissue_words(tissue: LungTissue) -> Text {
    match tissue {
        LungTissue::Emphysema => words::COMPARTMENT_EMPHYSEMA,
        LungTissue::WellAerated => words::COMPARTMENT_AERATED,
        LungTissue::GroundGlass => words::COMPARTMENT_GROUND_GLASS,
        LungTissue::Consolidation => words::COMPARTMENT_CONSOLIDATION,
        LungTissue::Vessel => words::COMPARTMENT_VESSEL,
    }
}
