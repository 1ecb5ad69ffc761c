//! What is said about contours, borders and segments.

use super::{Text, texts};

texts! {
    TOOL_PUSH: "Push the border" / "Pousser le bord";
    PUSH_NOTHING: "The active segment has no border to push here." / "Le segment actif n’a pas de bord à pousser ici.";
    NO_LUNGS_TO_STAY_IN: "The tools stay in the lungs, and none are marked here: propose or draw them, or let the tools out." / "Les outils restent dans les poumons et aucun n’est marqué ici : proposez-les, dessinez-les ou libérez les outils.";
    COPY_STRAIGHT: "Copying needs a plane in line with the CT: this one is oblique." / "La copie demande un plan dans les axes du scanner : celui-ci est oblique.";
    TOOL_THRESHOLD: "Threshold inside an outline" / "Seuillage dans un tracé";
    INTERPOLATED: "Filled between the slices" / "Coupes intermédiaires remplies";
    SEGMENT_UP: "Segment up the list" / "Monter le segment dans la liste";
    SEGMENT_DOWN: "Segment down the list" / "Descendre le segment dans la liste";
    SOLO: "Show the active segment alone" / "Afficher seul le segment actif";
    JOIN: "Points of a contour" / "Points d’un contour";
    JOIN_LINES: "Contour: points joined by lines" / "Contour : points reliés par des droites";
    JOIN_SPLINE: "Contour: smooth curve, points can be dragged" / "Contour : courbe lisse, points déplaçables";
    JOIN_EDGES: "Contour: clings to edges (livewire)" / "Contour : suit les bords (livewire)";
}
