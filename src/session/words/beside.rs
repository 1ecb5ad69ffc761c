//! What is said about two CTs beside each other.

use super::{Text, texts};

texts! {
    COMPARE: "Show beside the open CT" / "Afficher à côté du scanner ouvert";
    COMPARE_END: "Show one CT only" / "N’afficher qu’un scanner";
    COMPARE_DICOM: "Only DICOM series can be compared." / "Seules des séries DICOM peuvent être comparées.";
    COMPARE_NOT: "This series makes no volume that could be compared." / "Cette série ne forme pas de volume comparable.";
    COMPARE_TOO_LARGE: "Both CTs together are more than this computer holds." / "Les deux scanners ensemble dépassent ce que cet ordinateur peut contenir.";
    STEP_BESIDE_NEXT: "The other CT one slice on" / "L’autre scanner : une coupe plus loin";
    STEP_BESIDE_PREVIOUS: "The other CT one slice back" / "L’autre scanner : une coupe en arrière";
    OTHER_PATIENT: "Another patient" / "Autre patient";
    OTHER_FRAME: "Aligned by centres (Alt + ↑ ↓)" / "Aligné par les centres (Alt + ↑ ↓)";
    NOT_HERE: "No slice here" / "Pas de coupe ici";
    STILL_LOADING: "Loading…" / "Chargement…";
    READ_ONLY: "The other CT is only looked at: mark the open one." / "L’autre scanner est seulement consulté : annotez le scanner ouvert.";
}
