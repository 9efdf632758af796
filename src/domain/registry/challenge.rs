//! What a registry asks for when it refuses a request: the header `WWW-Authenticate` (RFC 9110, 11.6.1), and what of it
//! registries use (<https://distribution.github.io/distribution/spec/auth/token/>).

use super::Unreadable;

/// How long a header may be, in bytes.
const LONGEST: usize = 16 * 1024;

/// How many challenges are read.
const MOST: usize = 20;

/// How much of an error's code is kept, in characters.
const ERROR_SHOWN: usize = 100;

/// How much of the name of a scheme a message repeats, in characters.
const SCHEME_SHOWN: usize = 40;

/// One challenge: a scheme, and either parameters or a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme in lower case: `bearer`, `basic`.
    pub scheme: String,
    /// Names in lower case, and values without quotes, in their order.
    pub parameters: Vec<(String, String)>,
    /// What stands in the place of parameters (`token68`).
    pub token: Option<String>,
}

impl Challenge {
    /// The first parameter of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What to do to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Fetch a token at an address and send it.
    Bearer {
        /// The address of the token server, as it was sent: it is to be judged before it is asked.
        realm: String,
        /// For which service, to be passed on.
        service: Option<String>,
        /// For what: `repository:acme/shop:pull`, to be passed on.
        scope: Option<String>,
        /// Why the token that was sent does not do (RFC 6750, 3.1): `insufficient_scope`, `invalid_token`.
        error: Option<String>,
    },
    /// Send user name and password with each request.
    Basic,
}

/// What the headers of one answer demand. A token comes before a password, which registries with both keep for old
/// clients.
///
/// # Errors
/// A header that is none, or no scheme that is known.
pub fn demand(headers: &[&str]) -> Result<Demand, Unreadable> {
    let mut all = Vec::new();
    for header in headers {
        all.append(&mut challenges(header)?);
    }
    let is_basic = all.iter().any(|one| one.scheme == "basic");
    let bearer = all.iter().find(|one| one.scheme == "bearer");
    // One that names no server for its token is of no use where a password does it too.
    let bearer = bearer.filter(|bearer| bearer.get("realm").is_some() || !is_basic);
    if let Some(bearer) = bearer {
        let owned = |name| bearer.get(name).filter(|value| !value.is_empty()).map(str::to_owned);
        let realm =
            owned("realm").ok_or_else(|| Unreadable("has no `realm` for its token".to_owned()))?;
        let error = owned("error").map(|error| error.chars().take(ERROR_SHOWN).collect());
        return Ok(Demand::Bearer {
            realm,
            service: owned("service"),
            scope: owned("scope"),
            error,
        });
    }
    if is_basic {
        return Ok(Demand::Basic);
    }
    let shown = |one: &Challenge| one.scheme.chars().take(SCHEME_SHOWN).collect::<String>();
    let schemes: Vec<String> = all.iter().take(3).map(shown).collect();
    Err(Unreadable(match schemes.join(", ") {
        none if none.is_empty() => "is empty".to_owned(),
        schemes => format!("asks for {schemes}, and only Bearer and Basic are known"),
    }))
}

/// The challenges of one header.
///
/// # Errors
/// Where the text is not of the grammar.
pub fn challenges(header: &str) -> Result<Vec<Challenge>, Unreadable> {
    if header.len() > LONGEST {
        return Err(Unreadable("is longer than 16 KiB".to_owned()));
    }
    let mut reader = Reader { rest: header };
    let mut found = Vec::new();
    loop {
        reader.skip(&[' ', '\t', ',']);
        if reader.rest.is_empty() {
            return Ok(found);
        }
        if found.len() == MOST {
            return Err(Unreadable("has more than 20 challenges".to_owned()));
        }
        found.push(reader.challenge()?);
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip(&mut self, blanks: &[char]) {
        self.rest = self.rest.trim_start_matches(blanks);
    }

    fn take(&mut self, is: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c: char| !is(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn challenge(&mut self) -> Result<Challenge, Unreadable> {
        let scheme = self.take(is_token).to_ascii_lowercase();
        if scheme.is_empty() || !(self.rest.is_empty() || self.rest.starts_with([' ', ','])) {
            return Err(self.wrong("a scheme"));
        }
        let mut challenge = Challenge { scheme, ..Challenge::default() };
        self.skip(&[' ']);
        if let Some(token) = self.token68() {
            challenge.token = Some(token.to_owned());
            return Ok(challenge);
        }
        while self.is_parameter() {
            challenge.parameters.push(self.parameter()?);
            self.skip(&[' ', '\t']);
            if !(self.rest.is_empty() || self.rest.starts_with(',')) {
                return Err(self.wrong("a comma"));
            }
            let before = self.rest;
            self.skip(&[' ', '\t', ',']);
            if !self.is_parameter() {
                self.rest = before;
                break;
            }
        }
        Ok(challenge)
    }

    /// A token in the place of parameters. `a=` alone would be both; it is a token, as the end of base64.
    fn token68(&mut self) -> Option<&'a str> {
        let known = |c: char| c.is_ascii_alphanumeric() || "-._~+/".contains(c);
        let mut ahead = Reader { rest: self.rest };
        let (body, padding) = (ahead.take(known).len(), ahead.take(|c| c == '=').len());
        ahead.skip(&[' ', '\t']);
        let ends = ahead.rest.is_empty() || ahead.rest.starts_with(',');
        if body == 0 || !ends {
            return None;
        }
        let (token, _) = self.rest.split_at(body + padding);
        self.rest = ahead.rest;
        Some(token)
    }

    /// Whether `name=` stands here; else a word begins the next challenge.
    fn is_parameter(&self) -> bool {
        let mut ahead = Reader { rest: self.rest };
        let has_name = !ahead.take(is_token).is_empty();
        ahead.skip(&[' ', '\t']);
        has_name && ahead.rest.starts_with('=')
    }

    fn parameter(&mut self) -> Result<(String, String), Unreadable> {
        let name = self.take(is_token).to_ascii_lowercase();
        self.skip(&[' ', '\t']);
        self.rest = self.rest.strip_prefix('=').unwrap_or(self.rest);
        self.skip(&[' ', '\t']);
        let value = match self.rest.strip_prefix('"') {
            Some(rest) => {
                self.rest = rest;
                self.quoted()?
            }
            None => self.take(is_token).to_owned(),
        };
        Ok((name, value))
    }

    /// A text whose first quote is taken already.
    fn quoted(&mut self) -> Result<String, Unreadable> {
        let mut value = String::new();
        let mut characters = self.rest.chars();
        while let Some(c) = characters.next() {
            match c {
                '"' => {
                    self.rest = characters.as_str();
                    return Ok(value);
                }
                '\\' => value.extend(characters.next()),
                c if c.is_control() && c != '\t' => break,
                c => value.push(c),
            }
        }
        Err(Unreadable("has a text that is not closed".to_owned()))
    }

    fn wrong(&self, wanted: &str) -> Unreadable {
        match self.rest.chars().next() {
            Some(c) => Unreadable(format!("has `{}` where {wanted} belongs", c.escape_debug())),
            None => Unreadable(format!("ends where {wanted} belongs")),
        }
    }
}

/// Whether a `token` of RFC 9110 (5.6.2) may have this character.
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bearer(realm: &str, service: &str, scope: &str) -> Demand {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let (service, scope) = (some(service), some(scope));
        Demand::Bearer { realm: realm.to_owned(), service, scope, error: None }
    }

    #[test]
    fn what_registries_send() {
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull""#;
        let pull = "repository:library/nginx:pull";
        for (headers, expected) in [
            (&[hub][..], bearer("https://auth.docker.io/token", "registry.docker.io", pull)),
            (
                &[r#"bearer realm="https://r/t" , service=r , scope="repository:a/b:pull,push""#],
                bearer("https://r/t", "r", "repository:a/b:pull,push"),
            ),
            (&[r#"Basic realm="Registry Realm""#], Demand::Basic),
            (&["Basic"], Demand::Basic),
            (&[r#"Basic realm="a", Bearer realm="https://r/t""#], bearer("https://r/t", "", "")),
            (
                &[r#"Basic realm="a""#, r#"Bearer realm="https://r/t""#],
                bearer("https://r/t", "", ""),
            ),
            (&[r#"Negotiate YWJj==, Basic realm="a\"b, c=d""#], Demand::Basic),
            (&[r#"Bearer realm="https://r/t",service="",error="""#], bearer("https://r/t", "", "")),
        ] {
            assert_eq!(demand(headers), Ok(expected), "{headers:?}");
        }
    }

    /// Fault 14: a token that does not reach far enough is another matter than one that is not there.
    #[test]
    fn why_a_token_does_not_do_is_kept() {
        let error = |header: &str| match demand(&[header]) {
            Ok(Demand::Bearer { error, .. }) => error,
            other => panic!("{header}: {other:?}"),
        };
        for (code, expected) in [
            (r#""insufficient_scope""#, "insufficient_scope"),
            ("invalid_token", "invalid_token"),
            (r#""invalid_token",error_description="expired""#, "invalid_token"),
        ] {
            let header = format!("Bearer realm=\"https://r/t\",error={code}");
            assert_eq!(error(&header).as_deref(), Some(expected), "{header}");
        }
        assert_eq!(error(r#"Bearer realm="https://r/t",error_description="expired""#), None);
        let long = error(&format!("Bearer realm=\"https://r/t\",error=\"{}\"", "é".repeat(5000)));
        assert_eq!(long, Some("é".repeat(100)));
    }

    #[test]
    fn what_cannot_be_met_says_why() {
        for (header, why) in [
            ("", "is empty"),
            (" , ,", "is empty"),
            ("Negotiate", "asks for negotiate, and only Bearer and Basic are known"),
            (r#"Bearer service="r""#, "has no `realm` for its token"),
            (r#"Bearer realm="""#, "has no `realm` for its token"),
            (r#"Bearer realm="https://r/t"#, "has a text that is not closed"),
            (r#"Bearer realm="a" service="b""#, "has `s` where a comma belongs"),
            ("=x", "has `=` where a scheme belongs"),
            ("Bearer;x", "has `;` where a scheme belongs"),
            ("Bearer realm=\"a\nb\"", "has a text that is not closed"),
        ] {
            assert_eq!(demand(&[header]), Err(Unreadable(why.to_owned())), "{header}");
        }
        let Err(long) = demand(&[&"x".repeat(16 * 1024)]) else { panic!("such a scheme is known") };
        let shown = format!("asks for {}, and only Bearer and Basic are known", "x".repeat(40));
        assert_eq!(long.to_string(), shown);
        assert!(challenges(&"x".repeat(16 * 1024 + 1)).is_err());
        assert!(challenges(&"x,".repeat(21)).is_err() && challenges(&"x,".repeat(20)).is_ok());
    }

    fn printed(challenge: &Challenge) -> String {
        let escaped = |value: &str| value.replace('\\', r"\\").replace('"', "\\\"");
        let parameters: Vec<String> = challenge
            .parameters
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
            .collect();
        let rest = challenge.token.clone().unwrap_or_else(|| parameters.join(", "));
        format!("{} {rest}", challenge.scheme)
    }

    fn challenge() -> impl Strategy<Value = Challenge> {
        let parameters = proptest::collection::vec(("[a-z]{1,6}", "[ -~é]{0,12}"), 1..4);
        let rest = prop_oneof![
            parameters.prop_map(|parameters| (parameters, None)),
            "[A-Za-z0-9+/._~-]{1,9}={0,2}".prop_map(|token| (Vec::new(), Some(token))),
        ];
        ("[a-z]{1,9}", rest).prop_map(|(scheme, (parameters, token))| Challenge {
            scheme,
            parameters,
            token,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_printed_is_read_again(
            all in proptest::collection::vec(challenge(), 0..5),
            comma in "( ?, ?){1,3}",
        ) {
            let header = all.iter().map(printed).collect::<Vec<_>>().join(&comma);
            prop_assert_eq!(challenges(&header), Ok(all), "{}", header);
        }

        #[test]
        fn no_header_is_too_odd(header in "[a-zB =,\"\\\\\t;é\n]{0,60}") {
            drop(demand(&[&header]));
        }
    }
}
