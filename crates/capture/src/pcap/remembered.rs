//! A map that forgets what was not used for longest.
//!
//! Hides: when it forgets, and how much at once.
//! Knows nothing of: what it remembers.

use std::collections::HashMap;
use std::hash::Hash;

use super::file::Moment;

/// The most entries of one map; at 100 to 150 bytes each this bounds it to 150 MB.
const ENTRIES_MAX: usize = 1_000_000;

/// What was seen lately, and when.
#[derive(Debug)]
pub(super) struct Remembered<K, V> {
    entries: HashMap<K, (Moment, V)>,
    entries_max: usize,
}

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), entries_max: ENTRIES_MAX }
    }
}

impl<K: Copy + Eq + Hash, V> Remembered<K, V> {
    pub(super) fn insert(&mut self, at: Moment, key: K, value: V) {
        if self.entries.len() >= self.entries_max {
            self.forget_half();
        }
        self.entries.insert(key, (at, value));
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    /// Whether it is remembered; if so, it is from now on as if it was seen at that moment.
    pub(super) fn renew(&mut self, at: Moment, key: &K) -> bool {
        let Some((seen, _)) = self.entries.get_mut(key) else { return false };
        *seen = at;
        true
    }

    pub(super) fn remove(&mut self, key: &K) {
        self.entries.remove(key);
    }

    /// Half at once, so that it costs little for each entry.
    fn forget_half(&mut self) {
        let mut moments: Vec<Moment> = self.entries.values().map(|(seen, _)| *seen).collect();
        let middle = moments.len() / 2;
        let (_, median, _) = moments.select_nth_unstable(middle);
        let median = *median;
        self.entries.retain(|_, (seen, _)| *seen > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_map_forgets_what_was_not_used_for_longest() {
        let at = |second: i64| Moment::from_nanos(i128::from(second) * 1_000_000_000);
        let mut map = Remembered { entries: HashMap::new(), entries_max: 4 };
        (1..=4).for_each(|key| map.insert(at(key), key, ()));
        assert!(map.renew(at(9), &1));
        map.insert(at(10), 5, ());
        let kept: Vec<i64> = (1..=5).filter(|key| map.get(key).is_some()).collect();
        assert_eq!(kept, [1, 5]);
    }
}
