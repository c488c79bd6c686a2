//! SQLite's one writer. Transactions that wait for it together share a commit, and so its flush to the disk:
//! each runs in its own savepoint and is answered only after the commit is durable.
//!
//! When anything goes wrong with the shared commit, all of it is rolled back and each transaction runs alone,
//! so that only the one that is to blame fails. Closures are repeatable by the contract of `Db::write`.

use crate::db::{Opener, is_broken, transaction};
use crate::dialect::{Conn, each};
use crate::error::{StoreError, TransactionError};
use crate::failpoint;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::r2d2::ManageConnection;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex as TurnMutex, OwnedMutexGuard, oneshot};

const BEGIN: &str = "BEGIN IMMEDIATE";

/// A shared transaction takes in nobody more after this long: its first waits for its last.
const SHARE_MAX: Duration = Duration::from_millis(100);

/// What a transaction answers: the closure, to be run again, and what it ended with.
type Ended<F, T, E> = (F, Result<T, E>);

/// The writer; clones share its connection.
#[derive(Clone)]
pub(crate) struct Writer {
    /// `None` before the first transaction, and after one that broke its connection.
    turn: Arc<TurnMutex<Option<Conn>>>,
    line: Arc<Line>,
    opener: Opener,
    /// Transactions of one commit at most.
    most: usize,
    wait: Duration,
}

/// The transactions that wait for their turn.
#[derive(Default)]
struct Line {
    next: AtomicU64,
    jobs: Mutex<VecDeque<(u64, Box<dyn Job>)>>,
}

impl Line {
    fn join(&self, job: Box<dyn Job>) -> u64 {
        let ticket = self.next.fetch_add(1, Ordering::Relaxed);
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).push_back((ticket, job));
        ticket
    }

    /// Whether it still was in the line.
    fn leave(&self, ticket: u64) -> bool {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let before = jobs.len();
        jobs.retain(|(of, _)| *of != ticket);
        jobs.len() < before
    }

    fn take(&self, most: usize) -> Vec<(u64, Box<dyn Job>)> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let count = jobs.len().min(most);
        jobs.drain(..count).collect()
    }

    /// Back to the front, in their order; without those whose caller has gone, because nobody would take them out.
    fn put_back(&self, taken: Vec<(u64, Box<dyn Job>)>) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        taken.into_iter().rev().filter(|(_, job)| !job.is_abandoned()).for_each(|job| jobs.push_front(job));
    }
}

/// A place in the line, given up when its caller goes away.
struct Ticket {
    line: Arc<Line>,
    number: u64,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.line.leave(self.number);
    }
}

impl Writer {
    pub(crate) fn new(opener: Opener, most: usize, wait: Duration) -> Result<Self, StoreError> {
        let first = opener.connect()?;
        let line = Arc::default();
        Ok(Self { turn: Arc::new(TurnMutex::new(Some(first))), line, opener, most: most.max(1), wait })
    }

    /// The writer's turn for something that brings its own connection.
    pub(crate) async fn lock(&self) -> Result<OwnedMutexGuard<Option<Conn>>, StoreError> {
        let turn = tokio::time::timeout(self.wait, Arc::clone(&self.turn).lock_owned()).await;
        turn.map_err(|_| too_long())
    }

    /// Runs a transaction once, with those that wait beside it.
    pub(crate) async fn run<T, E, F>(&self, f: F) -> Result<Ended<F, T, E>, StoreError>
    where
        T: Send + 'static,
        E: TransactionError + Send + 'static,
        F: FnMut(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Waiting { f, result: None, reply };
        let ticket = Ticket { line: Arc::clone(&self.line), number: self.line.join(Box::new(job)) };
        // Declared after the ticket and so dropped before it: whoever is put back is seen as abandoned, or taken out.
        let mut answer = answer;
        let patience = tokio::time::sleep(self.wait);
        tokio::pin!(patience);
        loop {
            tokio::select! {
                biased;
                ended = &mut answer => return ended.map_err(|_| panicked()),
                turn = Arc::clone(&self.turn).lock_owned() => {
                    let (line, opener, most) = (Arc::clone(&self.line), self.opener.clone(), self.most);
                    // The turn goes along: a caller who leaves meanwhile takes nobody's transaction away.
                    let round = tokio::task::spawn_blocking(move || serve(turn, &opener, &line, most));
                    round.await.map_err(|_| panicked())?;
                }
                () = &mut patience, if !patience.is_elapsed() => {
                    // Whoever is being served already is waited for: what they did would be unknown.
                    if self.line.leave(ticket.number) {
                        return Err(too_long());
                    }
                }
            }
        }
    }
}

fn too_long() -> StoreError {
    StoreError::Unavailable("the writer did not become free".into())
}

fn panicked() -> StoreError {
    StoreError::Broken("a transaction ended in a panic".into())
}

/// One transaction in the line, whatever it answers.
trait Job: Send {
    /// Runs it in the transaction that is open; whether it came to its end, and if not, whether the rest can.
    fn run(&mut self, c: &mut Conn) -> Step;
    /// Runs it in a transaction of its own.
    fn run_alone(&mut self, c: &mut Conn);
    /// Whether its caller has gone.
    fn is_abandoned(&self) -> bool;
    /// Answers its caller, who may have gone.
    fn answer(self: Box<Self>);
    /// Answers with an error of the database.
    fn fail(self: Box<Self>, error: StoreError);
}

enum Step {
    Done,
    Failed,
    /// The database cannot work now: nothing that runs in the same transaction is safe.
    Broken,
}

struct Waiting<F, T, E> {
    f: F,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Ended<F, T, E>>,
}

impl<F, T, E> Job for Waiting<F, T, E>
where
    T: Send,
    E: TransactionError + Send,
    F: FnMut(&mut Conn) -> Result<T, E> + Send,
{
    fn run(&mut self, c: &mut Conn) -> Step {
        let result = (self.f)(c);
        let step = match &result {
            Ok(_) => Step::Done,
            Err(error) if error.as_store().is_some_and(StoreError::is_infrastructure) => Step::Broken,
            Err(_) => Step::Failed,
        };
        self.result = Some(result);
        step
    }

    fn run_alone(&mut self, c: &mut Conn) {
        self.result = Some(transaction(c, BEGIN, &mut self.f));
    }

    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn answer(self: Box<Self>) {
        let Self { f, result, reply } = *self;
        if let Some(result) = result {
            // Nobody hears it when the caller left meanwhile.
            let _ = reply.send((f, result));
        }
    }

    fn fail(self: Box<Self>, error: StoreError) {
        let Self { f, reply, .. } = *self;
        let _ = reply.send((f, Err(E::from(error))));
    }
}

/// Serves those who wait, together or, when that fails, one by one.
fn serve(mut turn: OwnedMutexGuard<Option<Conn>>, opener: &Opener, line: &Line, most: usize) {
    let mut jobs = line.take(most);
    if jobs.len() > 1 {
        let mut conn = match turn.take().map_or_else(|| opener.connect(), Ok) {
            Ok(conn) => conn,
            Err(error) => return jobs.into_iter().for_each(|(_, job)| job.fail(copy(&error))),
        };
        // The connection is out of its slot meanwhile: a panic or an open transaction drops it, which rolls back.
        match catch_unwind(AssertUnwindSafe(|| share(&mut conn, &mut jobs))) {
            Ok(Shared::Committed(count)) => {
                *turn = Some(conn);
                line.put_back(jobs.split_off(count));
                return jobs.into_iter().for_each(|(_, job)| job.answer());
            }
            // Whoever else holds the database would make each of them wait as long again.
            Ok(Shared::NotBegun(error)) => {
                *turn = Some(conn);
                return jobs.into_iter().for_each(|(_, job)| job.fail(copy(&error)));
            }
            Ok(Shared::Undone) | Err(_) => drop(conn),
        }
    }
    for (_, mut job) in jobs {
        let mut conn = match turn.take().map_or_else(|| opener.connect(), Ok) {
            Ok(conn) => conn,
            Err(error) => {
                job.fail(error);
                continue;
            }
        };
        // A panic costs its own caller only, who hears of it by the reply that never comes.
        if catch_unwind(AssertUnwindSafe(|| job.run_alone(&mut conn))).is_ok() {
            if !is_broken(&mut conn) {
                *turn = Some(conn);
            }
            job.answer();
        }
    }
}

/// An outage for one more of those that it concerns.
fn copy(error: &StoreError) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

/// What became of a shared transaction.
enum Shared {
    /// The first so many are durable; the others were not begun.
    Committed(usize),
    /// The database did not let it begin.
    NotBegun(StoreError),
    /// Nothing of it happened; the connection has a transaction open and must go.
    Undone,
}

/// Runs jobs in one transaction, each in its savepoint, as long as the first of them can be let wait.
fn share(conn: &mut Conn, jobs: &mut [(u64, Box<dyn Job>)]) -> Shared {
    type Manager = <Conn as diesel::Connection>::TransactionManager;
    if let Err(error) = each!(conn, c => AnsiTransactionManager::begin_transaction_sql(c, BEGIN)) {
        return Shared::NotBegun(error.into());
    }
    let began = Instant::now();
    let mut count = 0;
    for (_, job) in jobs {
        if count > 0 && began.elapsed() > SHARE_MAX {
            break;
        }
        if <Manager as TransactionManager<Conn>>::begin_transaction(conn).is_err() {
            return Shared::Undone;
        }
        let closed = match job.run(conn) {
            Step::Done => <Manager as TransactionManager<Conn>>::commit_transaction(conn),
            Step::Failed => <Manager as TransactionManager<Conn>>::rollback_transaction(conn),
            Step::Broken => return Shared::Undone,
        };
        if closed.is_err() {
            return Shared::Undone;
        }
        count += 1;
    }
    failpoint!("writer.before_shared_commit");
    match <Manager as TransactionManager<Conn>>::commit_transaction(conn) {
        Ok(()) => {
            failpoint!("writer.after_shared_commit");
            Shared::Committed(count)
        }
        Err(_) => Shared::Undone,
    }
}
