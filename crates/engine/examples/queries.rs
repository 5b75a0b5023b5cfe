//! Runs queries over a data folder that `flows` of `store` filled, and tells how long each takes:
//! `cargo run --release -p engine --example queries -- FOLDER ROUNDS < QUERIES`.
//!
//! Hides: nothing.
//! Knows nothing of: what is asked. Each line of QUERIES is a name, the range in milliseconds, and the query; each line that is printed a
//! name, the median of the rounds after the first in milliseconds, and how many records or rows came; parted by tabs.
#![expect(clippy::unwrap_used, reason = "a program for developers fails by panicking")]
#![expect(clippy::print_stdout, reason = "its output is what it is for")]
#![expect(clippy::disallowed_methods, reason = "measures time, and is told by its arguments what to do")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{Asker, Engine, EngineSettings, FindOrder, Page, Run, Scope};
use flow::{TimeRange, Timestamp};
use query::{IndexedFields, Query, Syntax, parse};
use store::{Owner, Store};

/// What a page of the console shows.
const PAGE: Page = Page { after: None, offset: 0, limit: 100 };

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, rounds] = &arguments[..] else { panic!("usage: queries FOLDER ROUNDS < QUERIES") };
    let rounds: usize = rounds.parse().expect("ROUNDS is a number");
    let store = Store::open(Path::new(folder)).unwrap();
    let engine = Engine::new(EngineSettings::default()).unwrap();
    let waiting = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let parts: Vec<&str> = line.split('\t').collect();
        let [name, from, to, text] = parts[..] else { panic!("`{line}` has not four parts") };
        let moment = |text: &str| Timestamp::from_millis(text.parse().expect("a moment is a number"));
        let range = TimeRange { from: moment(from), to: moment(to) };
        let query = parse(text, Syntax::Cql, &IndexedFields::all()).unwrap();
        let mut times = Vec::with_capacity(rounds);
        let mut found = waiting.block_on(ask(&engine, &store, range, &query));
        for _ in 0..rounds {
            let before = Instant::now();
            found = waiting.block_on(ask(&engine, &store, range, &query));
            times.push(before.elapsed());
        }
        println!("{name}\t{:.2}\t{found}", median(&mut times).as_secs_f64() * 1000.0);
    }
}

/// How many records or rows the query gives.
async fn ask(engine: &Engine, store: &Store, range: TimeRange, query: &Query) -> usize {
    let owner = Owner { account: "100001".parse().unwrap(), region: "ap-guangzhou".parse().unwrap() };
    let snapshot = store.snapshot(&owner, &"flows-100001".parse().unwrap(), range).unwrap();
    let scope =
        Scope { snapshot, range, index: IndexedFields::all(), run: Arc::new(Run::new(Asker::default())) };
    if query.sql.is_some() {
        engine.analyse(&scope, query).await.unwrap().rows.len()
    } else {
        engine.find(&scope, &query.search, FindOrder::Newest, PAGE).await.unwrap().records.len()
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
