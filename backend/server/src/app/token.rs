//! Tokens: the access token is a signed statement for 15 minutes, the refresh token a secret that changes at each use.

use crate::app::error::AppError;
use crate::config::keys::Key;
use crate::env::Env;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use hmac::{Hmac, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use ruhu_domain::form::sha256_hex;
use ruhu_domain::ids::{DeviceId, SessionId, UserId};
use ruhu_domain::time::Time;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

const ISSUER: &str = "ruhu";
const AUDIENCE: &str = "ruhu-api";
/// An access token says what it is, so that no other token of ours can stand in for it.
const TYPE: &str = "ruhu+at";
/// How far the clocks of two servers may be apart, seconds: a token may begin this much later than now.
const LEEWAY_S: i64 = 60;
/// No token of ours is longer; a longer one is not even decoded.
const MAX_LENGTH: usize = 1024;

/// What an access token states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    iss: String,
    aud: String,
    pub sub: UserId,
    /// Session.
    pub sid: SessionId,
    /// Device.
    pub did: DeviceId,
    /// The user's stamp when it was made; a newer stamp voids it.
    pub stamp: i64,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Whom an access token is made for.
#[derive(Debug, Clone, Copy)]
pub struct Bearer {
    pub user: UserId,
    pub session: SessionId,
    pub device: DeviceId,
    pub stamp: i64,
}

/// Makes and reads tokens.
pub struct Tokens {
    signer: EncodingKey,
    verifier: DecodingKey,
    header: Header,
    /// The one header that we write; any other token is not ours.
    header_text: String,
    validation: Validation,
    refresh_key: Key,
    life_s: i64,
}

impl Tokens {
    /// From the installation's signing key.
    pub fn new(key: &Key, life_s: i64) -> Result<Self, AppError> {
        let broken = |what: &str| AppError::Broken(format!("the token key: {what}"));
        let signing = SigningKey::from_bytes(&key.0);
        let public = signing.verifying_key();
        let pkcs8 = signing.to_pkcs8_der().map_err(|_| broken("cannot be encoded"))?;
        let verifier = DecodingKey::from_ed_components(&BASE64.encode(public.as_bytes()));
        let kid = sha256_hex(public.as_bytes()).chars().take(16).collect::<String>();
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(kid);
        // Times are checked below, against our own clock.
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let header_text = BASE64.encode(serde_json::to_vec(&header)?);
        Ok(Self {
            signer: EncodingKey::from_ed_der(pkcs8.as_bytes()),
            verifier: verifier.map_err(|_| broken("has no public half"))?,
            header,
            header_text,
            validation,
            refresh_key: Key(mac(&key.0, b"ruhu refresh token v1")?),
            life_s,
        })
    }

    /// An access token.
    pub fn sign(&self, bearer: Bearer, now: Time) -> Result<String, AppError> {
        let now_s = now.micros() / 1_000_000;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: bearer.user,
            sid: bearer.session,
            did: bearer.device,
            stamp: bearer.stamp,
            iat: now_s,
            nbf: now_s,
            exp: now_s + self.life_s,
        };
        jsonwebtoken::encode(&self.header, &claims, &self.signer)
            .map_err(|error| AppError::Broken(format!("signing: {error}")))
    }

    /// What a token states, if it is one of ours and in its time.
    pub fn read(&self, token: &str, now: Time) -> Result<Claims, AppError> {
        let invalid = || AppError::Unauthenticated("auth.token");
        let head = token.split('.').next().unwrap_or_default();
        if token.len() > MAX_LENGTH || head != self.header_text {
            return Err(invalid());
        }
        let read = jsonwebtoken::decode::<Claims>(token, &self.verifier, &self.validation);
        let claims = read.map_err(|_| invalid())?.claims;
        let now_s = now.micros() / 1_000_000;
        if claims.exp <= now_s {
            return Err(AppError::Unauthenticated("auth.expired"));
        }
        let latest = now_s + LEEWAY_S;
        if claims.nbf > latest || claims.iat > latest || claims.exp - claims.iat != self.life_s {
            return Err(invalid());
        }
        Ok(claims)
    }

    /// The first refresh token of a session.
    pub fn first_refresh(&self, session: SessionId, env: &Env) -> Result<Refresh, AppError> {
        Ok(Refresh { session, secret: env.bytes()? })
    }

    /// The one token that follows: the same question gets the same answer, so a lost answer costs nothing.
    pub fn next_refresh(&self, current: &Refresh) -> Result<Refresh, AppError> {
        let secret = mac(&self.refresh_key.0, &current.secret)?;
        Ok(Refresh { session: current.session, secret })
    }
}

/// A refresh token: `<session id>.<secret>`.
#[derive(Clone)]
pub struct Refresh {
    pub session: SessionId,
    secret: [u8; 32],
}

impl Refresh {
    /// Reads what a client brings.
    pub fn parse(text: &str) -> Result<Self, AppError> {
        let invalid = || AppError::Unauthenticated("auth.token");
        let (session, secret) = text.split_once('.').ok_or_else(invalid)?;
        let session = session.parse().map_err(|_| invalid())?;
        let secret = BASE64.decode(secret).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(invalid)?;
        Ok(Self { session, secret })
    }

    /// What the client keeps.
    pub fn text(&self) -> String {
        format!("{}.{}", self.session, BASE64.encode(self.secret))
    }

    /// What the database keeps.
    pub fn hash(&self) -> String {
        sha256_hex(&self.secret)
    }
}

fn mac(key: &[u8], message: &[u8]) -> Result<[u8; 32], AppError> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).map_err(|error| AppError::Broken(error.to_string()))?;
    mac.update(message);
    Ok(mac.finalize().into_bytes().into())
}
