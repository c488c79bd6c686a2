//! The engine behind every question and every check (docs/FORMS.md).
//!
//! Load [`Definitions`] once, share them, and call [`validate()`] for each visit.
//! A household file is a JSON object of paths; [`changes()`] and [`apply()`] are inverse to each other.
//! Invariant: the phone runs the same rules in `pwa/src/forms`, under the cases of `tests/vectors`;
//! nothing here depends on a clock, a locale or the order of a map.
//!
//! Start at `validate.rs`; `load.rs` shows what is refused in the data.

mod calendar;
pub mod canonical;
pub mod changes;
mod check;
mod codes;
mod condition;
mod context;
mod definition;
mod derive;
mod dictionary;
mod embedded;
mod id_no;
mod load;
mod load_form;
mod mask;
mod path;
mod problem;
mod sealed;
mod validate;
mod value;

pub use calendar::{full_years, parse_date, parse_month};
pub use canonical::{canonical_hash, canonical_json, sha256_hex};
pub use changes::{ApplyError, Change, apply, apply_one, changes, is_as_seen, normalise_file, target};
pub use check::{Finding, Surroundings, check_value};
pub use codes::{Code, Codes, RegionList};
pub use condition::{Condition, Conditions, Scope};
pub use definition::{Definitions, Form};
pub use derive::{Derived, FIGURES, Figure, PERSON_FIGURES, PersonFigures, derive};
pub use dictionary::{Dictionary, Field, Group, Kind, Level, Merge, RowTable};
pub use id_no::{IdNoFacts, IdNoFault, number_in, read_id_no};
pub use load::{Fault, LoadError};
pub use mask::{Mask, is_masked, mask_name, mask_value};
pub use path::{Path, get, set};
pub use problem::{Problem, Severity};
pub use sealed::{Sealed, sealed_in_file, sealed_in_proposal, unkeepable};
pub use validate::{Draft, Meta, Validation, validate};
pub use value::{is_absent, normalise, same_value};

/// A household file: scalars, sets, and rows keyed by UUID.
pub type File = serde_json::Map<String, serde_json::Value>;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod refusals;
