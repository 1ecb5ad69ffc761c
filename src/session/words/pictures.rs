//! What is said about pictures that are saved, and about colours and opacities of the 3D picture.

use super::{Text, texts};

texts! {
    IMAGE_AT: "Image {} · z {} mm" / "Image {} · z {} mm";
    SCREENSHOT: "Save a picture of the pane" / "Enregistrer une image du cadre";
    SCREENSHOT_PLAIN: "The same without annotations" / "La même sans annotations";
    PATIENT_TEXT: "Patient’s name on saved pictures" / "Nom du patient sur les images enregistrées";
    PATIENT_TEXT_ON: "Saved pictures now carry the patient’s name, number and dates." / "Les images enregistrées portent désormais le nom, le numéro et les dates du patient.";
    NOT_DRAWN: "The picture could not be made: {}" / "L’image n’a pas pu être produite : {}";
    TURNTABLE: "Save a turn of the 3D picture (ZIP)" / "Enregistrer un tour de l’image 3D (ZIP)";
    TURNTABLE_GOES: "Turn of the 3D picture: {} %. Escape stops it." / "Tour de l’image 3D : {} %. Échap l’arrête.";
    TURNTABLE_FRAMES: "Pictures of a turn" / "Images par tour";
    SHOW_3D: "Show the 3D picture first." / "Affichez d’abord l’image 3D.";
    TRANSFER: "Colours and opacity by HU" / "Couleurs et opacité selon les UH";
    TRANSFER_RESET: "As the preset" / "Revenir au préréglage";
    TRANSFER_POINT: "Point at {} HU, opacity {} per mm" / "Point à {} UH, opacité {} par mm";
    TRANSFER_HU: "HU" / "UH";
    TRANSFER_OPACITY: "Opacity per mm" / "Opacité par mm";
    TRANSFER_COLOUR: "Colour of the point" / "Couleur du point";
    TRANSFER_ABOUT: "Click adds a point, drag moves it; arrows, Insert and Delete by key" / "Clic : ajouter un point, glisser : le déplacer ; au clavier : flèches, Inser et Suppr";
    TRANSFER_OF_PRESETS: "Projections have no opacity: choose a preset." / "Les projections n’ont pas d’opacité : choisissez un préréglage.";
}
