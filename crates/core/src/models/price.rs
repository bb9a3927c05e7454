//! What an edit costs.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What an edit costs, in US dollars.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// For each image, or for an image's first megapixel.
    pub usd: f64,
    /// What is counted.
    pub per: Per,
    /// For each further megapixel that is begun; by default the same as for the first.
    pub further_usd: Option<f64>,
    /// For an image of this resolution, or with these sides (`WIDTHxHEIGHT`), where it costs more.
    #[serde(default)]
    pub usd_of: BTreeMap<String, f64>,
    /// Whether it is an estimate, not a price from fal's list.
    #[serde(default)]
    pub estimate: bool,
}

/// What a price is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// An image, however large.
    Image,
    /// A megapixel of an image.
    Megapixel,
}

/// Millionths of a US dollar.
const MICROS: f64 = 1e6;

/// Pixels of a megapixel, as it is billed.
const MEGAPIXEL: u64 = 1_000_000;

impl Price {
    /// What outputs with these sides cost, in millionths of a US dollar, where this resolution was asked for.
    ///
    /// Where fal told the `billed_units`, they count for models that are paid by the image; but they may leave out that
    /// some images cost more.
    pub fn cost_micros(
        &self,
        outputs: &[(u32, u32)],
        resolution: Option<&str>,
        billed_units: Option<f64>,
    ) -> Option<i64> {
        let usd = match self.per {
            Per::Image => {
                let of_each = outputs.iter().map(|output| self.of_image(*output, resolution));
                let (listed, is_usual) = of_each.fold((0.0, true), |(sum, is_usual), own| {
                    (sum + own.unwrap_or(self.usd), is_usual && own.is_none())
                });
                match billed_units.map(|units| self.usd * units) {
                    Some(billed) if is_usual => billed,
                    Some(billed) => billed.max(listed),
                    None => listed,
                }
            }
            Per::Megapixel => outputs.iter().map(|output| self.of_megapixels(*output)).sum(),
        };
        let micros = (usd * MICROS).round();
        // A figure beyond what anything costs is no price.
        (0.0..1e12).contains(&micros).then(|| format!("{micros:.0}").parse().ok()).flatten()
    }

    /// What so many outputs of so many pixels cost at most, in millionths of a US dollar: at the resolution or the
    /// sides that are asked for, or else at the dearest.
    pub(super) fn most_micros(&self, outputs: u8, pixels: u64, asked_for: Option<&str>) -> i64 {
        let usd = match asked_for {
            Some(asked_for) => self.usd_of.get(asked_for).copied().unwrap_or(self.usd),
            None => self.usd_of.values().copied().fold(self.usd, f64::max),
        };
        // As sides with this many pixels: only their number counts.
        let width = u32::try_from(pixels.div_ceil(1_000)).unwrap_or(u32::MAX);
        let sides = vec![(width, 1_000); outputs.into()];
        let price = Self { usd, usd_of: BTreeMap::new(), ..self.clone() };
        price.cost_micros(&sides, None, None).unwrap_or(0)
    }

    fn of_image(&self, (width, height): (u32, u32), resolution: Option<&str>) -> Option<f64> {
        let of_resolution = resolution.and_then(|resolution| self.usd_of.get(resolution));
        of_resolution.or_else(|| self.usd_of.get(&format!("{width}x{height}"))).copied()
    }

    fn of_megapixels(&self, (width, height): (u32, u32)) -> f64 {
        let pixels = u64::from(width) * u64::from(height);
        let further = pixels.div_ceil(MEGAPIXEL).saturating_sub(1);
        let further = u32::try_from(further).unwrap_or(u32::MAX);
        self.usd + f64::from(further) * self.further_usd.unwrap_or(self.usd)
    }
}

impl Per {
    /// As the descriptor writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Megapixel => "megapixel",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_costs_the_same_whatever_its_size_and_what_the_provider_billed_counts() {
        let price = Price { usd: 0.03, ..of(Per::Image) };

        assert_eq!(price.cost_micros(&[(4096, 4096), (10, 10)], None, None), Some(60_000));
        assert_eq!(price.cost_micros(&[(4096, 4096), (10, 10)], None, Some(1.0)), Some(30_000));
        assert_eq!(price.cost_micros(&[(10, 10)], None, Some(f64::INFINITY)), None);
        assert_eq!(price.cost_micros(&[(10, 10)], None, Some(-1.0)), None);
    }

    #[test]
    fn an_image_that_costs_more_is_paid_for_and_reserved_as_such() {
        let usd_of = BTreeMap::from([("4K".into(), 0.3), ("1024x1536".into(), 0.2)]);
        let price = Price { usd: 0.15, usd_of, ..of(Per::Image) };

        assert_eq!(price.cost_micros(&[(1, 1), (1, 1)], Some("4K"), None), Some(600_000));
        assert_eq!(price.cost_micros(&[(1, 1)], Some("2K"), None), Some(150_000));
        assert_eq!(price.cost_micros(&[(1024, 1536), (1, 1)], None, None), Some(350_000));
        // An image in 4K costs double. Whether fal bills one unit for it or two, it counts in full and only once.
        for units in [1.0, 2.0] {
            assert_eq!(price.cost_micros(&[(1, 1)], Some("4K"), Some(units)), Some(300_000));
        }
        assert_eq!(price.most_micros(2, 1, Some("4K")), 600_000);
        assert_eq!(price.most_micros(2, 1, Some("2K")), 300_000);
        assert_eq!(price.most_micros(2, 1, None), 600_000);
    }

    fn of(per: Per) -> Price {
        Price { usd: 0.0, per, further_usd: None, usd_of: BTreeMap::new(), estimate: false }
    }

    #[test]
    fn megapixels_are_counted_when_they_are_begun_and_the_first_has_its_own_price() {
        let price = Price { usd: 0.03, further_usd: Some(0.015), ..of(Per::Megapixel) };

        assert_eq!(price.cost_micros(&[(1000, 1000)], None, None), Some(30_000));
        assert_eq!(price.cost_micros(&[(1001, 1000)], None, None), Some(45_000));
        assert_eq!(price.cost_micros(&[(100, 100), (2000, 1000)], None, None), Some(75_000));
    }
}
