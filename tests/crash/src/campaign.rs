//! One fresh database, twenty phones behind a bad network, and a server that is ended again and again.

use crate::Result;
use crate::check;
use crate::ledger;
use crate::phone::Phone;
use crate::place::{Kind, Place};
use crate::proxy::Proxy;
use crate::random::Random;
use crate::server::{Server, Start};
use crate::world::World;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinSet;

/// Phones of a campaign.
const PHONES: usize = 20;
/// A named place that nobody reaches by then is given up; the kill is one at random.
const REACH_MAX: Duration = Duration::from_secs(6);

/// What every push passes, in order; how many times a process may pass it before it ends there.
const POINTS: [(&str, u64); 8] = [
    ("push.read", 25),
    ("push.prepared", 25),
    ("push.locked", 25),
    ("push.operation", 60),
    ("push.applied", 60),
    ("push.receipt", 60),
    ("push.before_commit", 25),
    ("push.after_commit", 25),
];
/// What transactions that share a commit pass besides; SQLite only.
const SHARED_POINTS: [(&str, u64); 2] = [("writer.before_shared_commit", 8), ("writer.after_shared_commit", 8)];

/// What a campaign is.
#[derive(Debug, Clone)]
pub struct Plan {
    pub binary: PathBuf,
    pub kind: Kind,
    pub admin: Option<String>,
    pub seed: u64,
    pub kills: u64,
    /// A bug that is planted in the server.
    pub bug: Option<String>,
    /// Whether SQLite's transactions may share a commit.
    pub is_shared: bool,
}

/// What it came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Kills by where: a named place, or `random`.
    pub kills: BTreeMap<String, u64>,
    /// Times that `ruhu verify` looked and found nothing.
    pub verified: u64,
    pub acknowledged: u64,
    pub faults: u64,
    pub lost: u64,
    pub doubled: u64,
    pub findings: Vec<String>,
    /// Errors that the server answered with by itself.
    pub failures: Vec<String>,
    /// Where everything lies, when something was found.
    pub kept: Option<PathBuf>,
}

impl Outcome {
    /// All kills.
    pub fn killed(&self) -> u64 {
        self.kills.values().sum()
    }
}

/// A campaign that is going on.
struct Campaign<'a> {
    plan: &'a Plan,
    place: Place,
    server: Server,
    world: Arc<World>,
    random: Random,
    outcome: Outcome,
}

/// Runs one, to its end or to the first finding.
pub async fn run(plan: &Plan) -> Result<Outcome> {
    let place = Place::new(plan.kind, plan.admin.as_deref())?;
    let logins = place.people(PHONES).await?;
    let mut settings = Vec::new();
    if !plan.is_shared {
        settings.push(("RUHU_GROUP_COMMIT", "1"));
    }
    settings.extend(plan.bug.as_deref().map(|bug| ("RUHU_PLANTED_BUG", bug)));
    let mut server = Server::new(plan.binary.clone(), &place, &settings)?;
    let proxy = Proxy::start(server.address, plan.seed).await?;
    let world = Arc::new(World::new(proxy.address, Arc::clone(&proxy.is_calm), place.folder().join("ledgers"))?);
    if let Start::Ended(status) = server.start(None).await? {
        return Err(format!("the server ended with {status}").into());
    }
    let mut phones = JoinSet::new();
    for (number, login) in (1..).zip(&logins) {
        phones.spawn(Phone::new(&world, number, login, plan.seed)?.get_ready().await?.run());
    }
    server.kill()?;
    let random = Random::new(plan.seed, 0);
    let mut campaign = Campaign { plan, place, server, world, random, outcome: Outcome::default() };
    let ended = campaign.storm(&mut phones).await;
    campaign.world.end();
    while let Some(phone) = phones.join_next().await {
        phone??;
    }
    ended?;
    let Campaign { mut place, mut server, world, mut outcome, .. } = campaign;
    server.kill()?;
    outcome.findings.extend(world.findings());
    outcome.failures = world.failures();
    outcome.acknowledged = world.acknowledged();
    outcome.faults = proxy.faults.load(Ordering::SeqCst);
    if !outcome.findings.is_empty() && plan.bug.is_none() {
        outcome.kept = Some(place.keep());
    }
    Ok(outcome)
}

impl Campaign<'_> {
    /// Kill upon kill, then calm.
    async fn storm(&mut self, phones: &mut JoinSet<Result<()>>) -> Result<()> {
        for number in 0..self.plan.kills {
            self.kill_once(number).await?;
            if self.has_found(phones) {
                return Ok(());
            }
        }
        if let Start::Ended(status) = self.server.start(None).await? {
            return Err(format!("the server ended with {status}").into());
        }
        self.world.calm();
        while let Some(phone) = phones.join_next().await {
            phone??;
        }
        self.look(true).await
    }

    fn has_found(&self, phones: &mut JoinSet<Result<()>>) -> bool {
        // A phone ends only when something is wrong with it, or all is calm.
        while let Some(ended) = phones.try_join_next() {
            let why = ended.map_or_else(|error| error.to_string(), |ended| format!("{:?}", ended.err()));
            self.world.find(format!("a phone ended before its time: {why}"));
        }
        !self.outcome.findings.is_empty() || !self.world.findings().is_empty()
    }

    /// Starts the server with an end that awaits it, looks at what the kill before left, and ends it.
    async fn kill_once(&mut self, number: u64) -> Result<()> {
        let point = self.choose(number);
        let failpoint = point.map(|(name, most)| format!("{name}:{}", self.random.range(1, most)));
        let start = self.server.start(failpoint.as_deref()).await?;
        // The look is beside a server at work, or, when a place was reached at once, at what it left.
        self.look(false).await?;
        let is_reached = match (start, point) {
            (Start::Ended(_), _) => true,
            (Start::Ready, Some(_)) => self.server.wait_for_end(REACH_MAX).await?,
            (Start::Ready, None) => {
                let pause = Duration::from_millis(self.random.range(0, 900));
                if self.server.wait_for_end(pause).await? {
                    return Err(format!("the server ended by itself; {}", self.server.log_end()).into());
                }
                false
            }
        };
        self.server.kill()?;
        let place = point.filter(|_| is_reached).map_or("random", |(name, _)| name);
        *self.outcome.kills.entry(place.to_owned()).or_insert(0) += 1;
        Ok(())
    }

    /// Every third kill is at a random time; the others go round the named places.
    fn choose(&self, number: u64) -> Option<(&'static str, u64)> {
        if number % 3 == 2 {
            return None;
        }
        let is_shared = self.plan.kind == Kind::Sqlite && self.plan.is_shared;
        let places = POINTS.iter().chain(SHARED_POINTS.iter().filter(|_| is_shared));
        let places: Vec<_> = places.copied().collect();
        // Campaigns begin at different places, so that short ones reach them all together.
        let at = (number - number / 3).wrapping_add(self.plan.seed.wrapping_mul(5)) % places.len() as u64;
        places.get(usize::try_from(at).ok()?).copied()
    }

    /// `ruhu verify`, and the ledgers.
    async fn look(&mut self, is_calm: bool) -> Result<()> {
        match self.server.verify().await? {
            Some(said) => self.outcome.findings.push(said),
            None => self.outcome.verified += 1,
        }
        let entries = ledger::read(&self.world.ledgers)?;
        let held = check::read(&self.place.look()?).await?;
        let found = check::compare(&entries, &held, is_calm)?;
        self.outcome.lost += found.lost;
        self.outcome.doubled += found.doubled;
        self.outcome.findings.extend(found.findings.into_iter().take(10));
        if is_calm && found.acknowledged != entries.len() as u64 {
            let waiting = entries.len() as u64 - found.acknowledged;
            self.outcome.findings.push(format!("{waiting} operations never got a receipt"));
        }
        Ok(())
    }
}
