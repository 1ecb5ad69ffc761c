//! Search and retrieval as a reader goes through them, without a server: every answer there can be, and none that was not asked for.
#![allow(clippy::unwrap_used, reason = "a test may stop with its reason")]

use hilum::dicom::{JsonDataSet, MultipartError, StudyQuery};
use hilum::session::words::Lang;
use hilum::session::{
    Action, AnswerFault, AnswerForm, Command, Destination, Destinations, Effect, RemoteError, RemoteEvent, RemoteView,
    Seen, Session,
};

use hilum::import::GeometryFinding;
use std::cell::RefCell;
use std::rc::Rc;

mod files;
mod tab;
use tab::{Origin, Tab, ct, noise};

const STUDY: &str = r#"[{"0020000D":{"Value":["1.2.3"]},"00100010":{"Value":[{"Alphabetic":"Doe^Jane"}]},"00080020":{"Value":["20240105"]}}]"#;
const SERIES: &str = r#"[{"0020000E":{"Value":["1.2.3.4"]},"00080060":{"Value":["CT"]},"00201209":{"Value":[3]}}]"#;

struct Reader(Session);

impl Reader {
    fn new() -> Self {
        let mut reader = Self(Session::new(Lang::En, String::new()));
        let hospital = Some(Destination { name: "Archive".into(), ..Destination::default() });
        reader.does(Command::Destinations(Box::new(Destinations { hospital, campaign: None })));
        reader.does(Command::Do(Action::OpenDicomweb));
        reader
    }
    fn does(&mut self, command: Command) -> Vec<Effect> {
        self.0.update(command, "20261123101500").effects
    }
    fn tells(&mut self, event: RemoteEvent) -> Vec<Effect> {
        self.does(Command::Remote(event))
    }
    fn hears(&mut self, json: &str) {
        let answer: Vec<JsonDataSet> = serde_json::from_str(json).unwrap();
        self.tells(RemoteEvent::Found(Ok(answer)));
    }
    fn sees(&self) -> RemoteView {
        self.0.view_model().remote
    }
    /// Up to the list of series.
    fn at_series() -> Self {
        let mut reader = Self::new();
        reader.tells(RemoteEvent::Search(StudyQuery::default()));
        reader.hears(STUDY);
        reader.tells(RemoteEvent::Study("1.2.3".into()));
        reader.hears(SERIES);
        reader
    }
}

/// The address that is asked for, if any.
fn asked(effects: &[Effect]) -> Option<&str> {
    effects.iter().find_map(|e| match e {
        Effect::Search(path) | Effect::Retrieve(path) => Some(path.as_str()),
        _ => None,
    })
}
fn opens(effects: &[Effect]) -> bool {
    effects.iter().any(|e| matches!(e, Effect::OpenRetrieved))
}

#[test]
fn a_series_that_came_whole_is_opened() {
    let mut reader = Reader::at_series();
    let [(uid, name)] = &reader.sees().studies[..] else { panic!("one study") };
    assert_eq!((uid.as_str(), name[0].as_str(), name[2].as_str()), ("1.2.3", "Doe Jane", "2024-01-05"));
    assert_eq!(asked(&reader.tells(RemoteEvent::Retrieve(0))), Some("studies/1.2.3/series/1.2.3.4"));
    reader.tells(RemoteEvent::Came(2, 4000));
    assert_eq!(reader.sees().progress, Some((2, Some(3))));
    reader.tells(RemoteEvent::Came(3, 6000));
    assert!(opens(&reader.tells(RemoteEvent::Retrieved(Ok(AnswerForm::Instances)))));
    assert!(!reader.sees().is_open);
}

#[test]
fn a_series_with_fewer_images_than_announced_is_no_whole_one() {
    let mut reader = Reader::at_series();
    reader.tells(RemoteEvent::Retrieve(0));
    reader.tells(RemoteEvent::Came(2, 4000));
    assert!(!opens(&reader.tells(RemoteEvent::Retrieved(Ok(AnswerForm::Instances)))));
    let seen = reader.sees();
    assert_eq!((seen.error.unwrap().0, seen.came, seen.retry), ("incomplete", 2, Some(0)));
    // Asked again, it begins anew; or what came is opened.
    assert!(opens(&reader.tells(RemoteEvent::OpenWhatCame)));
}

#[test]
fn an_archive_is_no_broken_series() {
    let mut reader = Reader::at_series();
    reader.tells(RemoteEvent::Retrieve(0));
    reader.tells(RemoteEvent::Came(1, 4000));
    assert!(opens(&reader.tells(RemoteEvent::Retrieved(Ok(AnswerForm::Archive)))));
    assert_eq!(reader.sees().error, None);
}

#[test]
fn a_part_of_a_series_is_said_to_be_one() {
    let files = ct("1.2.3.4", &noise(9));
    let announced = |images: usize, opened: usize| {
        let mut tab = Tab::open(&Rc::new(RefCell::new(Origin::default())), 1);
        let hospital = Some(Destination { name: "Archive".into(), ..Destination::default() });
        tab.does(Command::Destinations(Box::new(Destinations { hospital, campaign: None })));
        let answers = [
            r#"[{"0020000D":{"Value":["1.2.3.4.1"]}}]"#.to_owned(),
            format!(r#"[{{"0020000E":{{"Value":["1.2.3.4.2"]}},"00201209":{{"Value":[{images}]}}}}]"#),
        ];
        let asked = [RemoteEvent::Search(StudyQuery::default()), RemoteEvent::Study("1.2.3.4.1".into())];
        for (event, answer) in asked.into_iter().zip(answers) {
            tab.does(Command::Remote(event));
            tab.does(Command::Remote(RemoteEvent::Found(Ok(serde_json::from_str(&answer).unwrap()))));
        }
        tab.does(Command::Remote(RemoteEvent::Retrieve(0)));
        tab.does(Command::Remote(RemoteEvent::Came(opened, 4000)));
        tab.does(Command::Remote(RemoteEvent::Retrieved(Err(RemoteError::Incomplete("".into())))));
        tab.does(Command::Remote(RemoteEvent::OpenWhatCame));
        tab.opens(&files[..opened]);
        tab
    };
    let part = |tab: &Tab| {
        let findings = &tab.session.case().unwrap().plan.findings;
        findings.iter().filter(|f| matches!(f, GeometryFinding::PartOfSeries { .. })).cloned().collect::<Vec<_>>()
    };
    let mut tab = announced(10, 6);
    assert_eq!(part(&tab), [GeometryFinding::PartOfSeries { images: 6, of: 10 }]);
    let geometry = tab.session.view_model().geometry;
    assert!(geometry.iter().any(|row| row.text.starts_with("only 6 images of 10")), "{geometry:?}");
    assert!(part(&tab)[0].affects_volumes());
    // The others come.
    tab.opens(&files[6..]);
    assert_eq!(part(&tab), []);
    assert_eq!(part(&announced(10, 10)), []);
}

#[test]
fn a_search_is_of_the_modality_the_reader_names() {
    let mut reader = Reader::new();
    assert!(asked(&reader.tells(RemoteEvent::Study("1.2.3".into()))).unwrap().ends_with("&Modality=CT"));
    let query = StudyQuery { modality: "pt".into(), ..StudyQuery::default() };
    assert!(asked(&reader.tells(RemoteEvent::Search(query))).unwrap().contains("ModalitiesInStudy=PT"));
    assert!(asked(&reader.tells(RemoteEvent::Study("1.2.3".into()))).unwrap().ends_with("&Modality=PT"));
}

#[test]
fn nothing_that_was_stopped_is_opened_or_listed() {
    let mut reader = Reader::at_series();
    reader.tells(RemoteEvent::Retrieve(0));
    reader.tells(RemoteEvent::Came(3, 6000));
    assert!(reader.tells(RemoteEvent::Cancel).iter().any(|e| matches!(e, Effect::CancelRemote)));
    // What was under way is heard of once more.
    reader.tells(RemoteEvent::Came(3, 6000));
    assert!(!opens(&reader.tells(RemoteEvent::Retrieved(Ok(AnswerForm::Instances)))));
    assert!(!opens(&reader.tells(RemoteEvent::OpenWhatCame)));
    let seen = reader.sees();
    assert_eq!((seen.error.unwrap().0, seen.busy, seen.came), ("cancelled", false, 0));

    let mut reader = Reader::new();
    reader.tells(RemoteEvent::Search(StudyQuery::default()));
    reader.does(Command::Do(Action::Escape));
    assert!(!reader.sees().is_open);
    reader.hears(STUDY);
    assert!(reader.sees().studies.is_empty());
}

#[test]
fn each_cause_is_named_in_both_languages() {
    let causes = [
        (RemoteError::Unreachable, "network"),
        (RemoteError::Origin, "cors"),
        (RemoteError::Policy, "policy"),
        (RemoteError::of_status(401), "401"),
        (RemoteError::of_status(403), "403"),
        (RemoteError::of_status(404), "404"),
        (RemoteError::of_status(406), "406"),
        (RemoteError::of_status(503), "status"),
        (RemoteError::BadAnswer("text/html".into()), "answer"),
        (RemoteError::Incomplete("part 3".into()), "incomplete"),
        (RemoteError::BadAnswer(AnswerFault::NoBody), "answer"),
        (RemoteError::BadAnswer(AnswerFault::TooLarge(7)), "answer"),
        (RemoteError::BadAnswer(AnswerFault::Parts(MultipartError::NotMultipart("text/html".into()))), "answer"),
        (RemoteError::BadAnswer(AnswerFault::Parts(MultipartError::NoBoundary)), "answer"),
        (RemoteError::BadAnswer(AnswerFault::Parts(MultipartError::Header(4))), "answer"),
        (RemoteError::BadAnswer(AnswerFault::Parts(MultipartError::TooLarge(4))), "answer"),
        (RemoteError::BadAnswer(AnswerFault::Parts(MultipartError::Delimiter(4))), "answer"),
        (RemoteError::Incomplete(AnswerFault::Parts(MultipartError::Truncated(4))), "incomplete"),
    ];
    let mut said = std::collections::BTreeSet::new();
    for (error, cause) in causes {
        let mut reader = Reader::new();
        reader.tells(RemoteEvent::Search(StudyQuery::default()));
        reader.tells(RemoteEvent::Found(Err(error.clone())));
        assert_eq!(reader.sees().error.unwrap().0, cause);
        for lang in [Lang::En, Lang::Fr] {
            assert!(said.insert(error.words(lang)), "{error:?} is said like another");
        }
    }
}

#[test]
fn no_address_is_made_of_what_is_no_uid() {
    let mut reader = Reader::at_series();
    assert_eq!(asked(&reader.tells(RemoteEvent::Study("../../admin".into()))), None);
    assert_eq!(asked(&reader.tells(RemoteEvent::Retrieve(7))), None);
    reader.tells(RemoteEvent::Study("1.2.3".into()));
    reader
        .hears(r#"[{"0020000E":{"Value":["1.2/../x"]}},{"0020000E":{"Value":["1.5"]},"0020000D":{"Value":["9.9"]}}]"#);
    assert!(reader.sees().series.is_empty(), "a series of another study, and one that has no UID");
    assert_eq!(reader.sees().error.unwrap().0, "404");
}

#[test]
fn silence_is_told_by_what_a_browser_saw() {
    let seen = Seen::default();
    let opaque = || Seen { opaque: true, ..Seen::default() };
    let policy = Seen { by_policy: true, ..Seen::default() };
    let late = Seen { late: true, ..Seen::default() };
    assert_eq!(RemoteError::of_silence(&seen, &seen), RemoteError::Unreachable);
    assert_eq!(RemoteError::of_silence(&policy, &seen), RemoteError::Policy);
    assert_eq!(RemoteError::of_silence(&opaque(), &seen), RemoteError::Origin);
    for again in [Seen { status: Some(200), ..Seen::default() }, Seen { redirects: true, ..Seen::default() }, late] {
        assert_eq!(RemoteError::of_silence(&opaque(), &again), RemoteError::Unreachable, "{again:?}");
    }
}
