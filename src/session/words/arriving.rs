//! What is said of marks that come in: what they meet, bundles and their CT.

use super::{Text, texts};

texts! {
    ARRIVING: "What is opened meets what is there" / "Ce qui est ouvert rencontre l’existant";
    ARRIVING_ABOUT: "“{}” was not taken in yet. Whatever you choose can be undone." / "« {} » n’a pas encore été repris. Tout choix peut être annulé.";
    MEETS_SEGMENT: "“{}” wants voxels of “{}”: {} (Dice {})" / "« {} » veut des voxels de « {} » : {} (Dice {})";
    MEETS_LOCKED: "“{}” wants voxels of “{}”, which is locked and keeps them: {} (Dice {})" / "« {} » veut des voxels de « {} », verrouillé, qui les garde : {} (Dice {})";
    MEETS_ANSWER: "{}: here “{}”, there “{}”" / "{} : ici « {} », là « {} »";
    ARRIVING_TAKE: "Take it in; it comes first where both want the same" / "Reprendre ; l’arrivant l’emporte en cas de conflit";
    ARRIVING_KEEP: "Take in only what meets nothing" / "Reprendre seulement ce qui ne gêne rien";
    ARRIVING_LEAVE: "Leave it out" / "Ne pas reprendre";
    LABELS_ABOUT: "What do the labels of “{}” mean? What means nothing here is left out." / "Que signifient les étiquettes de « {} » ? Ce qui n’a pas de sens ici est écarté.";
    LABEL: "label {} · {} ml" / "étiquette {} · {} ml";
    LABEL_LEFT_OUT: "— left out —" / "— écartée —";
    LABELS_TAKEN: "Label map taken in" / "Carte d’étiquettes reprise";
    LABELS_ELSEWHERE: "No label of it lies on the open CT." / "Aucune de ses étiquettes ne se trouve sur le scanner ouvert.";
    LABELS_NONE: "Say what a label means first." / "Indiquez d’abord ce que signifie une étiquette.";
    EXPORT_BUNDLE: "Save as bundle" / "Enregistrer le lot";
    BUNDLE_TAKEN: "Reading taken in: {} segment[s]" / "Lecture reprise : {} segment[s]";
    BUNDLE_BY: "from the hands of {}" / "des mains de {}";
    BUNDLE_OTHER_UIDS: "other UIDs, the same voxels: taken for the same CT" / "autres UID, mêmes voxels : considéré comme le même scanner";
    BUNDLE_OTHER_VOXELS: "the same images, but other HU: numbers are taken anew" / "mêmes images, mais UH différentes : les mesures sont refaites";
    BUNDLE_WAITS: "“{}” belongs to a CT that is not open ({} slices): open it, and the reading comes with it." / "« {} » appartient à un scanner qui n’est pas ouvert ({} coupes) : ouvrez-le, la lecture suivra.";
    BUNDLE_BAD: "the bundle is not taken in: {}" / "le lot n’est pas repris : {}";
}
