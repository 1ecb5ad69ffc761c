//! What is said of segmentations that come in, in the reader's language: why one was refused, and what was odd about it.

use super::explain;
use super::words::{Lang, text as t};
use crate::annotation::DocumentError;
use crate::import::{SegmentationError, SegmentationNote};

/// Why a segmentation was not put on the CT.
pub(super) fn segmentation_error(error: &SegmentationError, lang: Lang) -> String {
    t("the segmentation does not fit: {}", "la segmentation ne convient pas : {}").with(lang, &[&reason(error, lang)])
}

fn reason(error: &SegmentationError, lang: Lang) -> String {
    let n = |value: &usize| value.to_string();
    match error {
        SegmentationError::Dicom(error) => explain::dicom_error(error, lang),
        SegmentationError::OtherFrameOfReference => t(
            "it belongs to another CT: neither its frame of reference nor its source images are those of the open series",
            "elle appartient à un autre scanner : ni son repère (Frame of Reference) ni ses images sources ne sont ceux de la série ouverte",
        )
        .in_lang(lang)
        .to_owned(),
        SegmentationError::OtherSize { columns, rows, ct_columns, ct_rows } => t(
            "its frames have {} × {} pixels, the CT slices {} × {}, and do not say where they lie",
            "ses images ont {} × {} pixels, les coupes du scanner {} × {}, et leur position n’est pas dite",
        )
        .with(lang, &[&n(columns), &n(rows), &n(ct_columns), &n(ct_rows)]),
        SegmentationError::OtherPlane { frame } => t(
            "frame {} has another orientation or pixel spacing than the CT slices, and its frames lie on no grid of their own",
            "l’image {} a une autre orientation ou une autre taille de pixel que les coupes, et ses images ne forment pas de grille",
        )
        .with(lang, &[&n(frame)]),
        SegmentationError::BetweenSlices { frame } => t(
            "frame {} lies on no slice of the CT, and its frames lie on no grid of their own",
            "l’image {} n’est sur aucune coupe du scanner, et ses images ne forment pas de grille",
        )
        .with(lang, &[&n(frame)]),
        SegmentationError::Contradiction { frame, named, found } => t(
            "frame {} names slice {} as its source and lies on slice {}",
            "l’image {} désigne la coupe {} comme source et se trouve sur la coupe {}",
        )
        .with(lang, &[&n(frame), &n(named), &n(found)]),
        SegmentationError::NoPlace { frame } => t(
            "frame {} says neither where it lies nor which slice it belongs to",
            "l’image {} ne dit ni où elle se trouve ni à quelle coupe elle appartient",
        )
        .with(lang, &[&n(frame)]),
        SegmentationError::UnknownSegment(number) => {
            t("segment {} is not described", "le segment {} n’est pas décrit").with(lang, &[&number.to_string()])
        }
        SegmentationError::NoMeaning { coded } => t(
            "none of its segments is a lung, airways or a finding of the lung; the first is coded “{}”",
            "aucun de ses segments n’est un poumon, une voie aérienne ou une anomalie du poumon ; le premier est codé « {} »",
        )
        .with(lang, &[coded]),
        SegmentationError::Empty => {
            t("it holds no segment with voxels on this CT", "elle n’a aucun segment avec des voxels sur ce scanner")
                .in_lang(lang)
                .to_owned()
        }
        SegmentationError::TooLarge => t(
            "its contours have too many vertices, or its grid too many voxels",
            "ses contours ont trop de sommets, ou sa grille trop de voxels",
        )
        .in_lang(lang)
        .to_owned(),
        SegmentationError::Document(DocumentError::Full) => t(
            "a reading holds 255 segments at most",
            "une lecture contient 255 segments au plus",
        )
        .in_lang(lang)
        .to_owned(),
        SegmentationError::Document(
            error @ (DocumentError::NoSuchSegment(_) | DocumentError::Locked(_) | DocumentError::Mismatch),
        ) => error.to_string(),
    }
}

/// What a reader should know of a segmentation that was read.
pub(super) fn segmentation_note(note: &SegmentationNote, lang: Lang) -> String {
    match note {
        SegmentationNote::ThresholdedAtHalf => {
            t("fractional: taken at one half", "fractionnaire : seuil à un demi").in_lang(lang).to_owned()
        }
        SegmentationNote::OtherFrameOfReference => t(
            "other frame of reference, placed by its source slices",
            "autre repère (Frame of Reference), placée par ses coupes sources",
        )
        .in_lang(lang)
        .to_owned(),
        SegmentationNote::TakenForLesion { segment_number, coded } => {
            t("segment {}: “{}” taken for a lesion", "segment {} : « {} » pris pour une lésion")
                .with(lang, &[&segment_number.to_string(), coded])
        }
        SegmentationNote::NoMeaning { segment_number, coded } => t(
            "segment {}: “{}” has no meaning here and was left out",
            "segment {} : « {} » sans équivalent ici, écarté",
        )
        .with(lang, &[&segment_number.to_string(), coded]),
        SegmentationNote::Resampled { spacing_mm, off_percent } => {
            let [i, j, k] = spacing_mm.map(|mm| lang.number(mm, 2));
            let said = t(
                "resampled from another grid ({} × {} × {} mm)",
                "rééchantillonnage depuis une autre grille ({} × {} × {} mm)",
            )
            .with(lang, &[&i, &j, &k]);
            let off = off_percent.map(|off| {
                t(", volumes differ by up to {} %", ", volumes différant de {} % au plus")
                    .with(lang, &[&lang.number(off, 1)])
            });
            said + &off.unwrap_or_default()
        }
        SegmentationNote::EmptySegment(number) => {
            t("segment {} is empty", "le segment {} est vide").with(lang, &[&number.to_string()])
        }
        SegmentationNote::BetweenSlices(contours) => t(
            "{} contour[s] between slices put on the nearest",
            "{} contour[s] entre deux coupes [reporté|reportés] sur la plus proche",
        )
        .with(lang, &[&contours.to_string()]),
        SegmentationNote::LeftOut(contours) => t(
            "{} contour[s] on no slice of this CT left out",
            "{} contour[s] hors des coupes de ce scanner [écarté|écartés]",
        )
        .with(lang, &[&contours.to_string()]),
        SegmentationNote::Overlap { voxels } => t(
            "{} voxel[s] [lies|lie] in several segments",
            "{} voxel[s] [appartient|appartiennent] à plusieurs segments",
        )
        .with(lang, &[&voxels.to_string()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dicom::{DicomError, Quantity};

    #[test]
    fn every_reason_is_said_in_both_languages() {
        let errors = [
            DicomError::LossyLabels { uid: "1.2.3".into() }.into(),
            DicomError::TooLarge { what: Quantity::Segmentation, found: 2, limit: 1 }.into(),
            SegmentationError::OtherFrameOfReference,
            SegmentationError::OtherSize { columns: 1, rows: 2, ct_columns: 3, ct_rows: 4 },
            SegmentationError::OtherPlane { frame: 5 },
            SegmentationError::BetweenSlices { frame: 5 },
            SegmentationError::Contradiction { frame: 5, named: 6, found: 7 },
            SegmentationError::NoPlace { frame: 5 },
            SegmentationError::UnknownSegment(8),
            SegmentationError::NoMeaning { coded: "Liver".into() },
            SegmentationError::Empty,
            SegmentationError::TooLarge,
            DocumentError::Full.into(),
        ];
        for error in errors {
            let [en, fr] = [Lang::En, Lang::Fr].map(|lang| reason(&error, lang));
            let numbers = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
            assert!(en != fr && numbers(&en) == numbers(&fr) && !fr.contains('{'), "{en} / {fr}");
        }
    }
}
