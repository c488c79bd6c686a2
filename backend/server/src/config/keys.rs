//! The key file: whoever has it and the database can read everything, whoever loses it can read nothing.

use crate::env::{Env, RandomError};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// 256 secret bits.
#[derive(Clone)]
pub struct Key(pub [u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The keys of one installation.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Ed25519 seed that signs access tokens.
    pub token: Key,
    /// Encrypts sealed fields in the database.
    pub field: Key,
    /// Blind index over ID numbers.
    pub index: Key,
}

/// The key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(
        "the key file {} is missing, and the database was written with its keys; put it back from the backup",
        path.display()
    )]
    Missing { path: PathBuf },
    #[error("other users of this machine may read the key file {}; run `chmod 600` on it", path.display())]
    Exposed { path: PathBuf },
    #[error("the key file {} cannot be read: {why}", path.display())]
    Unreadable { path: PathBuf, why: io::Error },
    #[error("the key file {} is not a key file of ruhu: {why}", path.display())]
    Malformed { path: PathBuf, why: String },
    #[error("the key file {} cannot be written: {why}", path.display())]
    Unwritable { path: PathBuf, why: io::Error },
    #[error(transparent)]
    Random(#[from] RandomError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    version: u32,
    token_key: String,
    field_key: String,
    index_key: String,
}

impl Keys {
    /// Fresh keys.
    pub fn generate(env: &Env) -> Result<Self, RandomError> {
        Ok(Self { token: Key(env.bytes()?), field: Key(env.bytes()?), index: Key(env.bytes()?) })
    }

    /// The keys of this file; makes the file when it is missing. The answer tells whether it was made.
    /// Only for a database that nothing was written to: for any other, a missing file is an error.
    pub fn load_or_create(path: &Path, env: &Env) -> Result<(Self, bool), KeyError> {
        match Self::load(path) {
            Err(KeyError::Missing { .. }) => {
                let keys = Self::generate(env)?;
                keys.write(path).map_err(|why| KeyError::Unwritable { path: path.to_owned(), why })?;
                Ok((keys, true))
            }
            loaded => loaded.map(|keys| (keys, false)),
        }
    }

    /// The keys of this file, which nobody but its owner may read.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let text = fs::read_to_string(path).map_err(|why| match why.kind() {
            io::ErrorKind::NotFound => KeyError::Missing { path: path.to_owned() },
            _ => KeyError::Unreadable { path: path.to_owned(), why },
        })?;
        #[cfg(unix)]
        {
            let meta = fs::metadata(path).map_err(|why| KeyError::Unreadable { path: path.to_owned(), why })?;
            if std::os::unix::fs::MetadataExt::mode(&meta) & 0o077 != 0 {
                return Err(KeyError::Exposed { path: path.to_owned() });
            }
        }
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, KeyError> {
        let malformed = |why: String| KeyError::Malformed { path: path.to_owned(), why };
        // What serde says may quote the file, so only the place is passed on.
        let file: KeyFile = serde_json::from_str(text)
            .map_err(|why| malformed(format!("line {}, column {}", why.line(), why.column())))?;
        if file.version != 1 {
            return Err(malformed(format!("version {} is unknown", file.version)));
        }
        let key = |name: &str, text: &str| {
            let bytes = BASE64.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
            bytes.map(Key).ok_or_else(|| malformed(format!("{name} is not 32 bytes in base64")))
        };
        Ok(Self {
            token: key("token_key", &file.token_key)?,
            field: key("field_key", &file.field_key)?,
            index: key("index_key", &file.index_key)?,
        })
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let file = KeyFile {
            version: 1,
            token_key: BASE64.encode(self.token.0),
            field_key: BASE64.encode(self.field.0),
            index_key: BASE64.encode(self.index.0),
        };
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut target = options.open(path)?;
        target.write_all(serde_json::to_string_pretty(&file)?.as_bytes())?;
        target.sync_all()?;
        // The name of the file is durable only when its folder is.
        #[cfg(unix)]
        {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_made_once_and_read_again() {
        let folder = std::env::temp_dir().join(format!("ruhu-keys-{}", Env::system().id().unwrap()));
        fs::create_dir(&folder).unwrap();
        let path = folder.join("keys.json");
        let (made, is_new) = Keys::load_or_create(&path, &Env::system()).unwrap();
        let (read, is_newer) = Keys::load_or_create(&path, &Env::system()).unwrap();
        assert!(is_new && !is_newer && made.field.0 == read.field.0 && made.token.0 == read.token.0);
        fs::write(&path, "{\"version\": 1}").unwrap();
        let refusal = Keys::load_or_create(&path, &Env::system()).unwrap_err();
        assert!(matches!(refusal, KeyError::Malformed { .. }));
        assert!(matches!(Keys::load(&folder.join("other.json")), Err(KeyError::Missing { .. })));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = std::env::temp_dir().join(format!("ruhu-keys-{}", Env::system().id().unwrap()));
        fs::create_dir(&folder).unwrap();
        let path = folder.join("keys.json");
        Keys::load_or_create(&path, &Env::system()).unwrap();
        for mode in [0o640, 0o604] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(Keys::load(&path), Err(KeyError::Exposed { .. })), "{mode:o}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn keys_never_print() {
        let keys = Keys::generate(&Env::system()).unwrap();
        assert_eq!(format!("{keys:?}"), "Keys { token: ***, field: ***, index: *** }");
    }
}
