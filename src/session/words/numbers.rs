//! What is said about numbers, proposals and lesions one by one.

use super::{Text, texts};

texts! {
    PROPOSE_VESSELS: "Vessels in the lungs" / "Vaisseaux pulmonaires";
    PROPOSE_CHEST_WALL: "Chest wall on this slice" / "Paroi thoracique sur cette coupe";
    PROPOSE_CALCIUM: "Calcium in the heart" / "Calcium cardiaque";
    PROPOSE_CANCEL: "Stop" / "Arrêter";
    CALCIUM_NEEDS_SOFT: "Calcium is looked for on a soft kernel only: this one is sharp." / "Le calcium ne se cherche que sur un noyau mou : celui-ci est dur.";
    NO_LUNGS_HERE: "no lung on this slice" / "aucun poumon sur cette coupe";
    CALCIUM_NONE: "No candidate for calcium in the heart." / "Aucune calcification candidate dans le cœur.";
    CHEST_WALL_LEVEL: "Chest wall measured at z = {} mm: the slice just above the aortic arch is the one that is compared." / "Paroi mesurée à z = {} mm : la coupe de référence passe juste au-dessus de la crosse aortique.";
    ONE_SLICE: "needs the segment on one slice" / "nécessite le segment sur une seule coupe";
    FIELD_CLIPS: "refused: the field of view cuts off the body on this slice" / "refusé : le champ de vue tronque le corps sur cette coupe";
    NEEDS_SEGMENT: "needs the segment" / "nécessite le segment";
    NEEDS_LENGTH: "needs a length of the reader" / "nécessite une longueur du lecteur";
    ARTERY_TRUNK: "Chosen length: pulmonary trunk" / "Longueur choisie : tronc pulmonaire";
    ARTERY_AORTA: "Chosen length: ascending aorta" / "Longueur choisie : aorte ascendante";
    ARTERY_CHOOSE: "Measure a length across the vessel first, and choose it." / "Mesurez d’abord une longueur en travers du vaisseau, et choisissez-la.";
    DOUBT_NO_KERNEL: "kernel not known" / "noyau inconnu";
    DOUBT_NO_RESCALE: "no rescale: HU doubtful" / "sans rescale : UH douteuses";
    DOUBT_NOT_HU: "values are not HU" / "valeurs qui ne sont pas des UH";
    DOUBT_NOT_DICOM: "not from DICOM: how it was made is not known" / "pas du DICOM : conditions d’acquisition inconnues";
    DOUBT_GATING: "not gated" / "sans synchronisation";
    DOUBT_NOISE_THIN: "thin slices: noise passes 130 HU" / "coupes fines : le bruit dépasse 130 UH";
    NO_OPACITIES: "Propose or draw the opacities first: zones without any would count as free of them." / "Proposez ou dessinez d’abord les opacités : sans elles, les zones compteraient comme saines.";
    OPACITIES_NONE: "No opacity was found in the lungs." / "Aucune opacité trouvée dans les poumons.";
    OPACITIES_NONE_SAID: "No opacity was found in the lungs; an empty segment says that they were looked for." / "Aucune opacité trouvée dans les poumons ; un segment vide indique qu’elles ont été cherchées.";
    PART_OF_LUNGS: "{} = {} ml" / "{} = {} ml";
    PIECES: "Lesions one by one" / "Lésions une à une";
    PIECE_NEXT: "Next lesion" / "Lésion suivante";
    PIECE_PREVIOUS: "Previous lesion" / "Lésion précédente";
    PIECE_ACCEPT: "Accept this lesion" / "Accepter cette lésion";
    PIECE_REJECT: "Reject this lesion" / "Rejeter cette lésion";
    PIECE_NONE: "There is no lesion to go to." / "Il n’y a aucune lésion à atteindre.";
    PIECE_CHOOSE: "Go to a lesion first." / "Allez d’abord sur une lésion.";
    PIECE_REJECTED: "Rejected: {} ml of “{}”" / "Rejetée : {} ml de « {} »";
    PIECES_MORE: "and {} smaller ones" / "et {} plus petites";
    PRIOR_COMPARE: "Change against a prior CT" / "Évolution par rapport à un scanner antérieur";
    PRIOR_NONE: "Open another CT of the same patient (by Patient ID), mark its lungs and lesions, and come back." / "Ouvrez un autre scanner du même patient (selon Patient ID), marquez ses poumons et lésions, puis revenez.";
    PRIOR_ABOUT: "Against the CT of {}: lungs rigidly registered, surfaces {} mm apart (root mean square), turned by {}°" / "Par rapport au scanner du {} : poumons recalés rigidement, surfaces à {} mm (moyenne quadratique), rotation {}°";
    PRIOR_ABOUT_LATER: "From this CT to the later one of {}: lungs rigidly registered, surfaces {} mm apart (root mean square), turned by {}°" / "De ce scanner à celui, postérieur, du {} : poumons recalés rigidement, surfaces à {} mm (moyenne quadratique), rotation {}°";
    PRIOR_FAR: "the lungs do not fit: another breath, or a part was not scanned; zones may not correspond" / "les poumons ne coïncident pas : autre inspiration ou partie non acquise ; les zones peuvent ne pas correspondre";
    POINTS: "points" / "points";
    BOTH_LUNGS: "both lungs" / "deux poumons";
    LUNGS_SCANNED: "lung volume" / "volume pulmonaire";
    FEET: "feet" / "pieds";
    HEAD: "head" / "tête";
    RIGHT: "right" / "droite";
    LEFT: "left" / "gauche";
    ZONE_UPPER: "upper" / "sup.";
    ZONE_MIDDLE: "middle" / "moy.";
    ZONE_LOWER: "lower" / "inf.";
}
