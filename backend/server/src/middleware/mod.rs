//! What happens to every request and every answer, whatever the route.

pub mod edge;
pub mod headers;
pub mod origin;
