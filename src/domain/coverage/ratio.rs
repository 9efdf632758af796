//! Coverage as a pair of integers: thresholds are met exactly or not at all, and the shown number never says otherwise.

use std::cmp::Ordering;

use crate::domain::input::Percent;

/// How many digits after the point are shown where no threshold asks for more.
const DIGITS: u32 = 2;

/// The most digits after the point: a threshold has six at most, and pairs of `u64` differ long before.
const MOST_DIGITS: u32 = 12;

/// So many of so many.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Ratio {
    /// How many are covered; at most `total`.
    pub covered: u64,
    /// How many there are.
    pub total: u64,
}

impl Ratio {
    /// So many of so many.
    pub const fn new(covered: u64, total: u64) -> Self {
        Self { covered, total }
    }

    /// How many are not covered.
    pub const fn missed(self) -> u64 {
        self.total.saturating_sub(self.covered)
    }

    /// Both parts added.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            covered: self.covered.saturating_add(other.covered),
            total: self.total.saturating_add(other.total),
        }
    }

    /// Whether a threshold is met, exactly: 79.999999 % does not meet 80 %. Nothing of nothing meets every threshold.
    pub fn meets(self, threshold: Percent) -> bool {
        u128::from(self.covered) * HUNDRED
            >= u128::from(threshold.millionths) * u128::from(self.total)
    }

    /// How many more have to be covered, of the same total, until the threshold is met; 0 if it is.
    pub fn deficit(self, threshold: Percent) -> u64 {
        let wanted = (u128::from(threshold.millionths) * u128::from(self.total)).div_ceil(HUNDRED);
        u64::try_from(wanted).unwrap_or(u64::MAX).saturating_sub(self.covered)
    }

    /// Compares two shares exactly. Nothing of nothing has no share and compares as equal to everything.
    pub fn compare(self, other: Self) -> Ordering {
        if self.total == 0 || other.total == 0 {
            return Ordering::Equal;
        }
        let left = u128::from(self.covered) * u128::from(other.total);
        left.cmp(&(u128::from(other.covered) * u128::from(self.total)))
    }

    /// Whether this share is below another one by more than a tolerance.
    pub fn fell(self, base: Self, tolerance: Percent) -> bool {
        if self.total == 0 || base.total == 0 {
            return false;
        }
        // covered/total + tolerance < base.covered/base.total, with all denominators cleared. Totals count lines of
        // code: their product with 10^8 stays below 2^128 up to 10^15 lines each.
        let scale =
            |a: u64, b: u64, c: u128| u128::from(a).saturating_mul(u128::from(b)).saturating_mul(c);
        let here = scale(self.covered, base.total, HUNDRED);
        let allowed = scale(self.total, base.total, u128::from(tolerance.millionths));
        here.saturating_add(allowed) < scale(base.covered, self.total, HUNDRED)
    }

    /// How many more must be covered so that this share is not below another one by more than a tolerance.
    pub fn short_of(self, base: Self, tolerance: Percent) -> u64 {
        let with = |more: u64| Self { covered: self.covered.saturating_add(more), ..self };
        let (mut least, mut most) = (0, self.missed());
        while least < most {
            let middle = least + (most - least) / 2;
            if with(middle).fell(base, tolerance) {
                least = middle + 1;
            } else {
                most = middle;
            }
        }
        least
    }

    /// By how much this share is below another one, in millionths of a percentage point, rounded up to hundredths of a
    /// point: the least tolerance that people write which allows it. 0 where it is not below.
    pub fn drop_from(self, base: Self) -> u64 {
        let cross = |a: u64, b: u64| u128::from(a).saturating_mul(u128::from(b));
        let (here, there) = (cross(self.covered, base.total), cross(base.covered, self.total));
        let all = cross(self.total, base.total);
        if all == 0 {
            return 0;
        }
        let hundredths = there.saturating_sub(here).saturating_mul(10_000).div_ceil(all);
        u64::try_from(hundredths).unwrap_or(u64::MAX).saturating_mul(10_000)
    }

    /// The share as `79.99 %`, floored; `n/a` of nothing.
    pub fn shown(self) -> String {
        self.with_digits(DIGITS)
    }

    /// The share, floored, with as many digits as it takes so that it does not look like a threshold that it misses.
    /// Flooring alone is enough for that, except that a share just below a threshold must not look equal to it when the
    /// threshold is shown with fewer digits.
    pub fn shown_against(self, threshold: Percent) -> String {
        let digits = threshold.digits().max(DIGITS);
        self.with_digits(digits)
    }

    /// The difference to a base in percentage points, as `-0.53`, `+1.20` or `0.00`; rounded away from nothing, so that a
    /// difference never looks like none.
    pub fn change_since(self, base: Self) -> Option<String> {
        if self.total == 0 || base.total == 0 {
            return None;
        }
        let left = u128::from(self.covered) * u128::from(base.total);
        let right = u128::from(base.covered) * u128::from(self.total);
        let both = u128::from(self.total) * u128::from(base.total);
        let sign = match left.cmp(&right) {
            Ordering::Less => "-",
            Ordering::Equal => "",
            Ordering::Greater => "+",
        };
        let hundredths = left.abs_diff(right).saturating_mul(10_000).div_ceil(both);
        Some(format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100))
    }

    fn with_digits(self, digits: u32) -> String {
        if self.total == 0 {
            return "n/a".to_owned();
        }
        let digits = digits.min(MOST_DIGITS);
        let unit = 10_u128.pow(digits);
        let floored = u128::from(self.covered) * 100 * unit / u128::from(self.total);
        if digits == 0 {
            return format!("{floored} %");
        }
        let width = usize::try_from(digits).unwrap_or_default();
        format!("{}.{:0width$} %", floored / unit, floored % unit)
    }
}

/// A threshold of 100 %, in millionths of one per cent.
const HUNDRED: u128 = 100_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EIGHTY: Percent = Percent { millionths: 80_000_000 };

    #[test]
    fn the_rounding_table() {
        // facts: what five tools make of 80 %; exact is the only right answer.
        for (covered, total, shown, passes) in [
            (159, 200, "79.50 %", false),
            (19_999, 25_000, "79.99 %", false),
            (7_999_999, 10_000_000, "79.99 %", false),
            (79_999_999, 100_000_000, "79.99 %", false),
            (4, 5, "80.00 %", true),
            (0, 7, "0.00 %", false),
            (7, 7, "100.00 %", true),
            (6_999_999, 7_000_000, "99.99 %", true),
        ] {
            let ratio = Ratio::new(covered, total);
            assert_eq!(
                (ratio.shown_against(EIGHTY), ratio.meets(EIGHTY)),
                (shown.to_owned(), passes)
            );
        }
    }

    #[test]
    fn a_number_beside_a_fine_threshold_has_its_digits() {
        let fine = Percent { millionths: 79_996_500 };
        let ratio = Ratio::new(19_999, 25_000);
        assert_eq!((ratio.shown_against(fine).as_str(), ratio.meets(fine)), ("79.9960 %", false));
    }

    #[test]
    fn nothing_of_nothing_has_no_share() {
        assert_eq!(Ratio::default().shown(), "n/a");
        assert_eq!(Ratio::default().change_since(Ratio::new(1, 2)), None);
        assert!(!Ratio::default().fell(Ratio::new(1, 1), Percent { millionths: 0 }));
    }

    #[test]
    fn deficits_are_whole_lines() {
        assert_eq!(Ratio::new(159, 200).deficit(EIGHTY), 1);
        assert_eq!(Ratio::new(0, 3).deficit(EIGHTY), 3);
        assert_eq!(Ratio::new(160, 200).deficit(EIGHTY), 0);
    }

    #[test]
    fn a_difference_never_looks_like_none() {
        let base = Ratio::new(90, 100);
        assert_eq!(Ratio::new(80, 90).change_since(base).unwrap(), "-1.12");
        assert_eq!(Ratio::new(90_000_001, 100_000_000).change_since(base).unwrap(), "+0.01");
        assert_eq!(Ratio::new(180, 200).change_since(base).unwrap(), "0.00");
    }

    #[test]
    fn a_fall_is_judged_with_its_tolerance() {
        let base = Ratio::new(90, 100);
        let none = Percent { millionths: 0 };
        assert!(Ratio::new(80, 90).fell(base, none));
        assert!(!Ratio::new(80, 90).fell(base, Percent { millionths: 2_000_000 }));
        assert!(Ratio::new(89, 100).fell(base, Percent { millionths: 999_999 }));
        assert!(!Ratio::new(89, 100).fell(base, Percent { millionths: 1_000_000 }));
        assert!(!Ratio::new(180, 200).fell(base, none));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn covering_the_deficit_is_just_enough(total in 1_u64..1_000_000, part in 0.0_f64..1.0, millionths in 0_u64..=100_000_000) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a sample")]
            let covered = (total as f64 * part) as u64;
            let threshold = Percent { millionths };
            let deficit = Ratio::new(covered, total).deficit(threshold);
            prop_assert!(Ratio::new(covered + deficit, total).meets(threshold));
            prop_assert!(deficit == 0 || !Ratio::new(covered + deficit - 1, total).meets(threshold));
        }

        #[test]
        fn the_shown_number_never_contradicts_the_verdict(total in 1_u64..100_000_000, missed in 0_u64..1_000, millionths in 0_u64..=100_000_000) {
            let ratio = Ratio::new(total.saturating_sub(missed), total);
            let threshold = Percent { millionths };
            let shown = ratio.shown_against(threshold);
            let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
            let places = shown.split_once('.').map_or(0, |(_, rest)| rest.len() - 2);
            let value = digits.parse::<u128>().unwrap() * 10_u128.pow(6) / 10_u128.pow(u32::try_from(places).unwrap());
            prop_assert_eq!(value >= u128::from(millionths), ratio.meets(threshold));
        }
    }

    #[test]
    fn what_it_takes_not_to_fall() {
        let none = Percent { millionths: 0 };
        for (now, base, lines, drop) in [
            ((29, 30), (20, 20), 1, 3_340_000),
            ((80, 90), (90, 100), 1, 1_120_000),
            ((90, 100), (90, 100), 0, 0),
            ((0, 3), (1, 1), 3, 100_000_000),
            ((5, 10), (4, 10), 0, 0),
            ((0, 0), (4, 10), 0, 0),
            ((199_999, 200_000), (1, 1), 1, 10_000),
        ] {
            let (now, base) = (Ratio::new(now.0, now.1), Ratio::new(base.0, base.1));
            assert_eq!((now.short_of(base, none), now.drop_from(base)), (lines, drop), "{now:?}");
            assert!(!now.fell(base, Percent { millionths: drop }), "it allows the fall");
        }
        let allowed = Percent { millionths: 1_000_000 };
        assert_eq!(Ratio::new(80, 100).short_of(Ratio::new(90, 100), allowed), 9);
    }
}
