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
    let mut best = None;
    let mut size = 0;
    for (kept, line) in lines.iter().enumerate() {
        let end = ending(&open, &lines, kept);
        if size + end.len() > room {
            break;
        }
        best = Some((size, end));
        size += line.len();
        open.read(line);
    }
    best.map_or_else(String::new, |(size, end)| format!("{}{end}", &whole[..size]))
}

/// Each section begins after a blank line, so that no table or list runs into the next; so does the first, because
/// the file may hold something already.
fn join(sections: &[String]) -> String {
    let sections = sections.iter().map(|section| section.trim_matches('\n'));
    sections.filter(|s| !s.trim().is_empty()).map(|section| format!("\n{section}\n")).collect()
}

/// What has to follow if the text is cut before the line of that number.
fn ending(open: &Open, lines: &[&str], kept: usize) -> String {
    let left = lines.len() - kept;
    let is_row = lines[kept].starts_with('|') && open.fence.is_none();
    let rows = lines[kept..].iter().take_while(|line| line.starts_with('|')).count();
    let note = if is_row && kept + rows == lines.len() {
        format!("... {rows} rows omitted")
    } else {
        format!("... {left} lines omitted")
    };
    let mut end = String::new();
    if let Some(fence) = &open.fence {
        end = format!("{fence}\n");
    }
    end += &format!("\n{note}\n");
    end + &"\n</details>\n".repeat(open.details)
}

/// What is open at a line of the text.
#[derive(Default)]
struct Open {
    fence: Option<String>,
    details: usize,
}

impl Open {
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
