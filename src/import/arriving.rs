//! Marks on their way into a document: a bundle's as segments, and where what arrives meets what is there.

use super::segmentation_in::{SegmentIn, SegmentationIn, Span};
use crate::annotation::{Bundle, Document};
use crate::geometry::Grid;
use std::collections::BTreeMap;

/// An arriving segment and one that is there, which want the same voxels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// The arriving one, by its place.
    pub segment: usize,
    /// The number of the one that is there.
    pub with: u8,
    /// How many voxels.
    pub voxels: u64,
}

/// Where segments that arrive meet segments of a document, in their order.
pub fn meetings(arriving: &SegmentationIn, document: &Document) -> Vec<Meeting> {
    let [ni, ..] = document.grid().size();
    let mut found = Vec::new();
    for (n, segment) in arriving.segments.iter().enumerate() {
        let Some(layer) = segment.layer() else { continue };
        let mut counts: BTreeMap<u8, u64> = BTreeMap::new();
        for span in &segment.spans {
            let row = document.layer(layer).slice(span.k).and_then(|labels| labels.get(span.j * ni..(span.j + 1) * ni));
            for label in row.and_then(|row| row.get(span.i_begin..span.i_end)).unwrap_or_default() {
                if *label != 0 {
                    *counts.entry(*label).or_default() += 1;
                }
            }
        }
        found.extend(counts.into_iter().map(|(with, voxels)| Meeting { segment: n, with, voxels }));
    }
    found
}

/// The segments of a bundle, those without voxels too. The bundle lies on this grid.
pub fn bundle_marks(bundle: &Bundle, grid: &Grid) -> SegmentationIn {
    let [ni, nj, _] = grid.size();
    let spans = |number: u8, layer: usize| {
        let runs = bundle.labels[layer].runs().iter().filter(|r| r.xor == number);
        let rows = runs.flat_map(|run| {
            let (begin, end) = (run.start as usize, run.start as usize + run.len as usize);
            (begin / ni..end.div_ceil(ni)).map(move |row| {
                let first = row * ni;
                let (i_begin, i_end) = (begin.max(first) - first, end.min(first + ni) - first);
                Span { k: row / nj, j: row % nj, i_begin, i_end }
            })
        });
        rows.collect()
    };
    let segment = |s: &crate::annotation::Segment| SegmentIn {
        segment_number: u16::from(s.number),
        label: s.name.clone(),
        meaning: Some(s.meaning),
        coded: s.meaning.property_type().meaning.to_owned(),
        colour: s.colour,
        origin: s.origin.clone(),
        made: [s.author.clone(), s.made_at.clone()],
        spans: spans(s.number, s.layer.index()),
    };
    SegmentationIn { segments: bundle.reading.segments.iter().map(segment).collect(), notes: Vec::new() }
}
