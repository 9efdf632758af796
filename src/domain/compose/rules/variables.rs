//! Variables that compose files ask for.

use std::collections::BTreeMap;

use crate::domain::compose::rules::Context;
use crate::domain::compose::variables::{Asked, State};
use crate::domain::event::Level;
use crate::domain::finding::{Finding, Rule};
use crate::domain::interpolate::Need;

/// A variable that must be set is not.
pub const REQUIRED_VARIABLE: Rule = Rule {
    id: "compose.required-variable",
    level: Level::Error,
    about: "a variable that must be set (`${X:?}`) is not",
    help: "Compose refuses to start the stack.",
};

/// A variable that is not set becomes an empty text.
pub const UNSET_VARIABLE: Rule = Rule {
    id: "compose.unset-variable",
    level: Level::Warning,
    about: "a variable without value and without default",
    help: "Compose takes an empty text for it and goes on: `postgres:${TAG}` becomes `postgres:`.",
};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&REQUIRED_VARIABLE, &UNSET_VARIABLE];

/// Variables without a value, once each, at the first place that asks.
pub fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut by_name: BTreeMap<&str, Vec<&Asked>> = BTreeMap::new();
    for one in context.asked.iter().filter(|one| is_missing(one)) {
        by_name.entry(&one.name).or_default().push(one);
    }
    by_name.values().filter_map(|all| finding(all, context)).collect()
}

fn is_missing(one: &Asked) -> bool {
    match one.need {
        Need::Optional => false,
        Need::Plain | Need::Set => one.state == State::Unset,
        Need::Filled => matches!(one.state, State::Unset | State::Empty),
    }
}

fn finding(all: &[&Asked], context: &Context<'_>) -> Option<Finding> {
    let first = all.iter().find(|one| one.need != Need::Plain).or(all.first())?;
    let rule = if first.need == Need::Plain { &UNSET_VARIABLE } else { &REQUIRED_VARIABLE };
    let state = if first.state == State::Empty { "is empty" } else { "is not set" };
    let own =
        if first.message.is_empty() { String::new() } else { format!(" (\"{}\")", first.message) };
    let more = match all.len() - 1 {
        0 => String::new(),
        1 => "; one more place asks for it".to_owned(),
        more => format!("; {more} more places ask for it"),
    };
    let what = format!("the variable `{}` {state} in {}{own}{more}", first.name, context.source);
    let hint = format!(
        "add `{0}=` to {1}, or give a default: `${{{0}:-value}}`",
        first.name, context.source
    );
    Some(Finding::new(rule, first.span.clone(), what).hint(hint))
}

#[cfg(test)]
mod tests {
    use crate::domain::compose::rules::tests::told;

    #[test]
    fn missing_variables_are_told_once() {
        for (service, expected) in [
            (
                "image: 'a:$NO', hostname: $NO",
                "warning compose.unset-variable 3 the variable `NO` is not set in .env.example; one more place asks for it",
            ),
            (
                "image: 'a:1', hostname: '${NO:?give it}'",
                "error compose.required-variable 3 the variable `NO` is not set in .env.example (\"give it\")",
            ),
            (
                "image: 'a:1', hostname: '${EMPTY:?}'",
                "error compose.required-variable 3 the variable `EMPTY` is empty in .env.example",
            ),
            (
                "image: 'a:1', hostname: 'x${'",
                "error compose.template 3 this `${` begins no variable: Compose refuses the file",
            ),
            (
                "image: 'a:1', hostname: 'u:$apr1$abc$def'",
                "error compose.unescaped-dollar 3 the dollar signs of a password hash are taken for variables here",
            ),
        ] {
            assert!(told(service).contains(&expected.to_owned()), "{service}: {:?}", told(service));
        }
        for service in [
            "hostname: '${NO:-x}'",
            "hostname: '$SET'",
            "hostname: '$EMPTY'",
            "hostname: '$$NO'",
            "hostname: '${EMPTY?}'",
        ] {
            let told = told(&format!("image: 'a:1', {service}"));
            assert!(
                !told.iter().any(|one| one.contains("variable") || one.contains("template")),
                "{told:?}"
            );
        }
    }
}
