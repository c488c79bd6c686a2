//! Passwords: what is acceptable, and how they are kept.

use crate::app::error::AppError;
use crate::config::auth::Auth;
use crate::env::Env;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::Arc;
use tokio::sync::Semaphore;

const MIN_CHARS: usize = 12;
const MAX_CHARS: usize = 128;
/// Computations at once; each takes the configured memory.
const PARALLEL: usize = 4;
/// What every guesser tries first, long enough to pass the length rule; compared without case and digits at the end.
const COMMON: [&str; 20] = [
    "password",
    "passwordpassword",
    "qwertyuiop",
    "qwertyuiopasdf",
    "asdfghjkl",
    "iloveyou",
    "iloveyouforever",
    "administrator",
    "adminadmin",
    "adminadminadmin",
    "letmeinplease",
    "welcomewelcome",
    "changemeplease",
    "aaaaaaaaaaaa",
    "abcdefghijkl",
    "abcabcabcabc",
    "woaini",
    "woainiwoaini",
    "ruhuruhuruhu",
    "gonghuigonghui",
];
/// Letters and digits that nobody mixes up on paper: no 0/O, 1/l/I.
const READABLE: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Hashes and checks, a few at a time.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    /// Checked in place of a missing account, so that both take the same time.
    decoy: Arc<str>,
    turns: Arc<Semaphore>,
}

impl Passwords {
    /// With the configured costs.
    pub fn new(auth: &Auth, env: &Env) -> Result<Self, AppError> {
        let params = Params::new(auth.argon2_memory_kib, auth.argon2_passes, auth.argon2_lanes, None);
        let params = params.map_err(|error| AppError::Broken(format!("argon2: {error}")))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash_now(&argon2, &generate(env)?, env.bytes()?)?.into();
        Ok(Self { argon2, decoy, turns: Arc::new(Semaphore::new(PARALLEL)) })
    }

    /// The PHC string of a password.
    pub async fn hash(&self, password: String, env: &Env) -> Result<String, AppError> {
        let (argon2, salt) = (self.argon2.clone(), env.bytes()?);
        self.run(move || hash_now(&argon2, &password, salt)).await?
    }

    /// Whether the password is the one; takes the same time when there is no account.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, AppError> {
        let (argon2, decoy) = (self.argon2.clone(), self.decoy.clone());
        self.run(move || {
            let known = hash.as_deref();
            let parsed = PasswordHash::new(known.unwrap_or(&decoy));
            let parsed = parsed.map_err(|error| AppError::Broken(format!("a password hash: {error}")))?;
            let is_right = argon2.verify_password(password.as_bytes(), &parsed).is_ok();
            Ok(is_right && known.is_some())
        })
        .await?
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
        let broken = |_| AppError::Broken("the password worker stopped".to_owned());
        let _turn = self.turns.acquire().await.map_err(|_| AppError::Broken("no password worker".to_owned()))?;
        tokio::task::spawn_blocking(work).await.map_err(broken)
    }
}

fn hash_now(argon2: &Argon2<'_>, password: &str, salt: [u8; 16]) -> Result<String, AppError> {
    let broken = |error: argon2::password_hash::Error| AppError::Broken(format!("argon2: {error}"));
    let salt = SaltString::encode_b64(&salt).map_err(broken)?;
    Ok(argon2.hash_password(password.as_bytes(), &salt).map_err(broken)?.to_string())
}

/// Refuses passwords that are too short, too long, common, or the login itself. There are no other rules.
pub fn check_password(password: &str, login: &str, path: &str) -> Result<(), AppError> {
    let count = password.chars().count();
    let lower = password.to_lowercase();
    let stem = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
    if count < MIN_CHARS {
        return Err(AppError::invalid_field(path, "password.too_short", "A password has at least 12 characters"));
    }
    if count > MAX_CHARS {
        return Err(AppError::invalid_field(path, "password.too_long", "A password has at most 128 characters"));
    }
    let more = |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || c.is_ascii_punctuation());
    let is_login = lower.strip_prefix(login.to_lowercase().as_str()).is_some_and(more);
    let is_one_digit_run = lower.chars().all(|c| c.is_ascii_digit());
    if is_one_digit_run || stem.is_empty() || COMMON.contains(&stem) || is_login {
        return Err(AppError::invalid_field(path, "password.common", "This password is among the first to be guessed"));
    }
    Ok(())
}

/// A password to be read out or written down: four groups of four, 80 bits.
pub fn generate(env: &Env) -> Result<String, AppError> {
    let bytes: [u8; 16] = env.bytes()?;
    let letters: Vec<char> = bytes.iter().map(|byte| char::from(READABLE[usize::from(byte % 32)])).collect();
    Ok(letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(password: &str) -> Option<&'static str> {
        match check_password(password, "wang.fang", "password") {
            Err(AppError::Refused(refused)) => Some(refused.code),
            _ => None,
        }
    }

    #[test]
    fn only_length_and_commonness_count() {
        assert_eq!(code("short"), Some("password.too_short"));
        assert_eq!(code(&"x".repeat(129)), Some("password.too_long"));
        assert_eq!(code("password123456"), Some("password.common"));
        assert_eq!(code("202611232026"), Some("password.common"));
        assert_eq!(code("wang.fang2026"), Some("password.common"));
        assert!(check_password("wang.fang.77", "wang.fang.77", "new").is_err());
        assert_eq!(code("四个字的密码不够长哦再加几个"), None);
        assert_eq!(code("correct horse battery"), None);
    }

    #[test]
    fn a_generated_password_is_accepted() {
        assert_eq!(code(&generate(&Env::system()).unwrap()), None);
    }
}
