//! Whether a body keeps its secrets: each is encrypted, its place covered, and no number stands elsewhere in clear.

use ruhu_domain::form::read_id_no;
use ruhu_domain::time::Date;
use serde_json::Value;
use std::collections::BTreeSet;

/// A body as it is kept, and as it ought to be.
pub(super) struct Body<'a> {
    /// The covered text that is kept.
    pub kept: &'a Value,
    /// The pointers that are encrypted beside it.
    pub sealed: &'a BTreeSet<String>,
    /// The same body opened and covered again.
    pub covered: &'a Value,
    /// The pointers of its secrets.
    pub secret: &'a BTreeSet<String>,
}

impl Body<'_> {
    /// What is kept otherwise than it ought to be, each as a sentence.
    pub(super) fn faults(&self) -> Vec<String> {
        let unsealed = self.secret.difference(self.sealed).map(|at| format!("holds a secret at {at} unencrypted"));
        let needless = self.sealed.difference(self.secret).map(|at| format!("encrypts {at}, which is no secret"));
        let uncovered = self
            .secret
            .iter()
            .filter(|at| self.kept.pointer(at) != self.covered.pointer(at))
            .map(|at| format!("does not cover the secret at {at}"));
        unsealed.chain(needless).chain(uncovered).collect()
    }
}

/// What kind of number a text holds in clear that belongs into no receipt and no audit row, if any:
/// an ID number whose check digit is right, or a mobile number. Parts of longer words and ids do not count.
pub(super) fn number_in(text: &str) -> Option<&'static str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.split(|c: char| !is_part(c)).find_map(|word| {
        let is_mobile = word.len() == 11
            && word.bytes().all(|byte| byte.is_ascii_digit())
            && matches!(word.as_bytes(), [b'1', b'3'..=b'9', ..]);
        let is_id_no = word.len() == 18 && read_id_no(word, Date::MAX).is_ok();
        if is_id_no { Some("an ID number") } else { is_mobile.then_some("a telephone number") }
    })
}

#[cfg(test)]
mod tests {
    use super::number_in;

    #[test]
    fn whole_numbers_are_found_and_ids_are_not() {
        assert_eq!(number_in("{\"was\":\"11010519491231002X\"}"), Some("an ID number"));
        assert_eq!(number_in("打 15400005678 给他"), Some("a telephone number"));
        for text in ["110105194912310020", "019c2a3b-1540-7000-8000-154000056789", "{\"n\":154000056}", "a15400005678"]
        {
            assert_eq!(number_in(text), None, "{text}");
        }
    }
}
