//! What a phone has to hand over: visits that its form is content with, visits taken back, and now and then one
//! that the server must refuse. Everybody in them is made up.

use crate::random::Random;
use ruhu_domain::time::Time;
use ruhu_tests::factories::{a_first_survey, a_visit};
use serde_json::{Value, json};
use uuid::Uuid;

/// An operation without a number yet.
#[derive(Debug, Clone)]
pub struct Operation {
    pub id: Uuid,
    pub kind: &'static str,
    pub subject: Uuid,
    /// Whether it must have its effect.
    pub is_sound: bool,
    body: Value,
    recorded_at: Time,
}

impl Operation {
    /// As it goes over the wire, under a number of the device.
    pub fn numbered(&self, seq: i64) -> Value {
        json!({
            "seq": seq, "id": self.id, "kind": self.kind, "version": 1, "subject": self.subject, "after": null,
            "recorded_at": self.recorded_at, "clock": { "offset_ms": 0, "monotonic_ms": 5 }, "body": self.body,
        })
    }
}

/// Makes the operations of one phone.
pub struct Maker {
    random: Random,
    /// Households of which nobody knows more than the address: the next visit finds them as the first one did.
    households: Vec<Uuid>,
    /// Visits that the server has, and that were not taken back.
    visits: Vec<Uuid>,
}

impl Maker {
    /// One that knows of nothing.
    pub fn new(random: Random) -> Self {
        Self { random, households: Vec::new(), visits: Vec::new() }
    }

    /// Notes that a visit arrived, so that it can be taken back.
    pub fn arrived(&mut self, operation: &Operation) {
        if operation.kind == "visit.submit" && operation.is_sound {
            self.visits.push(operation.subject);
        }
    }

    /// The next one.
    pub fn make(&mut self, now: Time) -> Operation {
        let draw = self.random.range(0, 99);
        if draw < 12 && !self.visits.is_empty() {
            let visit = self.visits.swap_remove(self.random.place(self.visits.len()));
            let body = json!({ "visit_id": visit, "rev": 1, "reason": "登记有误，重新走访。" });
            return self.operation("visit.withdraw", visit, body, true, now);
        }
        let mut draft = if draw < 24 { a_first_survey() } else { a_visit() };
        if draw >= 80 && !self.households.is_empty() {
            draft = draft.at_household(self.households[self.random.place(self.households.len())]);
        }
        let household = draft.household;
        let (visit, mut body) = draft.finish(now);
        let is_sound = !(60..64).contains(&draw);
        if !is_sound {
            body["hash"] = json!("0".repeat(64));
        } else if draw >= 24 {
            self.households.push(household);
        }
        self.operation("visit.submit", visit.id, body, is_sound, now)
    }

    fn operation(&self, kind: &'static str, subject: Uuid, body: Value, is_sound: bool, now: Time) -> Operation {
        Operation { id: Uuid::now_v7(), kind, subject, is_sound, body, recorded_at: now }
    }
}
