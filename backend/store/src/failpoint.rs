//! Named places at which the crash rig ends the process, as a power cut would: nothing is unwound, nothing closed.
//!
//! They exist only under the cargo feature `failpoints`, which no release has: without it `failpoint!` is nothing at
//! all, not even a name in the binary, and the settings that arm it are unknown. `fail`, the crate for this, has no
//! action that aborts and brings a logger and a generator along.

#[cfg(feature = "failpoints")]
pub use armed::{POINTS, Plan, arm, commit_halfway, reach};

/// A place that has a name. The rig may end the process here.
#[cfg(feature = "failpoints")]
#[macro_export]
macro_rules! failpoint {
    ($name:literal) => {
        $crate::failpoint::reach($name)
    };
}

/// A place that has a name, in a build that knows of none.
#[cfg(not(feature = "failpoints"))]
#[macro_export]
macro_rules! failpoint {
    ($name:literal) => {};
}

#[cfg(feature = "failpoints")]
mod armed {
    use crate::dialect::{Conn, each};
    use crate::{Result, StoreError};
    use diesel::connection::SimpleConnection;
    use std::str::FromStr;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Every named place, in the order in which a push passes them.
    pub const POINTS: [&str; 10] = [
        "push.read",
        "push.prepared",
        "push.locked",
        "push.operation",
        "push.applied",
        "push.receipt",
        "push.before_commit",
        "writer.before_shared_commit",
        "writer.after_shared_commit",
        "push.after_commit",
    ];

    static PLAN: OnceLock<Plan> = OnceLock::new();

    /// Where the process ends: `name:nth`, the nth time that it gets there.
    #[derive(Debug)]
    pub struct Plan {
        name: String,
        left: AtomicU64,
    }

    impl Clone for Plan {
        fn clone(&self) -> Self {
            Self { name: self.name.clone(), left: AtomicU64::new(self.left.load(Ordering::SeqCst)) }
        }
    }

    impl FromStr for Plan {
        type Err = String;

        fn from_str(text: &str) -> std::result::Result<Self, String> {
            let (name, nth) = text.split_once(':').ok_or("it is NAME:NTH")?;
            if !POINTS.contains(&name) {
                return Err(format!("there is no such place; there are {}", POINTS.join(", ")));
            }
            match nth.parse() {
                Ok(nth @ 1..) => Ok(Self { name: name.to_owned(), left: AtomicU64::new(nth) }),
                _ => Err("the second part is a number from 1".to_owned()),
            }
        }
    }

    /// Sets where this process ends; the first plan stays.
    pub fn arm(plan: Plan) {
        PLAN.get_or_init(|| plan);
    }

    /// Ends the process when its plan says so.
    pub fn reach(name: &str) {
        let Some(plan) = PLAN.get().filter(|plan| plan.name == name) else { return };
        if plan.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            std::process::abort();
        }
    }

    /// Commits what a transaction has done so far and goes on in another: a planted bug.
    /// Only where the transaction is nobody else's.
    pub fn commit_halfway(c: &mut Conn) -> Result<()> {
        let sql =
            if c.is_postgres() { "COMMIT; BEGIN ISOLATION LEVEL REPEATABLE READ" } else { "COMMIT; BEGIN IMMEDIATE" };
        each!(c, c => c.batch_execute(sql)).map_err(StoreError::from)
    }
}

#[cfg(all(test, not(feature = "failpoints")))]
mod tests {
    /// A constant calls nothing: this is only compiled when a named place is nothing at all.
    const NOTHING: () = {
        failpoint!("push.read");
    };

    #[test]
    fn a_build_that_is_no_rigs_has_no_failpoint() {
        let () = NOTHING;
        let manifest = include_str!("../Cargo.toml");
        assert!(!manifest.contains("default ="), "a feature became a default one");
    }
}

#[cfg(all(test, feature = "failpoints"))]
mod armed_tests {
    use super::Plan;

    #[test]
    fn a_plan_names_a_place_and_a_number() {
        assert!("push.read:1".parse::<Plan>().is_ok());
        for bad in ["push.read", "push.read:0", "push.red:1", "push.read:often"] {
            assert!(bad.parse::<Plan>().is_err(), "{bad}");
        }
    }
}
