//! Who acts: a person in a role, within a region, from a device.

use crate::ids::{DeviceId, SessionId, UserId};
use crate::region::RegionCode;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The twelve roles of the federation's field work (domain specification §4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 调查员/联系人: goes from door to door, sees own households.
    Caseworker,
    /// 责任人: answers for households.
    Responsible,
    /// 基层工会管理员: the union that owns the files.
    GrassrootsAdmin,
    /// 旗区总工会审核员: first review within one banner.
    BannerSupervisor,
    /// 产业/系统工会审核员: reviews one industrial line.
    IndustrySupervisor,
    /// 市级复审员: second review.
    CityReviewer,
    /// 市级管理员: settings and people; never approves.
    CityAdmin,
    /// 财务: the fund module.
    Finance,
    /// 督查/经审: reads, samples, records findings.
    Auditor,
    /// 联系卡管理员: card stock only.
    CardClerk,
    /// 领导看板: aggregates only.
    ReadOnlyLeader,
    /// 系统运维: no business data.
    Sysop,
}

impl Role {
    /// Every role, in the order of the specification.
    pub const ALL: [Role; 12] = [
        Role::Caseworker,
        Role::Responsible,
        Role::GrassrootsAdmin,
        Role::BannerSupervisor,
        Role::IndustrySupervisor,
        Role::CityReviewer,
        Role::CityAdmin,
        Role::Finance,
        Role::Auditor,
        Role::CardClerk,
        Role::ReadOnlyLeader,
        Role::Sysop,
    ];

    /// The code used on the wire and in storage.
    pub fn code(self) -> &'static str {
        match self {
            Role::Caseworker => "caseworker",
            Role::Responsible => "responsible",
            Role::GrassrootsAdmin => "grassroots_admin",
            Role::BannerSupervisor => "banner_supervisor",
            Role::IndustrySupervisor => "industry_supervisor",
            Role::CityReviewer => "city_reviewer",
            Role::CityAdmin => "city_admin",
            Role::Finance => "finance",
            Role::Auditor => "auditor",
            Role::CardClerk => "card_clerk",
            Role::ReadOnlyLeader => "read_only_leader",
            Role::Sysop => "sysop",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown role")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Role::ALL.into_iter().find(|role| role.code() == text).ok_or(UnknownRole)
    }
}

/// A signed-in person, as every use case sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub user: UserId,
    pub role: Role,
    /// Everything this person may ever see lies within this region.
    pub scope: RegionCode,
    pub session: SessionId,
    pub device: DeviceId,
}

/// Which rows an actor's queries may return; the store turns it into a WHERE clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowScope {
    /// Households whose contact or responsible person this user is.
    Own(UserId),
    /// Every household of a region.
    Region(RegionCode),
    /// No household at all.
    Nothing,
}

impl Actor {
    /// The rows this actor may see (domain specification §4.4, "see household list").
    pub fn row_scope(&self) -> RowScope {
        match self.role {
            Role::Caseworker | Role::Responsible => RowScope::Own(self.user),
            Role::GrassrootsAdmin
            | Role::BannerSupervisor
            | Role::IndustrySupervisor
            | Role::CityReviewer
            | Role::CityAdmin
            | Role::Finance
            | Role::Auditor => RowScope::Region(self.scope.clone()),
            Role::CardClerk | Role::ReadOnlyLeader | Role::Sysop => RowScope::Nothing,
        }
    }
}
