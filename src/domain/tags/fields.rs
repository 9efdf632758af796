//! A line of `key=value` fields with commas between them, as docker/metadata-action has them (CSV).

/// The fields of a line. A comma in an expression (`{{...}}`) or between double quotes divides nothing; a field in
/// quotes has its quotes doubled (`"value=a ""b"""`).
///
/// # Errors
/// Quotes that are not closed, or something behind them.
pub(super) fn split(line: &str) -> Result<Vec<String>, &'static str> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start();
        let (field, behind) = match rest.strip_prefix('"') {
            Some(quoted) => in_quotes(quoted)?,
            None => plain(rest),
        };
        fields.push(field);
        match behind {
            Some(behind) => rest = behind,
            None => return Ok(fields),
        }
    }
}

/// A field without quotes, and what stands behind its comma.
fn plain(text: &str) -> (String, Option<&str>) {
    let mut depth = 0_u32;
    let mut previous = ' ';
    for (at, c) in text.char_indices() {
        match (previous, c) {
            ('{', '{') => depth += 1,
            ('}', '}') => depth = depth.saturating_sub(1),
            (_, ',') if depth == 0 => {
                let (field, behind) = text.split_at(at);
                return (field.trim_end().to_owned(), behind.get(1..));
            }
            _ => {}
        }
        previous = c;
    }
    (text.trim_end().to_owned(), None)
}

/// A field whose first quote is taken already, and what stands behind its comma.
fn in_quotes(text: &str) -> Result<(String, Option<&str>), &'static str> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (inside, behind) = rest.split_once('"').ok_or("a `\"` is not closed")?;
        field.push_str(inside);
        if let Some(more) = behind.strip_prefix('"') {
            field.push('"');
            rest = more;
            continue;
        }
        let behind = behind.trim_start();
        return match behind.strip_prefix(',') {
            Some(behind) => Ok((field, Some(behind))),
            None if behind.is_empty() => Ok((field, None)),
            None => Err("something stands behind the quotes of a field"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_divide_fields_and_nothing_else() {
        for (line, fields) in [
            ("type=sha", &["type=sha"][..]),
            ("type=raw , value=x ", &["type=raw", "value=x"]),
            ("type=raw,\"value=a,b\"", &["type=raw", "value=a,b"]),
            ("\"value=\"\"a\"\"\",x", &["value=\"a\"", "x"]),
            ("value={{date 'YYYY,MM'}},x", &["value={{date 'YYYY,MM'}}", "x"]),
            ("a,,b,", &["a", "", "b", ""]),
            ("", &[""]),
        ] {
            assert_eq!(split(line).unwrap(), fields, "{line}");
        }
        for bad in ["\"a", "\"a\"b,c", "x,\""] {
            assert!(split(bad).is_err(), "{bad}");
        }
    }
}
