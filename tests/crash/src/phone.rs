//! A phone: makes operations, pushes them until each has its receipt, pulls, and believes nothing that contradicts.

use crate::Result;
use crate::ledger::{Ledger, Line};
use crate::outbox::{Maker, Operation};
use crate::random::Random;
use crate::world::{PASSWORD, World};
use reqwest::Client;
use ruhu_server::env::Env;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// An answer that takes longer in the storm is given up; the server may have worked.
const PATIENCE: Duration = Duration::from_secs(4);
/// The same when nothing disturbs it.
const CALM_PATIENCE: Duration = Duration::from_secs(30);
/// How long a phone tries to come to its end when nothing disturbs it.
const CALM_MAX: Duration = Duration::from_secs(180);
/// Operations of one request when nothing disturbs it: more, from all phones at once, would take a busy machine
/// longer than anybody waits.
const CALM_BATCH: usize = 10;
/// Operations of one batch at most.
const BATCH_MAX: u64 = 5;

/// What became of a request.
enum Answer {
    Ok(Value),
    /// No answer, or none of the server's: it may have worked.
    Lost,
    /// Refused with this code.
    Refused(String),
}

/// A phone and whoever carries it.
pub struct Phone {
    world: Arc<World>,
    login: String,
    device: Uuid,
    http: Client,
    token: Option<String>,
    random: Random,
    maker: Maker,
    ledger: Ledger,
    epoch: i64,
    /// The number of the first that waits.
    next_seq: i64,
    waiting: Vec<Operation>,
    /// The last request that was answered, and its receipts.
    answered: Option<(Value, Value)>,
    offered: BTreeSet<String>,
    /// Visits that the server acknowledged; whether taken back.
    acknowledged: BTreeMap<String, bool>,
    /// What was pulled: visit and state.
    pulled: BTreeMap<String, String>,
    cursor: Option<String>,
}

impl Phone {
    /// A new one, with a ledger of its own.
    pub fn new(world: &Arc<World>, number: u64, login: &str, seed: u64) -> Result<Self> {
        let http = Client::builder().no_proxy().pool_max_idle_per_host(0).build()?;
        Ok(Self {
            world: Arc::clone(world),
            login: login.to_owned(),
            device: Uuid::now_v7(),
            http,
            token: None,
            random: Random::new(seed, number),
            maker: Maker::new(Random::new(seed, 1000 + number)),
            ledger: Ledger::begin(&world.ledgers, login)?,
            epoch: 1,
            next_seq: 1,
            waiting: Vec::new(),
            answered: None,
            offered: BTreeSet::new(),
            acknowledged: BTreeMap::new(),
            pulled: BTreeMap::new(),
            cursor: None,
        })
    }

    /// Signs in while nothing disturbs it. A sign-in that a kill ends counts as a failed one, and all phones share
    /// an address: in the storm they would soon be asked to wait.
    pub async fn get_ready(mut self) -> Result<Self> {
        while !self.sign_in().await? {}
        Ok(self)
    }

    /// Works until the world is calm, then comes to its end: everything handed over, everything pulled.
    pub async fn run(mut self) -> Result<()> {
        while !self.world.is_calm() {
            self.push().await?;
            if self.random.chance(12) {
                self.again().await?;
            }
            if self.random.chance(12) {
                self.pull().await?;
            }
            // Whoever carries it goes to the next door, and leaves the processors to the others.
            tokio::time::sleep(Duration::from_millis(self.random.range(20, 250))).await;
        }
        let began = Instant::now();
        while began.elapsed() < CALM_MAX && !self.world.has_ended() {
            if !self.waiting.is_empty() {
                self.push().await?;
            } else if self.pull().await? && self.has_everything() {
                return Ok(());
            } else {
                // PostgreSQL holds the feed back while an older transaction runs, also somebody else's.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        if !self.world.has_ended() {
            let missing = self.acknowledged.keys().filter(|id| !self.pulled.contains_key(*id)).count();
            let waiting = self.waiting.len();
            self.world
                .find(format!("{}: {waiting} operations still wait, {missing} visits never came back", self.login));
        }
        Ok(())
    }

    /// Whether every acknowledged visit came back with the state it must have.
    fn has_everything(&self) -> bool {
        let is_back = |(id, is_withdrawn): (&String, &bool)| {
            self.pulled.get(id).is_some_and(|state| (state == "withdrawn") == *is_withdrawn)
        };
        self.acknowledged.iter().all(is_back)
    }

    /// Offers what waits; what has no receipt afterwards is offered again, as a phone does.
    async fn push(&mut self) -> Result<()> {
        let is_calm = self.world.is_calm();
        if !is_calm && (self.waiting.is_empty() || self.random.chance(20)) {
            self.note_down()?;
        }
        let count =
            if is_calm { self.waiting.len().min(CALM_BATCH) } else { 1 + self.random.place(self.waiting.len()) };
        let ops: Vec<Value> =
            (self.next_seq..).zip(&self.waiting[..count]).map(|(seq, one)| one.numbered(seq)).collect();
        let last = self.next_seq + self.waiting.len() as i64 - 1;
        let request = json!({
            "device": self.device, "epoch": self.epoch, "protocol": 1, "app_build": "crash",
            "manifest": { "count": self.waiting.len(), "first_seq": self.next_seq, "last_seq": last, "head": "" },
            "ops": ops,
        });
        match self.ask("/api/v1/sync/push", &request).await? {
            Answer::Ok(view) => self.take(request, &view, count)?,
            Answer::Refused(code) => self.world.find(format!("{}: a push was refused with {code}", self.login)),
            // A phone that is not sure where it is takes another epoch.
            Answer::Lost if !is_calm && self.random.chance(10) => (self.epoch, self.next_seq) = (self.epoch + 1, 1),
            Answer::Lost => {}
        }
        Ok(())
    }

    /// New work, first into the ledger.
    fn note_down(&mut self) -> Result<()> {
        for _ in 0..self.random.range(1, BATCH_MAX) {
            let made = self.maker.make(Env::system().now());
            let line = Line::Offered { op: made.id, kind: made.kind.to_owned(), subject: made.subject };
            self.ledger.write(&line)?;
            self.offered.insert(made.subject.to_string());
            self.waiting.push(made);
        }
        Ok(())
    }

    /// Receipts take their operations out of the outbox.
    fn take(&mut self, request: Value, view: &Value, count: usize) -> Result<()> {
        let receipts = view["receipts"].as_array().ok_or("an answer without receipts")?;
        if receipts.len() != count || view["next_seq"].as_i64().is_none_or(|next| next < self.next_seq + count as i64) {
            self.world.find(format!("{}: {count} operations were answered with {view}", self.login));
            return Ok(());
        }
        for (done, receipt) in self.waiting.drain(..count).zip(receipts) {
            let seq = self.next_seq;
            self.next_seq += 1;
            let line = Line::Acknowledged {
                op: done.id,
                device: self.device,
                epoch: self.epoch,
                seq,
                receipt: receipt.clone(),
            };
            self.ledger.write(&line)?;
            self.world.count_acknowledged();
            let deciding = if receipt["outcome"] == "duplicate" { &receipt["first"] } else { receipt };
            let outcome = deciding["outcome"].as_str().unwrap_or_default();
            let is_expected = if done.is_sound {
                matches!(outcome, "applied" | "merged" | "conflict")
            } else {
                outcome == "refused" && deciding["code"] == "visit.hash_mismatch"
            };
            if !is_expected || receipt["op_id"] != json!(done.id) || receipt["seq"] != seq {
                self.world.find(format!("{}: {} {seq} {} got {receipt}", self.login, done.kind, done.id));
            }
            if done.is_sound {
                self.acknowledged.insert(done.subject.to_string(), done.kind == "visit.withdraw");
                self.maker.arrived(&done);
            }
        }
        self.answered = Some((request, view["receipts"].clone()));
        Ok(())
    }

    /// Asks again for what was answered: the same receipts, word for word.
    async fn again(&mut self) -> Result<()> {
        let Some((request, receipts)) = self.answered.clone().filter(|(one, _)| one["epoch"] == self.epoch) else {
            return Ok(());
        };
        match self.ask("/api/v1/sync/push", &request).await? {
            Answer::Ok(view) if view["receipts"] == receipts => {}
            Answer::Ok(view) => {
                let now = &view["receipts"];
                self.world.find(format!("{}: doubled: {receipts} became {now}", self.login));
            }
            Answer::Refused(code) => self.world.find(format!("{}: receipts were refused with {code}", self.login)),
            Answer::Lost => {}
        }
        Ok(())
    }

    /// Pulls to the end; whether it got there.
    async fn pull(&mut self) -> Result<bool> {
        loop {
            let request = json!({ "cursor": self.cursor, "limit": 100 });
            let page = match self.ask("/api/v1/sync/pull", &request).await? {
                Answer::Ok(page) => page,
                Answer::Lost => return Ok(false),
                Answer::Refused(code) => {
                    self.world.find(format!("{}: a pull was refused with {code}", self.login));
                    return Ok(false);
                }
            };
            for row in page["changes"].as_array().ok_or("a page without changes")? {
                if row["kind"] == "visit" {
                    self.learn(row);
                }
            }
            self.cursor = page["cursor"].as_str().map(str::to_owned);
            if page["more"] != json!(true) {
                return Ok(true);
            }
        }
    }

    /// A visit that came back must be one of ours, and nothing that was decided comes undone.
    fn learn(&mut self, row: &Value) {
        let (id, state) = (row["id"].as_str().unwrap_or_default(), row["body"]["state"].as_str().unwrap_or_default());
        if !self.offered.contains(id) {
            self.world.find(format!("{}: pulled visit {id}, which this phone never sent", self.login));
        }
        let before = self.pulled.insert(id.to_owned(), state.to_owned());
        if before.as_deref() == Some("withdrawn") && state != "withdrawn" {
            self.world.find(format!("{}: visit {id} was withdrawn and is {state}", self.login));
        }
    }

    async fn ask(&mut self, path: &str, body: &Value) -> Result<Answer> {
        if self.token.is_none() && !self.sign_in().await? {
            return Ok(Answer::Lost);
        }
        let token = self.token.clone().unwrap_or_default();
        let answer = self.send(path, body, &token).await;
        if let Answer::Refused(code) = &answer
            && code.starts_with("auth.")
        {
            self.token = None;
            return Ok(Answer::Lost);
        }
        if let Answer::Lost = answer {
            // Long enough that a server which is just starting is not drowned.
            tokio::time::sleep(Duration::from_millis(self.random.range(10, 120))).await;
        }
        Ok(answer)
    }

    async fn sign_in(&mut self) -> Result<bool> {
        let device = json!({ "id": self.device, "label": "crash" });
        let body = json!({ "login": self.login, "password": PASSWORD, "device": device });
        match self.send("/api/v1/auth/login", &body, "").await {
            Answer::Ok(session) => self.token = session["access_token"].as_str().map(str::to_owned),
            Answer::Refused(code) => return Err(format!("{} cannot sign in: {code}", self.login).into()),
            Answer::Lost => tokio::time::sleep(Duration::from_millis(self.random.range(30, 200))).await,
        }
        Ok(self.token.is_some())
    }

    async fn send(&self, path: &str, body: &Value, token: &str) -> Answer {
        let request = self.http.post(format!("{}{path}", self.world.base)).json(body);
        let is_calm = self.world.is_calm() || token.is_empty();
        let request = request.timeout(if is_calm { CALM_PATIENCE } else { PATIENCE });
        let request = if token.is_empty() { request } else { request.bearer_auth(token) };
        let Ok(response) = request.send().await else { return Answer::Lost };
        let status = response.status().as_u16();
        match response.json::<Value>().await {
            Ok(body) if status == 200 => Answer::Ok(body),
            Ok(body) if status < 500 => Answer::Refused(body["code"].as_str().unwrap_or("?").to_owned()),
            // A server that fails on its own without being ended has something to say in its log.
            Ok(body) => {
                self.world.note_failure(format!("{}: {status} {body}", self.login));
                Answer::Lost
            }
            Err(_) => Answer::Lost,
        }
    }
}
