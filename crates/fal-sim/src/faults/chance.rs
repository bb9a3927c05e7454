//! Repeatable chance: the same seed gives the same strikes.

/// The source of chance for one fault on one occasion.
pub(super) struct Chance {
    pub(super) seed: u64,
    /// The number of the fault in the list.
    pub(super) fault: u64,
    /// The number of the occasion on which it may strike.
    pub(super) occasion: u64,
}

impl Chance {
    /// A number from 0 to below 1; each `which` is another draw.
    pub(super) fn draw(&self, which: u64) -> f64 {
        let mixed = [self.fault, self.occasion, which].into_iter().fold(self.seed, mix);
        // The divisor is above every numerator, so the result is below 1.
        f64::from(u32::try_from(mixed >> 32).unwrap_or_default()) / (f64::from(u32::MAX) + 1.0)
    }
}

/// One step of `SplitMix64`.
fn mix(state: u64, by: u64) -> u64 {
    let mut mixed = state.wrapping_add(by).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn draws_are_spread_and_repeat_themselves() {
        let draw = |occasion| Chance { seed: 7, fault: 1, occasion }.draw(0);
        let below = (0..1000).filter(|occasion| draw(*occasion) < 0.3).count();

        assert!((250..350).contains(&below), "{below}");
        assert_eq!(draw(5).to_bits(), draw(5).to_bits());
    }
}
