//! What the route table says of each operation.

use actix_web::http::Method;
use actix_web::{HttpRequest, Route, web};
use ruhu_domain::policy::Action;

/// Who may call an operation at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody, signed in or not.
    Public,
    /// Whoever is signed in with a role that may attempt this action.
    Signed(Action),
}

/// One line of the route table.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    pub method: fn() -> Method,
    /// With `{placeholders}`, from the root.
    pub path: &'static str,
    /// The handler's name, and its `operationId`.
    pub id: &'static str,
    pub access: Access,
    pub route: fn() -> Route,
}

/// The route table, as the running app knows it.
#[derive(Debug, Clone, Copy)]
pub struct Table(pub &'static [Operation]);

impl Table {
    /// The operation that this request reached, if it reached one.
    pub fn find(&self, req: &HttpRequest) -> Option<&'static Operation> {
        let pattern = req.match_pattern()?;
        self.0.iter().find(|operation| operation.path == pattern && (operation.method)() == *req.method())
    }

    /// The same, from a request that has passed the router.
    pub fn of(req: &HttpRequest) -> Option<&'static Operation> {
        req.app_data::<web::Data<Table>>()?.find(req)
    }
}
