//! What a phone still holds, as far as it has told, and what went missing on it.
//!
//! A manifest names the numbers without a receipt at its moment, those of its own request among them. They are
//! contiguous, so what has not arrived is what lies at or after the next number that the server expects.

use crate::sync::operation::{Manifest, Position};

/// How many operations of a manifest have no receipt, now that the server expects `next_seq`.
pub fn outstanding(next_seq: i64, manifest: &Manifest) -> i64 {
    manifest.last_seq.map_or(0, |last| last.saturating_sub(next_seq).saturating_add(1).max(0))
}

/// How many operations a phone was known to hold, without a receipt, that it does not hold any more.
///
/// `before` is what it said last, at the place where it stood; `now` what it says in `epoch`, before any operation of
/// the same request counts as received. Under a new epoch everything is numbered anew from 1, so only how many there
/// are can be compared. It is a possible loss, not a proven one: a phone puts aside by itself what no server can take.
pub fn missing(before: Position, said: &Manifest, epoch: i64, now: &Manifest) -> i64 {
    let held = outstanding(before.next_seq, said);
    if held == 0 {
        return 0;
    }
    if epoch > before.epoch {
        return (held - now.count.max(0)).max(0);
    }
    let (Some(first), Some(last)) = (now.first_seq, now.last_seq) else { return held };
    // Under the same numbers something else: an older state of the phone came back, and went on from there.
    let is_same_range = (said.first_seq, said.last_seq) == (Some(first), Some(last));
    if is_same_range && said.head != now.head {
        return held;
    }
    let end = said.last_seq.unwrap_or(0);
    let kept = end.min(last) - before.next_seq.max(first) + 1;
    held - kept.clamp(0, held)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::ids::DeviceId;
    use uuid::Uuid;

    fn at(epoch: i64, next_seq: i64) -> Position {
        Position { device: DeviceId(Uuid::nil()), epoch, next_seq }
    }

    /// Holds these numbers; the head names what they are.
    fn holding(first: i64, last: i64) -> Manifest {
        Manifest { count: last - first + 1, first_seq: Some(first), last_seq: Some(last), head: "a".into() }
    }

    fn empty() -> Manifest {
        Manifest { count: 0, first_seq: None, last_seq: None, head: String::new() }
    }

    #[test]
    fn what_has_a_receipt_is_not_outstanding() {
        assert_eq!(outstanding(5, &holding(5, 9)), 5);
        assert_eq!(outstanding(8, &holding(5, 9)), 2, "three of them came with this request");
        assert_eq!(outstanding(10, &holding(5, 9)), 0);
        assert_eq!(outstanding(3, &empty()), 0);
        assert_eq!(
            outstanding(i64::MIN, &holding(i64::MAX, i64::MAX)),
            i64::MAX,
            "a forged one adds up to nothing worse"
        );
    }

    #[test]
    fn a_phone_that_goes_on_loses_nothing() {
        let said = holding(5, 9);
        for now in [holding(5, 9), holding(5, 12), Manifest { first_seq: Some(3), count: 7, ..holding(5, 9) }] {
            assert_eq!(missing(at(1, 5), &said, 1, &now), 0, "{now:?}");
        }
        // Some of them have come: the receipts explain it.
        assert_eq!(missing(at(1, 8), &said, 1, &holding(8, 9)), 0);
        assert_eq!(missing(at(1, 10), &said, 1, &empty()), 0);
        assert_eq!(missing(at(1, 10), &said, 1, &holding(10, 11)), 0);
    }

    #[test]
    fn fewer_than_the_receipts_explain_is_a_possible_loss() {
        let said = holding(5, 9);
        assert_eq!(missing(at(1, 5), &said, 1, &empty()), 5);
        assert_eq!(missing(at(1, 8), &said, 1, &empty()), 2, "three of them have a receipt");
        assert_eq!(missing(at(1, 5), &said, 1, &holding(5, 7)), 2, "the last ones are gone");
        assert_eq!(missing(at(1, 5), &said, 1, &holding(8, 9)), 3, "the first ones are gone");
        assert_eq!(missing(at(1, 5), &said, 1, &holding(10, 11)), 5, "others stand in their place");
    }

    #[test]
    fn other_work_under_the_same_numbers_is_a_possible_loss() {
        let restored = Manifest { head: "b".into(), ..holding(5, 9) };
        assert_eq!(missing(at(1, 5), &holding(5, 9), 1, &restored), 5);
        assert_eq!(missing(at(1, 10), &holding(5, 9), 1, &restored), 0, "all of it has come");
    }

    #[test]
    fn a_new_epoch_is_compared_by_how_many_there_are() {
        assert_eq!(missing(at(1, 5), &holding(5, 9), 2, &holding(1, 5)), 0);
        assert_eq!(missing(at(1, 5), &holding(5, 9), 2, &holding(1, 8)), 0);
        assert_eq!(missing(at(1, 5), &holding(5, 9), 2, &holding(1, 2)), 3);
        assert_eq!(missing(at(1, 5), &holding(5, 9), 2, &empty()), 5);
        assert_eq!(missing(at(1, 10), &holding(5, 9), 2, &empty()), 0);
    }
}
