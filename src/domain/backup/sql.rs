//! Quoting for PostgreSQL: names of databases and roles may hold any character.

/// An identifier in double quotes: `we"ird` becomes `"we""ird"`.
pub fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string literal, right with `standard_conforming_strings` on or off.
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!(" E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// A libpq connection string that names a database. A bare name would be read as a connection string itself if it
/// holds `=` or begins with `postgres://`.
pub fn conninfo(database: &str) -> String {
    format!("dbname='{}'", database.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Settings whose value is a list of quoted names; as one literal they would become a list of one
/// (`GUC_LIST_QUOTE` in PostgreSQL, also special to pg_dump).
const LISTS: [&str; 6] = [
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

/// The right side of `SET name TO ...` for a value as the catalog stores it.
pub fn setting(name: &str, value: &str) -> String {
    if LISTS.contains(&name.to_ascii_lowercase().as_str()) {
        let items: Vec<_> = list(value).iter().map(|item| literal(item)).collect();
        return if items.is_empty() { "''".to_owned() } else { items.join(", ") };
    }
    literal(value)
}

/// The items of `"a b", c`: double quotes group, two of them stand for one.
fn list(value: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut item = String::new();
    let mut quoted = false;
    let mut given = false;
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                item.push('"');
                chars.next();
            }
            '"' => {
                quoted = !quoted;
                given = true;
            }
            ',' if !quoted => {
                items.push(std::mem::take(&mut item));
                given = false;
            }
            c if c.is_whitespace() && !quoted => {}
            c => {
                item.push(c);
                given = true;
            }
        }
    }
    if given {
        items.push(item);
    }
    items
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads what the server's lexer reads between two quotes; `None` if the text does not end with the closing one.
    fn lexed(text: &str, quote: char, backslash: bool) -> Option<String> {
        let mut chars = text.strip_prefix(quote)?.chars();
        let mut read = String::new();
        while let Some(c) = chars.next() {
            if c == '\\' && backslash {
                read.push(chars.next()?);
            } else if c == quote {
                match chars.next() {
                    Some(next) if next == quote => read.push(quote),
                    Some(_) => return None,
                    None => return Some(read),
                }
            } else {
                read.push(c);
            }
        }
        None
    }

    proptest! {
        #[test]
        fn any_name_survives_quoting(name in "[^\0]{0,40}") {
            prop_assert_eq!(lexed(&ident(&name), '"', false), Some(name));
        }

        #[test]
        fn any_text_survives_quoting(text in "([^\0]|'|\\\\){0,40}") {
            let sql = literal(&text);
            let read = match sql.strip_prefix(" E") {
                Some(escaped) => lexed(escaped, '\'', true),
                None => lexed(&sql, '\'', false),
            };
            prop_assert_eq!(read, Some(text));
        }

        #[test]
        fn a_list_of_any_names_is_read_back(names in proptest::collection::vec("[^\0]{1,9}", 1..5)) {
            let stored: Vec<_> = names.iter().map(|name| ident(name)).collect();
            prop_assert_eq!(list(&stored.join(", ")), names);
        }
    }

    #[test]
    fn a_connection_string_names_the_database_and_nothing_else() {
        assert_eq!(conninfo("host=evil"), "dbname='host=evil'");
        assert_eq!(conninfo(r"a'b\c"), r"dbname='a\'b\\c'");
    }

    #[test]
    fn lists_stay_lists_and_texts_stay_texts() {
        assert_eq!(setting("search_path", "\"$user\", public"), "'$user', 'public'");
        assert_eq!(setting("work_mem", "64MB"), "'64MB'");
        assert_eq!(setting("search_path", ""), "''");
        assert_eq!(setting("DateStyle", "ISO, DMY"), "'ISO, DMY'");
    }
}
