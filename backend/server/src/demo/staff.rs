//! The synthetic federation: caseworkers, responsible persons, supervisors, and the logins that are printed.

use super::random::Random;
use super::{BANNERS, people};
use ruhu_domain::actor::Role;
use ruhu_domain::ids::{DeviceId, UserId};
use ruhu_domain::region::{BadRegionCode, RegionCode};
use ruhu_domain::time::Time;
use ruhu_store::user::User;
use ruhu_store::{Conn, StoreError, device, user};

/// Everybody who signs in, with the phone of each caseworker.
#[derive(Debug)]
pub struct Staff {
    pub caseworkers: Vec<(User, DeviceId)>,
    pub responsible: Vec<User>,
    pub supervisors: Vec<User>,
    pub others: Vec<User>,
}

impl Staff {
    /// Every account.
    pub fn everyone(&self) -> impl Iterator<Item = &User> {
        let field = self.caseworkers.iter().map(|(user, _)| user);
        field.chain(&self.responsible).chain(&self.supervisors).chain(&self.others)
    }

    /// Caseworkers of one banner.
    pub fn caseworkers_of(&self, banner: &str) -> Vec<&(User, DeviceId)> {
        self.caseworkers.iter().filter(|(user, _)| user.scope.as_str() == banner).collect()
    }

    /// Who answers for households of this banner, and who reviews them.
    pub fn of(&self, banner: &str) -> (Option<&User>, Option<&User>) {
        let here = |user: &&User| user.scope.as_str() == banner;
        (self.responsible.iter().find(here), self.supervisors.iter().find(here))
    }

    /// The caseworker who left (domain specification §11, "contact person leaves").
    pub fn leaver(&self) -> Option<&(User, DeviceId)> {
        self.caseworkers.last()
    }
}

/// Makes the accounts. Each banner gets at least one caseworker, one responsible person and one supervisor.
pub fn make(random: &mut Random, caseworkers: usize, now: Time, password_hash: &str) -> Result<Staff, BadRegionCode> {
    let mut user = |login: String, role: Role, scope: &str| account(random, login, role, scope, now, password_hash);
    let mut staff =
        Staff { caseworkers: Vec::new(), responsible: Vec::new(), supervisors: Vec::new(), others: Vec::new() };
    for (banner, share) in BANNERS {
        let count = ((caseworkers as f64 * share / 100.0).round() as usize).max(1);
        for number in 1..=count {
            let first = banner == BANNERS[0].0 && number == 1;
            let login = if first { "caseworker".to_owned() } else { format!("cw-{banner}-{number:02}") };
            let person = user(login, Role::Caseworker, banner)?;
            let device = DeviceId(uuid::Uuid::from_u128(person.id.uuid().as_u128() ^ 1));
            staff.caseworkers.push((person, device));
        }
        staff.responsible.push(user(format!("resp-{banner}"), Role::Responsible, banner)?);
        let login = if banner == BANNERS[0].0 { "supervisor".to_owned() } else { format!("sup-{banner}") };
        staff.supervisors.push(user(login, Role::BannerSupervisor, banner)?);
    }
    for (login, role) in [("reviewer", Role::CityReviewer), ("admin", Role::CityAdmin), ("auditor", Role::Auditor)] {
        staff.others.push(user(login.to_owned(), role, "1506")?);
    }
    Ok(staff)
}

fn account(
    random: &mut Random,
    login: String,
    role: Role,
    scope: &str,
    now: Time,
    password_hash: &str,
) -> Result<User, BadRegionCode> {
    Ok(User {
        id: UserId(random.uuid(now.micros())),
        login,
        name: people::name(random),
        work_phone: Some(people::phone(random)),
        password_hash: password_hash.to_owned(),
        role,
        scope: RegionCode::parse(scope)?,
        disabled_at: None,
        scope_version: 1,
        stamp: 1,
        is_synthetic: true,
        created_at: now,
    })
}

/// Writes the accounts and the caseworkers' phones.
pub fn write(c: &mut Conn, staff: &Staff, now: Time) -> Result<(), StoreError> {
    for person in staff.everyone() {
        user::insert(c, person)?;
    }
    for (person, phone) in &staff.caseworkers {
        device::upsert(c, *phone, person.id, "演示手机", now)?;
    }
    Ok(())
}

/// Disables the account of the caseworker who left; their households keep them as contact until re-assigned.
pub fn disable_leaver(c: &mut Conn, staff: &Staff, now: Time) -> Result<(), StoreError> {
    match staff.leaver() {
        Some((person, _)) => user::set_disabled(c, person.id, Some(now), person.stamp),
        None => Ok(()),
    }
}
