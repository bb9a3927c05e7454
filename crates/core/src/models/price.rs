//! What an edit costs.

use serde::Deserialize;

/// What an edit costs, in US dollars.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// For each image, or for an image's first megapixel.
    pub usd: f64,
    /// What is counted.
    pub per: Per,
    /// For each further megapixel that is begun; the same as the first unless said.
    pub further_usd: Option<f64>,
    /// Whether it is not from fal's price list.
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
    /// What outputs of these sides cost, in millionths of a US dollar. `billed_units`, where fal told
    /// them, counts for what is paid by the image.
    pub fn cost_micros(&self, outputs: &[(u32, u32)], billed_units: Option<f64>) -> Option<i64> {
        let usd = match self.per {
            Per::Image => {
                let images = u32::try_from(outputs.len()).ok()?;
                self.usd * billed_units.unwrap_or_else(|| f64::from(images))
            }
            Per::Megapixel => outputs.iter().map(|output| self.of_megapixels(*output)).sum(),
        };
        let micros = (usd * MICROS).round();
        // Beyond what anything costs, it is no price.
        (0.0..1e12).contains(&micros).then(|| format!("{micros:.0}").parse().ok()).flatten()
    }

    /// What so many outputs of so many pixels cost at most, in millionths of a US dollar.
    pub(super) fn most_micros(&self, outputs: u8, pixels: u64) -> i64 {
        // As one row of megapixels: what is counted are its pixels.
        let width = u32::try_from(pixels.div_ceil(1_000)).unwrap_or(u32::MAX);
        let sides = vec![(width, 1_000); outputs.into()];
        self.cost_micros(&sides, None).unwrap_or(0)
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
        let price = Price { usd: 0.03, per: Per::Image, further_usd: None, estimate: false };

        assert_eq!(price.cost_micros(&[(4096, 4096), (10, 10)], None), Some(60_000));
        assert_eq!(price.cost_micros(&[(4096, 4096), (10, 10)], Some(1.0)), Some(30_000));
        assert_eq!(price.cost_micros(&[(10, 10)], Some(f64::INFINITY)), None);
        assert_eq!(price.cost_micros(&[(10, 10)], Some(-1.0)), None);
    }

    #[test]
    fn megapixels_are_counted_when_they_are_begun_and_the_first_has_its_own_price() {
        let price =
            Price { usd: 0.03, per: Per::Megapixel, further_usd: Some(0.015), estimate: false };

        assert_eq!(price.cost_micros(&[(1000, 1000)], None), Some(30_000));
        assert_eq!(price.cost_micros(&[(1001, 1000)], None), Some(45_000));
        assert_eq!(price.cost_micros(&[(100, 100), (2000, 1000)], None), Some(75_000));
    }
}
