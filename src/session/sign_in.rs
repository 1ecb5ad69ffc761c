//! Signing in at the hospital's identity provider: OpenID Connect Core 1.0, authorization code flow with PKCE (RFC 7636), for a public
//! client. What is asked, and what of the answers is believed; the page opens the window and asks for the token.
//!
//! Nothing of it is kept: the codes belong to one attempt, the tokens to the page.

use super::words::{self, Lang};
use crate::export::TokenRequest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// An identity provider, as the site sets it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Provider {
    /// Issuer identifier: an `https` address. What the provider says of itself must name it.
    pub issuer: String,
    /// Where the reader signs in; asked of the issuer where the site does not say it.
    #[serde(default)]
    pub authorization_endpoint: String,
    /// Where a code becomes a token; asked of the issuer where the site does not say it.
    #[serde(default)]
    pub token_endpoint: String,
    /// Where the reader's session there ends; empty where there is no such place.
    #[serde(default)]
    pub end_session_endpoint: String,
    /// The name that the provider knows this page by.
    #[serde(default)]
    pub client_id: String,
    /// What is asked for beside `openid`.
    #[serde(default)]
    pub scope: String,
}

/// Why nobody is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInError {
    /// The browser opened no window.
    NoWindow,
    /// The provider did not answer, or may not be read.
    Unreachable,
    /// The provider refused, in its own words (RFC 6749 4.1.2.1, 5.2).
    Refused(String),
    /// An answer that does not belong to what was asked, and what is wrong with it.
    NotOurs(&'static str),
}

impl SignInError {
    /// What happened and what to do.
    pub fn words(&self, lang: Lang) -> String {
        match self {
            Self::NoWindow => words::connection::SIGN_IN_NO_WINDOW.in_lang(lang).to_owned(),
            Self::Unreachable => words::connection::SIGN_IN_UNREACHABLE.in_lang(lang).to_owned(),
            Self::Refused(why) => words::connection::SIGN_IN_REFUSED.with(lang, &[why]),
            Self::NotOurs(what) => words::connection::SIGN_IN_NOT_OURS.with(lang, &[what]),
        }
    }
}

/// Random bytes of one attempt: state, nonce and verifier, 32 each.
pub const RANDOM_BYTES: usize = 96;

/// An attempt to sign in, until its answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Begun {
    state: String,
    nonce: String,
    verifier: String,
    redirect_uri: String,
}

/// What a provider gave.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    /// For the `Authorization` header.
    pub access: String,
    /// For the next token; empty where there is none.
    pub refresh: String,
    /// When it ends, s since 1970, if the provider says it.
    pub ends_s: Option<u64>,
    /// The ID token, by which the provider knows whose session is to end.
    pub id: String,
}

/// A token is replaced this long before it ends, s.
const EARLY_S: u64 = 30;
/// Clocks of page and provider may differ by this, s.
const SKEW_S: u64 = 300;

impl Provider {
    /// Whether its addresses must be asked for first.
    pub fn is_incomplete(&self) -> bool {
        self.authorization_endpoint.is_empty() || self.token_endpoint.is_empty()
    }
    /// Where it describes itself (OpenID Connect Discovery 1.0, 4).
    pub fn description(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'))
    }
    /// With the addresses of its description.
    ///
    /// # Errors
    /// [`SignInError::NotOurs`] if that is no description, or names another issuer.
    pub fn described(&self, json: &str) -> Result<Self, SignInError> {
        let found: Self = serde_json::from_str(json).map_err(|e| {
            log::debug!("{e}");
            SignInError::NotOurs("openid-configuration")
        })?;
        if found.issuer.trim_end_matches('/') != self.issuer.trim_end_matches('/') || found.is_incomplete() {
            return Err(SignInError::NotOurs("issuer"));
        }
        let Self { authorization_endpoint, token_endpoint, end_session_endpoint, .. } = found;
        Ok(Self { authorization_endpoint, token_endpoint, end_session_endpoint, ..self.clone() })
    }
    /// The address of the window that ends the reader's session (OpenID Connect RP-Initiated Logout 1.0, 2); `None` where the provider has
    /// no place for that.
    pub fn farewell(&self, tokens: &Tokens) -> Option<String> {
        let fields = [("client_id", self.client_id.as_str()), ("id_token_hint", &tokens.id)];
        (!self.end_session_endpoint.is_empty()).then(|| with_query(&self.end_session_endpoint, &fields))
    }
}

impl Begun {
    /// Begins an attempt: the address of the window to open, and what its answer is compared with. `redirect_uri` is the page that hands
    /// the answer over.
    pub fn new(provider: &Provider, redirect_uri: &str, random: &[u8; RANDOM_BYTES]) -> (String, Self) {
        let part = |n: usize| URL_SAFE_NO_PAD.encode(&random[32 * n..32 * (n + 1)]);
        let [state, nonce, verifier] = [0, 1, 2].map(part);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let scope: Vec<&str> =
            ["openid"].into_iter().chain(provider.scope.split_whitespace().filter(|s| *s != "openid")).collect();
        let fields = [
            ("response_type", "code"),
            ("client_id", &provider.client_id),
            ("redirect_uri", redirect_uri),
            ("scope", &scope.join(" ")),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let address = with_query(&provider.authorization_endpoint, &fields);
        (address, Self { state, nonce, verifier, redirect_uri: redirect_uri.to_owned() })
    }
    /// Whether an answer (the query of the address that the window came back to) belongs to this attempt.
    pub fn is_answered_by(&self, query: &str) -> bool {
        value_of(query, "state").as_deref() == Some(&self.state)
    }
    /// What to ask for a token with.
    ///
    /// # Errors
    /// [`SignInError::Refused`] in the provider's words; [`SignInError::NotOurs`] if the answer is of another attempt or of another
    /// provider (RFC 9207).
    pub fn answered(&self, provider: &Provider, query: &str) -> Result<TokenRequest, SignInError> {
        if !self.is_answered_by(query) {
            return Err(SignInError::NotOurs("state"));
        }
        if value_of(query, "iss").is_some_and(|iss| iss.trim_end_matches('/') != provider.issuer.trim_end_matches('/'))
        {
            return Err(SignInError::NotOurs("iss"));
        }
        if let Some(error) = value_of(query, "error") {
            return Err(SignInError::Refused(value_of(query, "error_description").unwrap_or(error)));
        }
        let code = value_of(query, "code").unwrap_or_default();
        TokenRequest::of_code(&provider.token_endpoint, &provider.client_id, &self.redirect_uri, &code, &self.verifier)
            .ok_or(SignInError::NotOurs("code"))
    }
    /// The tokens of the token endpoint's answer. The signature of the ID token is not checked: it came over TLS from the provider itself
    /// (OpenID Connect Core 3.1.3.7, 6); issuer, audience, nonce and times are.
    ///
    /// # Errors
    /// As of [`Self::answered`].
    pub fn tokens(&self, provider: &Provider, json: &str, now_s: u64) -> Result<Tokens, SignInError> {
        let answer = TokenAnswer::read(json)?;
        let claims = answer.id_token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let claims = claims.and_then(|bytes| serde_json::from_slice::<Claims>(&bytes).ok());
        let claims = claims.ok_or(SignInError::NotOurs("id_token"))?;
        let checks = [
            ("iss", claims.iss.trim_end_matches('/') == provider.issuer.trim_end_matches('/')),
            ("aud", claims.aud.names(&provider.client_id)),
            ("nonce", claims.nonce == self.nonce),
            ("exp", claims.exp.saturating_add(SKEW_S) > now_s),
        ];
        match checks.into_iter().find(|(_, holds)| !holds) {
            Some((what, _)) => Err(SignInError::NotOurs(what)),
            None => answer.tokens("", "", now_s),
        }
    }
}

impl Tokens {
    /// What to ask for the next token with; `None` while this one holds, or if there is none to be had.
    pub fn refresh(&self, provider: &Provider, now_s: u64) -> Option<TokenRequest> {
        let ends = self.ends_s? <= now_s + EARLY_S;
        ends.then(|| TokenRequest::of_refresh(&provider.token_endpoint, &provider.client_id, &self.refresh)).flatten()
    }
    /// The tokens that take the place of these.
    ///
    /// # Errors
    /// [`SignInError::Refused`] if the provider wants the reader to sign in again.
    pub fn refreshed(&self, json: &str, now_s: u64) -> Result<Self, SignInError> {
        TokenAnswer::read(json)?.tokens(&self.refresh, &self.id, now_s)
    }
}

/// The token endpoint's answer (RFC 6749 5.1 and 5.2).
#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenAnswer {
    access_token: String,
    token_type: String,
    expires_in: Option<f64>,
    refresh_token: String,
    id_token: String,
    error: String,
    error_description: String,
}

impl TokenAnswer {
    fn read(json: &str) -> Result<Self, SignInError> {
        let answer: Self = serde_json::from_str(json).map_err(|e| {
            log::debug!("{e}");
            SignInError::NotOurs("token")
        })?;
        if !answer.error.is_empty() {
            let said = if answer.error_description.is_empty() { answer.error } else { answer.error_description };
            return Err(SignInError::Refused(said));
        }
        Ok(answer)
    }
    fn tokens(self, refresh: &str, id: &str, now_s: u64) -> Result<Tokens, SignInError> {
        if self.access_token.is_empty() || !self.token_type.eq_ignore_ascii_case("bearer") {
            return Err(SignInError::NotOurs("token_type"));
        }
        // A provider may leave the refresh token as it was (RFC 6749 6), and give no other ID token.
        let or = |next: String, last: &str| if next.is_empty() { last.to_owned() } else { next };
        let (refresh, id) = (or(self.refresh_token, refresh), or(self.id_token, id));
        let ends_s = self.expires_in.filter(|s| *s >= 0.0).map(|s| now_s.saturating_add(s as u64));
        Ok(Tokens { access: self.access_token, refresh, ends_s, id })
    }
}

/// Claims of an ID token (OpenID Connect Core 2).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Claims {
    iss: String,
    aud: Recipients,
    nonce: String,
    exp: u64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Recipients {
    One(String),
    Several(Vec<String>),
}

impl Default for Recipients {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

impl Recipients {
    fn names(&self, client_id: &str) -> bool {
        match self {
            Self::One(one) => one == client_id,
            Self::Several(several) => several.iter().any(|one| one == client_id),
        }
    }
}

/// An address with these fields in its query.
fn with_query(address: &str, fields: &[(&str, &str)]) -> String {
    let encoded = |v: &str| utf8_percent_encode(v, NON_ALPHANUMERIC).to_string();
    let query: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let separator = if address.contains('?') { '&' } else { '?' };
    format!("{address}{separator}{}", query.join("&"))
}

/// A field of a query, decoded.
fn value_of(query: &str, name: &str) -> Option<String> {
    let pairs = query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()?;
    Some(percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider() -> Provider {
        Provider {
            issuer: "https://idp.example".into(),
            authorization_endpoint: "https://idp.example/authorize".into(),
            token_endpoint: "https://idp.example/token".into(),
            end_session_endpoint: String::new(),
            client_id: "hilum".into(),
            scope: "openid dicom".into(),
        }
    }

    fn begun() -> (String, Begun) {
        let mut random = [0; RANDOM_BYTES];
        random.iter_mut().enumerate().for_each(|(n, byte)| *byte = n as u8);
        Begun::new(&provider(), "https://h.example/signed_in.html", &random)
    }

    fn id_token(claims: &str) -> String {
        format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims))
    }

    fn answer(id_token: &str) -> String {
        format!(
            r#"{{"access_token":"A","token_type":"Bearer","expires_in":60,"refresh_token":"R","id_token":"{id_token}"}}"#
        )
    }

    #[test]
    fn a_session_ends_where_the_provider_says_and_by_its_own_token() {
        let nonce = begun().1.nonce;
        let id = id_token(&format!(r#"{{"iss":"https://idp.example","aud":"hilum","nonce":"{nonce}","exp":2000}}"#));
        let tokens = begun().1.tokens(&provider(), &answer(&id), 1000).unwrap();
        assert_eq!(provider().farewell(&tokens), None, "it has no place for that");
        let other = Provider { end_session_endpoint: "https://idp.example/end?x=1".into(), ..provider() };
        let address = other.farewell(&tokens).unwrap();
        let query = address.strip_prefix("https://idp.example/end?x=1&").unwrap();
        assert_eq!(value_of(query, "client_id").as_deref(), Some("hilum"));
        assert_eq!(value_of(query, "id_token_hint"), Some(id));
        let renewed = tokens.refreshed(r#"{"access_token":"B","token_type":"Bearer"}"#, 0).unwrap();
        assert_eq!(renewed.id, tokens.id, "renewed tokens are of the same session");
    }

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636 appendix B.
        let digest = Sha256::digest(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(URL_SAFE_NO_PAD.encode(digest), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn the_window_is_asked_for_a_code_with_state_nonce_and_challenge() {
        let (address, begun) = begun();
        let query = address.strip_prefix("https://idp.example/authorize?").unwrap();
        let of = |name: &str| value_of(query, name).unwrap();
        assert_eq!((of("response_type").as_str(), of("code_challenge_method").as_str()), ("code", "S256"));
        assert_eq!(
            (of("scope").as_str(), of("redirect_uri").as_str()),
            ("openid dicom", "https://h.example/signed_in.html")
        );
        assert_eq!(of("code_challenge"), URL_SAFE_NO_PAD.encode(Sha256::digest(begun.verifier.as_bytes())));
        assert!(begun.verifier.len() >= 43 && !address.contains(&begun.verifier), "the verifier stays here");
        assert_eq!([of("state").len(), of("nonce").len()], [43, 43]);
    }

    #[test]
    fn only_the_answer_to_this_attempt_becomes_a_request() {
        let (_, begun) = begun();
        let query = |rest: &str| format!("?state={}&{rest}", begun.state);
        let request = begun.answered(&provider(), &query("code=C%2B1&iss=https%3A%2F%2Fidp.example")).unwrap();
        assert_eq!(request.address(), "https://idp.example/token");
        assert!(request.form().contains("code=C%2B1&code_verifier="));
        for (query, wrong) in [
            ("?state=x&code=C".to_owned(), SignInError::NotOurs("state")),
            (query("code=C&iss=https%3A%2F%2Fother"), SignInError::NotOurs("iss")),
            (query("nothing=1"), SignInError::NotOurs("code")),
            (query("error=access_denied&error_description=Not+today"), SignInError::Refused("Not today".into())),
        ] {
            assert_eq!(begun.answered(&provider(), &query), Err(wrong));
        }
    }

    #[test]
    fn tokens_are_believed_for_this_client_attempt_and_time_alone() {
        let (_, begun) = begun();
        let claims = |iss: &str, aud: &str, nonce: &str, exp: u64| {
            id_token(&format!(r#"{{"iss":"{iss}","aud":{aud},"nonce":"{nonce}","exp":{exp}}}"#))
        };
        let (iss, aud, nonce) = ("https://idp.example", r#""hilum""#, begun.nonce.as_str());
        let tokens = |id: &str| begun.tokens(&provider(), &answer(id), 1000);
        let good = tokens(&claims(iss, r#"["x","hilum"]"#, nonce, 2000)).unwrap();
        assert_eq!((good.access.as_str(), good.ends_s), ("A", Some(1060)));
        for (id, wrong) in [
            (claims("https://other", aud, nonce, 2000), "iss"),
            (claims(iss, r#""other""#, nonce, 2000), "aud"),
            (claims(iss, aud, "other", 2000), "nonce"),
            (claims(iss, aud, nonce, 100), "exp"),
            ("none".to_owned(), "id_token"),
        ] {
            assert_eq!(tokens(&id).err(), Some(SignInError::NotOurs(wrong)));
        }
        let said = begun.tokens(&provider(), r#"{"error":"invalid_grant"}"#, 0).err();
        assert_eq!(said, Some(SignInError::Refused("invalid_grant".into())));
        assert_eq!(begun.tokens(&provider(), "<html>", 0).err(), Some(SignInError::NotOurs("token")));
    }

    #[test]
    fn a_token_is_replaced_before_it_ends() {
        let tokens = Tokens { access: "A".into(), refresh: "R".into(), ends_s: Some(1060), id: "I".into() };
        assert_eq!(tokens.refresh(&provider(), 1000), None);
        assert!(tokens.refresh(&provider(), 1031).unwrap().form().contains("refresh_token=R"));
        let next = tokens.refreshed(r#"{"access_token":"B","token_type":"bearer"}"#, 1031).unwrap();
        assert_eq!((next.access.as_str(), next.refresh.as_str(), next.ends_s), ("B", "R", None));
        assert_eq!(next.refresh(&provider(), 9999), None, "what never ends is not replaced");
    }

    #[test]
    fn a_provider_describes_itself_and_no_other() {
        let site = Provider { issuer: "https://idp.example/".into(), client_id: "hilum".into(), ..Provider::default() };
        assert_eq!(site.description(), "https://idp.example/.well-known/openid-configuration");
        let said = r#"{"issuer":"https://idp.example","authorization_endpoint":"https://a","token_endpoint":"https://t","more":1}"#;
        let full = site.described(said).unwrap();
        assert_eq!((full.token_endpoint.as_str(), full.client_id.as_str()), ("https://t", "hilum"));
        assert_eq!(site.described(&said.replace("idp.example", "evil")), Err(SignInError::NotOurs("issuer")));
        assert_eq!(site.described("x"), Err(SignInError::NotOurs("openid-configuration")));
    }
}
