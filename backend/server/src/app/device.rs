//! One's own devices.

use crate::app::error::AppError;
use crate::app::{App, AppResult};
use crate::views::auth::{DeviceList, DeviceView};
use ruhu_domain::actor::Actor;
use ruhu_domain::ids::DeviceId;
use ruhu_store::audit::{self, Event};
use ruhu_store::{Conn, device, session};
use serde_json::json;

impl App {
    /// The user's devices, the one seen last first.
    pub async fn list_devices(&self, actor: &Actor) -> AppResult<DeviceList> {
        let id = actor.user;
        let devices = self.db.read(move |c: &mut Conn| device::list_for_user(c, id)).await?;
        let view = |device: device::Device| DeviceView {
            id: device.id.uuid(),
            label: device.label,
            first_seen_at: device.created_at,
            last_seen_at: device.last_seen_at,
            current: device.id == actor.device,
            revoked: device.revoked_at.is_some(),
        };
        Ok(DeviceList { items: devices.into_iter().map(view).collect() })
    }

    /// Ends every session of one of the user's devices.
    pub async fn revoke_device(&self, actor: &Actor, id: DeviceId) -> AppResult<()> {
        let (actor, now) = (actor.clone(), self.now());
        self.db
            .write(move |c: &mut Conn| -> AppResult<()> {
                if !device::revoke(c, id, actor.user, now)? {
                    return Err(AppError::not_found());
                }
                session::revoke_for_device(c, id, now)?;
                let event = Event {
                    at: now,
                    actor: Some(actor.user),
                    device: Some(actor.device),
                    action: "device.revoke".to_owned(),
                    subject_kind: "device".to_owned(),
                    subject_id: id.uuid(),
                    detail: json!({}),
                };
                Ok(audit::append(c, &event)?)
            })
            .await
    }
}
