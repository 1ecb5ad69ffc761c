//! Errors and findings in the reader's language. Never a patient's name: the inputs hold none.

use super::explain_analysis::analysis_error;
use super::words::{Lang, Text, text as t};
use crate::annotation::SegmentMeaning;
use crate::dicom::{DicomError, Quantity};
use crate::geometry::AnatomicalPlane;
use crate::import::{ArchiveError, GeometryFinding, ImportError, StackTrait, VolumeFileError};
use crate::jobs::JobError;
use crate::session::words;

/// Why a job gave no result.
pub(super) fn job_error(error: &JobError, lang: Lang) -> String {
    match error {
        JobError::Dicom(error) => dicom_error(error, lang),
        JobError::Archive(error) => archive_error(error, lang),
        JobError::Volume(error) => volume_file_error(error, lang),
        JobError::Unreadable(why) => {
            t("the file can no longer be read ({})", "le fichier n’est plus lisible ({})").with(lang, &[why])
        }
        JobError::Analysis(why) => why.clone(),
        JobError::Refused(why) => analysis_error(*why, lang),
        JobError::Cancelled => t("cancelled", "annulé").in_lang(lang).to_owned(),
        JobError::WorkerLost => t(
            "the worker stopped unexpectedly (out of memory or damaged data)",
            "le processus s’est arrêté (mémoire insuffisante ou données endommagées)",
        )
        .in_lang(lang)
        .to_owned(),
        JobError::WrongInput => t("wrong input", "entrée incorrecte").in_lang(lang).to_owned(),
    }
}

/// Why a file or frame cannot be used.
pub(super) fn dicom_error(error: &DicomError, lang: Lang) -> String {
    match error {
        DicomError::NotDicom => t("not a DICOM file", "n’est pas un fichier DICOM").in_lang(lang).to_owned(),
        DicomError::Directory => t(
            "a DICOMDIR lists other files and holds no image",
            "un DICOMDIR liste d’autres fichiers et ne contient aucune image",
        )
        .in_lang(lang)
        .to_owned(),
        DicomError::Truncated { at } => t("the file ends too early, at byte {}", "le fichier est tronqué à l’octet {}")
            .with(lang, &[&at.to_string()]),
        DicomError::Malformed { at, reason } => {
            t("malformed at byte {}: {}", "mal formé à l’octet {} : {}").with(lang, &[&at.to_string(), reason])
        }
        DicomError::MissingAttribute { attribute } => {
            t("{} is missing", "{} manque").with(lang, &[&attribute.to_string()])
        }
        DicomError::BadValue { attribute, found } => {
            t("{} has the unusable value “{}”", "{} a la valeur inutilisable « {} »")
                .with(lang, &[&attribute.to_string(), found])
        }
        DicomError::UnsupportedTransferSyntax { uid } => t(
            "the transfer syntax (0002,0010) {} is not supported",
            "la syntaxe de transfert (0002,0010) {} n’est pas prise en charge",
        )
        .with(lang, &[uid]),
        DicomError::UnsupportedPixels { reason } => {
            t("unsupported pixels: {}", "pixels non pris en charge : {}").with(lang, &[reason])
        }
        DicomError::LossyLabels { uid } => t(
            "the labels were compressed with loss ((0002,0010) {}): they may be others",
            "les étiquettes ont été compressées avec perte ((0002,0010) {}) : elles peuvent être fausses",
        )
        .with(lang, &[uid]),
        DicomError::PixelData { reason } => {
            t("Pixel Data (7FE0,0010) cannot be decoded: {}", "Pixel Data (7FE0,0010) ne peut être décodé : {}")
                .with(lang, &[reason])
        }
        DicomError::NoSuchFrame { frame, frames } => {
            t("frame {} of {} does not exist", "l’image {} sur {} n’existe pas")
                .with(lang, &[&frame.to_string(), &frames.to_string()])
        }
        DicomError::TooLarge { what, found, limit } => match what {
            Quantity::DataSet => t(
                "too large: {} bytes when inflated, at most {}",
                "trop grand : {} octets une fois décompressé, au plus {}",
            ),
            Quantity::Frame => {
                t("too large: frames of {} pixels, at most {}", "trop grand : images de {} pixels, au plus {}")
            }
            Quantity::Directory => {
                t("too large: a DICOMDIR of {} bytes, at most {}", "trop grand : un DICOMDIR de {} octets, au plus {}")
            }
            Quantity::Segmentation => t(
                "too large: {} bytes of uncompressed marks, at most {}",
                "trop grand : {} octets d’annotations décompressées, au plus {}",
            ),
        }
        .with(lang, &[&found.to_string(), &limit.to_string()]),
    }
}

/// Why a series cannot become a volume.
pub(super) fn import_error(error: &ImportError, lang: Lang) -> String {
    let mm = |value: f64| lang.number(value, 2);
    match error {
        ImportError::NoSlices => {
            t("no CT slice with a position and an orientation", "aucune coupe de scanner avec position et orientation")
                .in_lang(lang)
                .to_owned()
        }
        ImportError::NoPixelSpacing => {
            t("no usable Pixel Spacing", "Pixel Spacing absent ou inutilisable").in_lang(lang).to_owned()
        }
        ImportError::BadOrientation => t(
            "row and column directions are not perpendicular unit vectors",
            "les directions de ligne et de colonne ne sont pas perpendiculaires",
        )
        .in_lang(lang)
        .to_owned(),
        ImportError::ShiftedSlices { deviation_mm } => {
            t("slices are shifted by up to {} mm", "les coupes sont décalées jusqu’à {} mm")
                .with(lang, &[&mm(*deviation_mm)])
        }
        ImportError::TooLarge { voxels, limit } => {
            t("{} voxel[s]; at most {} [is|are] held", "{} voxel[s] ; au plus {} [est géré|sont gérés]")
                .with(lang, &[&voxels.to_string(), &limit.to_string()])
        }
    }
}

/// What is odd about the geometry.
pub(super) fn geometry_finding(finding: &GeometryFinding, lang: Lang) -> String {
    let mm = |value: f64| lang.number(value, 2);
    let n = |value: usize| value.to_string();
    match finding {
        GeometryFinding::MissingSlices { slices } => t(
            "{} slice[s] [is|are] missing: volumes across the gap are too small",
            "{} coupe[s] [manque|manquent] : les volumes qui [la|les] croisent sont sous-estimés",
        )
        .with(lang, &[&n(slices.len())]),
        GeometryFinding::DuplicatePositions { left_out } => {
            t(
                "{} image[s] repeat[s|] a position and [was|were] left out",
                "{} image[s] [répète|répètent] une position et [est écartée|sont écartées]",
            )
            .with(lang, &[&n(*left_out)])
        }
        GeometryFinding::IrregularSpacing { smallest_mm, largest_mm, deviation_mm } => t(
            "irregular slice distances {}–{} mm (up to {} mm off the grid)",
            "distances entre coupes irrégulières {}–{} mm (écart jusqu’à {} mm)",
        )
        .with(lang, &[&mm(*smallest_mm), &mm(*largest_mm), &mm(*deviation_mm)]),
        GeometryFinding::OffLattice { left_out } => {
            t("{} image[s] off the grid [was|were] left out", "{} image[s] hors grille [est écartée|sont écartées]")
                .with(lang, &[&n(*left_out)])
        }
        GeometryFinding::GantryTilt { degrees } => t(
            "gantry tilt {}°: sheared grid, as acquired",
            "inclinaison du statif {}° : grille oblique, telle qu’acquise",
        )
        .with(lang, &[&lang.number(*degrees, 1)]),
        GeometryFinding::TiltDisagrees { header_degrees, measured_degrees } => t(
            "gantry tilt {}° in the header, {}° by the positions: distances and angles are doubtful",
            "inclinaison du statif {}° dans l’en-tête, {}° d’après les positions : distances et angles douteux",
        )
        .with(lang, &[&lang.number(*header_degrees, 1), &lang.number(*measured_degrees, 1)]),
        GeometryFinding::ResampledSpacing { smallest_mm, largest_mm, spacing_mm, slices } => t(
            "uneven slice distances {}–{} mm: {} slice[s] between images [was|were] computed, [its|their] HU not measured; slices lie {} mm apart",
            "distances entre coupes inégales {}–{} mm : {} coupe[s] intermédiaire[s] calculée[s], aux UH non mesurées ; coupes tous les {} mm",
        )
        .with(lang, &[&mm(*smallest_mm), &mm(*largest_mm), &n(*slices), &mm(*spacing_mm)]),
        GeometryFinding::Thinned { every, kept, of, spacing_mm } => t(
            "only one slice in {} is open ({} of {}), {} mm apart: small structures may be missed, volumes are estimates",
            "seule une coupe sur {} est ouverte ({} sur {}), tous les {} mm : de petites structures peuvent manquer, volumes estimés",
        )
        .with(lang, &[&n(*every), &n(*kept), &n(*of), &mm(*spacing_mm)]),
        GeometryFinding::SlabOnly { first, kept, of } => t(
            "only slices {} to {} of {} are open: volumes are of this part",
            "seules les coupes {} à {} sur {} sont ouvertes : volumes de cette partie",
        )
        .with(lang, &[&n(first + 1), &n(first + kept), &n(*of)]),
        GeometryFinding::PartOfSeries { images, of } => t(
            "only {} image[s] of {} in the series [is|are] here: volumes may be too small",
            "seulement {} image[s] présente[s] sur les {} de la série : volumes peut-être sous-estimés",
        )
        .with(lang, &[&n(*images), &n(*of)]),
        GeometryFinding::OtherStacks { images, stacks } => t(
            "{} image[s] of the series [is|are] in {} other stack[s]",
            "{} image[s] de la série [est|sont] dans {} autre[s] pile[s]",
        )
        .with(lang, &[&n(*images), &n(*stacks)]),
        GeometryFinding::NotSlices { left_out } => {
            t(
                "{} object[s] of the series [is no slice|are no slices]",
                "{} objet[s] de la série [n’est pas une coupe|ne sont pas des coupes]",
            )
            .with(lang, &[&n(*left_out)])
        }
        GeometryFinding::UnplacedFrames { left_out } => t(
            "{} frame[s] without a place [was|were] left out: volumes may be too small",
            "{} image[s] sans position [est écartée|sont écartées] : volumes peut-être sous-estimés",
        )
        .with(lang, &[&n(*left_out)]),
        GeometryFinding::SingleSlice => t("one slice only", "une seule coupe").in_lang(lang).to_owned(),
        GeometryFinding::AssumedSpacing { spacing_mm } => {
            t("slice distance assumed: {} mm", "distance entre coupes supposée : {} mm").with(lang, &[&mm(*spacing_mm)])
        }
        GeometryFinding::MixedRescale => {
            t("rescale differs between slices; each has its own", "le rescale varie ; chaque coupe a le sien")
                .in_lang(lang)
                .to_owned()
        }
        GeometryFinding::NoRescale { slices } => {
            t("{} slice[s] [has|have] no rescale: HU are doubtful", "{} coupe[s] sans rescale : UH douteuses")
                .with(lang, &[&n(*slices)])
        }
        GeometryFinding::NotHu { slices } => t(
            "{} slice[s] [is|are] not in HU (Rescale Type): numbers in HU are doubtful",
            "{} coupe[s] [n’est|ne sont] pas en UH (Rescale Type) : nombres en UH douteux",
        )
        .with(lang, &[&n(*slices)]),
        GeometryFinding::MixedFrameOfReference { count } => {
            t("{} frame[s] of reference; stacked by position", "{} repère[s] (Frame of Reference) ; empilées par position")
                .with(lang, &[&n(*count)])
        }
        GeometryFinding::ThicknessNotSpacing { thickness_mm, spacing_mm } => {
            let text = if finding.affects_volumes() {
                t(
                    "slice thickness {} mm, slice distance {} mm: nothing was measured between slices, volumes are estimates",
                    "épaisseur de coupe {} mm, distance {} mm : rien n’est mesuré entre les coupes, volumes estimés",
                )
            } else {
                t("slice thickness {} mm, slice distance {} mm", "épaisseur de coupe {} mm, distance {} mm")
            };
            text.with(lang, &[&mm(*thickness_mm), &mm(*spacing_mm)])
        }
        GeometryFinding::NotDicom => t(
            "not DICOM: units and patient orientation are taken from the file header; no study to file annotations in",
            "pas du DICOM : unités et orientation du patient sont lues dans l’en-tête ; aucun examen où classer les annotations",
        )
        .in_lang(lang)
        .to_owned(),
        GeometryFinding::AssumedOrientation => t(
            "the file does not state the patient’s orientation: left and right may be swapped",
            "le fichier n’indique pas l’orientation du patient : droite et gauche peuvent être inversées",
        )
        .in_lang(lang)
        .to_owned(),
        GeometryFinding::OrientationsDisagree { largest_mm } => t(
            "the file states two positions up to {} mm apart; the sform was taken",
            "le fichier indique deux positions distantes jusqu’à {} mm ; la sform est retenue",
        )
        .with(lang, &[&mm(*largest_mm)]),
        GeometryFinding::ValuesChanged { rounded, clamped } => t(
            "{} voxel[s] [was|were] rounded to whole HU, {} [was|were] out of range",
            "{} voxel[s] arrondi[s] à l’UH entière, {} hors limites",
        )
        .with(lang, &[&rounded.to_string(), &clamped.to_string()]),
        GeometryFinding::NoAir { smallest_hu, largest_hu } => t(
            "values run from {} to {}, none as low as air: they may not be Hounsfield units",
            "valeurs de {} à {}, aucune aussi basse que l’air : peut-être pas des unités Hounsfield",
        )
        .with(lang, &[&smallest_hu.to_string(), &largest_hu.to_string()]),
    }
}

/// Why an archive or an entry of it is not opened.
pub(super) fn archive_error(error: &ArchiveError, lang: Lang) -> String {
    let mib = |bytes: u64| (bytes >> 20).to_string();
    match error {
        ArchiveError::Damaged { reason } => {
            t("the archive is damaged: {}", "l’archive est endommagée : {}").with(lang, &[reason])
        }
        ArchiveError::Encrypted => {
            t("it is protected by a password", "protégé par un mot de passe").in_lang(lang).to_owned()
        }
        ArchiveError::Method { method } => {
            t("the compression “{}” is not supported", "la compression « {} » n’est pas prise en charge")
                .with(lang, &[method])
        }
        ArchiveError::Link => t("a link, not a file", "un lien, pas un fichier").in_lang(lang).to_owned(),
        ArchiveError::TooLarge { bytes, limit } => {
            t("too large: {} MiB unpacked, at most {}", "trop grand : {} Mio une fois extrait, au plus {}")
                .with(lang, &[&mib(*bytes), &mib(*limit)])
        }
        ArchiveError::TooManyEntries { count, limit } => t(
            "the archive has {} entr[y|ies]; at most {} [is|are] read",
            "l’archive a {} entrée[s] ; au plus {} [est lue|sont lues]",
        )
        .with(lang, &[&count.to_string(), &limit.to_string()]),
        ArchiveError::Ratio { ratio } => t(
            "compressed {} time[s]: no image is, it was not unpacked",
            "compressé {} fois : aucune image ne l’est, non extrait",
        )
        .with(lang, &[&ratio.to_string()]),
        ArchiveError::OtherSize { declared } => {
            t("its size is not the {} byte[s] declared", "sa taille n’est pas celle déclarée ({} octet[s])")
                .with(lang, &[&declared.to_string()])
        }
        ArchiveError::RepeatedPaths { count } => t(
            "{} entr[y|ies] [has|have] the path of another and cannot be told apart",
            "{} entrée[s] [a|ont] le chemin d’une autre et ne [peut être distinguée|peuvent être distinguées]",
        )
        .with(lang, &[&count.to_string()]),
        ArchiveError::TooDeep => {
            t("an archive inside two others is not opened", "une archive contenue dans deux autres n’est pas ouverte")
                .in_lang(lang)
                .to_owned()
        }
    }
}

/// Why a volume file cannot be opened.
pub(super) fn volume_file_error(error: &VolumeFileError, lang: Lang) -> String {
    match error {
        VolumeFileError::Truncated { found, needed } => {
            t("truncated: {} of {} byte[s]", "tronqué : {} octet[s] sur {}")
                .with(lang, &[&found.to_string(), &needed.to_string()])
        }
        VolumeFileError::Missing { field } => t("the header has no {}", "l’en-tête n’a pas de {}").with(lang, &[field]),
        VolumeFileError::BadValue { field, found } => {
            t("{} has the unusable value “{}”", "{} a la valeur inutilisable « {} »").with(lang, &[field, found])
        }
        VolumeFileError::Unsupported { field, found } => {
            t("{} = {} is not supported", "{} = {} n’est pas pris en charge").with(lang, &[field, found])
        }
        VolumeFileError::SeveralVolumes { count } => t(
            "{} volume[s] or component[s] in one file: only single volumes are opened",
            "{} volume[s] ou composante[s] dans un fichier : seuls les volumes simples sont ouverts",
        )
        .with(lang, &[&count.to_string()]),
        VolumeFileError::TooLarge { voxels, limit } => {
            t("{} voxel[s]; at most {} [is|are] held", "{} voxel[s] ; au plus {} [est géré|sont gérés]")
                .with(lang, &[&voxels.to_string(), &limit.to_string()])
        }
        VolumeFileError::LabelMap { labels } => t(
            "a label map ({}), not a CT: open the CT it belongs to first",
            "une carte d’étiquettes ({}), pas un scanner : ouvrez d’abord le scanner correspondant",
        )
        .with(lang, &[labels]),
        VolumeFileError::Damaged { reason } => {
            t("the voxels cannot be decompressed: {}", "les voxels ne peuvent être décompressés : {}")
                .with(lang, &[reason])
        }
        VolumeFileError::NoDataFile { name } => t(
            "its voxels are in “{}”: open both files together",
            "ses voxels sont dans « {} » : ouvrez les deux fichiers ensemble",
        )
        .with(lang, &[name]),
    }
}

/// What tells a stack from the others of its series, in a few words.
pub(super) fn stack_traits(traits: &[StackTrait], lang: Lang) -> String {
    traits.iter().filter_map(|one| stack_trait(one, lang)).collect::<Vec<_>>().join(" · ")
}

fn stack_trait(one: &StackTrait, lang: Lang) -> Option<String> {
    let mm = |value: f64| lang.number(value, 2);
    Some(match one {
        StackTrait::Localiser(true) => t("localiser", "repérage").in_lang(lang).to_owned(),
        StackTrait::Localiser(false) => return None,
        StackTrait::Orientation(plane) => match plane {
            AnatomicalPlane::Axial => words::AXIAL,
            AnatomicalPlane::Coronal => words::CORONAL,
            AnatomicalPlane::Sagittal => words::SAGITTAL,
        }
        .in_lang(lang)
        .to_lowercase(),
        StackTrait::Matrix { columns, rows } => format!("{columns} × {rows}"),
        StackTrait::PixelSpacing(spacing) => t("pixels of {} mm", "pixels de {} mm").with(lang, &[&mm(*spacing)]),
        StackTrait::Kernel(kernel) if kernel.is_empty() => {
            t("kernel not given", "filtre non précisé").in_lang(lang).to_owned()
        }
        StackTrait::Kernel(kernel) => t("kernel {}", "filtre {}").with(lang, &[&kernel.replace('\\', " ")]),
        StackTrait::TimePoint(number) => t("time point {}", "temps {}").with(lang, &[&number.to_string()]),
        StackTrait::Acquisition(number) => t("acquisition {}", "acquisition {}").with(lang, &[&number.to_string()]),
        StackTrait::Time(moment) => t("acquired {}", "acquise {}").with(lang, &[&clock(moment)]),
        StackTrait::Corner(corner) => {
            let [x, y, z] = corner.0.to_array().map(|c| lang.number(c, 1));
            t("from {} {} {} mm", "depuis {} {} {} mm").with(lang, &[&x, &y, &z])
        }
    })
}

/// The time of day in `YYYYMMDDHHMMSS.FFFFFF` or `HHMMSS.FFFFFF` as `HH:MM:SS.FFFFFF`; what is neither stays as it is.
fn clock(moment: &str) -> String {
    let whole = moment.find('.').unwrap_or(moment.len());
    let time = if whole == 14 { moment.get(8..) } else { (whole == 6).then_some(moment) };
    let parts = time.and_then(|t| Some((t.get(..2)?, t.get(2..4)?, t.get(4..)?)));
    parts.map_or_else(|| moment.to_owned(), |(hours, minutes, seconds)| format!("{hours}:{minutes}:{seconds}"))
}

/// What a segment is.
pub fn meaning(meaning: SegmentMeaning) -> Text {
    match meaning {
        SegmentMeaning::RightLung => words::MEANING_RIGHT_LUNG,
        SegmentMeaning::LeftLung => words::MEANING_LEFT_LUNG,
        SegmentMeaning::Airways => words::MEANING_AIRWAYS,
        SegmentMeaning::Lesion => words::MEANING_LESION,
        SegmentMeaning::GroundGlass => words::MEANING_GROUND_GLASS,
        SegmentMeaning::Consolidation => words::MEANING_CONSOLIDATION,
        SegmentMeaning::CrazyPaving => words::MEANING_CRAZY_PAVING,
        SegmentMeaning::Reticulation => words::MEANING_RETICULATION,
        SegmentMeaning::Emphysema => words::MEANING_EMPHYSEMA,
        SegmentMeaning::Nodule => words::MEANING_NODULE,
        SegmentMeaning::PleuralEffusion => words::MEANING_PLEURAL_EFFUSION,
        SegmentMeaning::Calcification => words::MEANING_CALCIFICATION,
        SegmentMeaning::RightUpperLobe => words::MEANING_RIGHT_UPPER_LOBE,
        SegmentMeaning::MiddleLobe => words::MEANING_MIDDLE_LOBE,
        SegmentMeaning::RightLowerLobe => words::MEANING_RIGHT_LOWER_LOBE,
        SegmentMeaning::LeftUpperLobe => words::MEANING_LEFT_UPPER_LOBE,
        SegmentMeaning::LeftLowerLobe => words::MEANING_LEFT_LOWER_LOBE,
        SegmentMeaning::PulmonaryVessels => words::MEANING_PULMONARY_VESSELS,
        SegmentMeaning::Aorta => words::MEANING_AORTA,
        SegmentMeaning::PulmonaryTrunk => words::MEANING_PULMONARY_TRUNK,
        SegmentMeaning::SubcutaneousFat => words::MEANING_SUBCUTANEOUS_FAT,
        SegmentMeaning::SkeletalMuscle => words::MEANING_SKELETAL_MUSCLE,
        SegmentMeaning::Heart => words::MEANING_HEART,
        SegmentMeaning::Honeycombing => words::MEANING_HONEYCOMBING,
        SegmentMeaning::PericardialEffusion => words::MEANING_PERICARDIAL_EFFUSION,
    }
}

/// Why a kept reading cannot be taken up.
pub(super) fn stored_error(error: crate::annotation::StoredError) -> words::Text {
    use crate::annotation::StoredError;
    match error {
        StoredError::Damaged(_) | StoredError::Unwritable => words::STORED_DAMAGED,
        StoredError::Newer => words::STORED_NEWER,
        StoredError::OtherGrid => words::STORED_OTHER_GRID,
        StoredError::Memory => words::STORED_MEMORY,
    }
}

#[cfg(test)]
mod tests {
    use super::super::explain_segmentation::segmentation_note;
    use super::*;
    use crate::import::SegmentationNote;

    /// Each sentence that speaks of a number, with that number put in.
    fn sentences(n: usize, lang: Lang) -> Vec<String> {
        let slices = vec![0; n];
        let (s, big) = ([1.0, 2.0, 1.5], n as u64);
        let findings = [
            GeometryFinding::MissingSlices { slices },
            GeometryFinding::DuplicatePositions { left_out: n },
            GeometryFinding::OffLattice { left_out: n },
            GeometryFinding::ResampledSpacing { smallest_mm: s[0], largest_mm: s[1], spacing_mm: s[2], slices: n },
            GeometryFinding::OtherStacks { images: n, stacks: n },
            GeometryFinding::PartOfSeries { images: n, of: n },
            GeometryFinding::NotSlices { left_out: n },
            GeometryFinding::NoRescale { slices: n },
            GeometryFinding::NotHu { slices: n },
            GeometryFinding::UnplacedFrames { left_out: n },
            GeometryFinding::MixedFrameOfReference { count: n },
            GeometryFinding::ValuesChanged { rounded: big, clamped: big },
        ];
        let archives = [
            ArchiveError::TooManyEntries { count: big, limit: big },
            ArchiveError::Ratio { ratio: big },
            ArchiveError::OtherSize { declared: big },
            ArchiveError::RepeatedPaths { count: big },
        ];
        let files = [
            VolumeFileError::Truncated { found: big, needed: big },
            VolumeFileError::SeveralVolumes { count: big },
            VolumeFileError::TooLarge { voxels: big, limit: big },
        ];
        let overlap = SegmentationNote::Overlap { voxels: big };
        let number = n.to_string();
        let counted = words::ALL.iter().filter(|(_, text)| text.en.contains('['));
        findings
            .iter()
            .map(|f| geometry_finding(f, lang))
            .chain(archives.iter().map(|e| archive_error(e, lang)))
            .chain(files.iter().map(|e| volume_file_error(e, lang)))
            .chain([import_error(&ImportError::TooLarge { voxels: big, limit: big }, lang)])
            .chain([segmentation_note(&overlap, lang)])
            .chain(counted.map(|(_, text)| text.with(lang, &[&number, &number])))
            .collect()
    }

    #[test]
    fn every_counted_thing_agrees_with_its_number() {
        for lang in [Lang::En, Lang::Fr] {
            let of = [0, 1, 2].map(|n| sentences(n, lang));
            for (zero, (one, two)) in of[0].iter().zip(of[1].iter().zip(&of[2])) {
                assert!(!format!("{zero}{one}{two}").contains(['[', ']', '|', '{']), "{one}");
                // 0 goes with several in English and with one in French.
                let (like, unlike) = if lang == Lang::En { (two, one) } else { (one, two) };
                let bare = |text: &str| text.replace(['0', '1', '2'], "#");
                let as_spoken = |text: &str| bare(&text.replace("1,50", "").replace("2,00", "").replace("1,00", ""));
                assert_eq!(as_spoken(zero), as_spoken(like));
                assert!(as_spoken(one) != as_spoken(two) || unlike.contains("fois"), "{one} / {two}");
            }
        }
        let [one, two] = [1, 2].map(|n| sentences(n, Lang::En));
        assert_eq!(one[0], "1 slice is missing: volumes across the gap are too small");
        assert_eq!(one[4], "1 image of the series is in 1 other stack");
        assert_eq!(two[4], "2 images of the series are in 2 other stacks");
        assert_eq!(sentences(1, Lang::Fr)[4], "1 image de la série est dans 1 autre pile");
        assert_eq!(sentences(0, Lang::Fr)[0], "0 coupe manque : les volumes qui la croisent sont sous-estimés");
    }
}
