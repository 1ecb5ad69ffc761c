//! Signing in at an identity provider: its window, the answer that comes back from it, and the tokens, which are memory of this page only.

use super::{PlatformError, clock, egress, reading};
use crate::session::{Begun, LedgerEntry, Provider, SignInError, Tokens};
use js_sys::{Array, Function, Promise, Reflect};
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, Window};

/// Between the page and the one that the provider's window comes back to; both are of this origin.
const CHANNEL: &str = "hilum-sign-in";
/// The page that the window comes back to.
const CALLBACK: &str = "signed_in.html";
/// A window and not a tab: what is open stays in sight.
const FEATURES: &str = "popup,width=520,height=720";

/// The reader at one identity provider.
#[derive(Default)]
pub struct SignIn {
    provider: RefCell<Option<Provider>>,
    begun: RefCell<Option<Begun>>,
    tokens: RefCell<Option<Tokens>>,
    /// Settled when the renewal under way has ended.
    renewal: RefCell<Option<Promise>>,
}

/// Opens the window, empty: browsers allow that only while the reader clicks.
///
/// # Errors
/// [`SignInError::NoWindow`] if the browser does not.
pub fn open_window() -> Result<Window, SignInError> {
    let window = web_sys::window().ok_or(SignInError::NoWindow)?;
    window.open_with_url_and_target_and_features("", CHANNEL, FEATURES).ok().flatten().ok_or(SignInError::NoWindow)
}

/// Hears the queries that windows come back with, of every attempt of this origin.
///
/// # Errors
/// Where the browser has no such channels.
pub fn listen(hear: impl Fn(String) + 'static) -> Result<(), PlatformError> {
    let kind: Function = Reflect::get(&js_sys::global(), &"BroadcastChannel".into())?.dyn_into()?;
    let channel = Reflect::construct(&kind, &Array::of1(&CHANNEL.into()))?;
    let told = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(query) = event.data().as_string() {
            hear(query);
        }
    });
    Reflect::set(&channel, &"onmessage".into(), told.as_ref())?;
    told.forget();
    // It hears as long as it is held.
    std::mem::forget(channel);
    Ok(())
}

impl SignIn {
    /// Nobody has signed in.
    pub fn new(provider: Option<Provider>) -> Self {
        Self { provider: RefCell::new(provider), ..Self::default() }
    }
    /// The provider, if there is one.
    pub fn provider(&self) -> Option<Provider> {
        self.provider.borrow().clone()
    }
    /// For the `Authorization` header.
    pub fn token(&self) -> Option<String> {
        self.tokens.borrow().as_ref().map(|t| t.access.clone())
    }
    /// Whether an answer is that of the attempt under way.
    pub fn is_answered_by(&self, query: &str) -> bool {
        self.begun.borrow().as_ref().is_some_and(|b| b.is_answered_by(query))
    }

    /// Takes the window to the provider.
    ///
    /// # Errors
    /// By what cures it.
    pub async fn begin(&self, window: &Window, enter: &impl Fn(LedgerEntry)) -> Result<(), SignInError> {
        let begun = self.address(enter).await.and_then(|(address, begun)| {
            window.location().set_href(&address).map_err(|e| {
                log::debug!("{e:?}");
                SignInError::NoWindow
            })?;
            Ok(begun)
        });
        match begun {
            Ok(begun) => {
                *self.begun.borrow_mut() = Some(begun);
                Ok(())
            }
            Err(why) => {
                window.close().unwrap_or_else(|e| log::debug!("{e:?}"));
                Err(why)
            }
        }
    }

    async fn address(&self, enter: &impl Fn(LedgerEntry)) -> Result<(String, Begun), SignInError> {
        let mut provider = self.provider().ok_or(SignInError::NotOurs("openid"))?;
        let no = |e: &dyn std::fmt::Debug| {
            log::debug!("{e:?}");
            SignInError::Unreachable
        };
        if provider.is_incomplete() {
            let url = provider.description();
            enter(LedgerEntry {
                method: "GET",
                url: url.clone(),
                bytes: 0,
                kind: "sign-in".to_owned(),
                at: clock::date_time(),
            });
            provider = provider.described(&reading::text(&url).await.map_err(|e| no(&e))?)?;
            *self.provider.borrow_mut() = Some(provider.clone());
        }
        let mut random = [0; crate::session::RANDOM_BYTES];
        let crypto = web_sys::window().ok_or(SignInError::NoWindow)?.crypto().map_err(|e| no(&e))?;
        crypto.get_random_values_with_u8_array(&mut random).map_err(|e| no(&e))?;
        let callback = reading::absolute(CALLBACK).map_err(|e| no(&e))?;
        Ok(Begun::new(&provider, &callback, &random))
    }

    /// Asks for the tokens of an answer that [`Self::is_answered_by`]; each attempt has one.
    ///
    /// # Errors
    /// By what cures it.
    pub async fn answered(&self, query: &str, enter: &impl Fn(LedgerEntry)) -> Result<(), SignInError> {
        let begun = self.begun.borrow_mut().take().ok_or(SignInError::NotOurs("state"))?;
        let provider = self.provider().ok_or(SignInError::NotOurs("openid"))?;
        let request = begun.answered(&provider, query)?;
        let text = egress::ask_token(&request, enter).await.map_err(|e| {
            log::debug!("{e:?}");
            SignInError::Unreachable
        })?;
        *self.tokens.borrow_mut() = Some(begun.tokens(&provider, &text, now_s())?);
        Ok(())
    }

    /// Forgets the tokens.
    pub fn forget(&self) {
        self.tokens.borrow_mut().take();
    }
    /// Forgets the tokens, and ends the reader's session at the provider in a window, where it has a place for that.
    ///
    /// # Errors
    /// [`SignInError::NoWindow`] if the browser opens none; the tokens are forgotten all the same.
    pub fn end(&self) -> Result<(), SignInError> {
        let Some(tokens) = self.tokens.borrow_mut().take() else { return Ok(()) };
        let Some(address) = self.provider().and_then(|p| p.farewell(&tokens)) else { return Ok(()) };
        open_window()?.location().set_href(&address).map_err(|e| {
            log::debug!("{e:?}");
            SignInError::NoWindow
        })
    }

    /// Replaces tokens that end soon. Those that cannot be replaced stay: the server says what it thinks of them. Whoever comes
    /// meanwhile waits: a refresh token may be of one use, and used twice it ends the session (RFC 9700 4.14.2).
    pub async fn refresh(&self, enter: &impl Fn(LedgerEntry)) {
        let under_way = self.renewal.borrow().clone();
        if let Some(renewal) = under_way {
            JsFuture::from(renewal).await.map_or_else(|e| log::debug!("{e:?}"), drop);
            return;
        }
        let mut end = None;
        *self.renewal.borrow_mut() = Some(Promise::new(&mut |resolve, _| end = Some(resolve)));
        self.renew(enter).await;
        self.renewal.borrow_mut().take();
        if let Some(end) = end {
            end.call0(&JsValue::UNDEFINED).map_or_else(|e| log::debug!("{e:?}"), drop);
        }
    }

    async fn renew(&self, enter: &impl Fn(LedgerEntry)) {
        let request = match (&*self.provider.borrow(), &*self.tokens.borrow()) {
            (Some(provider), Some(tokens)) => tokens.refresh(provider, now_s()),
            _ => None,
        };
        let Some(request) = request else { return };
        let Ok(text) = egress::ask_token(&request, enter).await else { return };
        let next = self.tokens.borrow().as_ref().map(|t| t.refreshed(&text, now_s()));
        match next {
            Some(Ok(tokens)) => *self.tokens.borrow_mut() = Some(tokens),
            Some(Err(why)) => log::warn!("the token was not renewed: {why:?}"),
            None => {}
        }
    }
}

fn now_s() -> u64 {
    (js_sys::Date::now() / 1000.0) as u64
}
