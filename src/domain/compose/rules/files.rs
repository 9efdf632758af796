//! Files that the stack needs.

use crate::domain::event::Level;
use crate::domain::finding::Rule;

/// A compose file that another one or an input names.
pub const FILE_MISSING: Rule = Rule {
    id: "compose.file-missing",
    level: Level::Error,
    about: "a compose file that is not there",
    help: "An input, `include` or `extends` names a compose file that the repository does not hold.",
};

/// A file that a rule needs and that cannot be read.
pub const UNREADABLE: Rule = Rule {
    id: "files.unreadable",
    level: Level::Error,
    about: "a file that has to be checked and cannot be read",
    help: "What cannot be read is never counted as clean.",
};

/// `extends` of what is not there, or in a circle.
pub const EXTENDS: Rule = Rule {
    id: "compose.extends",
    level: Level::Error,
    about: "`extends` of a service that is not there, or in a circle",
    help: "Compose refuses the file.",
};

/// `include` in a circle, or of what is declared otherwise.
pub const INCLUDE: Rule = Rule {
    id: "compose.include",
    level: Level::Error,
    about: "`include` in a circle, or of something that is declared otherwise",
    help: "Compose refuses the file.",
};

/// Something that was left out of the check, and why.
pub const NOT_CHECKED: Rule = Rule {
    id: "not-checked",
    level: Level::Notice,
    about: "something that could not be checked",
    help: "It is said so that a clean result is not taken for more than it is.",
};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&FILE_MISSING, &UNREADABLE, &EXTENDS, &INCLUDE, &NOT_CHECKED];
