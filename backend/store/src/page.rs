//! Lists come in pages, by the key of the last row seen, never by offset.

use crate::error::StoreError;

/// Rows of one page at most, whatever the caller asks for.
pub const PAGE_MAX: i64 = 500;

/// Which page is wanted.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// `next_cursor` of the page before; `None` for the first.
    pub cursor: Option<String>,
    /// Rows wanted.
    pub limit: i64,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// `None` at the end of the list.
    pub next_cursor: Option<String>,
    /// Rows of the whole list under the same filters.
    pub total: i64,
}

impl PageRequest {
    /// A request for the first page.
    pub fn first(limit: i64) -> Self {
        Self { cursor: None, limit }
    }

    /// Rows to return, within bounds.
    pub(crate) fn rows(&self) -> i64 {
        self.limit.clamp(1, PAGE_MAX)
    }

    /// The parts of the cursor, if there is one: exactly as many as the list's key has.
    pub(crate) fn key<const N: usize>(&self) -> Result<Option<[&str; N]>, StoreError> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let parts: Vec<&str> = cursor.split('~').collect();
        parts.try_into().map(Some).map_err(|_| StoreError::BadCursor)
    }
}

impl<T> Page<T> {
    /// From one row more than wanted: whether it came tells whether there is a next page.
    pub(crate) fn cut(mut items: Vec<T>, rows: i64, total: i64, key: impl Fn(&T) -> String) -> Self {
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let more = items.len() > rows;
        items.truncate(rows);
        let next_cursor = if more { items.last().map(key) } else { None };
        Self { items, next_cursor, total }
    }

    /// The same page with other items.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next_cursor: self.next_cursor, total: self.total }
    }
}
