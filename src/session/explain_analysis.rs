//! What algorithms say of themselves, in the reader's language: why one refused, and what it doubts of its own result.

use super::words::{Lang, text as t};
use crate::analysis::{AnalysisError, QualityFlag};

/// Why an algorithm refused.
pub(super) fn analysis_error(error: AnalysisError, lang: Lang) -> String {
    match error {
        AnalysisError::NoLungs => t("no lungs were found", "aucun poumon trouvé"),
        AnalysisError::GridMismatch => {
            t("the lungs do not lie on the grid of the CT", "les poumons ne sont pas sur la grille du scanner")
        }
        AnalysisError::NotAxial => t("the slices are not axial", "les coupes ne sont pas axiales"),
        AnalysisError::ClippedBody => {
            t("the field of view cuts off the body on this slice", "le champ de vue tronque le corps sur cette coupe")
        }
        AnalysisError::NoHeart => {
            t("no heart was found between the lungs; draw it", "aucun cœur trouvé entre les poumons ; dessinez-le")
        }
        AnalysisError::EnhancedHeart => t(
            "blood in the heart is enhanced: calcium cannot be told from it",
            "le sang du cœur est rehaussé : le calcium ne s’en distingue pas",
        ),
        AnalysisError::Cancelled => t("cancelled", "annulé"),
    }
    .in_lang(lang)
    .to_owned()
}

/// What an algorithm says of its own result; `None` when it saw nothing odd.
pub(super) fn flags(flags: &[QualityFlag], lang: Lang) -> Option<String> {
    let words: Vec<String> = flags.iter().map(|f| quality_flag(f, lang)).collect();
    (!words.is_empty()).then(|| words.join(" · "))
}

/// What a flag says.
pub(super) fn quality_flag(flag: &QualityFlag, lang: Lang) -> String {
    match flag {
        QualityFlag::LungsTouchEnd { .. } => t(
            "the lungs reach the end of the scan: the volume is of the scanned part",
            "les poumons atteignent la limite de l’acquisition : volume de la partie acquise",
        )
        .in_lang(lang)
        .to_owned(),
        QualityFlag::LungRatio { right_to_left } => t(
            "right / left lung volume is {}: check the outline",
            "rapport des volumes droit / gauche {} : vérifiez le contour",
        )
        .with(lang, &[&lang.number(*right_to_left, 2)]),
        QualityFlag::LargeClosing { fraction } => t(
            "{} % of the lungs is not air (dense disease or tissue): check the outline",
            "{} % des poumons n’est pas de l’air (atteinte dense ou tissu) : vérifiez le contour",
        )
        .with(lang, &[&lang.number(fraction * 100.0, 0)]),
        QualityFlag::AreaJump { z_mm } => t(
            "the lung outline changes abruptly at z = {} mm: check it",
            "le contour pulmonaire change brusquement à z = {} mm : vérifiez-le",
        )
        .with(lang, &[&lang.number(*z_mm, 0)]),
        QualityFlag::NoAirwayFound => t(
            "airways not found: they may count as lung",
            "voies aériennes non trouvées : peut-être comptées comme poumon",
        )
        .in_lang(lang)
        .to_owned(),
        QualityFlag::OneLungOnly => t("only one lung was found", "un seul poumon trouvé").in_lang(lang).to_owned(),
        QualityFlag::ArmsInPicture => t(
            "arms beside the chest: area and HU of the wall may be off",
            "bras le long du thorax : surface et UH de la paroi à vérifier",
        )
        .in_lang(lang)
        .to_owned(),
        QualityFlag::AirIsOff { hu } => t(
            "air of the airways is {} HU, not −1000: HU are doubtful",
            "l’air des voies aériennes est à {} UH, pas −1000 : UH douteuses",
        )
        .with(lang, &[&lang.number(*hu, 0)]),
        QualityFlag::Noise { hu } => t(
            "noise of {} HU: single voxels pass the limit by chance",
            "bruit de {} UH : des voxels isolés dépassent le seuil par hasard",
        )
        .with(lang, &[&lang.number(*hu, 0)]),
        QualityFlag::LikeHealthy { fraction } => t(
            "{} % of the lungs: as little is found in healthy lungs too",
            "{} % des poumons : on en trouve autant dans des poumons sains",
        )
        .with(lang, &[&lang.number(fraction * 100.0, 1)]),
        QualityFlag::ThickSlices { mm } => t(
            "slices {} mm apart: vessels and the edge of the lung blur into opacities, check each",
            "coupes tous les {} mm : vaisseaux et bord du poumon simulent des opacités, vérifiez chacune",
        )
        .with(lang, &[&lang.number(*mm, 1)]),
        QualityFlag::HeartSize { ml } => t(
            "the proposed heart has {} ml: check it, or draw the heart",
            "le cœur proposé fait {} ml : vérifiez-le, ou dessinez le cœur",
        )
        .with(lang, &[&lang.number(*ml, 0)]),
        QualityFlag::LungsWereJoined => {
            t("the lungs were joined and have been parted", "les poumons étaient accolés et ont été séparés")
                .in_lang(lang)
                .to_owned()
        }
    }
}
