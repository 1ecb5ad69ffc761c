//! The one other thing that leaves: what an identity provider is asked for a token with. A short form of printable text, so that it cannot
//! carry an image.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// A form for a token endpoint (RFC 6749 4.1.3 and 6).
#[derive(Clone, PartialEq, Eq)]
pub struct TokenRequest {
    address: String,
    form: String,
}

/// Most bytes of one value: codes and tokens are shorter.
const LONGEST_VALUE: usize = 4096;

impl TokenRequest {
    /// Media type of the form.
    pub const CONTENT_TYPE: &'static str = "application/x-www-form-urlencoded";

    /// For the code that the provider gave, with the verifier of its challenge (RFC 7636 4.5). `None` if a value is none of a provider.
    pub fn of_code(address: &str, client_id: &str, redirect_uri: &str, code: &str, verifier: &str) -> Option<Self> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", client_id),
            ("redirect_uri", redirect_uri),
            ("code", code),
            ("code_verifier", verifier),
        ];
        Self::of(address, &fields)
    }
    /// For the refresh token that came with the last one. `None` if a value is none of a provider.
    pub fn of_refresh(address: &str, client_id: &str, refresh_token: &str) -> Option<Self> {
        let fields = [("grant_type", "refresh_token"), ("client_id", client_id), ("refresh_token", refresh_token)];
        Self::of(address, &fields)
    }
    fn of(address: &str, fields: &[(&str, &str)]) -> Option<Self> {
        let printable =
            |v: &str| (1..=LONGEST_VALUE).contains(&v.len()) && v.bytes().all(|b| (0x20..0x7f).contains(&b));
        let encoded = |v: &str| utf8_percent_encode(v, NON_ALPHANUMERIC).to_string();
        let form: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let all = fields.iter().all(|(_, value)| printable(value));
        all.then(|| Self { address: address.to_owned(), form: form.join("&") })
    }
    /// The token endpoint.
    pub fn address(&self) -> &str {
        &self.address
    }
    /// The form.
    pub fn form(&self) -> &str {
        &self.form
    }
}

impl std::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenRequest({}, …)", self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::TokenRequest;

    #[test]
    fn the_form_holds_short_printable_text_and_nothing_else() {
        let asked =
            |code: &str| TokenRequest::of_code("https://idp/token", "hilum", "https://h/signed_in.html", code, "v");
        assert_eq!(
            asked("a b+c").map(|r| r.form().to_owned()).as_deref(),
            Some(
                "grant_type=authorization%5Fcode&client_id=hilum&redirect_uri=https%3A%2F%2Fh%2Fsigned%5Fin%2Ehtml&code=a%20b%2Bc&code_verifier=v"
            )
        );
        for bad in ["", "\u{0}\u{1}", "é", &"x".repeat(4097)] {
            assert_eq!(asked(bad), None);
        }
        let request = TokenRequest::of_refresh("https://idp/token", "hilum", "secret");
        assert_eq!(request.map(|r| format!("{r:?}")).as_deref(), Some("TokenRequest(https://idp/token, …)"));
    }
}
