//! Identifiers. Each is a UUID (v7 when made by us) made by whoever creates the thing, phones included.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The UUID itself, for storage and hashing.
            pub fn uuid(self) -> Uuid { self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.hyphenated().fmt(f) }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> { Uuid::try_parse(s).map(Self) }
        }
        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self { Self(id) }
        }
    )+};
}

ids! {
    /// A person who signs in.
    UserId,
    /// One user's installation of the app on one phone.
    DeviceId,
    /// A sign-in: the family of refresh tokens that descend from it.
    SessionId,
    /// A household file (档案).
    HouseholdId,
    /// A visit (走访), through all its revisions.
    VisitId,
    /// An operation of a phone's outbox; also its idempotency key.
    OpId,
    /// A conflict between two values.
    ConflictId,
}
