//! Joins the sections of a step summary and cuts them to size. Pure.
//!
//! The runner shows nothing at all of a summary above 1 MiB, so it is cut before, at a line: never inside a row of a
//! table, a code fence or a folded part, which are closed first.

/// The largest summary that is written, in bytes: 900 KiB, well below the runner's 1 MiB.
pub const LIMIT: usize = 900 * 1024;

/// The sections joined by blank lines, at most `room` bytes long. What does not fit is counted in a last line.
pub fn cut(sections: &[String], room: usize) -> String {
    let whole = join(sections);
    if whole.len() <= room {
        return whole;
    }
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let mut open = Open::default();
    let mut kept = 0;
    let mut size = 0;
    // The line that no longer fits is the one before which the text is cut, with what is open there closed.
    for line in &lines {
        let mut after = open.clone();
        after.read(line);
        if size + line.len() + after.longest_ending() > room {
            break;
        }
        (open, kept, size) = (after, kept + 1, size + line.len());
    }
    if open.longest_ending() > room {
        return String::new();
    }
    format!("{}{}", &whole[..size], ending(&open, &lines[kept..]))
}

/// Each section begins after a blank line, so that no table or list runs into the next; so does the first, because
/// the file may hold something already.
fn join(sections: &[String]) -> String {
    let sections = sections.iter().map(|section| section.trim_matches('\n'));
    let sections = sections.filter(|section| !section.trim().is_empty());
    sections.flat_map(|section| ["\n", section, "\n"]).collect()
}

/// What has to follow if the text is cut before these lines: fences and folded parts closed, what is missing counted.
fn ending(open: &Open, left: &[&str]) -> String {
    let rows = left.iter().take_while(|line| line.starts_with('|')).count();
    let note = if rows == left.len() && open.fence.is_none() {
        format!("... {rows} rows omitted")
    } else {
        format!("... {} lines omitted", left.len())
    };
    let fence = open.fence.as_ref().map_or_else(String::new, |fence| format!("{fence}\n"));
    format!("{fence}\n{note}\n{}", DETAILS_END.repeat(open.details))
}

/// What ends a folded part.
const DETAILS_END: &str = "\n</details>\n";

/// What is open at a line of the text.
#[derive(Clone, Default)]
struct Open {
    fence: Option<String>,
    details: usize,
}

impl Open {
    /// More than the bytes that [`ending`] can take.
    fn longest_ending(&self) -> usize {
        64 + self.fence.as_ref().map_or(0, String::len) + DETAILS_END.len() * self.details
    }

    fn read(&mut self, line: &str) {
        let text = line.trim_start_matches(' ').trim_end();
        let ticks = text.len() - text.trim_start_matches('`').len();
        match &self.fence {
            Some(fence) if ticks >= fence.len() && ticks == text.len() => self.fence = None,
            Some(_) => {}
            None if ticks >= 3 && !text[ticks..].contains('`') => {
                self.fence = Some("`".repeat(ticks));
            }
            None => {
                self.details += text.matches("<details").count();
                self.details = self.details.saturating_sub(text.matches("</details>").count());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(sections: &[&str], room: usize) -> String {
        cut(&sections.iter().map(ToString::to_string).collect::<Vec<_>>(), room)
    }

    #[test]
    fn what_fits_is_joined_and_not_touched() {
        assert_eq!(text(&["# a\n", "", "\nb"], 1000), "\n# a\n\nb\n");
        assert_eq!(text(&[], 10), "");
    }

    #[test]
    fn a_table_is_cut_at_a_row() {
        let table = format!("| a |\n| --- |\n{}", "| row |\n".repeat(100));
        let cut = text(&[&table], 200);
        assert!(cut.len() <= 200, "{}", cut.len());
        let rows = cut.lines().filter(|line| *line == "| row |").count();
        assert!(cut.ends_with(&format!("| row |\n\n... {} rows omitted\n", 100 - rows)), "{cut}");
    }

    #[test]
    fn fences_and_folded_parts_are_closed() {
        let log = "line\n".repeat(100);
        let body =
            format!("<details><summary>log</summary>\n\n````text\n```\n{log}````\n\n</details>\n");
        let cut = text(&[&body], 220);
        assert!(cut.len() <= 220);
        let end = cut.split_once("line\n````\n\n... ").unwrap().1;
        assert!(end.ends_with(" lines omitted\n\n</details>\n"), "{end}");
    }

    #[test]
    fn a_single_long_line_is_left_out_whole() {
        assert_eq!(text(&["a", &"x".repeat(500)], 100), "\na\n\n\n... 1 lines omitted\n");
        assert_eq!(text(&["abc"], 2), "");
    }

    #[test]
    fn a_cut_at_any_size_leaves_nothing_open() {
        let part = "<details><summary>x</summary>\n\n```text\nl\nl\n```\n\n| a |\n| - |\n| 1 |\n\n</details>\n";
        let whole = text(&[part, part], 10_000);
        for room in 0..whole.len() {
            let cut = text(&[part, part], room);
            assert!(cut.len() <= room);
            assert_eq!(
                cut.matches("<details>").count(),
                cut.matches("</details>").count(),
                "{cut}"
            );
            let fences = cut.lines().filter(|line| line.starts_with("```")).count();
            assert_eq!(fences % 2, 0, "{cut}");
        }
    }
}
