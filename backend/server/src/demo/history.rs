//! What happened to each synthetic household: the first survey, revisits, decisions, and what still waits.

use super::edge::{self, Extra};
use super::random::Random;
use super::staff::Staff;
use super::survey::{
    self, DAY_MS, arrived, changed, decided, lead_file, midnight_before, origin, returned, share_member,
};
use super::{BANNERS, SeedError, file};
use chrono::Duration;
use ruhu_domain::form::{Definitions, File};
use ruhu_domain::household::{FileStatus, Household, region_of};
use ruhu_domain::ids::{DeviceId, HouseholdId, OpId, UserId};
use ruhu_domain::region::RegionCode;
use ruhu_domain::time::Time;
use ruhu_domain::visit::{Proposal, Visit, VisitState, VisitType};
use ruhu_store::household::Made;
use ruhu_store::household_file::{self, Origin};
use ruhu_store::user::User;
use ruhu_store::{Conn, StoreError, Vault, household, visit};

/// Households that the printed caseworker login has at least.
const OWN_HOUSEHOLDS: usize = 40;

/// What stories are made from.
pub struct Maker<'a> {
    pub definitions: &'a Definitions,
    pub staff: &'a Staff,
    /// Twelve-digit codes of the example communities.
    pub towns: &'a [String],
    pub now: Time,
}

/// One household with everything that happened to it, in the order of writing.
#[derive(Debug)]
pub struct Story {
    pub household: Household,
    author: UserId,
    made_at: Time,
    /// File revisions 2 and later, each with where it comes from.
    revisions: Vec<(Household, Origin)>,
    first: Option<Origin>,
    visits: Vec<(Visit, Proposal, RegionCode, OpId)>,
}

impl Story {
    /// How many visits it holds.
    pub fn visits(&self) -> usize {
        self.visits.len()
    }
}

/// The people who deal with one household.
pub struct People<'a> {
    pub contact: &'a User,
    pub device: DeviceId,
    pub responsible: Option<UserId>,
    pub supervisor: UserId,
    /// Running number of the household, for its file number.
    pub number: usize,
}

impl Maker<'_> {
    /// One household; `before` is the one made last, for those that share a member with it.
    pub fn story(&self, random: &mut Random, index: usize, before: Option<&Story>) -> Result<Story, SeedError> {
        let (_, bend, extra) = edge::CASES.get(index).copied().unwrap_or(("", |_, _, _| {}, Extra::Nothing));
        let own = index < edge::CASES.len() + OWN_HOUSEHOLDS;
        let banner = if own { BANNERS[0].0 } else { random.weighted(&BANNERS).unwrap_or(BANNERS[0].0) };
        let people = self.people(random, banner, own, extra, index)?;
        let here: Vec<&str> = self.towns.iter().filter(|code| code.starts_with(banner)).map(String::as_str).collect();
        let community = random.pick(&here);
        let place = file::Place { banner, town: community.get(..9).unwrap_or_default(), community };
        let surveyed = self.now.plus_ms(-DAY_MS * random.range(120, 900) - random.range(0, 8) * 3_600_000);
        let mut body = file::body(random, surveyed.date(), surveyed.micros(), place, index as i64);
        bend(&mut body, random, surveyed.date());
        if extra == Extra::SharesMember {
            share_member(&mut body, before);
        }
        let kind = match extra {
            Extra::Nothing if index % 16 == 5 => Kind::Lead,
            Extra::Nothing if index % 16 == 11 => Kind::FirstSurveyWaits,
            _ => Kind::Filed,
        };
        let id = HouseholdId(random.uuid(surveyed.micros()));
        match kind {
            Kind::Lead => Ok(self.lead(random, id, &body, &people)),
            Kind::FirstSurveyWaits => self.waiting(random, id, body, &people),
            Kind::Filed => self.filed(random, id, body, &people, surveyed, extra),
        }
    }

    fn people(
        &self,
        random: &mut Random,
        banner: &str,
        own: bool,
        extra: Extra,
        number: usize,
    ) -> Result<People<'_>, SeedError> {
        let field = self.staff.caseworkers_of(banner);
        let choice = match extra {
            Extra::ContactLeft => self.staff.leaver(),
            _ if own => field.first().copied(),
            _ => field.get(random.range(0, field.len() as i64 - 1) as usize).copied(),
        };
        let (responsible, supervisor) = self.staff.of(banner);
        match (choice, supervisor) {
            (Some((contact, device)), Some(supervisor)) => Ok(People {
                contact,
                device: *device,
                responsible: responsible.map(|user| user.id),
                supervisor: supervisor.id,
                number,
            }),
            _ => Err(SeedError::Form(format!("nobody works in {banner}"))),
        }
    }

    /// Somebody reported them; nobody was there yet.
    fn lead(&self, random: &mut Random, id: HouseholdId, body: &File, people: &People<'_>) -> Story {
        let file = lead_file(body);
        let due = self.now.date() + Duration::days(random.range(-1, 9));
        let household = self.household(id, 0, FileStatus::Lead, file, people, Some(due), None);
        let made_at = self.now.plus_ms(-DAY_MS);
        Story { household, author: people.supervisor, made_at, revisions: vec![], first: None, visits: vec![] }
    }

    /// Visited for the first time; the supervisor has not looked yet.
    fn waiting(
        &self,
        random: &mut Random,
        id: HouseholdId,
        mut body: File,
        people: &People<'_>,
    ) -> Result<Story, SeedError> {
        let base = lead_file(&body);
        let at = self.now.plus_ms(-DAY_MS * random.range(0, 6) - random.range(1, 9) * 3_600_000);
        let plan = survey::plan(id, 0, VisitType::FirstSurvey, at, random);
        let proposal = survey::propose(self.definitions, random, plan, Some(&base), &mut body)?;
        let region = region_of(&body).unwrap_or_else(|| people.contact.scope.clone());
        let visit = arrived(&proposal, people, at.plus_ms(DAY_MS / 12))?;
        let last = Some(at.date());
        let household = self.household(id, 0, FileStatus::Draft, base, people, None, last);
        let made_at = at.plus_ms(-3 * DAY_MS);
        let op = OpId(random.uuid(at.micros()));
        let visits = vec![(visit, proposal, region, op)];
        Ok(Story { household, author: people.contact.id, made_at, revisions: vec![], first: None, visits })
    }

    /// A file with an approved first survey, perhaps revisits, perhaps one that waits.
    fn filed(
        &self,
        random: &mut Random,
        id: HouseholdId,
        mut body: File,
        people: &People<'_>,
        surveyed: Time,
        extra: Extra,
    ) -> Result<Story, SeedError> {
        let hardship = body.remove("hardship_type");
        let mut plan = survey::plan(id, 0, VisitType::FirstSurvey, surveyed, random);
        if extra == Extra::OverMidnight {
            plan.started_at = midnight_before(surveyed).plus_ms(-10 * 60_000);
        }
        if extra == Extra::ClockBehind {
            plan.clock_offset_ms = -2 * DAY_MS;
        }
        let first = survey::propose(self.definitions, random, plan, None, &mut body)?;
        if let Some(hardship) = hardship {
            body.insert("hardship_type".into(), hardship);
        }
        let region = region_of(&body).unwrap_or_else(|| people.contact.scope.clone());
        let status = status(random, extra);
        let due = self.now.date() + Duration::days(random.range(-12, 60));
        let approved_at = surveyed.plus_ms(DAY_MS * 2);
        let visit = decided(arrived(&first, people, surveyed.plus_ms(DAY_MS / 8))?, people, approved_at, Some(1))?;
        let origin = origin(&first, people, approved_at);
        let household = self.household(id, 1, status, body.clone(), people, Some(due), Some(surveyed.date()));
        let op = OpId(random.uuid(surveyed.micros()));
        let mut story = Story {
            household,
            author: people.contact.id,
            made_at: surveyed,
            revisions: vec![],
            first: Some(origin),
            visits: vec![(visit, first, region, op)],
        };
        self.revisits(random, &mut story, people, &body, extra)?;
        Ok(story)
    }

    fn revisits(
        &self,
        random: &mut Random,
        story: &mut Story,
        people: &People<'_>,
        body: &File,
        extra: Extra,
    ) -> Result<(), SeedError> {
        let mut file = body.clone();
        let mut rev = 1;
        if random.chance(35.0) || extra == Extra::SizeChanged {
            let at = self.now.plus_ms(-DAY_MS * random.range(30, 100));
            let next = changed(random, &file, at, extra);
            let (visit, proposal, op, settled) = self.revisit(random, story, people, &file, next, rev, at)?;
            let decided_at = at.plus_ms(DAY_MS);
            rev += 1;
            let visit = decided(visit, people, decided_at, Some(rev))?;
            let household = Household {
                rev,
                last_visit_on: Some(at.date()),
                hash: String::new(),
                file: settled.clone(),
                ..story.household.clone()
            };
            story.revisions.push((household, origin(&proposal, people, decided_at)));
            story.visits.push((visit, proposal, story.household.region.clone(), op));
            file = settled;
        }
        if extra == Extra::AbsentThrice {
            for days in [21, 14, 7] {
                let at = self.now.plus_ms(-DAY_MS * days);
                let mut plan = survey::plan(story.household.id, rev, VisitType::Routine, at, random);
                (plan.outcome, plan.minutes) = ("absent", 3);
                let mut same = file.clone();
                let proposal = survey::propose(self.definitions, random, plan, Some(&file), &mut same)?;
                let visit = decided(arrived(&proposal, people, at)?, people, at.plus_ms(DAY_MS), None)?;
                let op = OpId(random.uuid(at.micros()));
                story.visits.push((visit, proposal, story.household.region.clone(), op));
            }
        }
        let waits = matches!(extra, Extra::TransferInReview | Extra::CancelledMeanwhile | Extra::ConsentWithdrawn);
        if waits || random.chance(7.0) {
            let at = self.now.plus_ms(-DAY_MS * random.range(0, 5) - random.range(1, 9) * 3_600_000);
            let next = changed(random, &file, at, extra);
            let (visit, proposal, op, _) = self.revisit(random, story, people, &file, next, rev, at)?;
            let visit = if !waits && random.chance(30.0) {
                returned(visit, people, &proposal, self.now.plus_ms(-3_600_000))?
            } else {
                visit
            };
            story.visits.push((visit, proposal, story.household.region.clone(), op));
        }
        if extra == Extra::TransferInReview {
            let elsewhere = self.towns.iter().find(|code| code.starts_with(BANNERS[1].0));
            if let Some(region) = elsewhere.and_then(|code| RegionCode::parse(code).ok()) {
                for (later, _) in &mut story.revisions {
                    later.region = region.clone();
                }
                story.household.region = region;
            }
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)]
    fn revisit(
        &self,
        random: &mut Random,
        story: &Story,
        people: &People<'_>,
        base: &File,
        mut next: File,
        rev: i64,
        at: Time,
    ) -> Result<(Visit, Proposal, OpId, File), SeedError> {
        let mut plan = survey::plan(story.household.id, rev, VisitType::Routine, at, random);
        plan.declared = vec!["income", "members"];
        let proposal = survey::propose(self.definitions, random, plan, Some(base), &mut next)?;
        let visit = arrived(&proposal, people, at.plus_ms(DAY_MS / 10))?;
        Ok((visit, proposal, OpId(random.uuid(at.micros())), next))
    }

    #[allow(clippy::too_many_arguments)]
    fn household(
        &self,
        id: HouseholdId,
        rev: i64,
        status: FileStatus,
        file: File,
        people: &People<'_>,
        next_visit_due_on: Option<chrono::NaiveDate>,
        last_visit_on: Option<chrono::NaiveDate>,
    ) -> Household {
        let file_no = (rev > 0 && !status.is_before_first_survey())
            .then(|| file_no(&people.contact.scope, people.number, self.now));
        Household {
            id,
            rev,
            status,
            file_no,
            region: region_of(&file).unwrap_or_else(|| people.contact.scope.clone()),
            contact: Some(people.contact.id),
            responsible: people.responsible,
            hash: String::new(),
            file,
            next_visit_due_on,
            last_visit_on,
        }
    }
}

enum Kind {
    Lead,
    FirstSurveyWaits,
    Filed,
}

fn status(random: &mut Random, extra: Extra) -> FileStatus {
    match extra {
        Extra::Relapse => FileStatus::FirstReview,
        Extra::CancelledMeanwhile => FileStatus::Cancelled,
        _ => random
            .weighted(&[
                (FileStatus::Active, 58.0),
                (FileStatus::Regular, 17.0),
                (FileStatus::Fading, 9.0),
                (FileStatus::Exited, 12.0),
                (FileStatus::Cancelled, 4.0),
            ])
            .unwrap_or(FileStatus::Active),
    }
}

/// `{banner}-{year}-{00001}` (domain specification §2.1).
fn file_no(banner: &RegionCode, number: usize, now: Time) -> String {
    format!("{}-{}-{:05}", banner.as_str(), now.date().format("%Y"), number + 1)
}

/// Writes one story; the household first, because everything else refers to it. Stories are told without the key
/// of the file hashes, so they get these here.
pub fn write(c: &mut Conn, vault: &Vault, story: &Story) -> Result<(), StoreError> {
    let made = Made { author: story.author, at: story.made_at, is_synthetic: true };
    let hashed = |household: &Household| -> Result<Household, StoreError> {
        Ok(Household { hash: vault.file_hash(&household.file)?, ..household.clone() })
    };
    match &story.first {
        Some(origin) => household_file::insert_approved(c, vault, &hashed(&story.household)?, made, origin)?,
        None => household::insert(c, vault, &hashed(&story.household)?, made)?,
    }
    for (household, origin) in &story.revisions {
        household_file::update_file(c, vault, &hashed(household)?, household.rev - 1, origin)?;
    }
    for (one, proposal, region, op) in &story.visits {
        debug_assert!(one.state != VisitState::Submitted);
        visit::insert_revision(c, vault, one, region, &vault.cover(proposal)?, *op)?;
    }
    Ok(())
}
