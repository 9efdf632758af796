//! Values that are text for the schema and something else for Compose: durations, sizes, truth values, numbers.

use crate::domain::compose::port;
use crate::domain::compose::rules::VALUE;
use crate::domain::finding::Finding;
use crate::domain::yaml::{Kind, Node, Value};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Bool,
    Int,
    Unsigned,
    Float,
    Bytes,
    Duration,
    Port,
}

/// Paths with `*` for any key or item, and what stands there.
const FORMS: &[(&str, Form)] = &[
    ("services.*.configs.*.mode", Form::Int),
    ("services.*.secrets.*.mode", Form::Int),
    ("services.*.cpu_count", Form::Int),
    ("services.*.cpu_percent", Form::Float),
    ("services.*.cpu_period", Form::Int),
    ("services.*.cpu_quota", Form::Int),
    ("services.*.cpu_shares", Form::Int),
    ("services.*.cpus", Form::Float),
    ("services.*.init", Form::Bool),
    ("services.*.deploy.replicas", Form::Int),
    ("services.*.deploy.update_config.parallelism", Form::Int),
    ("services.*.deploy.update_config.delay", Form::Duration),
    ("services.*.deploy.update_config.monitor", Form::Duration),
    ("services.*.deploy.restart_policy.max_attempts", Form::Int),
    ("services.*.deploy.restart_policy.delay", Form::Duration),
    ("services.*.deploy.restart_policy.window", Form::Duration),
    ("services.*.deploy.resources.limits.memory", Form::Bytes),
    ("services.*.deploy.resources.reservations.memory", Form::Bytes),
    ("services.*.healthcheck.retries", Form::Int),
    ("services.*.healthcheck.disable", Form::Bool),
    ("services.*.healthcheck.interval", Form::Duration),
    ("services.*.healthcheck.timeout", Form::Duration),
    ("services.*.healthcheck.start_period", Form::Duration),
    ("services.*.healthcheck.start_interval", Form::Duration),
    ("services.*.mem_limit", Form::Bytes),
    ("services.*.mem_reservation", Form::Bytes),
    ("services.*.memswap_limit", Form::Bytes),
    ("services.*.shm_size", Form::Bytes),
    ("services.*.oom_kill_disable", Form::Bool),
    ("services.*.oom_score_adj", Form::Int),
    ("services.*.pids_limit", Form::Int),
    ("services.*.mem_swappiness", Form::Bytes),
    ("services.*.attach", Form::Bool),
    ("services.*.ulimits.*", Form::Int),
    ("services.*.ulimits.*.soft", Form::Int),
    ("services.*.ulimits.*.hard", Form::Int),
    ("services.*.ports.*", Form::Port),
    ("services.*.ports.*.target", Form::Unsigned),
    ("services.*.env_file.*.required", Form::Bool),
    ("services.*.depends_on.*.restart", Form::Bool),
    ("services.*.privileged", Form::Bool),
    ("services.*.read_only", Form::Bool),
    ("services.*.scale", Form::Int),
    ("services.*.stdin_open", Form::Bool),
    ("services.*.stop_grace_period", Form::Duration),
    ("services.*.tty", Form::Bool),
    ("services.*.volumes.*.read_only", Form::Bool),
    ("services.*.volumes.*.volume.nocopy", Form::Bool),
    ("services.*.volumes.*.tmpfs.size", Form::Bytes),
    ("services.*.build.shm_size", Form::Bytes),
    ("networks.*.external", Form::Bool),
    ("networks.*.internal", Form::Bool),
    ("networks.*.attachable", Form::Bool),
    ("volumes.*.external", Form::Bool),
    ("secrets.*.external", Form::Bool),
    ("configs.*.external", Form::Bool),
];

/// Every value that Compose cannot take for what it has to be.
pub fn check(root: &Node) -> Vec<Finding> {
    let mut findings = Vec::new();
    walk(root, &mut Vec::new(), &mut findings);
    findings
}

fn walk<'a>(node: &'a Node, path: &mut Vec<&'a str>, findings: &mut Vec<Finding>) {
    match &node.value {
        Value::Mapping(entries) => {
            for entry in entries {
                path.push(&entry.key.text);
                walk(&entry.value, path, findings);
                path.pop();
            }
        }
        Value::Sequence(items) => {
            for item in items {
                path.push("*");
                walk(item, path, findings);
                path.pop();
            }
        }
        Value::Scalar(scalar)
            if matches!(scalar.kind, Kind::Text | Kind::Int) && !scalar.is_open() =>
        {
            let form = FORMS.iter().find(|(pattern, _)| matches(pattern, path));
            let judged = form.map(|(_, form)| match scalar.int() {
                // That a number stands where another kind of value belongs, the schema tells.
                Some(number) if number >= 0 || *form != Form::Unsigned => Ok(()),
                _ => fits(&scalar.text, *form),
            });
            if let Some(Err(why)) = judged {
                // What is wrong with a port is said with its text, which may come of a variable.
                let is_made =
                    scalar.written.is_some() && form.is_some_and(|(_, form)| *form == Form::Port);
                let why = if is_made { format!("is no port: `{}`", node.shown()) } else { why };
                findings.push(Finding::new(
                    &VALUE,
                    node.span.clone(),
                    format!("`{}` {why}", path.join(".").replace(".*", "[]")),
                ));
            }
        }
        Value::Scalar(_) => {}
    }
}

fn matches(pattern: &str, path: &[&str]) -> bool {
    let mut parts = pattern.split('.');
    path.iter().all(|part| parts.next().is_some_and(|one| one == "*" || one == *part))
        && parts.next().is_none()
}

fn fits(text: &str, form: Form) -> Result<(), String> {
    let yes = match form {
        Form::Bool => matches!(
            text.to_ascii_lowercase().as_str(),
            "y" | "yes" | "true" | "on" | "n" | "no" | "false" | "off" | "1" | "0" | "t" | "f"
        ),
        Form::Int => text.parse::<i64>().is_ok(),
        Form::Unsigned => text.parse::<u64>().is_ok(),
        Form::Float => text.parse::<f64>().is_ok(),
        Form::Bytes => is_bytes(text),
        Form::Duration => is_duration(text),
        Form::Port => {
            return port::short(text).map(|_| ()).map_err(|why| format!("cannot be read: {why}"));
        }
    };
    let wanted = match form {
        Form::Bool => "is neither `true` nor `false`",
        Form::Int => "is no whole number",
        Form::Unsigned => "is no whole number from 0",
        Form::Float => "is no number",
        Form::Bytes => "is no size such as `512m` or `1g`",
        Form::Duration => "is no duration such as `30s` or `1m30s`",
        Form::Port => "",
    };
    if yes { Ok(()) } else { Err(wanted.to_owned()) }
}

/// `1.5gb`, `512 MiB`, `64k`, `100`
fn is_bytes(text: &str) -> bool {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.strip_prefix(' ').unwrap_or(unit).to_ascii_lowercase();
    let unit = unit.strip_prefix(['k', 'm', 'g', 't', 'p']).unwrap_or(&unit);
    number.parse::<f64>().is_ok() && matches!(unit, "" | "b" | "ib")
}

/// `1h30m`, `500ms`, `1w2d`; a zero needs no unit.
fn is_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    let mut parts = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let unit = ["ms", "us", "µs", "μs", "ns", "w", "d", "h", "m", "s"];
        let Some(unit) = unit.into_iter().find(|unit| after.starts_with(unit)) else {
            return false;
        };
        if number.parse::<f64>().is_err() {
            return false;
        }
        rest = after.get(unit.len()..).unwrap_or_default();
        parts += 1;
    }
    parts > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::yaml::read;

    #[test]
    fn values_have_the_form_that_compose_reads() {
        for (form, good, bad) in [
            (Form::Bool, &["true", "no", "Yes"][..], &["maybe", ""][..]),
            (Form::Int, &["5", "-1"], &["5.5", "x", ""]),
            (Form::Unsigned, &["5", "0"], &["-1", "x", ""]),
            (Form::Float, &["0.5", "2"], &["x", ""]),
            (
                Form::Bytes,
                &["512m", "1g", "1.5gb", "64 KiB", "100", "1GiB"],
                &["1x", "m", "", "5mm", "1 gig"],
            ),
            (
                Form::Duration,
                &["30s", "1m30s", "500ms", "1d", "0", "1.5h"],
                &["5", "x", "", "5x", "s"],
            ),
            (Form::Port, &["80", "80:80"], &["x:80", "80:99999"]),
        ] {
            for text in good {
                assert_eq!(fits(text, form), Ok(()), "{text}");
            }
            for text in bad {
                assert!(fits(text, form).is_err(), "{text}");
            }
        }
    }

    #[test]
    fn findings_name_the_path() {
        let told = |text| -> Vec<String> {
            let root = read("f", text).roots.remove(0);
            check(&root).into_iter().map(|one| one.message).collect()
        };
        assert_eq!(
            told("services: {a: {privileged: maybe, ports: ['x:1']}}"),
            [
                "`services.a.privileged` is neither `true` nor `false`",
                "`services.a.ports[]` cannot be read: `x` is no port from 0 to 65535"
            ]
        );
        assert_eq!(told("services: {a: {privileged: true, init: 'yes', mem_limit: 5}}"), [""; 0]);
    }
}
