//! The connection test names what is wrong from what a browser can see, and the setting that cures it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop with its reason")]

use hilum::session::words::Lang;
use hilum::session::{
    Action, Audience, Authentication, Command, ConnectionEvent, Delivery, Destination, Destinations, Effect, Seen,
    Session, Target, Trial,
};

/// How a server behaves to a page of another origin.
#[derive(Clone, Copy)]
struct Server {
    /// Answers at all.
    up: bool,
    /// Names the page's origin.
    origin: bool,
    /// Lets the page say who asks.
    headers: bool,
    /// Lets the page send bodies.
    bodies: bool,
    search: (u16, &'static str),
    store: u16,
    large: Option<u16>,
}

const JSON: &str = "application/dicom+json; charset=utf-8";
const GOOD: Server =
    Server { up: true, origin: true, headers: true, bodies: true, search: (200, JSON), store: 400, large: Some(400) };

/// What a browser sees of it.
fn seen(server: Server, trial: &Trial, same_origin: bool) -> Seen {
    let answer = |status: u16, content_type: &str| match status {
        302 => Seen { redirects: true, ..Seen::default() },
        _ => Seen { status: Some(status), content_type: content_type.to_owned(), ..Seen::default() },
    };
    let readable = server.up && (same_origin || server.origin);
    let (status, kind) = server.search;
    match trial {
        Trial::Any => Seen { opaque: server.up, ..Seen::default() },
        Trial::Anonymous if readable => answer(401, ""),
        Trial::Search if readable && (same_origin || server.headers) => answer(status, kind),
        Trial::Store(body) if readable && (same_origin || server.bodies) => match server.large {
            _ if body.body().len() < 1000 => answer(server.store, ""),
            Some(status) => answer(status, ""),
            None => Seen::default(),
        },
        _ => Seen::default(),
    }
}

struct Outcome {
    fault: Option<&'static str>,
    what: String,
    cure: String,
    failed: Vec<String>,
    passed: Vec<String>,
    asked: usize,
}

fn tested_as(
    server: Server,
    to: Audience,
    authentication: Authentication,
    delivery: Delivery,
    target: Target,
    change: impl Fn(Seen) -> Seen,
) -> Outcome {
    let mut session = Session::new(Lang::En, String::new());
    let hospital = Some(Destination { name: "PACS".into(), authentication, delivery });
    let campaign = hilum::session::Campaign {
        name: "C".into(),
        sponsor: "S".into(),
        protocol: "P".into(),
        site: "1".into(),
        secret: hilum::session::CampaignSecret::new(&"x".repeat(32)).unwrap(),
        with_sex: false,
        with_age: false,
    };
    let campaign = Some((Destination { name: "C".into(), authentication, delivery }, campaign));
    let mut does = |command: Command| session.update(command, "20261128101500").effects;
    does(Command::Destinations(Box::new(Destinations { hospital, campaign })));
    does(Command::Do(Action::ConnectionTest));
    let mut effects = does(Command::Connection(ConnectionEvent::Begin(to, target)));
    let mut asked = 0;
    while let Some(Effect::Try(of, trial)) = effects.pop() {
        assert_eq!(of, to);
        asked += 1;
        assert!(asked < 9, "it comes to an end");
        effects = does(Command::Connection(ConnectionEvent::Seen(change(seen(server, &trial, target.same_origin)))));
    }
    let view = session.view_model().connection;
    assert!(view.is_open && !view.busy && view.fine == view.fault.is_none());
    let of = |state: &str| view.rows.iter().filter(|r| r.state == state).map(|r| format!("{:?}", r.check)).collect();
    Outcome {
        fault: view.fault.as_ref().map(|f| f.0),
        what: view.fault.as_ref().map(|f| f.1.clone()).unwrap_or_default(),
        cure: view.fault.as_ref().map(|f| f.2.clone()).unwrap_or_default(),
        failed: of("failed"),
        passed: of("ok"),
        asked,
    }
}

fn tested(server: Server, authentication: Authentication) -> Outcome {
    let target = Target::default();
    tested_as(server, Audience::Hospital, authentication, Delivery::Archive, target, |seen| seen)
}

#[test]
fn a_server_that_is_well_passes_every_check() {
    for authentication in [Authentication::None, Authentication::Basic, Authentication::Cookie, Authentication::OpenId]
    {
        let outcome = tested(GOOD, authentication);
        assert_eq!((outcome.fault, outcome.passed.len(), outcome.asked), (None, 6, 3));
    }
    // No study at all is an answer too.
    assert_eq!(tested(Server { search: (204, ""), ..GOOD }, Authentication::None).fault, None);
}

#[test]
fn each_misbehaviour_has_its_name_its_place_and_its_cure() {
    use Authentication::{Basic, Bearer, Cookie, None as Nobody};
    for (server, authentication, fault, failed, cure) in [
        (Server { up: false, ..GOOD }, Nobody, "network", "Answers", "certificate"),
        (Server { origin: false, ..GOOD }, Nobody, "cors", "Readable", "Access-Control-Allow-Origin"),
        (Server { origin: false, ..GOOD }, Basic, "cors", "Readable", "Access-Control-Allow-Origin"),
        (Server { headers: false, ..GOOD }, Bearer, "cors-headers", "Readable", "OPTIONS"),
        (Server { headers: false, ..GOOD }, Cookie, "cors-credentials", "Readable", "Allow-Credentials"),
        (Server { bodies: false, ..GOOD }, Basic, "cors-store", "Takes", "Allow-Methods"),
        (Server { search: (302, ""), ..GOOD }, Nobody, "redirect", "Known", "cookie"),
        (Server { search: (401, ""), ..GOOD }, Basic, "401", "Known", "WWW-Authenticate"),
        (Server { search: (403, ""), ..GOOD }, Basic, "403", "Known", "QIDO-RS"),
        (Server { search: (404, ""), ..GOOD }, Nobody, "not-root", "Right", "/dicom-web"),
        (Server { search: (200, "text/html"), ..GOOD }, Nobody, "content-type", "Right", "application/dicom+json"),
        (Server { search: (502, ""), ..GOOD }, Nobody, "server", "Right", "502"),
        (Server { store: 405, ..GOOD }, Nobody, "no-store", "Takes", "STOW-RS"),
        (Server { store: 403, ..GOOD }, Nobody, "store-403", "Takes", "right to store"),
        (Server { store: 401, ..GOOD }, Nobody, "401", "Known", "token"),
        (Server { store: 415, ..GOOD }, Nobody, "store-type", "Takes", "multipart/related"),
        (Server { store: 406, ..GOOD }, Nobody, "store-type", "Takes", "application/dicom+json"),
        (Server { store: 402, ..GOOD }, Nobody, "server", "Takes", "log"),
        (Server { store: 429, ..GOOD }, Nobody, "server", "Takes", "log"),
        (Server { large: Some(431), ..GOOD }, Nobody, "server", "Takes", "log"),
        (Server { large: Some(413), ..GOOD }, Nobody, "size", "TakesLarge", "client_max_body_size"),
        (Server { large: None, ..GOOD }, Nobody, "size", "TakesLarge", "client_max_body_size"),
    ] {
        let outcome = tested(server, authentication);
        assert_eq!((outcome.fault, outcome.failed), (Some(fault), vec![failed.to_owned()]));
        assert!(outcome.cure.contains(cure), "{fault}: {}", outcome.cure);
        assert!(!outcome.passed.contains(&failed.to_owned()));
    }
}

#[test]
fn what_is_known_without_the_server_is_not_looked_for_there() {
    let at = |target: Target, change: fn(Seen) -> Seen| {
        let down = Server { up: false, ..GOOD };
        tested_as(down, Audience::Hospital, Authentication::None, Delivery::Archive, target, change)
    };
    let insecure = at(Target { insecure: true, same_origin: false }, |seen| seen);
    assert_eq!((insecure.fault, insecure.asked), (Some("insecure"), 0));
    let policy = at(Target::default(), |seen| Seen { by_policy: true, ..seen });
    assert_eq!((policy.fault, policy.asked), (Some("policy"), 1));
    let offline = at(Target::default(), |seen| Seen { offline: true, ..seen });
    assert_eq!((offline.fault, offline.asked), (Some("offline"), 1));
    let same = at(Target { same_origin: true, insecure: false }, |seen| seen);
    assert_eq!((same.fault, same.asked), (Some("network"), 1));
}

#[test]
fn no_answer_in_time_is_said_as_what_it_is() {
    let late = |seen: Seen| Seen { late: seen.status.is_none(), opaque: false, ..seen };
    let of = |server: Server, same_origin: bool, change: fn(Seen) -> Seen| {
        let target = Target { same_origin, insecure: false };
        let outcome = tested_as(server, Audience::Hospital, Authentication::Basic, Delivery::Archive, target, change);
        assert!(outcome.cure.contains("proxy_read_timeout"), "{}", outcome.cure);
        (outcome.fault.unwrap_or_default(), outcome.failed, outcome.asked)
    };
    let wanted = |check: &str, asked: usize| ("late", vec![check.to_owned()], asked);
    for same_origin in [false, true] {
        assert_eq!(of(Server { large: None, ..GOOD }, same_origin, late), wanted("TakesLarge", 3));
        assert_eq!(of(Server { up: false, ..GOOD }, same_origin, late), wanted("Answers", 1));
    }
    assert_eq!(of(Server { bodies: false, ..GOOD }, false, late), wanted("Takes", 2));
    // The first request fails at once, and one of those that ask why is late.
    let second = |seen: Seen| Seen { late: seen.opaque, opaque: false, ..seen };
    assert_eq!(of(Server { origin: false, ..GOOD }, false, second), wanted("Answers", 2));
}

#[test]
fn a_page_in_the_place_of_an_answer_to_a_store_request_is_a_fault_with_its_status_in_words() {
    let page = |seen: Seen| Seen { content_type: "text/html; charset=utf-8".into(), ..seen };
    let target = Target { same_origin: true, insecure: false };
    let of = |status: u16, large: u16| {
        let server = Server { store: status, large: Some(large), ..GOOD };
        tested_as(server, Audience::Hospital, Authentication::None, Delivery::Folder, target, page)
    };
    assert_eq!(of(201, 204).fault, None, "Apache says with a page that a file was made");
    assert_eq!(of(200, 200).fault, Some("content-type"));
    let failed = of(418, 418);
    assert!(failed.what.contains("418"), "{}", failed.what);
}

#[test]
fn a_campaign_and_a_folder_are_only_written_to() {
    for (to, delivery) in [
        (Audience::Campaign, Delivery::Archive),
        (Audience::Campaign, Delivery::Folder),
        (Audience::Hospital, Delivery::Folder),
    ] {
        let of = |server: Server| {
            let outcome = tested_as(server, to, Authentication::None, delivery, Target::default(), |seen| seen);
            (outcome.fault, outcome.asked)
        };
        let good = Server { store: 200, large: Some(200), ..GOOD };
        assert_eq!(of(good), (None, 2));
        let to_zeros = |status| of(Server { store: status, ..good }).0;
        match delivery {
            Delivery::Archive => assert_eq!([400, 500].map(to_zeros), [None, None]),
            Delivery::Folder => assert_eq!([400, 418, 500].map(to_zeros), [Some("server"); 3]),
        }
        assert_eq!((to_zeros(415), to_zeros(429)), (Some("store-type"), Some("server")));
        assert_eq!(of(Server { search: (403, ""), ..good }), (None, 2), "it need not be read");
        assert_eq!(of(Server { store: 404, ..good }).0, Some("not-root"));
        assert_eq!(of(Server { store: 403, ..good }).0, Some("store-403"));
        assert_eq!(of(Server { large: Some(413), ..good }).0, Some("size"));
        assert_eq!(of(Server { up: false, ..good }).0, Some("network"));
        assert_eq!(of(Server { origin: false, bodies: false, ..good }).0, Some("cors"));
        assert_eq!(of(Server { bodies: false, ..good }).0, Some("cors-store"));
    }
}
