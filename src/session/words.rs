//! Every sentence the reader sees, in both languages. A `Text` without one of them does not compile.

pub mod arriving;
pub mod beside;
pub mod connection;
pub mod marking;
pub mod numbers;
pub mod pictures;
pub mod reading;
pub mod sending;

pub use reading::*;

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A language of the interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

impl Lang {
    /// The first of a browser's preferred languages (BCP 47) that is ours; English otherwise.
    pub fn preferred<'a>(tags: impl IntoIterator<Item = &'a str>) -> Self {
        tags.into_iter().find_map(Self::from_tag).unwrap_or_default()
    }
    /// From a BCP 47 tag ("fr", "fr-FR", "en").
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag.split('-').next()?.to_ascii_lowercase().as_str() {
            "fr" => Some(Self::Fr),
            "en" => Some(Self::En),
            _ => None,
        }
    }
    /// "en" or "fr".
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }
    /// Whether words take their singular after this number: after 1, in French also after 0.
    pub fn is_singular(self, number: &str) -> bool {
        number == "1" || (self == Self::Fr && number == "0")
    }
    /// A time as `YYYYMMDDHHMMSS`, to the minute, as the language writes it; as it is where it is no such thing.
    pub fn date_and_time(self, at: &str) -> String {
        if at.len() != 14 || !at.bytes().all(|b| b.is_ascii_digit()) {
            return at.to_owned();
        }
        let (year, month, day, hour, minute) = (&at[..4], &at[4..6], &at[6..8], &at[8..10], &at[10..12]);
        match self {
            Self::En => format!("{year}-{month}-{day} {hour}:{minute}"),
            Self::Fr => format!("{day}/{month}/{year} {hour}:{minute}"),
        }
    }
    /// A number with the language's decimal mark.
    pub fn number(self, value: f64, digits: usize) -> String {
        let text = format!("{value:.digits$}");
        let text = if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
            text.trim_start_matches('-').to_owned()
        } else {
            text
        };
        let text = text.replace('-', "\u{2212}");
        match self {
            Self::En => text,
            Self::Fr => text.replace('.', ","),
        }
    }
}

/// One sentence in both languages. `{}` marks the places of values, in order. What stands in `[one|several]` follows the number
/// before it; `[s]` is short for `[|s]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// English.
    pub en: &'static str,
    /// French.
    pub fr: &'static str,
}

/// A sentence that stands where it is used.
pub(super) const fn text(en: &'static str, fr: &'static str) -> Text {
    Text { en, fr }
}

impl Text {
    /// In a language.
    pub fn in_lang(self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.en,
            Lang::Fr => self.fr,
        }
    }
    /// In a language, with values put at its `{}` marks, and words in the number that the value before them asks for.
    pub fn with(self, lang: Lang, values: &[&str]) -> String {
        let mut out = String::new();
        let mut values = values.iter();
        for (n, piece) in self.in_lang(lang).split("{}").enumerate() {
            let mut number = "";
            if n > 0 {
                number = values.next().copied().unwrap_or_default();
                out.push_str(&isolated(number));
            }
            let mut parts = piece.split('[');
            out.push_str(parts.next().unwrap_or_default());
            for part in parts {
                let (forms, rest) = part.split_once(']').unwrap_or((part, ""));
                let (one, several) = forms.split_once('|').unwrap_or(("", forms));
                out.push_str(if lang.is_singular(number) { one } else { several });
                out.push_str(rest);
            }
        }
        out
    }
}

/// A text from outside that stands within others: where it turns the direction of writing, it does so for itself alone (first strong
/// isolate of Unicode UAX #9).
pub fn isolated(text: &str) -> Cow<'_, str> {
    let turns = |c: char| {
        let letter = matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}');
        let more = matches!(c, '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}');
        letter || more || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.chars().any(turns) {
        return text.into();
    }
    let (mut out, mut open) = (String::from('\u{2068}'), 1);
    for c in text.chars() {
        match c {
            '\u{2066}'..='\u{2068}' => open += 1,
            // It would end what begins before the text.
            '\u{2069}' if open == 1 => continue,
            '\u{2069}' => open -= 1,
            _ => {}
        }
        out.push(c);
    }
    out.extend(std::iter::repeat_n('\u{2069}', open));
    out.into()
}

macro_rules! texts {
    ($($name:ident: $en:literal / $fr:literal;)*) => {
        $(#[doc = concat!("`", $en, "`")] pub const $name: Text = Text { en: $en, fr: $fr };)*
        /// All of them, for the test that reads them.
        pub const ALL: &[(&str, Text)] = &[$((stringify!($name), $name)),*];
    };
}
use texts;

texts! {
    APP_TITLE: "Hilum — chest CT viewer and annotator" / "Hilum — visualiseur et annotation de scanner thoracique";
    NOT_A_DEVICE: "Not a medical device. Research use." / "N’est pas un dispositif médical. Usage de recherche.";
    STAYS_HERE: "Images stay on this computer." / "Les images restent sur cet ordinateur.";
    OPEN_FILES: "Open files" / "Ouvrir des fichiers";
    OPEN_FOLDER: "Open folder" / "Ouvrir un dossier";
    OPEN_DEMO: "Demonstration" / "Démonstration";
    DROP_HERE: "Drop a folder, DICOM files, a ZIP, NIfTI, MetaImage or NRRD of a chest CT here" / "Déposez ici un dossier, des fichiers DICOM, un ZIP, NIfTI, MetaImage ou NRRD d’un scanner thoracique";
    CANCEL: "Cancel" / "Annuler";
    CLOSE: "Close" / "Fermer";
    LANGUAGE: "Language" / "Langue";
    HELP: "Keyboard" / "Clavier";
    WHEEL: "wheel" / "molette";
    WHEEL_SCROLLS: "Through the slices" / "Parcourir les coupes";
    WHEEL_BRUSH: "Size of the brush" / "Taille du pinceau";
    SERIES: "Series" / "Séries";
    SEGMENTS: "Segments" / "Segments";
    TOOLS: "Tools" / "Outils";
    WINDOW: "Window" / "Fenêtrage";
    PROPOSE: "Propose" / "Proposer";
    NUMBERS: "Measurements" / "Mesures";
    HAND_OVER: "Hand over" / "Transmettre";
    GEOMETRY: "Geometry" / "Géométrie";
    PROBLEMS: "Not opened" / "Non ouverts";
    LEDGER: "Request ledger" / "Journal des requêtes";
    LEDGER_EMPTY: "No request has been made." / "Aucune requête n’a été émise.";
    IDLE: "No CT open" / "Aucun scanner ouvert";
    READING_HEADERS: "Reading headers: {} of {}" / "Lecture des en-têtes : {} sur {}";
    UNPACKING: "Unpacking archives" / "Extraction des archives";
    LOADING_SLICES: "Loading slices: {} of {}" / "Chargement des coupes : {} sur {}";
    READY: "{} slice[s] loaded" / "{} coupe[s] chargée[s]";
    READY_INCOMPLETE: "{} of {} slice[s] loaded" / "{} coupe[s] chargée[s] sur {}";
    NOTHING_TO_SHOW: "No CT series that can be shown was found." / "Aucune série de scanner affichable n’a été trouvée.";
    DIRECTORY_WHOLE: "The DICOMDIR lists {} file[s]: all were read." / "Le DICOMDIR liste {} fichier[s] : tous ont été lus.";
    DIRECTORY_ABSENT: "the DICOMDIR lists {} file[s]; {} of them [was|were] not found or not read, such as {}" / "le DICOMDIR liste {} fichier[s] ; {} [n’a pas été trouvé ou lu|n’ont pas été trouvés ou lus], comme {}";
    DIRECTORY_ALONE: "No CT series that can be shown was found: a DICOMDIR only lists files. Open the folder that holds them." / "Aucune série de scanner affichable n’a été trouvée : un DICOMDIR ne fait que lister des fichiers. Ouvrez le dossier qui les contient.";
    STOPPED: "Opening was stopped." / "L’ouverture a été interrompue.";
    SLICES: "{} slice[s]" / "{} coupe[s]";
    PREFLIGHT: "This CT is too large to be opened whole" / "Ce scanner est trop grand pour être ouvert en entier";
    PREFLIGHT_NAME: "{}: " / "{} : ";
    PREFLIGHT_SIZE: "{} of {} × {} pixels, {} MB." / "{} de {} × {} pixels, {} Mo.";
    PREFLIGHT_MEMORY: "Memory here holds {} ({} MB)." / "La mémoire contient ici {} ({} Mo).";
    PREFLIGHT_GPU: "The GPU here holds {} ({} MB)." / "Le GPU contient ici {} ({} Mo).";
    PREFLIGHT_KEPT: "Slices are left out, none is changed, and volumes are marked. What is open stays open until you choose." / "Des coupes sont omises, aucune n’est modifiée, et les volumes sont signalés. Ce qui est ouvert le reste jusqu’à votre choix.";
    PREFLIGHT_EVERY: "One slice in {}: {}, {} mm apart, {} MB" / "Une coupe sur {} : {}, tous les {} mm, {} Mo";
    PREFLIGHT_SLAB: "Slices {} to {} of {}, {} MB" / "Coupes {} à {} sur {}, {} Mo";
    PREFLIGHT_CENTRE: "Middle of the slab" / "Milieu de la portion";
    PREFLIGHT_OPEN_EVERY: "Open every second slice of a CT that is too large" / "Ouvrir une coupe sur deux d’un scanner trop grand";
    PREFLIGHT_OPEN_SLAB: "Open neighbouring slices of a CT that is too large" / "Ouvrir des coupes voisines d’un scanner trop grand";
    SLAB: "Slab" / "Épaisseur";
    SLAB_OFF: "Plane" / "Plan";
    SLAB_MEAN: "Mean" / "Moyenne";
    SLAB_MIP: "MIP" / "MIP";
    SLAB_MINIP: "MinIP" / "MinIP";
    SLAB_NEXT: "Next slab projection" / "Projection suivante de l’épaisseur";
    SLAB_THICKER: "Thicker slab" / "Épaisseur plus grande";
    SLAB_THINNER: "Thinner slab" / "Épaisseur plus petite";
    SLAB_MM: "Slab thickness in mm" / "Épaisseur en mm";
    SLAB_VALUES: "{} {} mm" / "{} {} mm";
    INVERT: "Invert grey" / "Inverser les gris";
    NEAREST: "Voxels without interpolation" / "Voxels sans interpolation";
    CUBIC: "Cubic interpolation" / "Interpolation cubique";
    COMPARTMENTS: "Colours by HU inside the lungs" / "Couleurs selon les UH dans les poumons";
    COMPARTMENTS_NOTE: "includes airways and vessels" / "voies aériennes et vaisseaux compris";
    COMPARTMENT_EMPHYSEMA: "Emphysema (below −950)" / "Emphysème (sous −950)";
    COMPARTMENT_AERATED: "Well aerated (−950 to −700)" / "Bien aéré (−950 à −700)";
    COMPARTMENT_GROUND_GLASS: "Ground glass (−700 to −250)" / "Verre dépoli (−700 à −250)";
    COMPARTMENT_CONSOLIDATION: "Consolidation (−250 to +100)" / "Condensation (−250 à +100)";
    COMPARTMENT_VESSEL: "Vessels, calcium (above +100)" / "Vaisseaux, calcium (au-dessus de +100)";
    LINK_WINDOW: "One window for all panes" / "Même fenêtrage pour toutes les vues";
    LINK_VIEW: "One zoom and pan for all planes" / "Même zoom et déplacement pour tous les plans";
    WINDOW_CENTRE: "Window centre, HU" / "Niveau de la fenêtre, UH";
    WINDOW_WIDTH: "Window width, HU" / "Largeur de la fenêtre, UH";
    WINDOW_FUNCTION: "Window function" / "Fonction de fenêtrage";
    WINDOW_OF_FILE: "Of the file" / "Du fichier";
    WINDOW_OTHER: "Own" / "Libre";
    FLIP_HORIZONTAL: "Mirror left to right" / "Miroir gauche-droite";
    FLIP_VERTICAL: "Mirror top to bottom" / "Miroir haut-bas";
    TURN_PICTURE: "Turn the picture by 90°" / "Tourner l’image de 90°";
    MIRRORED: "mirrored" / "en miroir";
    CINE: "Play or stop the slices" / "Lire ou arrêter les coupes";
    CINE_PING_PONG: "To and fro" / "Aller-retour";
    CINE_RATE: "Slices per second" / "Coupes par seconde";
    CINE_LAGS: "{} of {} slices/s" / "{} coupes/s sur {}";
    PICTURE: "Picture" / "Image";
    VOLUME_STYLE: "3D picture" / "Image 3D";
    VOLUME_LUNGS: "Lungs and soft tissue" / "Poumons et tissus mous";
    VOLUME_VESSELS: "Vessels" / "Vaisseaux";
    VOLUME_AIRWAYS: "Airways" / "Voies aériennes";
    VOLUME_MEDIASTINUM: "Mediastinum" / "Médiastin";
    VOLUME_LESIONS: "Lesions in the lungs" / "Lésions pulmonaires";
    VOLUME_BONE: "Bone" / "Os";
    VOLUME_SKIN: "Skin" / "Peau";
    VOLUME_SEGMENTS: "Segments" / "Segments";
    VOLUME_MEAN: "Mean (as a radiograph)" / "Moyenne (comme une radiographie)";
    VOLUME_MIP: "MIP" / "MIP";
    VOLUME_MINIP: "MinIP" / "MinIP";
    PICK_SURFACE: "Crosshair to the surface in 3D (or click)" / "Réticule sur la surface en 3D (ou clic)";
    NOTHING_HIT: "Nothing is shown there in 3D." / "Rien n’est affiché à cet endroit en 3D.";
    CROP_TO_LUNGS: "Crop 3D to the lungs" / "Rogner la 3D aux poumons";
    CLIP_BOX: "Crop 3D by hand" / "Rogner la 3D à la main";
    CUT_NEXT: "Next cut of the 3D picture" / "Coupe suivante de l’image 3D";
    CUT_DEEPER: "Cut deeper (or Ctrl and drag)" / "Couper plus profond (ou Ctrl et glisser)";
    CUT_BACK: "Cut less deep" / "Couper moins profond";
    AXIAL: "Axial" / "Axial";
    CORONAL: "Coronal" / "Coronal";
    SAGITTAL: "Sagittal" / "Sagittal";
    VOLUME: "3D" / "3D";
    SLICE_OF: "Slice {} / {}" / "Coupe {} / {}";
    WINDOW_VALUES: "W {}  L {}" / "L {}  N {}";
    REDUCED: "reduced sampling" / "échantillonnage réduit";
    PROBE: "{} HU at {} {} {} mm" / "{} UH en {} {} {} mm";
    TOOL_NAVIGATE: "Crosshair" / "Réticule";
    TOOL_WINDOW: "Window (drag)" / "Fenêtrage (glisser)";
    TOOL_PAN: "Pan" / "Déplacer";
    TOOL_ZOOM: "Zoom" / "Zoom";
    TOOL_CONTOUR: "Contour" / "Contour";
    TOOL_BRUSH: "Brush" / "Pinceau";
    TOOL_ERASER: "Eraser" / "Gomme";
    MEASURE: "Measure" / "Mesurer";
    MEASURE_LENGTH: "Length" / "Longueur";
    MEASURE_BIDIRECTIONAL: "Long and short axis" / "Grand et petit axe";
    MEASURE_ANGLE: "Angle" / "Angle";
    MEASURE_ELLIPSE: "Ellipse (HU)" / "Ellipse (UH)";
    MEASURE_FREEHAND: "Outline (HU)" / "Contour libre (UH)";
    MEASURE_ARROW: "Arrow with words" / "Flèche légendée";
    DELETE_MEASUREMENT: "Delete measurement, or the last point" / "Supprimer la mesure ou le dernier point";
    SHOW_MEASUREMENT: "Show measurement" / "Afficher la mesure";
    MEASUREMENT_NAME: "Words (they stay on this computer)" / "Légende (reste sur cet ordinateur)";
    NO_MEASUREMENT: "Choose a measurement first." / "Choisissez d’abord une mesure.";
    REGION_MEAN: "{} ± {} HU" / "{} ± {} UH";
    REGION_RANGE: "{} to {} HU" / "{} à {} UH";
    TOOL_LESION: "Lesion in one click" / "Lésion en un clic";
    TOOL_GROW: "Grow a region" / "Croissance de région";
    TOOL_COMPETE: "Strokes inside and outside" / "Traits dedans et dehors";
    REGION: "Region" / "Région";
    REGION_TOOLS: "Regions" / "Régions";
    REGION_ACCEPT: "Accept" / "Accepter";
    REGION_LEAVE: "Leave" / "Laisser";
    REGION_MORE: "More" / "Plus";
    REGION_LESS: "Less" / "Moins";
    REGION_HELP: "Strokes correct it, with Ctrl outside; Enter accepts." / "Les traits corrigent, avec Ctrl dehors ; Entrée accepte.";
    REGION_BEGINS_INSIDE: "The first stroke lies inside the region." / "Le premier trait se place dans la région.";
    REGION_LEAKS: "The region reached the limit of its growth: it may have leaked." / "La région a atteint la limite de sa croissance : une fuite est possible.";
    REGION_UNCHANGED: "There was nothing to change." / "Il n’y avait rien à modifier.";
    REGION_COMPUTING: "Being computed…" / "Calcul en cours…";
    REGION_FROM: "from {} HU on" / "à partir de {} UH";
    REFINE: "Refine the segment" / "Retoucher le segment";
    REFINE_FILL_HOLES: "Fill holes" / "Combler les trous";
    REFINE_KEEP_LARGEST: "Keep the largest part" / "Garder la plus grande partie";
    REFINE_REMOVE_ISLANDS: "Remove islands" / "Retirer les îlots";
    REFINE_MEDIAN: "Smooth (median)" / "Lisser (médiane)";
    REFINE_GAUSSIAN: "Smooth (Gaussian)" / "Lisser (gaussienne)";
    REFINE_JOINT: "Smooth with its neighbours" / "Lisser avec les voisins";
    REFINE_GROW: "Grow by the margin" / "Étendre de la marge";
    REFINE_SHRINK: "Shrink by the margin" / "Réduire de la marge";
    REFINE_UNION: "Unite with the other" / "Réunir avec l’autre";
    REFINE_SUBTRACT: "Take the other away" / "Retirer l’autre";
    REFINE_INTERSECT: "Keep what both share" / "Garder la partie commune";
    REFINE_SPLIT: "Part by the plane of the active pane" / "Couper par le plan de la vue active";
    REFINE_THRESHOLD_SEGMENT: "Keep the HU range" / "Garder la plage UH";
    REFINE_THRESHOLD_LUNGS: "Add the HU range in the lungs" / "Ajouter la plage UH dans les poumons";
    REFINE_ISLANDS_MM3: "Islands below, mm³" / "Îlots sous, mm³";
    REFINE_SMOOTHING_MM: "Smoothing, mm" / "Lissage, mm";
    REFINE_MARGIN_MM: "Margin, mm" / "Marge, mm";
    REFINE_OTHER: "Other segment" / "Autre segment";
    REFINE_NEEDS_OTHER: "Choose the other segment first." / "Choisissez d’abord l’autre segment.";
    COMPARE_ONE_LAYER: "Segments of one layer never share a voxel, so they cannot be compared. What another reader marked is compared as its file is opened, before it is taken in." / "Deux segments d’une même couche ne partagent jamais de voxel et ne peuvent être comparés. Les marques d’un autre lecteur le sont à l’ouverture de leur fichier, avant leur reprise.";
    REFINE_NEEDS_RANGE: "Switch the HU range on first." / "Activez d’abord la plage UH.";
    SEGMENT_EMPTY: "The segment has no voxels." / "Le segment n’a aucun voxel.";
    COPY_SLICE_NEXT: "Copy to the next slice" / "Copier sur la coupe suivante";
    COPY_SLICE_PREVIOUS: "Copy to the previous slice" / "Copier sur la coupe précédente";
    FORM: "Reading form" / "Fiche de lecture";
    FORM_FILL_ZONES: "Zones from what was measured" / "Zones d’après la mesure";
    FORM_NOT_TAKEN: "The form does not take that." / "La fiche n’accepte pas cette valeur.";
    FORM_TIMES: "From {} to {}" / "De {} à {}";
    FORM_ANSWERED: "{} of {} answered" / "{} sur {} renseignés";
    FORM_HELP: "Digits choose, arrows move, Backspace clears: not assessed." / "Les chiffres choisissent, les flèches déplacent, Retour arrière efface : non évalué.";
    FORM_MEASURED: "measured {}" / "mesuré {}";
    ZONE_UPPER: "Upper zone above the crosshair" / "Zone supérieure au-dessus de la croix";
    ZONE_LOWER: "Lower zone below the crosshair" / "Zone inférieure au-dessous de la croix";
    HU: "HU" / "UH";
    NEEDS_FINDINGS: "needs findings" / "nécessite des lésions";
    ACQUISITION: "Kernel {} · {} mm · {} kV · {}" / "Noyau {} · {} mm · {} kV · {}";
    NO_CONTRAST: "no contrast recorded" / "sans injection notée";
    WITH_CONTRAST: "contrast" / "injecté";
    DOUBT_KERNEL: "sharp kernel" / "noyau dur";
    DOUBT_THICKNESS: "thick slices" / "coupes épaisses";
    DOUBT_CONTRAST: "contrast" / "injection";
    EXPORT_CSV: "Save numbers (CSV)" / "Enregistrer les valeurs (CSV)";
    EXPORT_JSON: "Save numbers (JSON)" / "Enregistrer les valeurs (JSON)";
    EXPORT_NIFTI: "Save label maps (NIfTI)" / "Enregistrer les cartes d’étiquettes (NIfTI)";
    REPORT: "Report" / "Compte rendu";
    REPORT_PRINT: "Print or save as PDF" / "Imprimer ou enregistrer en PDF";
    REPORT_HISTOGRAM: "HU of the lungs, % for each 16 HU; lines at −950, −700, −250, 100" / "UH des poumons, % par 16 UH ; traits à −950, −700, −250, 100";
    REPORT_PROFILE: "Lung and involved lung from feet to head, ml for each mm" / "Poumon et poumon atteint des pieds vers la tête, ml par mm";
    REPORT_ZONES: "Involvement by zone, %" / "Atteinte par zone, %";
    COMPARE: "Compare with the other" / "Comparer avec l’autre";
    DICE: "Dice" / "Dice";
    VOLUME_DIFFERENCE: "Volume difference" / "Différence de volume";
    HAUSDORFF_95: "Hausdorff 95 %" / "Hausdorff 95 %";
    MEAN_SURFACE: "Mean surface distance" / "Distance moyenne des surfaces";
    SURFACE_DICE: "Surface Dice at {} mm" / "Dice de surface à {} mm";
    MODE_SUBTRACT: "Subtract" / "Soustraire";
    BRUSH_BALL: "Ball (3D)" / "Sphère (3D)";
    BRUSH_RADIUS: "Radius, mm" / "Rayon, mm";
    BRUSH_IN_LUNGS: "Only in the lungs" / "Seulement dans les poumons";
    BRUSH_LARGER: "Larger brush" / "Pinceau plus grand";
    BRUSH_SMALLER: "Smaller brush" / "Pinceau plus petit";
    HU_RANGE: "Only HU from – to" / "Seulement UH de – à";
    INTERPOLATE: "Interpolate between slices" / "Interpoler entre les coupes";
    UNDO: "Undo" / "Annuler l’action";
    REDO: "Redo" / "Rétablir";
    ADD_SEGMENT: "New segment" / "Nouveau segment";
    DELETE_SEGMENT: "Delete segment" / "Supprimer le segment";
    SHOW_SEGMENT: "Show or hide" / "Afficher ou masquer";
    LOCK_SEGMENT: "Lock or unlock" / "Verrouiller ou déverrouiller";
    COLOUR: "Colour" / "Couleur";
    NAME: "Name" / "Nom";
    PROPOSE_LUNGS: "Lungs" / "Poumons";
    PROPOSE_LESIONS: "Lesions in the lungs" / "Lésions pulmonaires";
    WORKING: "{}: {} %" / "{} : {} %";
    DOUBTFUL_VOLUME: "{} (see Geometry)" / "{} (voir Géométrie)";
    NEEDS_LUNGS: "needs the lungs" / "nécessite les poumons";
    EXPORT_SEG: "Save DICOM SEG" / "Enregistrer le DICOM SEG";
    EXPORT_SR: "Save DICOM SR" / "Enregistrer le DICOM SR";
    OPEN_DICOMWEB: "Server…" / "Serveur…";
    REMOTE_TITLE: "CT on the server" / "Scanners du serveur";
    REMOTE_PATIENT: "Patient’s name" / "Nom du patient";
    REMOTE_PATIENT_ID: "Patient ID" / "Identifiant du patient";
    REMOTE_FROM: "From" / "Du";
    REMOTE_TO: "To" / "Au";
    REMOTE_MODALITY: "Modality" / "Modalité";
    REMOTE_DESCRIPTION: "Description" / "Description";
    REMOTE_SEARCH: "Search" / "Rechercher";
    REMOTE_USER: "User" / "Utilisateur";
    REMOTE_PASSWORD: "Password" / "Mot de passe";
    REMOTE_TOKEN: "Access token" / "Jeton d’accès";
    REMOTE_SECRET: "Kept in this page’s memory only." / "Gardé uniquement dans la mémoire de cette page.";
    REMOTE_DATE: "Date" / "Date";
    REMOTE_IMAGES: "Images" / "Images";
    REMOTE_SEARCHING: "Asking the server…" / "Interrogation du serveur…";
    REMOTE_RETRIEVING: "{} of {} images, {} MB" / "{} images sur {}, {} Mo";
    REMOTE_NO_STUDY: "No study with CT matches." / "Aucun examen avec scanner ne correspond.";
    REMOTE_MORE: "The first {} studies; more match. Narrow the search." / "Les {} premiers examens ; d’autres correspondent. Précisez la recherche.";
    REMOTE_RETRY: "Try again" / "Réessayer";
    REMOTE_OPEN_CAME: "Open the images that came ({})" / "Ouvrir les images reçues ({})";
    REMOTE_UNREACHABLE: "No answer that this page may read: the network or TLS failed, or the server does not allow this page’s origin (CORS: Access-Control-Allow-Origin), or the page’s connect-src does not name the server." / "Aucune réponse lisible par cette page : échec du réseau ou de TLS, ou le serveur n’autorise pas l’origine de cette page (CORS : Access-Control-Allow-Origin), ou connect-src de la page ne nomme pas le serveur.";
    REMOTE_UNAUTHORIZED: "The server asks who you are (401): sign in, or check user, password or token." / "Le serveur demande qui vous êtes (401) : connectez-vous, ou vérifiez l’utilisateur, le mot de passe ou le jeton.";
    REMOTE_FORBIDDEN: "The server does not let you read this (403): ask its administrator." / "Le serveur ne vous laisse pas lire ceci (403) : demandez à son administrateur.";
    REMOTE_NOT_FOUND: "The server does not have this (404), or its address in the configuration is wrong." / "Le serveur ne l’a pas (404), ou son adresse dans la configuration est fausse.";
    REMOTE_NOT_ACCEPTABLE: "The server cannot give images as they are stored (406): it must allow application/dicom with any transfer syntax." / "Le serveur ne peut pas donner les images telles qu’enregistrées (406) : il doit accepter application/dicom avec toute syntaxe de transfert.";
    REMOTE_STATUS: "The server failed (HTTP {})." / "Le serveur a échoué (HTTP {}).";
    REMOTE_PAGE: "A web page answers instead of the server: a sign-in that has run out perhaps. Nothing was stored. Sign in there and send again." / "Une page web répond à la place du serveur : peut-être une identification expirée. Rien n’a été enregistré. Identifiez-vous et renvoyez.";
    REMOTE_NO_RECEIPT: "The server’s answer does not say what it stored (no Referenced SOP Sequence). Nothing counts as stored." / "La réponse du serveur ne dit pas ce qu’il a enregistré (pas de Referenced SOP Sequence). Rien n’est tenu pour enregistré.";
    REMOTE_BAD_ANSWER: "The server’s answer is not what was asked for: {}" / "La réponse du serveur n’est pas celle demandée : {}";
    REMOTE_INCOMPLETE: "Not all images came: the answer broke off. {}" / "Toutes les images ne sont pas arrivées : la réponse s’est interrompue. {}";
    REMOTE_NO_ANSWER: "The server did not answer in time." / "Le serveur n’a pas répondu à temps.";
    REMOTE_CANCELLED: "Stopped." / "Arrêté.";
    NOTHING_TO_EXPORT: "There is no segment with voxels to export." / "Aucun segment contenant des voxels à exporter.";
    EXPORT_NEEDS_DICOM: "DICOM SEG and SR refer to DICOM images: this CT was not opened from DICOM and has none." / "DICOM SEG et SR renvoient à des images DICOM : ce scanner n’a pas été ouvert à partir de DICOM et n’en a aucune.";
    NO_SEGMENT: "Choose or add a segment of this kind first." / "Choisissez ou ajoutez d’abord un segment.";
    WAIT_FOR_SLICES: "Marking begins when all slices are loaded." / "L’annotation commence quand toutes les coupes sont chargées.";
    SEGMENT_LOCKED: "The segment is locked." / "Le segment est verrouillé.";
    NOTHING_BETWEEN: "Nothing to interpolate: contour two slices that are not neighbours." / "Rien à interpoler : contourez deux coupes non voisines.";
    CLOSE_CONTOUR: "Close the contour, or accept the region" / "Fermer le contour, ou accepter la région";
    CONTOUR_NEEDS_POINTS: "A contour needs three points at least." / "Un contour a besoin d’au moins trois points.";
    CONTOUR_EMPTY: "The contour holds no voxel centre." / "Le contour ne contient aucun centre de voxel.";
    NO_LUNGS: "Propose or draw the lungs first." / "Proposez ou dessinez d’abord les poumons.";
    JOB_FAILED: "{} failed: {}" / "{} : échec, {}";
    IMPORTED_SEG: "Segmentation read: {} segment[s]" / "Segmentation lue : {} segment[s]";
    SEG_NEEDS_CT: "Open the CT of this segmentation first." / "Ouvrez d’abord le scanner de cette segmentation.";
    SEGMENTATION: "Segmentation" / "Segmentation";
    REPEATED_FILES: "{} file[s] [was|were] open already" / "{} fichier[s] [était déjà ouvert|étaient déjà ouverts]";
    OTHER_CONTENT: "an image with this SOP Instance UID and another header is open: this one was left out" / "une image de même SOP Instance UID et d’en-tête différent est ouverte : celle-ci est écartée";
    INSTANCES: "{} image[s]" / "{} image[s]";
    COLUMN_MEAN: "mean HU" / "UH moy.";
    GPU_NOTICE_CPU: "No GPU can draw this here: the processor draws, and 3D takes longer." / "Aucun GPU ne peut l’afficher ici : le processeur dessine, et la 3D prend plus de temps.";
    ANOTHER_CT: "another CT was opened meanwhile" / "un autre scanner a été ouvert entre-temps";
    GPU_LOST: "The GPU was lost; views are rebuilt, nothing marked is lost." / "Le GPU a été perdu ; les vues sont reconstruites, rien de ce qui est marqué n’est perdu.";
    PANIC: "Hilum met an error it cannot recover from. Save nothing over it: reload the page." / "Hilum a rencontré une erreur irrécupérable : rechargez la page.";
    PANIC_KEPT: "Hilum met an error it cannot recover from: reload the page. The reading is kept up to the last finished change and will be offered when the same CT is opened." / "Hilum a rencontré une erreur irrécupérable : rechargez la page. La lecture est conservée jusqu’à la dernière modification terminée et sera proposée à la réouverture du même scanner.";
    AUTOSAVE: "Kept reading" / "Lecture conservée";
    AUTOSAVE_SAVED: "Kept on this computer" / "Conservée sur cet ordinateur";
    AUTOSAVE_SAVING: "Being kept…" / "Conservation en cours…";
    AUTOSAVE_OFF: "Not kept: this site has turned it off. Save the SEG before closing." / "Non conservée : désactivé sur ce site. Enregistrez le SEG avant de fermer.";
    AUTOSAVE_LOOKING: "Looking for a kept reading…" / "Recherche d’une lecture conservée…";
    AUTOSAVE_OFFERED: "Waiting for your answer" / "En attente de votre réponse";
    AUTOSAVE_FULL: "Not kept: no room is left on this computer. It is tried again; save the SEG to be safe." / "Non conservée : plus de place sur cet ordinateur. Nouvel essai sous peu ; enregistrez le SEG par précaution.";
    AUTOSAVE_DENIED: "Not kept: the browser refuses ({}). Save the SEG before closing." / "Non conservée : le navigateur refuse ({}). Enregistrez le SEG avant de fermer.";
    AUTOSAVE_OTHER_TAB: "Not kept from here: another tab keeps its reading of this CT." / "Non conservée ici : un autre onglet conserve sa lecture de ce scanner.";
    AUTOSAVE_UNREADABLE: "Not kept: an earlier reading of this CT cannot be read ({}) and is left as it is. Delete kept readings to go on." / "Non conservée : une lecture antérieure de ce scanner est illisible ({}) et reste telle quelle. Supprimez les lectures conservées pour continuer.";
    AUTOSAVE_TAKE_OVER: "Keep from this tab" / "Conserver depuis cet onglet";
    AUTOSAVE_CLEAR: "Delete kept readings" / "Supprimer les lectures conservées";
    AUTOSAVE_CLEAR_CONFIRM: "Delete all" / "Tout supprimer";
    AUTOSAVE_CLEAR_ASK: "All readings kept on this computer, of this CT and of any other, are deleted. What is on screen stays, and is kept again with the next change; what waits in the outbox stays until it is sent or discarded there." / "Toutes les lectures conservées sur cet ordinateur, de ce scanner et de tout autre, sont supprimées. Ce qui est à l’écran reste et sera conservé de nouveau à la prochaine modification ; ce qui attend dans la boîte d’envoi y reste jusqu’à l’envoi ou la suppression.";
    AUTOSAVE_CLEARED: "Kept readings were deleted." / "Les lectures conservées ont été supprimées.";
    AUTOSAVE_NOT_CLEARED: "Kept readings could not be deleted: {}" / "Les lectures conservées n’ont pas pu être supprimées : {}";
    RESTORE_OFFER: "A reading of this CT, last changed on {}, is kept on this computer: {}, {} ml, {}." / "Une lecture de ce scanner, modifiée en dernier le {}, est conservée sur cet ordinateur : {}, {} ml, {}.";
    RESTORE_CUT_SHORT: "Its last changes are damaged and left out." / "Ses dernières modifications sont endommagées et omises.";
    RESTORE_REPLACED: "If you begin anew, your first change takes its place." / "Si vous recommencez, votre première modification la remplacera.";
    RESTORE_ACCEPT: "Take it up" / "La reprendre";
    RESTORE_DECLINE: "Begin anew" / "Recommencer";
    RESTORED: "The kept reading was taken up, undo included." / "La lecture conservée a été reprise, annulations comprises.";
    ANSWER_OFFER: "Take up the kept reading or begin anew first." / "Reprenez d’abord la lecture conservée, ou recommencez.";
    ONE_SEGMENT: "1 segment" / "1 segment";
    SEVERAL_SEGMENTS: "{} segments" / "{} segments";
    ONE_CHANGE: "1 change" / "1 modification";
    SEVERAL_CHANGES: "{} changes" / "{} modifications";
    STORED_DAMAGED: "it is damaged" / "elle est endommagée";
    STORED_NEWER: "it was written by a newer version" / "elle a été écrite par une version plus récente";
    STORED_OTHER_GRID: "it lies on another grid" / "elle repose sur une autre grille";
    STORED_MEMORY: "not enough memory" / "mémoire insuffisante";
    RESET_VIEW: "Reset views" / "Réinitialiser les vues";
    TURN_RIGHT: "Turn the planes clockwise by 5°" / "Tourner les plans de 5° vers la droite";
    TURN_LEFT: "Turn the planes counter-clockwise by 5°" / "Tourner les plans de 5° vers la gauche";
    TURN_RIGHT_LITTLE: "Turn the planes clockwise by 1°" / "Tourner les plans de 1° vers la droite";
    TURN_LEFT_LITTLE: "Turn the planes counter-clockwise by 1°" / "Tourner les plans de 1° vers la gauche";
    RESET_PLANES: "Planes as the CT lies" / "Plans dans les axes du scanner";
    OBLIQUE: "oblique {}°" / "oblique {}°";
    OBLIQUE_ABOUT: "This plane was turned. Contours fill the voxels it passes through; brush and ball measure millimetres. Interpolation fills between planes turned alike." / "Ce plan a été tourné. Les contours remplissent les voxels qu’il traverse ; le pinceau et la sphère sont en millimètres. L’interpolation comble entre plans tournés de même.";
    NEXT_SLICE: "Next slice" / "Coupe suivante";
    PREVIOUS_SLICE: "Previous slice" / "Coupe précédente";
    NEXT_TEN: "Ten slices on" / "Dix coupes plus loin";
    PREVIOUS_TEN: "Ten slices back" / "Dix coupes avant";
    MAXIMISE: "Maximise pane" / "Agrandir la vue";
    LAYOUT: "Layout" / "Disposition";
    LAYOUT_ONE: "One pane" / "Une vue";
    LAYOUT_TWO: "Two panes" / "Deux vues";
    LAYOUT_FOUR: "Four panes" / "Quatre vues";
    LAYOUT_ONE_AND_THREE: "One large pane, three small" / "Une grande vue, trois petites";
    LAYOUT_LARGE_VOLUME: "Large 3D" / "Grande 3D";
    ZOOM_IN: "Zoom in" / "Zoom avant";
    ZOOM_OUT: "Zoom out" / "Zoom arrière";
    ESCAPE: "Give up the stroke in progress" / "Abandonner le tracé en cours";
    WINDOW_OWN: "Series window" / "Fenêtre de la série";
    WINDOW_LUNG: "Lung" / "Poumon";
    WINDOW_MEDIASTINUM: "Mediastinum" / "Médiastin";
    WINDOW_BONE: "Bone" / "Os";
    WINDOW_SOFT: "Soft tissue" / "Parties molles";
    WINDOW_EMPHYSEMA: "Emphysema" / "Emphysème";
    MEANING_RIGHT_LUNG: "Right lung" / "Poumon droit";
    MEANING_LEFT_LUNG: "Left lung" / "Poumon gauche";
    MEANING_AIRWAYS: "Airways" / "Voies aériennes";
    MEANING_LESION: "Lesion" / "Lésion";
    MEANING_GROUND_GLASS: "Ground-glass opacity" / "Verre dépoli";
    MEANING_CONSOLIDATION: "Consolidation" / "Condensation";
    MEANING_CRAZY_PAVING: "Crazy paving" / "Crazy paving";
    MEANING_RETICULATION: "Reticulation" / "Réticulations";
    MEANING_EMPHYSEMA: "Emphysema" / "Emphysème";
    MEANING_NODULE: "Nodule or mass" / "Nodule ou masse";
    MEANING_PLEURAL_EFFUSION: "Pleural effusion" / "Épanchement pleural";
    MEANING_CALCIFICATION: "Arterial calcification" / "Calcification artérielle";
    MEANING_RIGHT_UPPER_LOBE: "Right upper lobe" / "Lobe supérieur droit";
    MEANING_MIDDLE_LOBE: "Middle lobe" / "Lobe moyen";
    MEANING_RIGHT_LOWER_LOBE: "Right lower lobe" / "Lobe inférieur droit";
    MEANING_LEFT_UPPER_LOBE: "Left upper lobe" / "Lobe supérieur gauche";
    MEANING_LEFT_LOWER_LOBE: "Left lower lobe" / "Lobe inférieur gauche";
    MEANING_PULMONARY_VESSELS: "Pulmonary vessels" / "Vaisseaux pulmonaires";
    MEANING_AORTA: "Aorta" / "Aorte";
    MEANING_PULMONARY_TRUNK: "Pulmonary trunk" / "Tronc pulmonaire";
    MEANING_SUBCUTANEOUS_FAT: "Chest-wall fat" / "Graisse pariétale";
    MEANING_HEART: "Heart" / "Cœur";
    MEANING_HONEYCOMBING: "Honeycombing" / "Rayon de miel";
    MEANING_PERICARDIAL_EFFUSION: "Pericardial effusion" / "Épanchement péricardique";
    MEANING_SKELETAL_MUSCLE: "Chest-wall muscle" / "Muscle pariétal";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_outside_turns_nothing_but_itself() {
        for plain in ["", "Dupont^Zoé", "<b>1 · 2</b>", "\u{1b}[31m"] {
            assert_eq!(isolated(plain), plain);
        }
        let within = |text: &str| format!("\u{2068}{text}\u{2069}");
        for turning in ["\u{202e}gnp.exe", "\u{5d0}\u{5d1} 12", "a\u{200f}", "\u{2067}a\u{2069}", "a\u{202a}"] {
            assert_eq!(isolated(turning), within(turning));
            // What is put into a sentence that is put into another stays as it is.
            let inner = Text { en: "a {} b", fr: "a {} b" }.with(Lang::En, &[turning]);
            assert_eq!(inner, format!("a {} b", within(turning)));
            assert_eq!(isolated(&inner), within(&inner));
        }
        // What would end it early is left out, what would leave it open is closed.
        assert_eq!(isolated("a\u{2069}\u{202e}b"), within("a\u{202e}b"));
        assert_eq!(isolated("a\u{2066}\u{2067}b"), within("a\u{2066}\u{2067}b\u{2069}\u{2069}"));
    }

    #[test]
    fn both_languages_have_the_same_places_for_values() {
        let more = [
            arriving::ALL,
            beside::ALL,
            connection::ALL,
            marking::ALL,
            numbers::ALL,
            pictures::ALL,
            reading::ALL,
            sending::ALL,
        ];
        for (name, text) in ALL.iter().chain(more.into_iter().flatten()) {
            assert!(!text.en.is_empty() && !text.fr.is_empty(), "{name}");
            assert_eq!(text.en.matches("{}").count(), text.fr.matches("{}").count(), "{name}");
            for sentence in [text.en, text.fr] {
                assert_eq!(sentence.matches('[').count(), sentence.matches(']').count(), "{name}");
                // Words follow the number before them.
                let before = sentence.split('[').next().unwrap_or_default();
                assert!(!sentence.contains('[') || before.contains("{}"), "{name}");
            }
        }
    }

    #[test]
    fn words_agree_with_the_number_before_them() {
        let text = Text { en: "{} entr[y|ies] in {} file[s]", fr: "{} entrée[s] dans {} fichier[s] : [elle|elles]" };
        assert_eq!(text.with(Lang::En, &["1", "2"]), "1 entry in 2 files");
        assert_eq!(text.with(Lang::En, &["0", "1"]), "0 entries in 1 file");
        assert_eq!(text.with(Lang::Fr, &["2", "0"]), "2 entrées dans 0 fichier : elle");
        assert_eq!(text.with(Lang::Fr, &["0", "11"]), "0 entrée dans 11 fichiers : elles");
        assert_eq!(READY.with(Lang::En, &["1"]), "1 slice loaded");
        assert_eq!(READY_INCOMPLETE.with(Lang::Fr, &["1", "2"]), "1 coupe chargée sur 2");
        assert_eq!(REPEATED_FILES.with(Lang::Fr, &["1"]), "1 fichier était déjà ouvert");
        // Values are never read as forms.
        assert_eq!(sending::UPLOAD.with(Lang::En, &["a [b|c] {}"]), "Send to a [b|c] {}");
    }

    #[test]
    fn values_numbers_and_languages() {
        assert_eq!(SLICE_OF.with(Lang::Fr, &["3", "64"]), "Coupe 3 / 64");
        assert_eq!(Lang::Fr.number(-12.345, 1), "\u{2212}12,3");
        assert_eq!(Lang::En.number(-0.04, 1), "0.0");
        assert_eq!(Lang::preferred(["de-DE", "fr-CA", "en"]), Lang::Fr);
        assert_eq!(Lang::preferred(["de"]), Lang::En);
        assert_eq!(Lang::En.date_and_time("20261123101559"), "2026-11-23 10:15");
        assert_eq!(Lang::Fr.date_and_time("20261123101559"), "23/11/2026 10:15");
        assert_eq!(Lang::Fr.date_and_time("é0261123101559"), "é0261123101559");
    }
}
