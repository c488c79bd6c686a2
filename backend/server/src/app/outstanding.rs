//! What has not arrived: phones that hold records without a receipt, and what a hand-over would find under way.

use crate::app::audience::People;
use crate::app::error::AppError;
use crate::app::household::{may_assign, page};
use crate::app::record::{Titles, summaries};
use crate::app::visit::event;
use crate::app::{App, AppResult};
use crate::views::device::{ClearLossRequest, FlightDevice, FlightView, OutstandingDevice, OutstandingList};
use crate::views::household::PageQuery;
use crate::views::user::PersonRef;
use ruhu_domain::actor::Actor;
use ruhu_domain::ids::{DeviceId, HouseholdId, UserId};
use ruhu_domain::policy::Verdict;
use ruhu_domain::time::Time;
use ruhu_domain::visit::VisitState;
use ruhu_store::device::{self, Device};
use ruhu_store::device_list::{self, HeldBy};
use ruhu_store::{Conn, audit, household, visit_list};
use serde_json::json;

/// A phone that holds nothing and was silent for longer is somebody's old one, milliseconds.
const OLD_PHONE_MS: i64 = 30 * 86_400_000;

impl App {
    /// The phones of the actor's area that hold what has not arrived.
    pub async fn list_outstanding(&self, actor: &Actor, query: PageQuery) -> AppResult<OutstandingList> {
        let (region, page) = (actor.scope.clone(), page(query.cursor, query.limit));
        let found = self.db.read(move |c: &mut Conn| device_list::list_outstanding(c, &region, &page)).await?;
        let items = found.items.into_iter().map(|held| self.outstanding(held)).collect();
        Ok(OutstandingList { items, next_cursor: found.next_cursor, total: found.total })
    }

    fn outstanding(&self, HeldBy { device, user, name, role, scope, is_disabled }: HeldBy) -> OutstandingDevice {
        let (scope_zh, scope_en) = self.regions.of(&scope);
        let held = device.outstanding();
        OutstandingDevice {
            id: device.id,
            user: PersonRef { id: user, name },
            role,
            scope_zh,
            scope_en,
            disabled: is_disabled,
            revoked: device.revoked_at.is_some(),
            held,
            held_since: device.held_since.filter(|_| held > 0),
            last_seen_at: device.last_seen_at,
            possible_loss: device.lost_count,
            lost_at: device.lost_at,
            label: device.label,
        }
    }

    /// Notes that somebody has looked into a possible loss, or into what a phone holds and that never came.
    pub async fn clear_loss(&self, actor: &Actor, id: DeviceId, wanted: ClearLossRequest) -> AppResult<()> {
        let (actor, now) = (actor.clone(), self.now());
        self.db
            .write(move |c: &mut Conn| -> AppResult<()> {
                let owner = device_list::find_owner(c, id)?.filter(|(_, scope)| actor.scope.contains(scope));
                let (user, _) = owner.ok_or_else(AppError::not_found)?;
                let device = device::find(c, id)?.ok_or_else(AppError::not_found)?;
                let (lost, held) = (wanted.possible_loss, wanted.held.unwrap_or(0));
                let is_moved =
                    lost != device.lost_count || wanted.held.is_some_and(|seen| seen != device.outstanding());
                if is_moved || lost + held < 1 {
                    return Err(AppError::conflict("state.moved", "It is another number by now; look again"));
                }
                if lost > 0 {
                    device_list::clear_loss(c, &device)?;
                }
                if held > 0 {
                    device_list::note_asked(c, &device, now)?;
                }
                let detail = json!({ "count": lost, "held": held, "user": user });
                Ok(audit::append(c, &event(now, &actor, "device.clear_loss", "device", id.uuid(), detail))?)
            })
            .await
    }

    /// What may still be on its way to a household, for whoever is about to hand it over.
    pub async fn find_flight(&self, actor: &Actor, id: HouseholdId) -> AppResult<FlightView> {
        let (actor, now) = (actor.clone(), self.now());
        self.db
            .read(move |c: &mut Conn| -> AppResult<FlightView> {
                let scope = actor.row_scope();
                let row = household::find_masked(c, &scope, id)?.ok_or_else(AppError::not_found)?;
                if may_assign(&actor, &row) != Verdict::Yes {
                    return Err(AppError::forbidden("auth.not_allowed", "Your role does not do this"));
                }
                let holders: Vec<UserId> = [row.contact, row.responsible].into_iter().flatten().collect();
                let people = People::load(c, holders.iter().copied().map(Some))?;
                let devices = device_list::list_for_users(c, &holders)?;
                let devices = devices.into_iter().filter(|device| is_in_use(device, now));
                let mut visits = visit_list::list_for_households(c, &scope, &[id])?;
                visits.retain(|visit| visit.state.is_waiting() || visit.state == VisitState::Returned);
                let mut titles = Titles::new(actor.user);
                titles.add_row(&row);
                Ok(FlightView {
                    devices: devices.map(|device| flight(device, &people)).collect(),
                    visits: summaries(c, &titles, visits)?,
                })
            })
            .await
    }
}

fn is_in_use(device: &Device, now: Time) -> bool {
    device.outstanding() > 0 || (device.revoked_at.is_none() && now.ms_since(device.last_seen_at) < OLD_PHONE_MS)
}

fn flight(device: Device, people: &People) -> FlightDevice {
    let held = device.outstanding();
    FlightDevice {
        id: device.id,
        user: people.person(device.user_id),
        held,
        held_since: device.held_since.filter(|_| held > 0),
        last_seen_at: device.last_seen_at,
        label: device.label,
    }
}
