//! Encryption of single values, and blind indexes for exact look-ups.
//!
//! AES-256-GCM with a random nonce; the place of a value (table, row, pointer, key) is authenticated with it,
//! so a ciphertext copied to another row does not open. Text form: `v1.<key id>.<base64 of nonce and ciphertext>`.

use crate::error::StoreError;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fmt;

const NONCE_BYTES: usize = 12;

/// The name of a key: lower-case letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(String);

/// The keys cannot be used as given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKeys {
    #[error("a key id has 1 to 32 lower-case letters, digits or hyphens")]
    Id,
    #[error("the current key {0} is not among the keys")]
    NoCurrent(String),
    #[error("the index key cannot be used")]
    Index,
}

impl KeyId {
    /// Reads the name of a key.
    pub fn parse(text: &str) -> Result<Self, BadKeys> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if text.is_empty() || text.len() > 32 || !text.bytes().all(fits) {
            return Err(BadKeys::Id);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a value lies; authenticated with its ciphertext.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub table: &'a str,
    pub row: &'a str,
    /// JSON pointer inside the row's body; empty for the whole.
    pub pointer: &'a str,
}

/// The keys of this installation.
#[derive(Clone)]
pub struct Keys {
    current: KeyId,
    ciphers: BTreeMap<KeyId, Aes256Gcm>,
    index: Hmac<Sha256>,
    file_hash: Hmac<Sha256>,
}

/// What the key of the file hashes is derived for.
const FILE_HASH: &[u8] = b"ruhu file hash v1";

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(***)")
    }
}

impl Keys {
    /// `current` encrypts; every key of the map opens. `index_key` is for the blind indexes only and never changes.
    pub fn new(current: KeyId, keys: BTreeMap<KeyId, [u8; 32]>, index_key: [u8; 32]) -> Result<Self, BadKeys> {
        if !keys.contains_key(&current) {
            return Err(BadKeys::NoCurrent(current.0));
        }
        let ciphers = keys.into_iter().map(|(id, key)| (id, Aes256Gcm::new(&key.into()))).collect();
        let index = <Hmac<Sha256> as Mac>::new_from_slice(&index_key).map_err(|_| BadKeys::Index)?;
        // One key, one purpose: the hashes go to clients, the indexes never leave the database.
        let derived = index.clone().chain_update(FILE_HASH).finalize().into_bytes();
        let file_hash = <Hmac<Sha256> as Mac>::new_from_slice(&derived).map_err(|_| BadKeys::Index)?;
        Ok(Self { current, ciphers, index, file_hash })
    }

    /// Encrypts a text for a place.
    pub fn seal(&self, place: Place<'_>, text: &str) -> Result<String, StoreError> {
        let cipher = self.ciphers.get(&self.current).ok_or(StoreError::Sealed("no current key"))?;
        let mut nonce = [0_u8; NONCE_BYTES];
        getrandom::getrandom(&mut nonce).map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let aad = aad(place, &self.current);
        let sealed = cipher
            .encrypt(&Nonce::from(nonce), Payload { msg: text.as_bytes(), aad: aad.as_bytes() })
            .map_err(|_| StoreError::Sealed("the value is too long"))?;
        Ok(format!("v1.{}.{}", self.current, BASE64.encode([&nonce[..], &sealed].concat())))
    }

    /// Opens a ciphertext; fails when it belongs to another place or was changed.
    pub fn open(&self, place: Place<'_>, sealed: &str) -> Result<String, StoreError> {
        let mut parts = sealed.splitn(3, '.');
        let (Some("v1"), Some(id), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(StoreError::Sealed("unknown form"));
        };
        let id = KeyId::parse(id).map_err(|_| StoreError::Sealed("unknown form"))?;
        let cipher = self.ciphers.get(&id).ok_or(StoreError::Sealed("unknown key"))?;
        let bytes = BASE64.decode(text).map_err(|_| StoreError::Sealed("unknown form"))?;
        let (nonce, body) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(StoreError::Sealed("unknown form"))?;
        let aad = aad(place, &id);
        let clear = cipher
            .decrypt(&Nonce::from(*nonce), Payload { msg: body, aad: aad.as_bytes() })
            .map_err(|_| StoreError::Sealed("wrong key, wrong place or damage"))?;
        String::from_utf8(clear).map_err(|_| StoreError::Sealed("not a text"))
    }

    /// The blind index of a normalised value: equal values of one kind have equal indexes, and nothing else shows.
    pub fn index(&self, kind: &str, value: &str) -> String {
        let mut mac = self.index.clone();
        mac.update(kind.as_bytes());
        mac.update(b"|");
        mac.update(value.as_bytes());
        BASE64.encode(mac.finalize().into_bytes())
    }

    /// The keyed hash of a text, lower-case hex: nobody without the key can try which text has this hash.
    pub(crate) fn file_hash(&self, text: &str) -> String {
        let mut mac = self.file_hash.clone();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().iter().fold(String::with_capacity(64), |hex, byte| hex + &format!("{byte:02x}"))
    }
}

fn aad(place: Place<'_>, key: &KeyId) -> String {
    format!("{}|{}|{}|{key}", place.table, place.row, place.pointer)
}
