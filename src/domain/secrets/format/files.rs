//! The names of files that hold credentials, and how each is read.

use super::{Form, Trust};
use crate::domain::secrets::path::{Path, Syntax};

/// Names and values as in a shell or in YAML.
const fn plain(trust: Trust) -> Form {
    Form::Pairs(Syntax::Plain, trust, &[])
}

/// Names and values in quotes.
const fn quoted(trust: Trust, also: &'static [&'static str]) -> Form {
    Form::Pairs(Syntax::Quoted, trust, also)
}

const SERVERS: Form = Form::Pairs(Syntax::Markup, Trust::Own, &[]);

/// What `WordPress` signs with.
const WORDPRESS: &[&str] = &[
    "auth_key",
    "secure_auth_key",
    "logged_in_key",
    "nonce_key",
    "auth_salt",
    "secure_auth_salt",
    "logged_in_salt",
    "nonce_salt",
];

/// Names in lower case. One `*` stands for any text, and what is before `/` is the folder.
const FILES: &[(&str, Form)] = &[
    (".pgpass", Form::Pgpass),
    ("pgpass.conf", Form::Pgpass),
    (".netrc", Form::Netrc),
    ("_netrc", Form::Netrc),
    (".git-credentials", Form::GitCredentials),
    ("*.htpasswd", Form::Hashes),
    ("htpasswd", Form::Hashes),
    ("shadow", Form::Hashes),
    ("shadow-", Form::Hashes),
    ("passwd", Form::Hashes),
    ("proftpdpasswd", Form::Hashes),
    ("proftpd.passwd", Form::Hashes),
    ("*.key", Form::Key),
    ("salesforce*.js", Form::Login),
    ("*.sql", Form::Sql),
    (".npmrc", Form::Pairs(Syntax::Plain, Trust::Own, &["_auth"])),
    (".dockercfg", quoted(Trust::Own, &["auth"])),
    (".docker/config.json", quoted(Trust::Own, &["auth"])),
    ("docker/config.json", quoted(Trust::Own, &["auth"])),
    ("logins.json", quoted(Trust::Own, &["encryptedusername"])),
    (".ftpconfig", quoted(Trust::Own, &[])),
    (".ftppass", quoted(Trust::Own, &[])),
    (".remote-sync.json", quoted(Trust::Own, &[])),
    ("sftp-config.json", quoted(Trust::Own, &[])),
    (".vscode/sftp.json", quoted(Trust::Own, &[])),
    ("deployment-config.json", quoted(Trust::Own, &[])),
    ("robomongo.json", quoted(Trust::Own, &[])),
    ("heroku.json", quoted(Trust::Own, &[])),
    (".bashrc", plain(Trust::Own)),
    (".bash_profile", plain(Trust::Own)),
    (".bash_aliases", plain(Trust::Own)),
    (".profile", plain(Trust::Own)),
    (".zshrc", plain(Trust::Own)),
    (".zshenv", plain(Trust::Own)),
    (".s3cfg", plain(Trust::Own)),
    (".credentials", plain(Trust::Own)),
    (".aws/credentials", plain(Trust::Own)),
    ("aws/credentials", plain(Trust::Own)),
    (".boto", plain(Trust::Own)),
    (".my.cnf", plain(Trust::Own)),
    ("my.cnf", plain(Trust::Own)),
    (".pypirc", plain(Trust::Own)),
    (".esmtprc", Form::Pairs(Syntax::Docker, Trust::Own, &[])),
    (".msmtprc", Form::Pairs(Syntax::Docker, Trust::Own, &[])),
    (".tugboat", plain(Trust::Own)),
    ("hub", plain(Trust::Own)),
    ("config", plain(Trust::Own)),
    ("ventrilo*.ini", plain(Trust::Own)),
    ("dbeaver*.xml", SERVERS),
    (".idea/webservers.xml", SERVERS),
    ("filezilla*.xml", SERVERS),
    ("recentservers.xml", SERVERS),
    ("sitemanager.xml", SERVERS),
    ("odoo*.conf", plain(Trust::Set)),
    ("openerp*.conf", plain(Trust::Set)),
    (".odoorc", plain(Trust::Set)),
    ("database.yml", plain(Trust::Set)),
    ("secrets.yml", plain(Trust::Looks)),
    ("wp-config*.php", quoted(Trust::Set, WORDPRESS)),
    ("settings*.py", quoted(Trust::Looks, &["secret_key"])),
];

/// How a file is read; `None` if its name says nothing.
pub(super) fn form(path: &Path<'_>) -> Option<Form> {
    let name = path.name().to_ascii_lowercase();
    let fits = |pattern: &str| match pattern.split_once('/') {
        Some((folder, pattern)) => path.is_in(folder) && matches(&name, pattern),
        None => matches(&name, pattern),
    };
    let listed = FILES.iter().find(|(pattern, _)| fits(pattern));
    listed.map(|(_, form)| *form).or_else(|| path.is_env().then_some(plain(Trust::Literal)))
}

fn matches(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| rest.ends_with(tail)),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for path in [
            "a/.pgpass",
            "etc/odoo.conf",
            "odoo-prod.conf",
            ".docker/config.json",
            ".env",
            "X/WP-CONFIG.php",
        ] {
            assert!(form(&Path::new(path)).is_some(), "{path}");
        }
        for path in ["config.json", "app.conf", "a.py", "sftp.json", "odoo.py", ""] {
            assert!(form(&Path::new(path)).is_none(), "{path}");
        }
        assert!(FILES.iter().all(|(pattern, _)| *pattern == pattern.to_ascii_lowercase()));
    }
}
