//! The queries that run, and the last that were slow.
//!
//! Hides: how a query is found by its id, and that one which nobody waits for any more is forgotten.
//! Knows nothing of: how queries are carried out, HTTP.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::{Asker, EngineError, Progress, Run, Stage};
use flow::{AccountId, Clock, RegionId, TimeRange, Timestamp, TopicId};

use crate::failure::Failure;

/// How many slow queries are remembered. With statements of at most 12 KB they take about a megabyte.
const SLOW_MAX: usize = 100;

/// What stands before the number of a query in its id.
const ID_PREFIX: &str = "query-";

/// Hears of every query that ends.
pub(crate) type Ended = Box<dyn Fn(&Told) + Send + Sync>;

/// All queries that run. Share it by reference.
pub(crate) struct Queries {
    clock: Clock,
    slow: Duration,
    ended: Ended,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    numbers: u64,
    running: BTreeMap<u64, Entry>,
    slow: VecDeque<Told>,
}

/// What is asked, and by whom.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    /// The operation that asks.
    pub(crate) operation: &'static str,
    /// As it was written.
    pub(crate) text: String,
    pub(crate) topic: TopicId,
    pub(crate) range: TimeRange,
    pub(crate) account: AccountId,
    pub(crate) region: RegionId,
    pub(crate) user: String,
}

struct Entry {
    statement: Statement,
    started: Timestamp,
    run: Arc<Run>,
}

/// A query as it is at a moment.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) statement: Statement,
    pub(crate) state: &'static str,
    pub(crate) started: Timestamp,
    pub(crate) took: Duration,
    pub(crate) progress: Progress,
}

/// A query that is listed until this is dropped.
pub(crate) struct Listed {
    queries: Arc<Queries>,
    number: u64,
    run: Arc<Run>,
    outcome: Mutex<&'static str>,
}

impl Queries {
    /// No query; those that take longer than `slow` are remembered and logged.
    pub(crate) fn new(clock: Clock, slow: Duration, ended: Ended) -> Self {
        Self { clock, slow, ended, state: Mutex::default() }
    }

    /// From when on a query counts as slow.
    pub(crate) fn slow(&self) -> Duration {
        self.slow
    }

    /// Lists a query that is about to run.
    pub(crate) fn list(self: &Arc<Self>, statement: Statement) -> Listed {
        let asker = Asker { account: statement.account.to_string(), user: statement.user.clone() };
        let run = Arc::new(Run::new(asker));
        let mut state = self.lock();
        let number = state.numbers;
        state.numbers += 1;
        let entry = Entry { statement, started: (self.clock)(), run: Arc::clone(&run) };
        state.running.insert(number, entry);
        Listed { queries: Arc::clone(self), number, run, outcome: Mutex::new("Left") }
    }

    /// The queries of an account that run, the oldest first, and those that were slow, the newest first.
    pub(crate) fn told(&self, account: &AccountId) -> (Vec<Told>, Vec<Told>) {
        let now = (self.clock)();
        let state = self.lock();
        let running = state.running.iter().filter(|(_, entry)| entry.statement.account == *account);
        let running = running.map(|(number, entry)| entry.told(*number, now, None)).collect();
        let slow = state.slow.iter().filter(|told| told.statement.account == *account);
        (running, slow.cloned().collect())
    }

    /// Ends a query of an account.
    pub(crate) fn cancel(&self, account: &AccountId, id: &str) -> Result<(), Failure> {
        let number = id.strip_prefix(ID_PREFIX).and_then(|number| number.parse().ok());
        let state = self.lock();
        let entry = number.and_then(|number: u64| state.running.get(&number));
        match entry.filter(|entry| entry.statement.account == *account) {
            Some(entry) => {
                entry.run.cancel();
                Ok(())
            }
            None => {
                let message = format!("no query `{id}` runs: it has ended, or its id is another");
                Err(Failure::new("ResourceNotFound", message))
            }
        }
    }

    /// Ends all queries of an operation.
    pub(crate) fn cancel_all(&self, operation: &str) {
        let state = self.lock();
        let of_it = state.running.values().filter(|entry| entry.statement.operation == operation);
        of_it.for_each(|entry| entry.run.cancel());
    }

    fn end(&self, number: u64, outcome: &'static str) {
        let now = (self.clock)();
        let mut state = self.lock();
        let Some(entry) = state.running.remove(&number) else { return };
        let told = entry.told(number, now, Some(outcome));
        (self.ended)(&told);
        if told.took < self.slow {
            return;
        }
        tell(&told);
        state.slow.truncate(SLOW_MAX - 1);
        state.slow.push_front(told);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is whole by itself.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn told(&self, number: u64, now: Timestamp, outcome: Option<&'static str>) -> Told {
        let progress = self.run.progress();
        let state = outcome.unwrap_or(match progress.stage {
            Stage::Waiting => "Waiting",
            Stage::Running | Stage::Ended => "Running",
        });
        Told {
            id: format!("{ID_PREFIX}{number}"),
            statement: self.statement.clone(),
            state,
            started: self.started,
            took: now.since(self.started),
            progress,
        }
    }
}

impl Listed {
    /// For the engine.
    pub(crate) fn run(&self) -> &Arc<Run> {
        &self.run
    }

    /// Notes how the query ended.
    pub(crate) fn ended<T>(&self, outcome: Result<T, EngineError>) -> Result<T, EngineError> {
        let told = match &outcome {
            Ok(_) => "Answered",
            Err(EngineError::Cancelled) => "Cancelled",
            Err(_) => "Failed",
        };
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = told;
        outcome
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        let outcome = *self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        self.queries.end(self.number, outcome);
    }
}

/// One line of the slow-query log. The statement is what its author wrote, not what was found.
fn tell(told: &Told) {
    let Told { id, statement, state, took, progress, .. } = told;
    tracing::warn!(
        %id,
        operation = statement.operation,
        account = %statement.account,
        user = statement.user,
        topic = %statement.topic,
        statement = statement.text,
        state,
        took_ms = took.as_millis(),
        rows = progress.scanned.rows,
        rows_total = progress.total.rows,
        bytes = progress.scanned.bytes,
        bytes_total = progress.total.bytes,
        "a query was slow"
    );
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    fn statement(account: &str, text: &str) -> Statement {
        Statement {
            operation: "SearchLog",
            text: text.to_owned(),
            topic: "edge-1".parse().unwrap(),
            range: TimeRange::ALWAYS,
            account: account.parse().unwrap(),
            region: "local".parse().unwrap(),
            user: "admin".to_owned(),
        }
    }

    fn texts(told: &[Told]) -> Vec<(&str, &str)> {
        told.iter().map(|told| (told.statement.text.as_str(), told.state)).collect()
    }

    #[test]
    fn an_account_sees_and_cancels_its_own_queries_only() {
        let queries =
            Arc::new(Queries::new(Arc::new(Timestamp::default), Duration::from_secs(1), Box::new(|_| {})));
        let one = queries.list(statement("1", "one"));
        let _two = queries.list(statement("2", "two"));
        let (running, _) = queries.told(&"1".parse().unwrap());
        assert_eq!(texts(&running), [("one", "Waiting")]);
        assert_eq!(
            queries.cancel(&"2".parse().unwrap(), &running[0].id).unwrap_err().code,
            "ResourceNotFound"
        );
        queries.cancel(&"1".parse().unwrap(), &running[0].id).unwrap();
        drop(one);
        assert!(queries.cancel(&"1".parse().unwrap(), &running[0].id).is_err(), "it has ended");
    }

    #[test]
    fn what_took_long_is_remembered_with_its_end_and_the_oldest_is_forgotten() {
        let now = Arc::new(AtomicI64::new(0));
        let told = Arc::clone(&now);
        let clock: Clock = Arc::new(move || Timestamp::from_millis(told.load(Ordering::SeqCst)));
        let queries = Arc::new(Queries::new(clock, Duration::from_millis(100), Box::new(|_| {})));
        let account = "1".parse().unwrap();
        let run = |text: &str, took: i64, outcome: Option<Result<(), EngineError>>| {
            let listed = queries.list(statement("1", text));
            now.fetch_add(took, Ordering::SeqCst);
            if let Some(outcome) = outcome {
                listed.ended(outcome).ok();
            }
        };
        run("fast", 99, Some(Ok(())));
        run("answered", 100, Some(Ok(())));
        run("cancelled", 200, Some(Err(EngineError::Cancelled)));
        run("failed", 200, Some(Err(EngineError::Timeout { most: Duration::ZERO })));
        run("left", 200, None);
        let expected =
            [("left", "Left"), ("failed", "Failed"), ("cancelled", "Cancelled"), ("answered", "Answered")];
        assert_eq!(texts(&queries.told(&account).1), expected);
        (0..SLOW_MAX).for_each(|_| run("later", 300, None));
        let slow = queries.told(&account).1;
        assert_eq!((slow.len(), texts(&slow)[SLOW_MAX - 1]), (SLOW_MAX, ("later", "Left")));
    }
}
