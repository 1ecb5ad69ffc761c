//! What is said about the reading: blinded or not, published associations, the agreement of two readers.

use super::{Text, texts};

texts! {
    PATIENT: "Patient" / "Patient";
    BORN: "born {}" / "naissance {}";
    SEX_MALE: "male" / "masculin";
    SEX_FEMALE: "female" / "féminin";
    SEX_OTHER: "other sex" / "autre sexe";
    STUDY_OF: "CT of {}" / "Scanner du {}";
    BLINDED: "Blinded reading" / "Lecture en aveugle";
    BLINDED_BY_SITE: "This site reads blinded: the patient, dates and reports stay hidden." / "Ce site lit en aveugle : le patient, les dates et les comptes rendus restent masqués.";
    BLINDED_FILE: "File {}" / "Fichier {}";
    BLINDED_STUDY: "Study {}" / "Examen {}";
    FORM_STATED: "file: {}" / "fichier : {}";
    FORM_BLINDED: "Read blinded" / "Lu en aveugle";
    FORM_NOT_BLINDED: "Not read blinded" / "Non lu en aveugle";
    ASSOCIATIONS: "Published associations" / "Associations publiées";
    ASSOCIATIONS_ABOUT: "What cohorts were published to have in common with values like these. No prediction for this patient, no advice, and no sum of the lines." / "Ce que des cohortes publiées ont en commun avec de telles valeurs. Ni prédiction pour ce patient, ni conseil, ni somme des lignes.";
    ASSOCIATIONS_CAUTION: "Seven CT scores compared side by side agreed with an ICC of 0.764–0.837 and did not tell outcome under 65 years (area under the curve 0.49–0.57; doi 10.1186/s43055-022-00781-5)." / "Sept scores TDM comparés : ICC de 0,764–0,837, et aucune valeur pronostique avant 65 ans (aire sous la courbe 0,49–0,57 ; doi 10.1186/s43055-022-00781-5).";
    ASSOCIATION_HERE: "Here: {}" / "Ici : {}";
    ASSOCIATION_LENGTH: "Here, by the chosen length: {}" / "Ici, selon la longueur choisie : {}";
    ASSOCIATION_WITHIN: "on the side of the cut-off that the paper describes" / "du côté du seuil que décrit l’article";
    ASSOCIATION_OUTSIDE: "on the other side" / "de l’autre côté";
    ASSOCIATION_UNMEASURED: "Not measured here" / "Non mesuré ici";
    RUN_MODEL: "Run a model (ONNX)…" / "Exécuter un modèle (ONNX)…";
    READINGS: "Agreement of two readers" / "Concordance de deux lecteurs";
    READINGS_SAVE: "Save as CSV" / "Enregistrer en CSV";
    READINGS_ABOUT: "JSON tables of numbers as this program saves them, one for each case. They are read on this computer and paired by Series Instance UID." / "Tableaux JSON de mesures enregistrés par ce logiciel, un par cas. Ils sont lus sur cet ordinateur et appariés par Series Instance UID.";
    READINGS_FIRST: "First reader" / "Premier lecteur";
    READINGS_SECOND: "Second reader" / "Second lecteur";
    READINGS_COUNT: "{} reading[s]" / "{} lecture[s]";
    READINGS_PAIRED: "{} case[s] read by both, {} by one alone, {} repeated" / "{} cas lu[s] par les deux, {} par un seul, {} répété[s]";
    READINGS_ITEM: "Item" / "Élément";
    READINGS_CASES: "Cases" / "Cas";
    READINGS_SAME: "Same, or bias (limits)" / "Identique, ou biais (limites)";
    READINGS_AGREEMENT: "Agreement (95 % interval)" / "Concordance (intervalle à 95 %)";
    READINGS_DISCORDS: "For a third reader" / "Pour un troisième lecteur";
    READINGS_TOO_MANY: "more files than are read at once" / "plus de fichiers que ce qui est lu à la fois";
    READING_TOO_LARGE: "too large for a table of one reading" / "trop volumineux pour le tableau d’une lecture";
    KAPPA_LINEAR: "linear κ" / "κ linéaire";
    KAPPA_QUADRATIC: "quadratic κ" / "κ quadratique";
    KAPPA_MEAN: "mean κ {}" / "κ moyen {}";
    BIAS: "{} ({} to {})" / "{} ({} à {})";
    DISCORD_EXTENT: "extent classes {} and {}" / "classes d’étendue {} et {}";
    DISCORD_VOLUME: "findings of {} and {} ml" / "lésions de {} et {} ml";
    DISCORD_QUALITY: "not readable for one of them" / "illisible pour l’un d’eux";
}
