//! How ids, times, days, enums and regions are kept: text and timestamps that both databases know.
//!
//! `Stored` and `StoredOption` read a text column, `At` and `AtOption` a timestamp; row structs name them
//! in `deserialize_as` and hold the domain's own types.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::sql_types::{Nullable, Text, Timestamp};
use ruhu_domain::actor::Role;
use ruhu_domain::household::FileStatus;
use ruhu_domain::ids::{ConflictId, DeviceId, HouseholdId, OpId, SessionId, UserId, VisitId};
use ruhu_domain::region::RegionCode;
use ruhu_domain::sync::conflict::ConflictState;
use ruhu_domain::sync::merge::{Choice, ClashKind};
use ruhu_domain::sync::operation::Outcome;
use ruhu_domain::sync::parking::{ParkReason, ParkState};
use ruhu_domain::time::{Date, Time};
use ruhu_domain::visit::{Review, VisitState, VisitType};

/// A value that a text column holds.
pub trait TextValue: Sized {
    /// The value of a stored text; `None` when the column is damaged.
    fn read(text: &str) -> Option<Self>;
}

/// A text column on its way to a domain value.
#[derive(Debug, FromSqlRow)]
pub struct Stored<T>(T);

/// The same for a nullable column.
#[derive(Debug, FromSqlRow)]
pub struct StoredOption<T>(Option<T>);

/// A timestamp column, UTC.
#[derive(Debug, FromSqlRow)]
pub struct At(Time);

/// The same for a nullable column.
#[derive(Debug, FromSqlRow)]
pub struct AtOption(Option<Time>);

/// The text itself may be anything, so it stays out of the log.
fn damaged<T>() -> deserialize::Result<T> {
    Err(format!("a column holds what is not a {}", std::any::type_name::<T>()).into())
}

impl<T: TextValue, DB: Backend> FromSql<Text, DB> for Stored<T>
where
    String: FromSql<Text, DB>,
{
    fn from_sql(raw: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let text = String::from_sql(raw)?;
        T::read(&text).map_or_else(damaged::<Self>, |value| Ok(Self(value)))
    }
}

impl<T: TextValue, DB: Backend> FromSql<Nullable<Text>, DB> for StoredOption<T>
where
    String: FromSql<Text, DB>,
{
    fn from_sql(raw: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Stored::<T>::from_sql(raw).map(|stored| Self(Some(stored.0)))
    }

    fn from_nullable_sql(raw: Option<DB::RawValue<'_>>) -> deserialize::Result<Self> {
        raw.map_or(Ok(Self(None)), <Self as FromSql<Nullable<Text>, DB>>::from_sql)
    }
}

impl<DB: Backend> FromSql<Timestamp, DB> for At
where
    chrono::NaiveDateTime: FromSql<Timestamp, DB>,
{
    fn from_sql(raw: DB::RawValue<'_>) -> deserialize::Result<Self> {
        chrono::NaiveDateTime::from_sql(raw).map(|at| Self(Time::from_naive_utc(at)))
    }
}

impl<DB: Backend> FromSql<Nullable<Timestamp>, DB> for AtOption
where
    chrono::NaiveDateTime: FromSql<Timestamp, DB>,
{
    fn from_sql(raw: DB::RawValue<'_>) -> deserialize::Result<Self> {
        At::from_sql(raw).map(|at| Self(Some(at.0)))
    }

    fn from_nullable_sql(raw: Option<DB::RawValue<'_>>) -> deserialize::Result<Self> {
        raw.map_or(Ok(Self(None)), <Self as FromSql<Nullable<Timestamp>, DB>>::from_sql)
    }
}

impl From<At> for Time {
    fn from(at: At) -> Time {
        at.0
    }
}

impl From<AtOption> for Option<Time> {
    fn from(at: AtOption) -> Option<Time> {
        at.0
    }
}

macro_rules! text_values {
    ($($type:ty => |$text:ident| $read:expr),+ $(,)?) => {$(
        impl TextValue for $type {
            fn read($text: &str) -> Option<Self> { $read }
        }
        impl From<Stored<$type>> for $type {
            fn from(stored: Stored<$type>) -> Self { stored.0 }
        }
        impl From<StoredOption<$type>> for Option<$type> {
            fn from(stored: StoredOption<$type>) -> Self { stored.0 }
        }
    )+};
}

text_values! {
    UserId => |text| text.parse().ok(),
    DeviceId => |text| text.parse().ok(),
    SessionId => |text| text.parse().ok(),
    HouseholdId => |text| text.parse().ok(),
    VisitId => |text| text.parse().ok(),
    OpId => |text| text.parse().ok(),
    ConflictId => |text| text.parse().ok(),
    uuid::Uuid => |text| text.parse().ok(),
    Role => |text| text.parse().ok(),
    RegionCode => |text| RegionCode::parse(text).ok(),
    FileStatus => |text| FileStatus::from_code(text),
    VisitState => |text| VisitState::from_code(text),
    VisitType => |text| VisitType::from_code(text),
    Outcome => |text| Outcome::from_code(text),
    ClashKind => |text| ClashKind::from_code(text),
    Choice => |text| Choice::from_code(text),
    ConflictState => |text| ConflictState::from_code(text),
    ParkReason => |text| ParkReason::from_code(text),
    ParkState => |text| ParkState::from_code(text),
    Date => |text| text.parse().ok(),
    Review => |text| serde_json::from_str(text).ok(),
    serde_json::Value => |text| serde_json::from_str(text).ok(),
    Vec<String> => |text| serde_json::from_str(text).ok(),
}
