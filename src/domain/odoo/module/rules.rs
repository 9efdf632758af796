//! The rules of one manifest.

use crate::domain::event::Level::{Error, Notice, Warning};
use crate::domain::finding::Rule;

/// No Python at all.
pub const SYNTAX: Rule = Rule {
    id: "odoo.manifest-syntax",
    level: Error,
    about: "a manifest is not valid Python",
    help: "Odoo reads the manifest with Python and does not load a module whose manifest it cannot read. Correct the \
           place that is named.",
};

/// Python, but no literal.
pub const NOT_LITERAL: Rule = Rule {
    id: "odoo.manifest-not-literal",
    level: Error,
    about: "a manifest is more than a literal",
    help: "Odoo reads the manifest with `ast.literal_eval`, which knows texts, numbers, lists, tuples, sets and \
           dictionaries, and no names, calls or operations. Write the value itself.",
};

/// No dictionary.
pub const NOT_DICT: Rule = Rule {
    id: "odoo.manifest-not-dict",
    level: Error,
    about: "a manifest is not a dictionary",
    help: "The manifest is one dictionary: `{'name': .., 'version': .., ..}`.",
};

/// A key that should be there.
pub const KEY_MISSING: Rule = Rule {
    id: "odoo.manifest-key-missing",
    level: Warning,
    about: "a manifest lacks `name` or `license`",
    help: "Without `license` Odoo warns and takes LGPL-3; without `name` it shows the name of the folder.",
};

/// A licence that Odoo does not know.
pub const LICENSE: Rule = Rule {
    id: "odoo.manifest-license",
    level: Warning,
    about: "a licence is none of those that Odoo knows",
    help: "Odoo knows ten licences by their exact names, such as `LGPL-3`, `AGPL-3`, `OPL-1` and `Other proprietary`.",
};

/// A version that Odoo refuses.
pub const VERSION: Rule = Rule {
    id: "odoo.manifest-version",
    level: Error,
    about: "Odoo refuses the version of a module",
    help: "Odoo raises a ValueError, and the module does not load. It accepts `x.y`, `x.y.z`, and both behind the \
           series: `17.0.x.y`, `17.0.x.y.z`.",
};

/// The same key twice.
pub const DUPLICATE_KEY: Rule = Rule {
    id: "odoo.manifest-duplicate-key",
    level: Error,
    about: "a key stands twice in a manifest",
    help: "Python keeps the last value and drops the others without a word. Put them together.",
};

/// Triggers that are no dependencies.
pub const AUTO_INSTALL: Rule = Rule {
    id: "odoo.manifest-auto-install",
    level: Error,
    about: "`auto_install` names what is not in `depends`",
    help: "Odoo stops with an AssertionError. What triggers the installation must be a dependency, too.",
};

/// Keys of former times.
pub const LEGACY_KEY: Rule = Rule {
    id: "odoo.manifest-legacy-key",
    level: Notice,
    about: "a key of former versions",
    help: "`init_xml` and `update_xml` are `data` today, `demo_xml` is `demo`, `active` is `auto_install`.",
};

/// Keys that nobody reads.
pub const UNKNOWN_KEY: Rule = Rule {
    id: "odoo.manifest-unknown-key",
    level: Notice,
    about: "Odoo does not know a key",
    help: "Odoo ignores keys that it does not know; often one is mistyped.",
};

/// A value of another type.
pub const TYPE: Rule = Rule {
    id: "odoo.manifest-type",
    level: Error,
    about: "a value has the wrong type",
    help: "Odoo fails on it, or takes a text for a list of its letters.",
};

/// The former name of the file.
pub const RENAMED: Rule = Rule {
    id: "odoo.manifest-renamed",
    level: Warning,
    about: "a manifest has its former name",
    help: "The file is `__manifest__.py` since Odoo 10, and `__openerp__.py` is deprecated since 17.",
};
