//! Python packages that modules need, against those that are installed.

use crate::domain::event::Level::Warning;
use crate::domain::finding::{Finding, Rule};
use crate::domain::odoo::project::{Module, Project};

/// A package that is not installed.
pub const MISSING: Rule = Rule {
    id: "odoo.requirement-missing",
    level: Warning,
    about: "a Python package is not among the requirements",
    help: "Odoo refuses to install a module whose Python packages are missing. Add the package to the requirements that \
           the image installs.",
};

/// Packages that have another name than what is imported.
const RENAMED: [(&str, &str); 18] = [
    ("bs4", "beautifulsoup4"),
    ("crypto", "pycryptodome"),
    ("cv2", "opencv-python"),
    ("dateutil", "python-dateutil"),
    ("docx", "python-docx"),
    ("dotenv", "python-dotenv"),
    ("git", "gitpython"),
    ("jose", "python-jose"),
    ("jwt", "pyjwt"),
    ("ldap", "python-ldap"),
    ("magic", "python-magic"),
    ("openssl", "pyopenssl"),
    ("pil", "pillow"),
    ("serial", "pyserial"),
    ("sklearn", "scikit-learn"),
    ("stdnum", "python-stdnum"),
    ("usb", "pyusb"),
    ("yaml", "pyyaml"),
];

/// What Odoo itself needs, and so every image of it has.
const OF_ODOO: [&str; 39] = [
    "babel",
    "chardet",
    "cryptography",
    "decorator",
    "docutils",
    "freezegun",
    "gevent",
    "greenlet",
    "idna",
    "jinja2",
    "libsass",
    "lxml",
    "markupsafe",
    "num2words",
    "ofxparse",
    "passlib",
    "pillow",
    "polib",
    "psutil",
    "psycopg2",
    "pydot",
    "pyopenssl",
    "pypdf2",
    "pyserial",
    "python-dateutil",
    "python-ldap",
    "python-stdnum",
    "pytz",
    "pyusb",
    "qrcode",
    "reportlab",
    "requests",
    "rjsmin",
    "urllib3",
    "vobject",
    "werkzeug",
    "xlrd",
    "xlsxwriter",
    "zeep",
];

/// The packages that one module needs and that are not installed.
pub(super) fn check(project: &Project, module: &Module) -> Vec<Finding> {
    let Some(requirements) = &project.requirements else { return Vec::new() };
    let installed: Vec<String> = requirements.iter().map(|one| package(one)).collect();
    let is_there = |name: &str| installed.iter().any(|one| one == name) || OF_ODOO.contains(&name);
    let missing = module.manifest.python.iter().filter(|one| {
        let name = package(&one.text);
        let renamed =
            RENAMED.iter().find(|(import, _)| *import == name).map(|(_, package)| *package);
        !name.is_empty() && !is_there(&name) && !renamed.is_some_and(is_there)
    });
    missing
        .map(|one| {
            let message =
                format!("the Python package `{}` is not among the requirements", one.text);
            Finding::new(&MISSING, one.span.clone(), message)
        })
        .collect()
}

/// The name of a package as package indexes compare it, without version, extras and marker.
fn package(requirement: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = requirement.trim().chars().take_while(|c| is_part(*c)).collect();
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}
