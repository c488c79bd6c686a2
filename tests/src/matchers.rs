//! Answers, and what a test may say about them.

use reqwest::header::{HeaderMap, SET_COOKIE};
use serde_json::{Value, json};
use uuid::Uuid;

/// An answer of the server, read to its end.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Reply {
    /// Reads an answer.
    pub async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, bytes: response.bytes().await.expect("a whole answer").to_vec() }
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// A header, empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a readable header"))
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("{} {} is no JSON", self.status, self.text()))
    }

    /// It worked; the body, `null` when there is none.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text());
        if self.bytes.is_empty() { Value::Null } else { self.json() }
    }

    /// It is refused with this code; the problem, whose common parts are checked.
    #[track_caller]
    pub fn refused_with(&self, code: &str) -> Value {
        assert!(self.status >= 400, "not refused: {} {}", self.status, self.text());
        assert_eq!(self.header("content-type"), "application/problem+json", "{} {}", self.status, self.text());
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["type"], format!("/problems/{code}"));
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()));
        assert!(problem["errors"].is_array());
        problem
    }

    /// It is refused with this status and code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let problem = self.refused_with(code);
        assert_eq!(self.status, status, "{problem}");
        problem
    }

    /// The value of a cookie that it sets.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.set_cookie(name).map(|line| line.split([';', '=']).nth(1).unwrap_or_default().to_owned())
    }

    /// The whole line that sets a cookie.
    pub fn set_cookie(&self, name: &str) -> Option<String> {
        let lines = self.headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().expect("a readable cookie"));
        lines.filter(|line| line.starts_with(&format!("{name}="))).map(str::to_owned).next()
    }
}

/// The answer to one operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt(pub Value);

impl Receipt {
    /// It had its effect.
    #[track_caller]
    pub fn applied(&self) -> &Value {
        assert_eq!(self.0["outcome"], "applied", "{}", self.0);
        &self.0
    }

    /// A rule says no, with this code.
    #[track_caller]
    pub fn refused_with(&self, code: &str) -> &Value {
        self.came_out_as("refused", code)
    }

    /// It is kept for later, with this code.
    #[track_caller]
    pub fn parked_with(&self, code: &str) -> &Value {
        self.came_out_as("parked", code)
    }

    #[track_caller]
    fn came_out_as(&self, outcome: &str, code: &str) -> &Value {
        assert_eq!((&self.0["outcome"], &self.0["code"]), (&json!(outcome), &json!(code)), "{}", self.0);
        &self.0
    }
}

/// What came back for a push.
#[derive(Debug, Clone)]
pub struct Pushed(pub Reply);

impl Pushed {
    /// Every receipt.
    #[track_caller]
    pub fn receipts(&self) -> Vec<Receipt> {
        self.0.ok()["receipts"].as_array().expect("receipts").iter().cloned().map(Receipt).collect()
    }

    /// The receipt of the only operation.
    #[track_caller]
    pub fn receipt(&self) -> Receipt {
        let receipts = self.receipts();
        assert_eq!(receipts.len(), 1);
        receipts[0].clone()
    }

    /// The number that is expected next.
    #[track_caller]
    pub fn next_seq(&self) -> i64 {
        self.0.ok()["next_seq"].as_i64().expect("a number")
    }
}

/// What came back for one visit that was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    pub pushed: Pushed,
    pub visit: Visit,
}

impl Sent {
    /// It was taken in, beside others' changes or alone, and waits for review.
    #[track_caller]
    pub fn applied(self) -> Visit {
        let receipt = self.pushed.receipt().0;
        let outcome = receipt["outcome"].as_str().unwrap_or_default();
        assert!(["applied", "merged"].contains(&outcome), "{receipt}");
        assert_eq!(receipt["state"], "in_review");
        self.visit
    }

    /// It was taken in, and a person must decide between two values.
    #[track_caller]
    pub fn in_conflict(self) -> Visit {
        let receipt = self.pushed.receipt().0;
        assert_eq!((&receipt["outcome"], &receipt["state"]), (&json!("conflict"), &json!("conflict")), "{receipt}");
        self.visit
    }

    /// It was refused; the receipt.
    #[track_caller]
    pub fn refused_with(&self, code: &str) -> Value {
        self.pushed.receipt().refused_with(code).clone()
    }
}

/// A visit that was sent, as its sender knows it.
#[derive(Debug, Clone)]
pub struct Visit {
    pub id: Uuid,
    pub household: Uuid,
    pub rev: i64,
    pub hash: String,
    pub base_rev: i64,
    /// What was sent.
    pub proposal: Value,
}

/// What a reviewer saw when they approved.
#[derive(Debug, Clone)]
pub struct Approval {
    pub visit: Uuid,
    pub body: Value,
}

impl Visit {
    /// The number of the only person in the file that it makes.
    pub fn id_no(&self) -> String {
        let mut persons = self.proposal["file_after"]["persons"].as_object().expect("persons").values();
        let number = persons.next().and_then(|person| person["id_no"].as_str()).expect("a number").to_owned();
        assert!(persons.next().is_none(), "more than one person");
        number
    }

    /// An approval of exactly this, by somebody who saw the file that the visitor saw.
    pub fn approval(&self) -> Approval {
        let body = json!({
            "visit_rev": self.rev, "visit_hash": self.hash, "file_rev": self.base_rev, "decisions": []
        });
        Approval { visit: self.id, body }
    }
}

impl From<&Visit> for Approval {
    fn from(visit: &Visit) -> Self {
        visit.approval()
    }
}

impl Approval {
    /// Somebody saw another value of `visit_rev`, `visit_hash` or `file_rev`.
    #[must_use]
    pub fn seeing(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.body[key] = value.into();
        self
    }

    /// The record showed that this conflict is decided.
    #[must_use]
    pub fn knowing(mut self, conflict: &Value) -> Self {
        let mut decided = self.body["decided"].as_array().cloned().unwrap_or_default();
        decided.push(conflict["id"].clone());
        self.body["decided"] = decided.into();
        self
    }

    /// Declines one path.
    #[must_use]
    pub fn declining(self, path: &str, reason: &str) -> Self {
        self.saying(json!({ "path": path, "accept": false, "reason": reason }))
    }

    /// A word on one path.
    #[must_use]
    pub fn saying(mut self, decision: Value) -> Self {
        self.body["decisions"].as_array_mut().expect("decisions").push(decision);
        self
    }
}
