//! The badge: a flat SVG without scripts, fonts or addresses of others.

use std::fmt::Write as _;

use crate::domain::coverage::gate::Assessment;
use crate::domain::coverage::ratio::Ratio;
use crate::domain::input::Percent;

/// From which share on a badge has which colour; exact, so that a badge below 80 % is never green.
const COLOURS: [(u64, &str); 5] =
    [(95, "#2f8a1e"), (90, "#4f8f1a"), (80, "#7a8a12"), (70, "#a67c00"), (60, "#c4561c")];

/// The colour below all of them.
const LOWEST: &str = "#c0392b";

/// The colour of no share at all.
const UNKNOWN: &str = "#6b6b6b";

/// How many characters of a label are shown.
const LABEL: usize = 40;

/// The badge in words: `coverage 87.4 %`.
pub fn badge_text(assessment: &Assessment) -> String {
    format!("coverage {}", share(assessment.total))
}

/// The badge as an SVG with a label of ours, `coverage`, on its left.
pub fn badge(assessment: &Assessment) -> String {
    labelled("coverage", assessment.total)
}

/// The badge with any label.
pub fn labelled(label: &str, ratio: Ratio) -> String {
    let short: String = label.chars().filter(|c| !c.is_control()).take(LABEL).collect();
    let label = escape(&short);
    let value = share(ratio).replace(" %", "%");
    let (left, right) = (width(&short) + 100, width(&value) + 100);
    // Tenths of a pixel, as the text is scaled by ten to be placed exactly.
    let all = left + right;
    let (label_at, value_at) = (left / 2, left + right / 2);
    let colour = colour(ratio);
    let mut svg = String::new();
    let _ = write!(
        svg,
        concat!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="20" role="img" "#,
            r#"aria-label="{label}: {value}"><title>{label}: {value}</title>"#,
            r#"<clipPath id="r"><rect width="{w}" height="20" rx="3"/></clipPath>"#,
            r##"<g clip-path="url(#r)"><rect width="{l}" height="20" fill="#444"/>"##,
            r#"<rect x="{l}" width="{r}" height="20" fill="{colour}"/></g>"#,
            r##"<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" "##,
            r#"font-size="110"><text x="{lx}" y="140" transform="scale(.1)">{label}</text>"#,
            r#"<text x="{rx}" y="140" transform="scale(.1)">{value}</text></g></svg>"#,
            "\n"
        ),
        w = pixels(all),
        l = pixels(left),
        r = pixels(right),
        lx = label_at,
        rx = value_at,
        label = label,
        value = value,
        colour = colour,
    );
    svg
}

/// The share with one digit, floored: 100 % only if everything is covered.
fn share(ratio: Ratio) -> String {
    if ratio.total == 0 {
        return "n/a".to_owned();
    }
    let tenths = u128::from(ratio.covered) * 1000 / u128::from(ratio.total);
    if tenths.is_multiple_of(10) && (tenths == 1000 || ratio.covered == 0) {
        return format!("{} %", tenths / 10);
    }
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn colour(ratio: Ratio) -> &'static str {
    if ratio.total == 0 {
        return UNKNOWN;
    }
    let met = |share: u64| ratio.meets(Percent { millionths: share * 1_000_000 });
    COLOURS.iter().find(|(share, _)| met(*share)).map_or(LOWEST, |(_, colour)| *colour)
}

/// The width of a text in tenths of a pixel at 11 pixels, by a table of the glyphs of a wide sans-serif font; other
/// letters count as wide ones, so that nothing overflows.
fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' => 34,
            'f' | 't' | 'r' | ' ' | '/' | '(' | ')' | '[' | ']' | '-' => 46,
            'm' | 'M' | 'w' | 'W' | '%' | '@' => 112,
            '0'..='9' | 'a'..='z' | '_' | '$' => 70,
            c if c.is_ascii() => 82,
            _ => 115,
        })
        .sum()
}

fn pixels(tenths: usize) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Not allowed in XML at all.
            '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::coverage::samples::{balanced, pass};

    #[test]
    fn the_share_is_floored_and_only_all_is_all() {
        for (covered, total, text) in [
            (874, 1_000, "87.4 %"),
            (19_999, 25_000, "79.9 %"),
            (9_999, 10_000, "99.9 %"),
            (10, 10, "100 %"),
            (1, 100_000, "0.0 %"),
            (0, 7, "0 %"),
            (0, 0, "n/a"),
        ] {
            assert_eq!(share(Ratio::new(covered, total)), text);
        }
        assert_eq!(badge_text(&pass()), "coverage 87.4 %");
    }

    #[test]
    fn colours_change_exactly_at_their_thresholds() {
        assert_eq!(colour(Ratio::new(80, 100)), "#7a8a12");
        assert_eq!(colour(Ratio::new(7_999_999, 10_000_000)), "#a67c00");
        assert_eq!(colour(Ratio::new(1, 1)), "#2f8a1e");
        assert_eq!(colour(Ratio::new(0, 1)), LOWEST);
        assert_eq!(colour(Ratio::default()), UNKNOWN);
    }

    #[test]
    fn it_is_well_formed_and_says_its_words_to_a_screen_reader() {
        let svg = badge(&pass());
        assert_eq!(balanced(&svg), Ok(()));
        assert!(
            svg.contains(
                r#"role="img" aria-label="coverage: 87.4%"><title>coverage: 87.4%</title>"#
            )
        );
    }

    #[test]
    fn a_label_stays_a_label() {
        let svg = labelled("<b> & \"c\"\n]]>\u{ffff}", Ratio::new(1, 2));
        assert_eq!(balanced(&svg), Ok(()), "{svg}");
        assert!(
            svg.contains("&lt;b&gt; &amp; &quot;c&quot;]]&gt;:") && !svg.contains("<b>"),
            "{svg}"
        );
        let long = labelled(&"W".repeat(5_000), Ratio::new(1, 2));
        assert!(long.len() < 1_500 && long.contains(&"W".repeat(LABEL)));
    }
}
