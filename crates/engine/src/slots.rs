//! Places for queries that run at once, shared evenly among those who ask.
//!
//! Hides: the queue, and who is next.
//! Knows nothing of: queries, time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::run::Asker;

/// All places.
#[derive(Debug)]
pub(crate) struct Slots {
    waiting_max: usize,
    queue: Mutex<Queue>,
}

#[derive(Debug)]
struct Queue {
    free: usize,
    running: Held,
    /// In the order of their arrival.
    waiting: Vec<Waiter>,
    arrivals: u64,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    asker: Asker,
    grant: oneshot::Sender<Slot>,
}

/// How many places each asker has.
#[derive(Clone, Debug, Default)]
struct Held(HashMap<Asker, usize>);

/// A place. It is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Arc<Slots>,
    asker: Asker,
}

/// Somebody in the queue. Dropping it leaves the queue.
#[derive(Debug)]
pub(crate) struct Waiting {
    turn: Turn,
    granted: oneshot::Receiver<Slot>,
}

/// Where somebody stands in the queue.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    slots: Arc<Slots>,
    number: u64,
}

impl Slots {
    /// `most` places, and room for `waiting_max` who wait for one.
    pub(crate) fn new(most: usize, waiting_max: usize) -> Self {
        let queue = Queue { free: most.max(1), running: Held::default(), waiting: Vec::new(), arrivals: 0 };
        Self { waiting_max, queue: Mutex::new(queue) }
    }

    /// Joins the queue; fails with the number of those who wait already when it is full.
    pub(crate) fn join(self: &Arc<Self>, asker: &Asker) -> Result<Waiting, usize> {
        let (grant, granted) = oneshot::channel();
        let mut queue = self.lock();
        let full = queue.free == 0 && queue.waiting.len() >= self.waiting_max;
        if full {
            return Err(queue.waiting.len());
        }
        let number = queue.arrivals;
        queue.arrivals += 1;
        queue.waiting.push(Waiter { number, asker: asker.clone(), grant });
        drop(queue);
        self.hand_out();
        Ok(Waiting { turn: Turn { slots: Arc::clone(self), number }, granted })
    }

    /// Gives every free place to who is next.
    fn hand_out(self: &Arc<Self>) {
        let mut queue = self.lock();
        let mut gone = Vec::new();
        while queue.free > 0
            && let Some(next) = next(&queue.waiting, &queue.running)
        {
            let Waiter { asker, grant, .. } = queue.waiting.remove(next);
            queue.free -= 1;
            queue.running.take(&asker);
            gone.extend(grant.send(Slot { slots: Arc::clone(self), asker }).err());
        }
        // Places of those who left meanwhile come back, which needs the queue.
        drop(queue);
        drop(gone);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // A panic between two changes would need memory to run out.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whose turn it is: of the account with the fewest places, the user with the fewest; among them, who came first.
fn next(waiting: &[Waiter], held: &Held) -> Option<usize> {
    let rank = |waiter: &Waiter| (held.of_account(&waiter.asker), held.of_user(&waiter.asker), waiter.number);
    (0..waiting.len()).min_by_key(|place| waiting.get(*place).map(rank))
}

impl Held {
    fn take(&mut self, asker: &Asker) {
        *self.0.entry(asker.clone()).or_default() += 1;
    }

    fn give_back(&mut self, asker: &Asker) {
        if let Some(held) = self.0.get_mut(asker) {
            *held -= 1;
            if *held == 0 {
                self.0.remove(asker);
            }
        }
    }

    fn of_user(&self, asker: &Asker) -> usize {
        self.0.get(asker).copied().unwrap_or(0)
    }

    fn of_account(&self, asker: &Asker) -> usize {
        self.0.iter().filter(|(one, _)| one.account == asker.account).map(|(_, held)| held).sum()
    }
}

impl Waiting {
    /// Waits for a place.
    pub(crate) async fn slot(&mut self) -> Option<Slot> {
        (&mut self.granted).await.ok()
    }

    /// Where this is in the queue.
    pub(crate) fn turn(&self) -> &Turn {
        &self.turn
    }
}

impl Turn {
    /// How many came before and wait still.
    pub(crate) fn ahead(&self) -> usize {
        let queue = self.slots.lock();
        queue.waiting.iter().filter(|waiter| waiter.number < self.number).count()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Turn { slots, number } = &self.turn;
        let mut queue = slots.lock();
        queue.waiting.retain(|waiter| waiter.number != *number);
        // A place that was granted and not taken comes back with the receiver, after the queue is free.
        drop(queue);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut queue = self.slots.lock();
        queue.free += 1;
        queue.running.give_back(&self.asker);
        drop(queue);
        self.slots.hand_out();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(name: &str) -> Asker {
        let (account, user) = name.split_once('/').unwrap();
        Asker { account: account.to_owned(), user: user.to_owned() }
    }

    fn taken(waiting: &mut Waiting) -> Option<Slot> {
        waiting.granted.try_recv().ok()
    }

    /// Who gets the only place, one after the other, while somebody holds `held` others.
    fn order(held: &[&str], waiting: &[&'static str]) -> Vec<&'static str> {
        let slots = Arc::new(Slots::new(held.len() + 1, 100));
        let mut kept: Vec<Waiting> = held.iter().map(|name| slots.join(&asker(name)).unwrap()).collect();
        let _held: Vec<Slot> = kept.iter_mut().map(|waiting| taken(waiting).unwrap()).collect();
        let mut first = slots.join(&asker("nobody/0")).unwrap();
        let mut place = taken(&mut first);
        let mut queue: Vec<(&str, Waiting)> =
            waiting.iter().map(|name| (*name, slots.join(&asker(name)).unwrap())).collect();
        let mut order = Vec::new();
        while !queue.is_empty() {
            drop(place.take());
            let next = queue.iter_mut().enumerate().find_map(|(place, (_, one))| Some((place, taken(one)?)));
            let (number, slot) = next.expect("a free place is handed on at once");
            place = Some(slot);
            order.push(queue.remove(number).0);
        }
        order
    }

    #[test]
    fn who_has_fewer_places_is_next_accounts_first_then_users_then_who_came_first() {
        assert_eq!(order(&[], &["a/1", "b/1", "a/2"]), ["a/1", "b/1", "a/2"]);
        assert_eq!(order(&["a/1"], &["a/1", "a/1", "b/1"]), ["b/1", "a/1", "a/1"]);
        assert_eq!(order(&["a/1"], &["a/1", "a/2"]), ["a/2", "a/1"]);
        assert_eq!(order(&["a/1", "b/1", "b/2"], &["b/3", "a/1"]), ["a/1", "b/3"]);
    }

    #[test]
    fn a_full_queue_refuses_and_who_leaves_makes_room() {
        let slots = Arc::new(Slots::new(1, 2));
        let mut first = slots.join(&asker("a/1")).unwrap();
        let place = taken(&mut first).unwrap();
        let second = slots.join(&asker("a/1")).unwrap();
        let mut third = slots.join(&asker("a/1")).unwrap();
        assert_eq!(slots.join(&asker("b/1")).unwrap_err(), 2);
        assert_eq!((second.turn().ahead(), third.turn().ahead()), (0, 1));
        drop(second);
        assert_eq!(third.turn().ahead(), 0);
        drop(place);
        assert!(taken(&mut third).is_some());
    }

    #[test]
    fn a_place_that_was_granted_and_never_taken_is_free_again() {
        let slots = Arc::new(Slots::new(1, 2));
        let granted = slots.join(&asker("a/1")).unwrap();
        let mut next = slots.join(&asker("a/1")).unwrap();
        drop(granted);
        assert!(taken(&mut next).is_some());
    }
}
