//! The example bodies of docs/SYNC.md are what the real server takes and answers, and every code that a push, a pull
//! or the desk of parked records can answer with is named there.
//!
//! `RUHU_BLESS=1 cargo test -p ruhu-tests --test api sync_examples` writes the examples anew.

use crate::conflicts::{a_home, cards, the_card};
use ruhu_domain::sync::operation::{BATCH_MAX_OPS, Outcome};
use ruhu_tests::{Actor, Reply, TestApp, a_first_survey, a_revisit, a_visit, on_one_database};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use uuid::Uuid;

const BEGIN: &str = "<!-- examples: written by tests/api/sync_examples.rs -->\n";
const END: &str = "<!-- examples end -->\n";
/// Where codes of these three come from. What a form finds in an answer is its own business, and in FORMS.md.
const SOURCES: [&str; 14] = [
    "backend/server/src/app/sync/operations.rs",
    "backend/server/src/app/sync/parking.rs",
    "backend/server/src/app/sync/prepare.rs",
    "backend/server/src/app/sync/pull.rs",
    "backend/server/src/app/sync/push.rs",
    "backend/server/src/app/conflict.rs",
    "backend/server/src/app/parking.rs",
    "backend/server/src/app/submission.rs",
    "backend/server/src/app/visit.rs",
    "backend/domain/src/sync/conflict.rs",
    "backend/domain/src/sync/merge/policy.rs",
    "backend/domain/src/sync/parking.rs",
    "backend/domain/src/visit/refusal.rs",
    "backend/server/src/app/sync/replay.rs",
];
/// Words of the same form that are no codes: actions of the audit.
const ACTIONS: [&str; 3] = ["conflict.void", "conflict.open", "household.create"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn specification() -> String {
    std::fs::read_to_string(root().join("docs/SYNC.md")).expect("docs/SYNC.md")
}

/// What differs from run to run gets a name of its own, the same thing the same name.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    /// A path names its rows.
    fn name(&mut self, key: &str, text: &str) -> String {
        let parts: Vec<String> = text.split('/').map(|part| self.name_of(key, part)).collect();
        parts.join("/")
    }

    fn name_of(&mut self, key: &str, text: &str) -> String {
        if key == "birth_date" {
            return "1949-12-31".to_owned();
        }
        let is_hex = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let kind = if Uuid::parse_str(text).is_ok() {
            "id"
        } else if is_hex(text) {
            "hash"
        } else if ["cursor", "nonce", "history_id"].contains(&key) {
            key
        } else {
            return text.to_owned();
        };
        let number = 1 + self.0.values().filter(|name| name.starts_with(&format!("<{kind} "))).count();
        self.0.entry(text.to_owned()).or_insert_with(|| format!("<{kind} {number}>")).clone()
    }

    fn of(&mut self, key: &str, value: &Value) -> Value {
        match value {
            Value::String(text) => self.name(key, text).into(),
            Value::Array(items) => items.iter().map(|item| self.of(key, item)).collect(),
            Value::Object(entries) => {
                // Rows of a file stand under their ids.
                let named = entries.iter().map(|(key, value)| (self.name("", key), self.of(key, value)));
                Value::Object(named.collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }
}

/// What fits on a line stands on one.
fn laid_out(value: &Value, depth: usize) -> String {
    let line = value.to_string();
    if line.chars().count() + 2 * depth <= 120 {
        return line;
    }
    let (pad, end) = ("  ".repeat(depth + 1), "  ".repeat(depth));
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| format!("{pad}{}", laid_out(item, depth + 1))).collect();
            format!("[\n{}\n{end}]", items.join(",\n"))
        }
        Value::Object(entries) => {
            let entry =
                |(key, value): (&String, &Value)| format!("{pad}{}: {}", json!(key), laid_out(value, depth + 1));
            let entries: Vec<String> = entries.iter().map(entry).collect();
            format!("{{\n{}\n{end}}}", entries.join(",\n"))
        }
        _ => line,
    }
}

/// The examples, in order.
#[derive(Default)]
struct Book {
    names: Names,
    text: String,
    outcomes: BTreeSet<String>,
}

impl Book {
    fn say(&mut self, what: &str, body: &Value) {
        if let Some(outcome) = body["outcome"].as_str() {
            self.outcomes.insert(outcome.to_owned());
        }
        let body = self.names.of("", body);
        let body = laid_out(&body, 0);
        self.text.push_str(&format!("{what}\n\n```json\n{body}\n```\n\n"));
    }

    fn refusal(&mut self, what: &str, reply: &Reply, code: &str) {
        let problem = reply.refused_with(code);
        self.say(&format!("`{} {code}`: {what}", reply.status), &problem);
    }
}

async fn pushed(actor: &Actor, ops: &[Value]) -> Reply {
    actor.pushes(ops).await.0
}

/// The only receipt of an answer.
fn receipt(reply: &Reply) -> Value {
    reply.ok()["receipts"][0].clone()
}

async fn receipts(app: &TestApp, book: &mut Book) {
    let home = a_home(app).await;
    let (ana, ben, boss) = (&home.ana, &home.ben, &home.boss);
    let (op, visit) = ana.submission(a_visit());
    book.say(
        "A push with one visit, to a household found on the spot where nobody was in:",
        &ana.batch(std::slice::from_ref(&op)),
    );
    let reply = pushed(ana, std::slice::from_ref(&op)).await;
    book.say("Its answer:", &reply.ok());
    book.say("`applied`:", &receipt(&reply));
    let body = json!({ "visit_id": visit.id, "rev": 1, "reason": "走错了门" });
    let withdrawal = ana.op("visit.withdraw", visit.id, &body);
    book.say("A `visit.withdraw`:", &withdrawal);
    book.say("Its receipt:", &receipt(&pushed(ana, &[withdrawal]).await));
    ana.begins_epoch(2);
    let mut again = ana.op("visit.submit", visit.id, &op["body"]);
    again["id"] = op["id"].clone();
    book.say("`duplicate`, under the next epoch:", &receipt(&pushed(ana, &[again]).await));

    let noted = a_revisit(&home.first, 1).found_changed("moved").set("residence_note", json!("从东门进"));
    let noted = ben.submits(noted).await.applied();
    boss.approves(&noted).await.ok();
    let (op, merged) =
        ana.submission(a_revisit(&home.first, 1).found_changed("members").set("remarks", json!("女儿周末回来")));
    book.say("`merged`, beside what somebody else has brought into the file:", &receipt(&pushed(ana, &[op]).await));
    boss.approves(merged.approval().seeing("file_rev", 2)).await.ok();
}

async fn conflicts(app: &TestApp, book: &mut Book) {
    let home = a_home(app).await;
    let east = home.ana.submits(a_revisit(&home.first, 1).moved_to(crate::conflicts::EAST)).await;
    east.applied();
    app.clock.pass_s(600);
    let (op, _) = home.ben.submission(a_revisit(&home.first, 1).moved_to(crate::conflicts::WEST));
    book.say("`conflict`:", &receipt(&pushed(&home.ben, &[op]).await));
    let card = the_card(&home.ben).await;
    book.say("The conflict, as a pull brings it:", &card);
    let twice = home.ben.submits(a_first_survey().of_number(&home.first.id_no())).await.in_conflict();
    let question = cards(&home.ben).await.into_iter().find(|card| card["mine"]["visit_id"] == json!(twice.id));
    book.say("The question whether a household was filed twice:", &question.expect("a card"));
    let body = json!({ "conflict_id": card["id"], "choice": "mine" });
    let decision = home.ben.op("conflict.decide", card["id"].as_str().unwrap().parse().unwrap(), &body);
    book.say("A `conflict.decide`:", &decision);
    book.say("Its receipt:", &receipt(&pushed(&home.ben, &[decision]).await));
}

async fn parked_and_refused(app: &TestApp, book: &mut Book) {
    let ana = app.caseworker().named("示例安").sign_in().await;
    let boss = app.supervisor().sign_in().await;
    let card = ana.op("card.bind", Uuid::now_v7(), &json!({ "card": "1" }));
    book.say(
        "`parked`, of a kind that this server does not know:",
        &receipt(&pushed(&ana, std::slice::from_ref(&card)).await),
    );
    let (mut behind, _) = ana.submission(a_visit());
    behind["after"] = card["id"].clone();
    book.say("`parked`, behind it:", &receipt(&pushed(&ana, &[behind]).await));
    let mut phone = ana.pulls(None, 500).await;
    let path = format!("/api/v1/parked/{}/dismiss", card["id"].as_str().unwrap());
    boss.posts(&path, &json!({ "reason": "联系卡还没有启用，请纸面登记" })).await.ok();
    let page = ana.pulls_page(phone.cursor.as_deref(), 500).await.ok();
    book.say("A pull after a supervisor has dismissed it:", &page);
    phone.takes(&page);

    let (op, _) = ana.submission(a_visit().with("form", json!({ "id": "V01", "version": 9 })));
    book.say("`refused`:", &receipt(&pushed(&ana, &[op]).await));
    let (op, _) = ana.submission(a_visit().answering("outcome", Value::Null));
    book.say("`refused`, with what is wrong and where:", &receipt(&pushed(&ana, &[op]).await));
}

async fn errors(app: &TestApp, book: &mut Book) {
    let ana = app.caseworker().sign_in().await;
    let (op, _) = ana.submission(a_visit());
    pushed(&ana, std::slice::from_ref(&op)).await.ok();
    let mut other = op.clone();
    other["recorded_at"] = json!("2026-11-22T01:00:00.000000Z");
    book.refusal("another operation under a number that was answered.", &pushed(&ana, &[other]).await, "sync.fork");
    let mut far = op.clone();
    far["seq"] = json!(9);
    book.refusal("operations are missing before this one.", &pushed(&ana, &[far]).await, "sync.gap");
    let ask = async |change: &dyn Fn(&mut Value)| {
        let mut batch = ana.batch(&[]);
        change(&mut batch);
        ana.posts("/api/v1/sync/push", &batch).await
    };
    book.refusal(
        "a protocol that this server does not speak.",
        &ask(&|of| of["protocol"] = json!(9)).await,
        "sync.protocol",
    );
    let device = Uuid::now_v7();
    book.refusal(
        "another phone than the one that signed in.",
        &ask(&|of| of["device"] = json!(device)).await,
        "sync.device",
    );
    let many: Vec<Value> = (0..=BATCH_MAX_OPS)
        .map(|nth| {
            let mut op = op.clone();
            op["seq"] = json!(nth + 2);
            op
        })
        .collect();
    book.refusal("more than 200 operations, or 1 MiB.", &pushed(&ana, &many).await, "sync.batch_too_large");
    book.refusal("what is none of the shapes above.", &ask(&|of| of["epoch"] = json!("one")).await, "request.shape");
    let bad = ana.posts("/api/v1/sync/pull", &json!({ "cursor": "x" })).await;
    book.refusal("a cursor that this server did not give out; the phone begins with none.", &bad, "request.cursor");
    let role = app.auditor().sign_in().await;
    book.refusal("who never was in the field.", &pushed(&role, &[]).await, "auth.not_allowed");
    app.clock.pass_s(3600);
    book.refusal(
        "the access token is too old; `/auth/refresh` gives another.",
        &pushed(&ana, &[]).await,
        "auth.expired",
    );
}

async fn pulls(app: &TestApp, book: &mut Book) {
    let home = a_home(app).await;
    let page = home.ana.pulls_page(None, 500).await.ok();
    book.say("The first page of a first sync:", &page);
    let cursor = home.ana.pulls(None, 500).await.cursor;
    home.boss.assigns(home.first.household, Some(home.ben.id), None).await.ok();
    let page = home.ana.pulls_page(cursor.as_deref(), 500).await.ok();
    book.say("A pull after a hand-over:", &page);
}

on_one_database! {
    async fn the_examples_of_the_specification_are_what_goes_over_the_wire(app: &TestApp) {
        let mut book = Book::default();
        book.text.push_str("### Push\n\n");
        receipts(app, &mut book).await;
        conflicts(app, &mut book).await;
        parked_and_refused(app, &mut book).await;
        book.text.push_str("### Pull\n\n");
        pulls(app, &mut book).await;
        book.text.push_str("### Requests that are refused as a whole\n\n");
        errors(app, &mut book).await;
        let all = [Outcome::Applied, Outcome::Merged, Outcome::Conflict, Outcome::Parked, Outcome::Refused, Outcome::Duplicate];
        assert_eq!(book.outcomes, all.iter().map(|outcome| outcome.code().to_owned()).collect(), "every outcome has its example");

        let kept = specification();
        let (before, rest) = kept.split_once(BEGIN).expect("where the examples begin");
        let (there, after) = rest.split_once(END).expect("where they end");
        if std::env::var("RUHU_BLESS").is_ok_and(|value| value == "1") {
            let text = format!("{before}{BEGIN}{}{END}{after}", book.text);
            std::fs::write(root().join("docs/SYNC.md"), text).unwrap();
            return;
        }
        let first = there.lines().zip(book.text.lines()).find(|(kept, now)| kept != now);
        assert_eq!(there.lines().count(), book.text.lines().count(), "docs/SYNC.md differs, first at {first:?}; run with RUHU_BLESS=1");
        assert!(first.is_none(), "docs/SYNC.md differs, first at {first:?}; run with RUHU_BLESS=1");
    }
}

/// Words like `visit.rev` between quotes.
fn words(source: &str) -> BTreeSet<String> {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let mut found = BTreeSet::new();
    for line in source.lines().filter(|line| !line.contains("failpoint!") && !line.contains("#[path")) {
        for text in line.split('"').skip(1).step_by(2) {
            if text.split_once('.').is_some_and(|(noun, what)| is_part(noun) && is_part(what)) {
                found.insert(text.to_owned());
            }
        }
    }
    found
}

#[test]
fn every_code_is_in_the_specification() {
    let specification = specification();
    let mut missing = Vec::new();
    for source in SOURCES {
        let text = std::fs::read_to_string(root().join(source)).unwrap_or_else(|_| panic!("{source} is gone"));
        let unknown = words(&text).into_iter().filter(|word| !ACTIONS.contains(&word.as_str()));
        missing.extend(
            unknown.filter(|word| !specification.contains(&format!("{word}`"))).map(|word| format!("{source}: {word}")),
        );
    }
    assert!(missing.is_empty(), "docs/SYNC.md does not name {missing:#?}");
}
