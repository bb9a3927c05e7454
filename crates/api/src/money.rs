//! Money as it is shown: US dollars, kept as millionths.

/// Exact, without zeros at its end beyond cents.
pub(crate) fn dollars(micros: i64) -> String {
    let (whole, rest) = (micros / 1_000_000, (micros % 1_000_000).abs());
    let sign = if micros < 0 && whole == 0 { "-" } else { "" };
    let rest = format!("{rest:06}");
    let cents = rest.trim_end_matches('0');
    format!("{sign}{whole}.{cents:0<2}")
}

/// As a number, for programs.
pub(crate) fn usd(micros: i64) -> f64 {
    // Text is the one way from whole numbers that loses nothing of those that are money.
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
