//! A household file (档案): its states and what a visit may do to it.

use crate::ids::{HouseholdId, UserId};
use crate::region::RegionCode;
use crate::time::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $code)] $variant),+ }
        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The code used on the wire and in storage.
            pub fn code(self) -> &'static str { match self { $($name::$variant => $code),+ } }
            /// The value of a code.
            pub fn from_code(code: &str) -> Option<Self> { Self::ALL.iter().copied().find(|v| v.code() == code) }
        }
    };
}
pub(crate) use codes;

codes! {
    /// States of a file (domain specification §5.1).
    FileStatus {
        /// 线索: somebody to be visited for the first time.
        Lead = "lead",
        Draft = "draft",
        FirstReview = "first_review",
        MeansCheck = "means_check",
        Publicity = "publicity",
        SecondReview = "second_review",
        Active = "active",
        /// 常态化帮扶.
        Regular = "regular",
        /// 渐退期.
        Fading = "fading",
        Exited = "exited",
        Cancelled = "cancelled",
        Archived = "archived",
        ClosedLead = "closed_lead",
        Rejected = "rejected",
    }
}

impl FileStatus {
    /// Whether visits to this household still make sense.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Cancelled | Self::Archived | Self::ClosedLead)
    }

    /// Whether a file at revision 0 in this state is what a visitor found: nobody approved anything of it, lists show
    /// its first facts, and whoever's visit is approved first brings all of it. Only such a household is closed at
    /// revision 0; a lead's facts are the office's own.
    pub fn is_found(self, rev: i64) -> bool {
        rev == 0 && matches!(self, Self::Draft | Self::ClosedLead)
    }

    /// Whether nobody has approved a first survey yet.
    pub fn is_before_first_survey(self) -> bool {
        matches!(self, Self::Lead | Self::Draft)
    }
}

/// The file: approved state of one household. `rev` counts approvals; 0 means nothing approved yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Household {
    pub id: HouseholdId,
    pub rev: i64,
    pub status: FileStatus,
    pub file_no: Option<String>,
    /// The finest region code known: community, town or banner.
    pub region: RegionCode,
    pub contact: Option<UserId>,
    pub responsible: Option<UserId>,
    /// Body as docs/FORMS.md describes it, unmasked.
    pub file: Map<String, Value>,
    /// Keyed hash of `file`, lower-case hex; the store makes it, because it has the key.
    pub hash: String,
    pub next_visit_due_on: Option<Date>,
    pub last_visit_on: Option<Date>,
}

/// Days until the next routine visit (domain specification §5.6: urgent or deep hardship 30, accident 60,
/// relative and regular 90, fading 180).
pub fn visit_rhythm_days(status: FileStatus, hardship_type: Option<&str>, urgency: Option<&str>) -> i64 {
    match (status, hardship_type, urgency) {
        (FileStatus::Fading, _, _) => 180,
        (_, _, Some("urgent")) | (_, Some("H21-1"), _) => 30,
        (_, Some("H21-3"), _) => 60,
        _ => 90,
    }
}

/// Region of a body: the finest of its three codes.
pub fn region_of(file: &Map<String, Value>) -> Option<RegionCode> {
    ["community_code", "town_code", "banner_code"]
        .iter()
        .find_map(|key| file.get(*key).and_then(Value::as_str))
        .and_then(|code| RegionCode::parse(code).ok())
}

/// What of a new household's proposal lists need before an approval: where it is and whom to ask for.
const FIRST_FACTS: [&str; 4] = ["banner_code", "town_code", "community_code", "residence_address"];
const FIRST_FACTS_OF_PERSON: [&str; 2] = ["name", "is_worker"];

/// Whether a path is one of the first facts.
pub fn is_first_fact(path: &str) -> bool {
    let of_person = path.strip_prefix("persons/").and_then(|rest| rest.split_once('/'));
    FIRST_FACTS.contains(&path) || of_person.is_some_and(|(_, column)| FIRST_FACTS_OF_PERSON.contains(&column))
}

/// The first facts of a household that a visitor found: its file at revision 0, which nobody approved.
pub fn first_facts(proposed: &Map<String, Value>) -> Map<String, Value> {
    let mut file = Map::new();
    for key in FIRST_FACTS {
        if let Some(value) = proposed.get(key) {
            file.insert(key.to_owned(), value.clone());
        }
    }
    let persons = proposed.get("persons").and_then(Value::as_object);
    let named = persons.into_iter().flatten().filter_map(|(id, person)| {
        let fact = |key: &&str| Some(((*key).to_owned(), person.get(*key)?.clone()));
        let facts: Map<String, Value> = FIRST_FACTS_OF_PERSON.iter().filter_map(fact).collect();
        person.get("name").map(|_| (id.clone(), Value::Object(facts)))
    });
    let named: Map<String, Value> = named.collect();
    if !named.is_empty() {
        file.insert("persons".to_owned(), Value::Object(named));
    }
    file
}

/// Name of the worker, else of the first person, for lists.
pub fn display_name(file: &Map<String, Value>) -> Option<&str> {
    let persons = file.get("persons")?.as_object()?;
    let worker = persons.values().find(|p| p.get("is_worker").and_then(Value::as_bool) == Some(true));
    worker.or_else(|| persons.values().next())?.get("name")?.as_str()
}
