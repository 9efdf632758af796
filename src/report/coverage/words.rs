//! Numbers, ranges and foreign names as text, the same in every report of the gate.

use crate::domain::coverage::gate::{Marked, Metric};
use crate::domain::coverage::lines::Range;
use crate::domain::coverage::ratio::Ratio;
use crate::domain::input::Percent;
use crate::domain::shown::visible;
use crate::report::markdown::{code, plain};

/// How many characters of a name are shown: enough for any sane path, and a table of them stays readable.
const NAME: usize = 160;

/// How many characters of a longer name are shown from its start; the rest is its end, which tells more.
const NAME_START: usize = 50;

/// How many characters of a sentence are shown.
const SENTENCE: usize = 1_000;

/// A count with its thousands parted: `12,345`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count of things: `1 file`, `3 files`.
pub fn some(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A count of files.
pub fn files(number: usize) -> String {
    some(number as u64, "file", "files")
}

/// A count of lines.
pub fn lines(number: u64) -> String {
    some(number, "line", "lines")
}

/// A count of what the metric counts.
pub fn units(number: u64, metric: Metric) -> String {
    let (one, many) = match metric {
        Metric::Line => ("line", "lines"),
        Metric::Branch => ("branch", "branches"),
        Metric::LineAndBranch => ("line or branch", "lines or branches"),
        Metric::Statement => ("statement", "statements"),
    };
    some(number, one, many)
}

/// The name of a metric, as the input `metric` has it.
pub const fn metric(metric: Metric) -> &'static str {
    match metric {
        Metric::Line => "line",
        Metric::Branch => "branch",
        Metric::LineAndBranch => "line+branch",
        Metric::Statement => "statement",
    }
}

/// A threshold without needless zeros: `79.5 %`.
pub fn percent(percent: Percent) -> String {
    format!("{} %", points(percent))
}

/// Percentage points without needless zeros and without a sign: `0.5`.
pub fn points(percent: Percent) -> String {
    let (whole, fraction) = (percent.millionths / 1_000_000, percent.millionths % 1_000_000);
    let digits = format!("{fraction:06}");
    match digits.trim_end_matches('0') {
        "" => whole.to_string(),
        digits => format!("{whole}.{digits}"),
    }
}

/// The integers of a share: `874 of 1,000 lines`.
pub fn of(ratio: Ratio, metric: Metric) -> String {
    format!("{} of {}", count(ratio.covered), units(ratio.total, metric))
}

/// Two shares with as many digits as it takes so that different ones look different, up to six.
pub fn beside(now: Ratio, base: Ratio) -> (String, String) {
    let mut shown = (now.shown(), base.shown());
    for millionths in [1_000, 100, 10, 1] {
        if shown.0 != shown.1 || now.compare(base).is_eq() {
            break;
        }
        let digits = Percent { millionths };
        shown = (now.shown_against(digits), base.shown_against(digits));
    }
    shown
}

/// The difference to a base in percentage points, with the digits of the tolerance that it is compared with and rounded
/// away from nothing: so it is shown above the tolerance exactly if it is above.
pub fn difference(now: Ratio, base: Ratio, tolerance: Percent) -> Option<String> {
    if tolerance.digits() <= 2 {
        return now.change_since(base);
    }
    if now.total == 0 || base.total == 0 {
        return None;
    }
    let cross = |a: u64, b: u64| u128::from(a) * u128::from(b);
    let (left, right) = (cross(now.covered, base.total), cross(base.covered, now.total));
    let unit = 10_u128.pow(tolerance.digits());
    let steps =
        left.abs_diff(right).saturating_mul(100 * unit).div_ceil(cross(now.total, base.total));
    let sign = if left < right { "-" } else { "+" };
    let width = usize::try_from(tolerance.digits()).unwrap_or_default();
    Some(format!("{sign}{}.{:0width$}", steps / unit, steps % unit))
}

/// A range: `7` or `7-12`.
pub fn range(range: Range) -> String {
    if range.first == range.last {
        range.first.to_string()
    } else {
        format!("{}-{}", range.first, range.last)
    }
}

/// How many lines are meant by these ranges together.
pub fn marked(ranges: &[Marked]) -> u64 {
    ranges.iter().map(|marked| u64::from(marked.lines)).sum()
}

/// A foreign name that can be read: what cannot be seen or turns the text around is written as an escape, and a long one
/// loses its middle.
pub fn name(name: &str) -> String {
    let shown = visible(name);
    let length = shown.chars().count();
    if length <= NAME {
        return shown;
    }
    let start: String = shown.chars().take(NAME_START).collect();
    let end: String = shown.chars().skip(length - (NAME - NAME_START)).collect();
    format!("{start}…{end}")
}

/// A sentence with foreign names in it, made visible as a name is, and cut at its end where it is endless.
pub fn sentence(text: &str) -> String {
    let shown = visible(text);
    match shown.char_indices().nth(SENTENCE) {
        None => shown,
        Some((at, _)) => format!("{}…", &shown[..at]),
    }
}

/// A foreign name as Markdown. A code span keeps `<` as it is, and whoever cuts the text must not take it for a tag.
pub fn code_name(text: &str) -> String {
    let shown = name(text);
    if shown.contains('<') { plain(&shown) } else { code(&shown) }
}

/// The first names of a list: `a, b, c and 4 more`.
pub fn names<'a>(all: impl ExactSizeIterator<Item = &'a str>, most: usize) -> String {
    let left = all.len().saturating_sub(most);
    let shown: Vec<String> = all.take(most).map(name).collect();
    if left == 0 {
        return shown.join(", ");
    }
    format!("{} and {} more", shown.join(", "), count(left as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_for_people() {
        let table =
            [(0, "0 lines"), (1, "1 line"), (999, "999 lines"), (1_234_567, "1,234,567 lines")];
        for (number, text) in table {
            assert_eq!(lines(number), text);
        }
        assert_eq!(units(2, Metric::LineAndBranch), "2 lines or branches");
    }

    #[test]
    fn thresholds_have_no_needless_zeros() {
        for (millionths, text) in
            [(80_000_000, "80 %"), (79_500_000, "79.5 %"), (1, "0.000001 %"), (0, "0 %")]
        {
            assert_eq!(percent(Percent { millionths }), text);
        }
    }

    #[test]
    fn different_shares_look_different_and_equal_ones_do_not_grow() {
        let (now, base) = (Ratio::new(79_996, 100_000), Ratio::new(79_999, 100_000));
        assert_eq!(beside(now, base), ("79.996 %".to_owned(), "79.999 %".to_owned()));
        assert_eq!(beside(now, now), ("79.99 %".to_owned(), "79.99 %".to_owned()));
        assert_eq!(beside(now, Ratio::default()).1, "n/a");
    }

    #[test]
    fn a_difference_is_above_its_tolerance_only_if_it_is() {
        let base = Ratio::new(90_000, 100_000);
        let fine = Percent { millionths: 995_000 };
        for (covered, text) in [(89_009, "-0.991"), (89_005, "-0.995"), (90_001, "+0.001")] {
            assert_eq!(difference(Ratio::new(covered, 100_000), base, fine).unwrap(), text);
        }
        let coarse = Percent { millionths: 1_000_000 };
        assert_eq!(difference(Ratio::new(88_999, 100_000), base, coarse).unwrap(), "-1.01");
        assert_eq!(difference(Ratio::default(), base, fine), None);
    }

    #[test]
    fn names_can_be_read_and_do_not_act() {
        let table = [
            ("src/a.py", "src/a.py"),
            ("a\nb\u{202e}c", "a\\nb\\u{202e}c"),
            ("ä/日本.py", "ä/日本.py"),
        ];
        for (given, shown) in table {
            assert_eq!(name(given), shown);
        }
        let long = name(&format!("start/{}/end.py", "x".repeat(4096)));
        assert!(long.starts_with("start/") && long.ends_with("/end.py"), "{long}");
        assert_eq!(long.chars().count(), NAME + 1);
    }

    #[test]
    fn sentences_end_only_where_they_are_endless() {
        let sentence = |length: usize| super::sentence(&"ä".repeat(length));
        assert_eq!(sentence(SENTENCE).chars().count(), SENTENCE);
        assert!(sentence(SENTENCE + 1).ends_with("ä…"));
    }

    #[test]
    fn a_name_with_a_tag_is_no_code_span() {
        assert_eq!(code_name("a_b.py"), "`a_b.py`");
        assert_eq!(code_name("</details>"), "&lt;/details&gt;");
    }

    #[test]
    fn a_list_says_how_many_more() {
        assert_eq!(names(["a", "b", "c"].into_iter(), 3), "a, b, c");
        assert_eq!(names(["a", "b", "c"].into_iter(), 2), "a, b and 1 more");
    }
}
