//! Bodies at rest: the text with its sealed values covered by their masks, and beside it the ciphertexts
//! by JSON pointer. The covered text can be sent as it is, without decrypting or parsing.

use crate::cipher::{Keys, Place};
use crate::error::StoreError;
use ruhu_domain::form::{
    Dictionary, File, Kind, Sealed, canonical_json, mask_value, sealed_in_file, sealed_in_proposal,
};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the patterns of the dictionary say about secrecy, and the keys to keep it.
#[derive(Debug, Clone)]
pub struct Vault {
    keys: Keys,
    dictionary: Arc<Dictionary>,
}

/// The two columns of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBody {
    /// JSON text with sealed values covered.
    pub masked: String,
    /// JSON object: pointer → ciphertext.
    pub sealed: String,
}

/// A proposal with its sealed values covered, and beside it these in clear by their pointers: what it takes to keep
/// it in any row. It is made without the database, so nobody has to wait for it.
pub struct Covered {
    masked: String,
    clear: Vec<(String, String)>,
}

/// A row's body is known by its table and the row's key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Home<'a> {
    pub table: &'a str,
    pub row: &'a str,
}

impl Home<'_> {
    fn place<'a>(&'a self, pointer: &'a str) -> Place<'a> {
        Place { table: self.table, row: self.row, pointer }
    }
}

impl Vault {
    /// A vault over these keys and this dictionary.
    pub fn new(keys: Keys, dictionary: Arc<Dictionary>) -> Self {
        Self { keys, dictionary }
    }

    /// The keys, for indexes.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The hash of a household file: HMAC-SHA-256 over its RFC 8785 form, lower-case hex. Whoever gets it sees the file
    /// masked, so a plain hash would let them search for the numbers behind the masks.
    pub fn file_hash(&self, file: &File) -> Result<String, StoreError> {
        Ok(self.keys.file_hash(&canonical_json(file)?))
    }

    /// A household file ready to be kept.
    pub(crate) fn seal_file(&self, home: Home<'_>, file: &File) -> Result<SealedBody, StoreError> {
        self.seal(home, &cover(Value::Object(file.clone()), sealed_in_file(&self.dictionary, file)))
    }

    /// A proposal, as it was sent, ready to be sealed for its rows.
    pub fn cover(&self, proposal: &impl Serialize) -> Result<Covered, StoreError> {
        let proposal = serde_json::to_value(proposal)?;
        let found = sealed_in_proposal(&self.dictionary, &proposal);
        Ok(cover(proposal, found))
    }

    /// A covered body ready to be kept in a row.
    pub(crate) fn seal(&self, home: Home<'_>, covered: &Covered) -> Result<SealedBody, StoreError> {
        let mut sealed = BTreeMap::new();
        for (pointer, text) in &covered.clear {
            sealed.insert(pointer, self.keys.seal(home.place(pointer), text)?);
        }
        Ok(SealedBody { masked: covered.masked.clone(), sealed: serde_json::to_string(&sealed)? })
    }

    /// A body nobody looks inside: sealed whole.
    pub(crate) fn seal_whole(&self, home: Home<'_>, text: &str) -> Result<String, StoreError> {
        self.keys.seal(home.place(""), text)
    }

    /// The inverse of `seal_whole`.
    pub(crate) fn open_whole(&self, home: Home<'_>, sealed: &str) -> Result<String, StoreError> {
        self.keys.open(home.place(""), sealed)
    }

    /// The body in clear.
    pub(crate) fn open(&self, home: Home<'_>, masked: &str, sealed: &str) -> Result<Value, StoreError> {
        let mut body: Value = serde_json::from_str(masked)?;
        for (pointer, text) in parse_sealed(sealed)? {
            let clear = self.open_value(home, &pointer, &text)?;
            *body.pointer_mut(&pointer).ok_or(StoreError::Sealed("its place is gone"))? = clear;
        }
        Ok(body)
    }

    /// A household file covered as it would be kept, and the pointers of its secrets.
    pub(crate) fn cover_file(&self, file: &File) -> Result<(Value, BTreeSet<String>), StoreError> {
        cover(Value::Object(file.clone()), sealed_in_file(&self.dictionary, file)).into_parts()
    }

    /// A proposal covered as it would be kept, and the pointers of its secrets.
    pub(crate) fn cover_proposal(&self, proposal: &Value) -> Result<(Value, BTreeSet<String>), StoreError> {
        self.cover(proposal)?.into_parts()
    }

    /// The values of these kinds in clear, by their paths; the rest stays closed.
    pub(crate) fn open_kinds(
        &self,
        home: Home<'_>,
        sealed: &str,
        kinds: &[Kind],
    ) -> Result<BTreeMap<String, Value>, StoreError> {
        let mut clear = BTreeMap::new();
        for (pointer, text) in parse_sealed(sealed)? {
            let path = pointer.trim_start_matches('/');
            if self.dictionary.field(path).is_some_and(|field| kinds.contains(&field.kind)) {
                clear.insert(path.to_owned(), self.open_value(home, &pointer, &text)?);
            }
        }
        Ok(clear)
    }

    fn open_value(&self, home: Home<'_>, pointer: &str, text: &str) -> Result<Value, StoreError> {
        Ok(serde_json::from_str(&self.keys.open(home.place(pointer), text)?)?)
    }
}

fn cover(mut body: Value, found: Vec<Sealed>) -> Covered {
    let mut clear = Vec::with_capacity(found.len());
    for Sealed { pointer, mask, .. } in found {
        let Some(value) = body.pointer_mut(&pointer) else { continue };
        let covered = Value::String(mask_value(mask, value.as_str().unwrap_or_default()));
        clear.push((pointer, std::mem::replace(value, covered).to_string()));
    }
    Covered { masked: body.to_string(), clear }
}

impl Covered {
    fn into_parts(self) -> Result<(Value, BTreeSet<String>), StoreError> {
        Ok((serde_json::from_str(&self.masked)?, self.clear.into_iter().map(|(pointer, _)| pointer).collect()))
    }
}

/// The pointers that a column of ciphertexts names.
pub(crate) fn sealed_pointers(sealed: &str) -> Result<BTreeSet<String>, StoreError> {
    Ok(parse_sealed(sealed)?.into_keys().collect())
}

fn parse_sealed(sealed: &str) -> Result<BTreeMap<String, String>, StoreError> {
    Ok(serde_json::from_str(sealed)?)
}
