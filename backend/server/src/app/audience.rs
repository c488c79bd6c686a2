//! People around a household: who must hear of a change, and what they are called.

use crate::views::user::{PersonRef, StaffRef};
use crate::views::visit::ReviewView;
use ruhu_domain::actor::Role;
use ruhu_domain::ids::UserId;
use ruhu_domain::region::RegionCode;
use ruhu_domain::visit::Review;
use ruhu_store::user::{self, Person};
use ruhu_store::{Conn, StoreError};
use std::collections::HashMap;

/// The users whose phones hold this household: contact, responsible person, the visitor at hand,
/// and the unions that keep the files of its region.
pub fn audience(
    c: &mut Conn,
    region: &RegionCode,
    people: impl IntoIterator<Item = Option<UserId>>,
) -> Result<Vec<UserId>, StoreError> {
    let unions = user::list_by_role(c, Role::GrassrootsAdmin, region)?;
    let unions = unions.into_iter().filter(|union| union.scope.contains(region)).map(|union| union.id);
    let mut users: Vec<UserId> = people.into_iter().flatten().chain(unions).collect();
    users.sort_unstable();
    users.dedup();
    Ok(users)
}

/// Names by id, loaded at once.
#[derive(Debug, Default)]
pub struct People(HashMap<UserId, Person>);

impl People {
    /// Loads the people of these ids.
    pub fn load(c: &mut Conn, ids: impl IntoIterator<Item = Option<UserId>>) -> Result<Self, StoreError> {
        let mut ids: Vec<UserId> = ids.into_iter().flatten().collect();
        ids.sort_unstable();
        ids.dedup();
        let persons = user::list_persons(c, &ids)?;
        Ok(Self(persons.into_iter().map(|person| (person.id, person)).collect()))
    }

    /// Somebody's name; a dash for an account that is gone.
    pub fn person(&self, id: UserId) -> PersonRef {
        PersonRef { id, name: self.0.get(&id).map_or_else(|| "–".to_owned(), |person| person.name.clone()) }
    }

    /// Somebody with a work phone.
    pub fn staff(&self, id: UserId) -> StaffRef {
        let work_phone = self.0.get(&id).and_then(|person| person.work_phone.clone());
        StaffRef { id, name: self.person(id).name, work_phone }
    }

    /// A review with its reviewer's name.
    pub fn review(&self, review: &Review) -> ReviewView {
        ReviewView {
            by: self.person(review.by),
            at: review.at,
            decision: review.decision.code(),
            reasons: review.reasons.clone(),
            text: review.text.clone(),
        }
    }
}
