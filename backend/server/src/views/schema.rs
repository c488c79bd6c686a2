//! How values of the domain look in `openapi.json`. The domain knows nothing of OpenAPI, so its types are
//! named here; the lists of codes come from the domain itself.

use ruhu_domain::actor::Role;
use ruhu_domain::household::FileStatus;
use ruhu_domain::sync::conflict::ConflictState;
use ruhu_domain::sync::merge::{Choice, ClashKind};
use ruhu_domain::sync::operation::Outcome;
use ruhu_domain::sync::parking::{Dependency, ParkOwner, ParkReason, ParkState};
use ruhu_domain::visit::{Decision, VisitState, VisitType};
use std::borrow::Cow;
use utoipa::openapi::schema::{AdditionalProperties, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{RefOr, schema::SchemaType};
use utoipa::{PartialSchema, ToSchema};

fn text(format: SchemaFormat, description: &str) -> RefOr<Schema> {
    let object = ObjectBuilder::new().schema_type(Type::String).format(Some(format)).description(Some(description));
    RefOr::T(Schema::Object(object.build()))
}

fn codes(description: &str, values: impl Iterator<Item = &'static str>) -> RefOr<Schema> {
    let object = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(values.collect::<Vec<_>>()))
        .description(Some(description));
    RefOr::T(Schema::Object(object.build()))
}

fn any_object() -> RefOr<Schema> {
    let object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::FreeForm(true)))
        .description(Some("An object whose keys are data: see docs/FORMS.md"));
    RefOr::T(Schema::Object(object.build()))
}

fn any_value() -> RefOr<Schema> {
    let object = ObjectBuilder::new().schema_type(SchemaType::AnyValue).description(Some("Any JSON value"));
    RefOr::T(Schema::Object(object.build()))
}

macro_rules! named {
    ($($(#[$doc:meta])* $name:ident => $schema:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> { $schema }
        }
        impl ToSchema for $name {
            fn name() -> Cow<'static, str> { Cow::Borrowed(stringify!($name)) }
        }
    )+};
}

named! {
    /// A UUID.
    Id => text(SchemaFormat::Custom("uuid".into()), "A UUID; version 7 when made by us");
    /// An instant.
    Moment => text(SchemaFormat::KnownFormat(KnownFormat::DateTime), "RFC 3339, UTC, microseconds");
    /// A calendar day.
    Day => text(SchemaFormat::KnownFormat(KnownFormat::Date), "yyyy-mm-dd, calendar of Asia/Shanghai");
    /// A role.
    RoleCode => codes("Role of a person", Role::ALL.into_iter().map(Role::code));
    /// State of a file.
    FileStatusCode => codes("State of a household file", FileStatus::ALL.iter().map(|v| v.code()));
    /// Kind of visit.
    VisitTypeCode => codes("Kind of visit", VisitType::ALL.iter().map(|v| v.code()));
    /// State of a visit.
    VisitStateCode => codes("State of a visit", VisitState::ALL.iter().map(|v| v.code()));
    /// A reviewer's answer.
    DecisionCode => codes("A reviewer's answer", Decision::ALL.iter().map(|v| v.code()));
    /// What became of an operation.
    OutcomeCode => codes("What became of an operation", Outcome::ALL.iter().map(|v| v.code()));
    /// How a change stands against the file now.
    StandingCode => codes(
        "clean: nobody else wrote here; already: the file holds the new value; settled: the field's policy decided; decided: a person did; moved: a person must; refused: no visit may change it",
        ["clean", "already", "settled", "decided", "moved", "refused"].into_iter(),
    );
    /// What two people disagree about.
    ClashKindCode => codes(
        "path: one value; group: values that belong together; row_gone: one side took a row away; twice: whether two files are one household",
        ClashKind::ALL.iter().map(|v| v.code())
    );
    /// An answer to a conflict.
    ChoiceCode => codes(
        "mine: the visit's value; theirs: what was there first; other: a value of one's own; revisit: theirs, and somebody asks again at the door",
        Choice::ALL.iter().map(|v| v.code())
    );
    /// State of a conflict.
    ConflictStateCode => codes(
        "open: waits for a person; decided; void: what it was about is not so any more",
        ConflictState::ALL.iter().map(|v| v.code())
    );
    /// Why an operation is parked.
    ParkReasonCode => codes(
        "op.after: what it hangs on is not done; op.unknown: this server does not know its kind or version; op.failed: a bug or a damaged row was in its way",
        ParkReason::ALL.iter().map(|v| v.code())
    );
    /// Where a parked operation stands.
    ParkStateCode => codes(
        "waiting; played: it had its effect; refused: a rule said no when it was played; dismissed: a person ended it",
        ParkState::ALL.iter().map(|v| v.code())
    );
    /// Who has to do something about a parked operation.
    ParkOwnerCode => codes(
        "nobody: it ends by itself; supervisor: somebody decides about the work; sysop: the server needs mending or updating",
        ParkOwner::ALL.iter().map(|v| v.code())
    );
    /// How the operation stands that another one hangs on.
    DependencyCode => codes(
        "missing: it has not arrived; parked; done; over: it was refused or dismissed",
        Dependency::ALL.iter().map(|v| v.code())
    );
    /// Free object.
    JsonObject => any_object();
    /// Any value.
    JsonValue => any_value();
}

/// For a field where `null` is a value, and only a missing one is none.
pub fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<serde_json::Value>, D::Error> {
    serde::Deserialize::deserialize(from).map(Some)
}
