//! How money is shown: in US dollars, from the millionths of a dollar that are stored.

/// The exact amount, without trailing zeros beyond the cents.
pub(crate) fn dollars(micros: i64) -> String {
    let (whole, rest) = (micros / 1_000_000, (micros % 1_000_000).abs());
    let sign = if micros < 0 && whole == 0 { "-" } else { "" };
    let rest = format!("{rest:06}");
    let cents = rest.trim_end_matches('0');
    format!("{sign}{whole}.{cents:0<2}")
}

/// The amount as a number, for programs.
pub(crate) fn usd(micros: i64) -> f64 {
    // By way of text, the one way from a whole number to a float that loses nothing of an amount of money.
    dollars(micros).parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_shown_exactly() {
        for (micros, text) in [
            (0, "0.00"),
            (30_000, "0.03"),
            (5_000_000, "5.00"),
            (1_234_567, "1.234567"),
            (1_200_000, "1.20"),
            (-30_000, "-0.03"),
            (-1_030_000, "-1.03"),
        ] {
            assert_eq!(dollars(micros), text);
        }
        assert!((usd(-1_030_000) + 1.03).abs() < 1e-12);
        assert!((usd(123_456_789_012) - 123_456.789_012).abs() < 1e-9);
    }
}
