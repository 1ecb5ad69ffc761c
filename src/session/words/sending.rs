//! What is said about objects that leave: preview, reasons, the outbox.

use super::{Text, texts};

texts! {
    EXPORT_RTSTRUCT: "Save RT structure set" / "Enregistrer le RTSTRUCT";
    UPLOAD: "Send to {}" / "Envoyer à {}";
    UPLOAD_SEND: "Send to the hospital’s server…" / "Envoyer au serveur de l’hôpital…";
    UPLOAD_NOWHERE: "No DICOMweb server is configured." / "Aucun serveur DICOMweb n’est configuré.";
    UPLOAD_PREVIEW: "What will leave this computer" / "Ce qui va quitter cet ordinateur";
    UPLOAD_PROMISE: "Annotations and numbers only. No pixel of the CT is among them." / "Annotations et mesures seulement. Aucun pixel du scanner n’en fait partie.";
    UPLOAD_CONFIRM: "Send" / "Envoyer";
    UPLOADING: "Sending: {} of {} objects stored, {} MB on the way…" / "Envoi : {} objet[s] enregistré[s] sur {}, {} Mo en cours…";
    UPLOADED: "Sent: {} object[s] stored" / "Envoyé : {} objet[s] enregistré[s]";
    UPLOAD_WAITS: "Not sent yet: {} Tried {} time[s]; again by itself {} s later." / "Pas encore envoyé : {} {} essai[s] ; le suivant part seul {} s après.";
    UPLOAD_HELD: "Not sent: {}" / "Non envoyé : {}";
    UPLOAD_PARTLY: "{} of {} objects were not stored: {}" / "{} objet[s] sur {} non enregistré[s] : {}";
    UPLOAD_KEPT: "What waits is kept on this computer, encrypted, and outlasts this page." / "Ce qui attend est conservé sur cet ordinateur, chiffré, et survit à cette page.";
    UPLOAD_NOT_KEPT: "It waits in this page alone: the computer does not keep it." / "En attente dans cette page seulement : l’ordinateur ne la conserve pas.";
    UPLOAD_FROM_BEFORE: "It waited when the page was closed. Send it when you are signed in." / "En attente lors de la fermeture de la page. Envoyez-le une fois identifié.";
    UPLOAD_ELSEWHERE: "It was made for “{}”, which is not configured now." / "Préparé pour « {} », qui n’est plus configuré.";
    CAMPAIGN_UPLOAD: "Send to campaign {}, under a pseudonym" / "Envoyer à la campagne {}, sous pseudonyme";
    CAMPAIGN_SEND: "Send to the campaign…" / "Envoyer à la campagne…";
    CAMPAIGN_NOWHERE: "No campaign is configured." / "Aucune campagne n’est configurée.";
    CAMPAIGN_PROMISE: "Coded findings and numbers only, under a pseudonym: no pixel, no name, no true date and no identifier of the CT is among them." / "Constatations codées et mesures seulement, sous pseudonyme : aucun pixel, aucun nom, aucune date réelle ni identifiant du scanner n’en fait partie.";
    READER_NAME: "Reader" / "Lecteur";
    READER_CODE: "Reader’s code in the campaign" / "Code du lecteur dans la campagne";
    READER_CODE_NEEDED: "A campaign knows the reader by a code: letters, digits, - and _, at most 16." / "Une campagne connaît le lecteur par un code : lettres, chiffres, - et _, 16 au plus.";
    OUTBOX: "Outbox" / "Boîte d’envoi";
    OUTBOX_SEND: "Send now" / "Envoyer maintenant";
    OUTBOX_DISCARD: "Discard" / "Supprimer";
    OUTBOX_SHOW: "Show" / "Montrer";
    OUTBOX_STATE_SENDING: "on its way" / "envoi en cours";
    OUTBOX_STATE_WAITING: "waiting" / "en attente";
    OUTBOX_STATE_HELD: "needs you" / "action requise";
    OUTBOX_STATE_STORED: "stored" / "enregistré";
    OUTBOX_UNREADABLE: "{} parcel[s] kept from before cannot be read." / "{} envoi[s] conservé[s] illisible[s].";
    LEDGER_SAVE: "Save the list of requests" / "Enregistrer la liste des requêtes";
    WHY: "Why" / "Motif";
    REASON_OBJECT: "names the object and says how to read it" / "désigne l’objet et dit comment le lire";
    REASON_PATIENT: "the archive files it with its CT" / "l’archive le classe avec son scanner";
    REASON_PSEUDONYM: "stands in the patient’s place" / "remplace l’identité du patient";
    REASON_CAMPAIGN: "names the campaign" / "désigne la campagne";
    REASON_TIME: "when it was read" / "moment de la lecture";
    REASON_TIME_MOVED: "when it was read, moved by years" / "moment de la lecture, décalé de plusieurs années";
    REASON_PROGRAM: "the program that wrote it" / "le logiciel auteur";
    REASON_READER: "the reader" / "le lecteur";
    REASON_SOURCE: "the images read" / "les images lues";
    REASON_SOURCE_REPLACED: "the images read, under replaced UIDs" / "les images lues, sous des UID remplacés";
    REASON_PLACE: "where it lies in the patient" / "position dans le patient";
    REASON_FINDING: "what was marked" / "ce qui a été annoté";
    REASON_METHOD: "how it was found" / "comment cela a été trouvé";
    FAILURE_RESOURCES: "no room on the server" / "plus de place sur le serveur";
    FAILURE_CLASS: "the server does not take this kind of object" / "le serveur n’accepte pas ce type d’objet";
    FAILURE_CONTENT: "the server does not understand it" / "le serveur ne le comprend pas";
    FAILURE_RIGHTS: "not allowed" / "non autorisé";
    FAILURE_OTHER: "failure {}" / "échec {}";
}
