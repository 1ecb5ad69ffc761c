//! What each number is called and how it is defined, in both languages.

use super::words::Text;
use crate::report::QuantityGroup;

/// Title and definition of a number.
pub(super) struct NumberWords {
    /// Its key.
    name: &'static str,
    /// What it is called.
    pub(super) title: Text,
    /// How it is got, with its thresholds.
    pub(super) definition: Text,
}

const fn words(
    name: &'static str,
    title: (&'static str, &'static str),
    definition: (&'static str, &'static str),
) -> NumberWords {
    NumberWords {
        name,
        title: Text { en: title.0, fr: title.1 },
        definition: Text { en: definition.0, fr: definition.1 },
    }
}

const NUMBERS: &[NumberWords] = &[
    words(
        "lung-volume",
        ("Lung volume", "Volume pulmonaire"),
        ("voxels of the lung segments × voxel volume", "voxels des segments pulmonaires × volume du voxel"),
    ),
    words(
        "right-lung-volume",
        ("Right lung", "Poumon droit"),
        ("voxels of the right lung × voxel volume", "voxels du poumon droit × volume du voxel"),
    ),
    words(
        "left-lung-volume",
        ("Left lung", "Poumon gauche"),
        ("voxels of the left lung × voxel volume", "voxels du poumon gauche × volume du voxel"),
    ),
    words(
        "lesion-volume",
        ("Opacities in the lungs", "Opacités dans les poumons"),
        ("voxels of opacities inside the lungs × voxel volume", "voxels d’opacités dans les poumons × volume du voxel"),
    ),
    words(
        "involvement",
        ("Involvement", "Atteinte"),
        ("volume of opacities in the lungs / lung volume", "volume des opacités pulmonaires / volume pulmonaire"),
    ),
    words(
        "high-opacity",
        ("Opacities from −200 HU", "Opacités à partir de −200 UH"),
        ("opacities from −200 HU / opacities", "opacités à partir de −200 UH / opacités"),
    ),
    words(
        "vessel-volume",
        ("Lung vessels", "Vaisseaux pulmonaires"),
        (
            "voxels of the vessel segments × voxel volume; part of the lung volume",
            "voxels des segments vasculaires × volume du voxel ; compris dans le volume pulmonaire",
        ),
    ),
    words(
        "well-aerated",
        ("Well aerated, −950 to −700 HU", "Bien aéré, −950 à −700 UH"),
        ("lung from −950 to −700 HU / lung", "poumon de −950 à −700 UH / poumon"),
    ),
    words(
        "well-aerated-volume",
        ("Well-aerated volume", "Volume bien aéré"),
        ("lung from −950 to −700 HU × voxel volume", "poumon de −950 à −700 UH × volume du voxel"),
    ),
    words(
        "compartment-ground-glass",
        ("−699 to −250 HU (vessels too)", "−699 à −250 UH (vaisseaux compris)"),
        (
            "lung from −699 to −250 HU / lung; vessels and walls of airways among it",
            "poumon de −699 à −250 UH / poumon ; vaisseaux et parois bronchiques compris",
        ),
    ),
    words(
        "compartment-consolidation",
        ("−249 to 100 HU (vessels too)", "−249 à 100 UH (vaisseaux compris)"),
        ("lung from −249 to 100 HU / lung; vessels among it", "poumon de −249 à 100 UH / poumon ; vaisseaux compris"),
    ),
    words(
        "compartment-dense",
        ("Above 100 HU", "Au-dessus de 100 UH"),
        (
            "lung above 100 HU / lung; vessels and calcium, no lesion",
            "poumon au-dessus de 100 UH / poumon ; vaisseaux et calcium, pas de lésion",
        ),
    ),
    words(
        "laa-950",
        ("Below −950 HU (LAA-950)", "Sous −950 UH (LAA-950)"),
        ("lung below −950 HU / lung; bronchi among it", "poumon sous −950 UH / poumon ; bronches comprises"),
    ),
    words(
        "laa-910",
        ("Below −910 HU (LAA-910)", "Sous −910 UH (LAA-910)"),
        ("lung below −910 HU / lung", "poumon sous −910 UH / poumon"),
    ),
    words(
        "haa-600",
        ("Above −600 HU", "Au-dessus de −600 UH"),
        ("lung above −600 HU / lung", "poumon au-dessus de −600 UH / poumon"),
    ),
    words(
        "haa-250",
        ("Above −250 HU", "Au-dessus de −250 UH"),
        ("lung above −250 HU / lung", "poumon au-dessus de −250 UH / poumon"),
    ),
    words(
        "lung-mean",
        ("Mean of the lungs", "Moyenne des poumons"),
        ("mean HU of the lung", "moyenne des UH du poumon"),
    ),
    words(
        "lung-deviation",
        ("Standard deviation", "Écart-type"),
        (
            "standard deviation of the HU of the lung, those below −1536 taken for −1536",
            "écart-type des UH du poumon, celles sous −1536 prises pour −1536",
        ),
    ),
    words(
        "right-lung-mean",
        ("Mean of the right lung", "Moyenne du poumon droit"),
        ("mean HU of the right lung", "moyenne des UH du poumon droit"),
    ),
    words(
        "left-lung-mean",
        ("Mean of the left lung", "Moyenne du poumon gauche"),
        ("mean HU of the left lung", "moyenne des UH du poumon gauche"),
    ),
    words(
        "right-lung-deviation",
        ("Standard deviation, right lung", "Écart-type, poumon droit"),
        (
            "standard deviation of the HU of this lung, those below −1536 taken for −1536",
            "écart-type des UH de ce poumon, celles sous −1536 prises pour −1536",
        ),
    ),
    words(
        "left-lung-deviation",
        ("Standard deviation, left lung", "Écart-type, poumon gauche"),
        (
            "standard deviation of the HU of this lung, those below −1536 taken for −1536",
            "écart-type des UH de ce poumon, celles sous −1536 prises pour −1536",
        ),
    ),
    words(
        "lung-p15",
        ("15th percentile", "15e percentile"),
        ("HU that 15 % of the lung does not exceed", "UH que 15 % du poumon ne dépasse pas"),
    ),
    words(
        "right-lung-p15",
        ("15th percentile, right lung", "15e percentile, poumon droit"),
        ("HU that 15 % of this lung does not exceed", "UH que 15 % de ce poumon ne dépasse pas"),
    ),
    words(
        "left-lung-p15",
        ("15th percentile, left lung", "15e percentile, poumon gauche"),
        ("HU that 15 % of this lung does not exceed", "UH que 15 % de ce poumon ne dépasse pas"),
    ),
    words("lung-p50", ("Median", "Médiane"), ("median HU of the lung", "médiane des UH du poumon")),
    words(
        "right-lung-p50",
        ("Median, right lung", "Médiane, poumon droit"),
        ("median HU of this lung", "médiane des UH de ce poumon"),
    ),
    words(
        "left-lung-p50",
        ("Median, left lung", "Médiane, poumon gauche"),
        ("median HU of this lung", "médiane des UH de ce poumon"),
    ),
    words(
        "lung-p85",
        ("85th percentile", "85e percentile"),
        ("HU that 85 % of the lung does not exceed", "UH que 85 % du poumon ne dépasse pas"),
    ),
    words(
        "right-lung-p85",
        ("85th percentile, right lung", "85e percentile, poumon droit"),
        ("HU that 85 % of this lung does not exceed", "UH que 85 % de ce poumon ne dépasse pas"),
    ),
    words(
        "left-lung-p85",
        ("85th percentile, left lung", "85e percentile, poumon gauche"),
        ("HU that 85 % of this lung does not exceed", "UH que 85 % de ce poumon ne dépasse pas"),
    ),
    words(
        "lung-mass",
        ("Lung mass", "Masse pulmonaire"),
        ("Σ voxel volume × (HU + 1000) / 1000, at least 0", "Σ volume du voxel × (UH + 1000) / 1000, au moins 0"),
    ),
    words(
        "right-lung-mass",
        ("Mass, right lung", "Masse, poumon droit"),
        ("Σ voxel volume × (HU + 1000) / 1000, at least 0", "Σ volume du voxel × (UH + 1000) / 1000, au moins 0"),
    ),
    words(
        "left-lung-mass",
        ("Mass, left lung", "Masse, poumon gauche"),
        ("Σ voxel volume × (HU + 1000) / 1000, at least 0", "Σ volume du voxel × (UH + 1000) / 1000, au moins 0"),
    ),
    words(
        "fat-area",
        ("Chest-wall fat, area", "Graisse pariétale, surface"),
        (
            "pixels of the fat segment on its slice × pixel area; proposed: −190 to −30 HU in front of the chest wall",
            "pixels du segment de graisse sur sa coupe × surface du pixel ; proposé : −190 à −30 UH en avant de la paroi",
        ),
    ),
    words(
        "fat-hu",
        ("Chest-wall fat, mean", "Graisse pariétale, moyenne"),
        ("mean HU of the fat segment", "moyenne des UH du segment de graisse"),
    ),
    words(
        "muscle-area",
        ("Chest-wall muscle, area", "Muscle pariétal, surface"),
        (
            "pixels of the muscle segment on its slice × pixel area; proposed: −29 to 150 HU in front of ribs and lung",
            "pixels du segment de muscle sur sa coupe × surface du pixel ; proposé : −29 à 150 UH en avant des côtes et du poumon",
        ),
    ),
    words(
        "muscle-hu",
        ("Chest-wall muscle, mean", "Muscle pariétal, moyenne"),
        ("mean HU of the muscle segment", "moyenne des UH du segment de muscle"),
    ),
    words(
        "calcium-volume",
        ("Calcium candidates", "Calcifications candidates"),
        (
            "voxels of calcification × voxel volume; proposed: from 130 HU, 3 voxels and 1 mm², in the heart. Not an Agatston score: the reader grades 0 to 12",
            "voxels de calcification × volume du voxel ; proposé : à partir de 130 UH, 3 voxels et 1 mm², dans le cœur. Pas un score d’Agatston : le lecteur cote de 0 à 12",
        ),
    ),
    words(
        "zone-right-upper-extent",
        ("Right upper zone", "Zone supérieure droite"),
        (
            "volume of opacities in this part / volume of the part",
            "volume des opacités de cette partie / volume de la partie",
        ),
    ),
    words(
        "zone-right-middle-extent",
        ("Right middle zone", "Zone moyenne droite"),
        (
            "volume of opacities in this part / volume of the part",
            "volume des opacités de cette partie / volume de la partie",
        ),
    ),
    words(
        "zone-right-lower-extent",
        ("Right lower zone", "Zone inférieure droite"),
        (
            "volume of opacities in this part / volume of the part",
            "volume des opacités de cette partie / volume de la partie",
        ),
    ),
    words(
        "zone-left-upper-extent",
        ("Left upper zone", "Zone supérieure gauche"),
        (
            "volume of opacities in this part / volume of the part",
            "volume des opacités de cette partie / volume de la partie",
        ),
    ),
    words(
        "zone-left-middle-extent",
        ("Left middle zone", "Zone moyenne gauche"),
        (
            "volume of opacities in this part / volume of the part",
            "volume des opacités de cette partie / volume de la partie",
        ),
    ),
    words(
        "zone-left-lower-extent",
        ("Left lower zone", "Zone inférieure gauche"),
        (
            "volume of opacities in this part / volume of the part",
            "volume des opacités de cette partie / volume de la partie",
        ),
    ),
    words(
        "zone-score",
        ("Score of the zones, 0–24", "Score des zones, 0–24"),
        (
            "six zones, each 0 none, 1 below 25 %, 2 below 50 %, 3 below 75 %, 4 from 75 %",
            "six zones : 0 rien, 1 sous 25 %, 2 sous 50 %, 3 sous 75 %, 4 à partir de 75 %",
        ),
    ),
    words(
        "lobe-right-upper-extent",
        ("Right upper lobe", "Lobe supérieur droit"),
        (
            "volume of opacities in this part / volume of the part",
            "volume des opacités de cette partie / volume de la partie",
        ),
    ),
    words(
        "lobe-middle-extent",
        ("Middle lobe", "Lobe moyen"),
        (
            "volume of opacities in this part / volume of the part",
            "volume des opacités de cette partie / volume de la partie",
        ),
    ),
    words(
        "lobe-right-lower-extent",
        ("Right lower lobe", "Lobe inférieur droit"),
        (
            "volume of opacities in this part / volume of the part",
            "volume des opacités de cette partie / volume de la partie",
        ),
    ),
    words(
        "lobe-left-upper-extent",
        ("Left upper lobe", "Lobe supérieur gauche"),
        (
            "volume of opacities in this part / volume of the part",
            "volume des opacités de cette partie / volume de la partie",
        ),
    ),
    words(
        "lobe-left-lower-extent",
        ("Left lower lobe", "Lobe inférieur gauche"),
        (
            "volume of opacities in this part / volume of the part",
            "volume des opacités de cette partie / volume de la partie",
        ),
    ),
    words(
        "lobe-score",
        ("CT-SS of the lobes, 0–25", "CT-SS des lobes, 0–25"),
        (
            "five lobes, each 0 none, 1 below 5 %, 2 to 25 %, 3 to 50 %, 4 to 75 %, 5 above",
            "cinq lobes : 0 rien, 1 sous 5 %, 2 jusqu’à 25 %, 3 jusqu’à 50 %, 4 jusqu’à 75 %, 5 au-dessus",
        ),
    ),
    words(
        "trunk-diameter",
        ("Pulmonary trunk", "Tronc pulmonaire"),
        (
            "between the two points the reader set, at the bifurcation, at right angles to the vessel",
            "entre les deux points posés par le lecteur, à la bifurcation, perpendiculairement au vaisseau",
        ),
    ),
    words(
        "aorta-diameter",
        ("Ascending aorta", "Aorte ascendante"),
        (
            "between the two points the reader set, on the same slice, at right angles to the vessel",
            "entre les deux points posés par le lecteur, sur la même coupe, perpendiculairement au vaisseau",
        ),
    ),
    words(
        "artery-ratio",
        ("Trunk / aorta", "Tronc / aorte"),
        (
            "diameter of the pulmonary trunk / of the ascending aorta",
            "diamètre du tronc pulmonaire / de l’aorte ascendante",
        ),
    ),
];

/// The words of a number.
pub(super) fn number_words(name: &str) -> Option<&'static NumberWords> {
    NUMBERS.iter().find(|words| words.name == name)
}

/// What a group of numbers is called.
pub fn group_words(group: QuantityGroup) -> Text {
    let (en, fr) = match group {
        QuantityGroup::Lungs => ("Lungs", "Poumons"),
        QuantityGroup::Regions => ("Zones and lobes", "Zones et lobes"),
        QuantityGroup::Densities => ("Densities of the lungs", "Densités des poumons"),
        QuantityGroup::ChestWall => ("Chest wall", "Paroi thoracique"),
        QuantityGroup::Arteries => ("Arteries", "Artères"),
    };
    Text { en, fr }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::Document;
    use crate::geometry::{Grid, PatientPoint, PatientVector};
    use crate::report::{Profile, arteries, quantities};

    #[test]
    fn every_number_has_words() {
        let steps = [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)].map(|(x, y, z)| PatientVector::new(x, y, z));
        let document = Document::empty(Grid::new([2; 3], PatientPoint::new(0.0, 0.0, 0.0), steps).unwrap()).unwrap();
        let all = quantities(&document, &Profile::of(&document)).into_iter().chain(arteries(None, None));
        let names: Vec<&str> = all.map(|q| q.name).collect();
        assert_eq!(names, NUMBERS.iter().map(|w| w.name).collect::<Vec<_>>());
        assert!(NUMBERS.iter().all(|w| w.title.en != w.title.fr && w.definition.en != w.definition.fr));
    }
}
