//! How values of the domain look in `openapi.json`. The domain knows nothing of OpenAPI, so its types are
//! named here; the lists of codes come from the domain itself.

use ruhu_domain::actor::Role;
use ruhu_domain::household::FileStatus;
use ruhu_domain::sync::operation::Outcome;
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
        "clean: nobody else wrote here; already: the file holds the new value; settled: the field's policy decided; moved: a person must; refused: no visit may change it",
        ["clean", "already", "settled", "moved", "refused"].into_iter(),
    );
    /// Free object.
    JsonObject => any_object();
    /// Any value.
    JsonValue => any_value();
}
