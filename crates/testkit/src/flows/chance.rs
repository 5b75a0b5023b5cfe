//! Chance that falls the same way each time.
//!
//! Hides: the generator, and how its numbers take a shape.
//! Knows nothing of: what is chosen.

/// `SplitMix64`: small, fast, and the same on every machine.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// A number below `most`, which is not zero.
    pub(super) const fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    pub(super) fn below_u16(&mut self, most: u16) -> u16 {
        u16::try_from(self.below(u64::from(most))).unwrap_or(0)
    }

    /// From 0 up to, but without, 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub(super) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A place in `shares`, each as often as its share of their sum.
    pub(super) fn pick<const N: usize>(&mut self, shares: [u64; N]) -> usize {
        let mut left = self.below(shares.iter().sum());
        for (place, share) in shares.into_iter().enumerate() {
            if left < share {
                return place;
            }
            left -= share;
        }
        0
    }

    /// A number around `median`, seldom much larger, and at least 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "numbers of packets, rounded"
    )]
    pub(super) fn log_normal(&mut self, median: f64) -> u64 {
        // The sum of twelve is as good as normal.
        let normal: f64 = (0..12).map(|_| self.share()).sum::<f64>() - 6.0;
        (median * normal.exp()).round().max(1.0) as u64
    }
}

/// What `number` becomes when all its bits are mixed.
pub(super) const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// Chooses among `n` by Zipf's law.
#[derive(Debug)]
pub(super) struct Zipf {
    /// Sums of the weights of all up to this one.
    sums: Vec<f64>,
}

impl Zipf {
    pub(super) fn new(n: u32, exponent: f64) -> Self {
        let mut sum = 0.0;
        let sums = (1..=n).map(|rank| {
            sum += f64::from(rank).powf(-exponent);
            sum
        });
        Self { sums: sums.collect() }
    }

    /// A rank from 0; low ones most often.
    pub(super) fn choose(&self, chance: &mut Chance) -> u64 {
        let point = chance.share() * self.sums.last().copied().unwrap_or_default();
        self.sums.partition_point(|sum| *sum <= point) as u64
    }
}
