//! Encryption of what is kept on this computer, by WebCrypto with keys that JavaScript cannot read out.
//!
//! Records are sealed with AES-GCM (256 bits, a random nonce each); the name they are filed under and their number are bound to
//! them, so that none can stand in another's place. Names are HMAC-SHA-256 of the CT's digest: without the key they say nothing.

use super::PlatformError;
use super::message::{get, object};
use crate::session::CaseDigest;
use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AesGcmParams, Crypto, CryptoKey, SubtleCrypto};

/// The two keys. They are kept beside what they protect; deleting them makes it unreadable.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    seal: CryptoKey,
    name: CryptoKey,
    /// Tells them from others; empty for those of older pages.
    id: String,
}

impl Keys {
    /// New ones, which cannot be extracted.
    pub(super) async fn generate() -> Result<Self, PlatformError> {
        let aes = object(&[("name", "AES-GCM".into()), ("length", 256.into())]);
        let hmac = object(&[("name", "HMAC".into()), ("hash", "SHA-256".into())]);
        Ok(Self { seal: key(&aes, &["encrypt", "decrypt"]).await?, name: key(&hmac, &["sign"]).await?, id: token()? })
    }
    /// As they are stored: an object of two keys and what tells them from others.
    pub(super) fn to_value(&self) -> JsValue {
        let id = self.id.as_str().into();
        object(&[("seal", self.seal.clone().into()), ("name", self.name.clone().into()), ("id", id)]).into()
    }
    /// Whether these are stored.
    pub(super) fn are(&self, value: &JsValue) -> bool {
        Self::from_value(value).is_some_and(|keys| keys.id == self.id)
    }
    /// As they were stored; `None` if they are no keys.
    pub(super) fn from_value(value: &JsValue) -> Option<Self> {
        let key = |name| get(value, name).dyn_into::<CryptoKey>().ok();
        Some(Self { seal: key("seal")?, name: key("name")?, id: get(value, "id").as_string().unwrap_or_default() })
    }
    /// The name a CT's records are filed under, in hexadecimal digits.
    pub(super) async fn name_of(&self, case: &CaseDigest) -> Result<String, PlatformError> {
        let signed = subtle()?.sign_with_str_and_u8_array("HMAC", &self.name, &case.0)?;
        let bytes = Uint8Array::new(&JsFuture::from(signed).await?).to_vec();
        Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
    }
    /// Seals a record: an object of the nonce and the sealed bytes.
    pub(super) async fn seal(&self, name: &str, number: u32, bytes: &[u8]) -> Result<JsValue, PlatformError> {
        let mut nonce = [0; 12];
        crypto()?.get_random_values_with_u8_array(&mut nonce)?;
        let nonce = Uint8Array::from(&nonce[..]);
        let plain = Uint8Array::from(bytes);
        let how = parameters(&nonce, name, number);
        let sealed = subtle()?.encrypt_with_object_and_buffer_source(&how, &self.seal, &plain)?;
        let sealed = JsFuture::from(sealed).await?;
        Ok(object(&[("nonce", nonce.into()), ("sealed", sealed)]).into())
    }
    /// Opens a record.
    ///
    /// # Errors
    /// When it was not sealed with these keys under this name and number, or was changed since.
    pub(super) async fn open(&self, name: &str, number: u32, record: &JsValue) -> Result<Vec<u8>, PlatformError> {
        let not_ours = |_: JsValue| PlatformError("no sealed record".into());
        let nonce: Uint8Array = get(record, "nonce").dyn_into().map_err(not_ours)?;
        let sealed: ArrayBuffer = get(record, "sealed").dyn_into().map_err(not_ours)?;
        let how = parameters(&nonce, name, number);
        let plain = subtle()?.decrypt_with_object_and_buffer_source(&how, &self.seal, &sealed)?;
        Ok(Uint8Array::new(&JsFuture::from(plain).await?).to_vec())
    }
}

/// Sixteen random bytes in hexadecimal digits.
///
/// # Errors
/// [`PlatformError`] where the browser has no source of them.
pub fn token() -> Result<String, PlatformError> {
    let mut bytes = [0; 16];
    crypto()?.get_random_values_with_u8_array(&mut bytes)?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

fn parameters(nonce: &Uint8Array, name: &str, number: u32) -> AesGcmParams {
    let bound = format!("hilum {name} {number}");
    let how = AesGcmParams::new("AES-GCM", nonce);
    how.set_additional_data(&Uint8Array::from(bound.as_bytes()));
    how
}

async fn key(algorithm: &js_sys::Object, uses: &[&str]) -> Result<CryptoKey, PlatformError> {
    let uses: Array = uses.iter().map(|u| JsValue::from(*u)).collect();
    let made = subtle()?.generate_key_with_object(algorithm, false, &uses)?;
    JsFuture::from(made).await?.dyn_into().map_err(PlatformError::from)
}

fn crypto() -> Result<Crypto, PlatformError> {
    Ok(web_sys::window().ok_or_else(|| PlatformError("no window".into()))?.crypto()?)
}

fn subtle() -> Result<SubtleCrypto, PlatformError> {
    let subtle = crypto()?.subtle();
    if subtle.is_undefined() { Err(PlatformError("this address is not secure (https)".into())) } else { Ok(subtle) }
}
