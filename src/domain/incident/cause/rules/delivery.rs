//! Containers, databases, networks, version control: what delivers a program.

use crate::domain::incident::cause::rule::{
    CONSEQUENCE, ERROR, LAST_REASON, LAST_VERDICT, REASON, Rule, VERDICT,
};

/// Above each rule: the tool, and what in it writes the form.
pub const RULES: &[Rule] = &[
    // docker build: a command of the Dockerfile failed; what it said is above
    Rule {
        name: "build-command",
        lines: &[
            "ERROR: failed to solve: *did not complete successfully*",
            "ERROR: failed to build: *did not complete successfully*",
            "*failed to solve: *did not complete successfully*",
            "\\# ERROR: process *",
            "\\## ERROR: process *",
            "*ERROR: process \"*\" did not complete successfully*",
            "The command * returned a non-zero code: #",
            "*executor failed running [*",
            "Error: building at STEP *",
        ],
        ..CONSEQUENCE
    },
    // docker build: a step or the Dockerfile itself
    Rule {
        name: "docker-build",
        lines: &[
            "\\## ERROR: *",
            "ERROR: failed to solve: *",
            "ERROR: failed to build: *",
            "COPY failed: *",
            "ADD failed: *",
            "ERROR: Cannot *",
            "*failed to solve: *",
            "*dockerfile parse error *",
            "ERROR: unable to prepare context: *",
            "unable to prepare context: *",
            "*failed to read dockerfile: *",
        ],
        unless: &["*did not complete successfully*", "*executor failed running [*"],
        ..VERDICT
    },
    // docker: what the engine answers
    Rule {
        name: "docker-daemon",
        lines: &[
            "Error response from daemon: *",
            "docker: *",
            "Cannot connect to the Docker daemon *",
            "ERROR: Cannot connect to the Docker daemon *",
            "permission denied while trying to connect *",
            "error during connect: *",
            "*denied: requested access to the resource is denied*",
            "*pull access denied for *",
            "*toomanyrequests: *",
            "unauthorized: *",
            "*manifest unknown*",
            "*manifest for * not found*",
            "invalid argument * for *",
            "Error: No such *: *",
            "ERROR: *invalid reference format*",
        ],
        unless: &["docker: See *", "docker: Run *"],
        ..LAST_REASON
    },
    // docker compose: the container that did not start
    Rule {
        name: "compose-container",
        lines: &[
            "dependency failed to start: *",
            "container * is unhealthy",
            "container * exited (*)",
            "*service * didn*t complete successfully*",
            "*container * has no healthcheck configured",
            "*is unhealthy",
            "*dependency * failed to start*",
        ],
        ..VERDICT
    },
    // docker compose: the file
    Rule {
        name: "compose-file",
        lines: &[
            "validating *: *",
            "*yaml: line #: *",
            "*: yaml: *",
            "no such service: *",
            "*env file * not found*",
            "*required variable * is missing a value*",
            "*service * has neither an image nor a build context*",
            "*undefined volume *",
            "*undefined network *",
            "*depends on undefined service *",
            "*Additional property * is not allowed",
            "*additional properties * not allowed",
        ],
        ..VERDICT
    },
    // docker compose: the state of a container
    Rule { name: "compose-line", lines: &["Container * Error", "Container * Error *"], ..ERROR },
    // kubectl and helm
    Rule {
        name: "kubernetes",
        lines: &[
            "Error from server *",
            "Error: INSTALLATION FAILED: *",
            "Error: UPGRADE FAILED: *",
            "error: timed out waiting *",
            "error: unable to *",
            "error: error *",
            "The connection to the server * was refused*",
            "*CrashLoopBackOff*",
            "*ImagePullBackOff*",
            "*ErrImagePull*",
            "error: deployment * exceeded its progress deadline",
        ],
        ..LAST_REASON
    },
    // Terraform, OpenTofu, Packer
    Rule {
        name: "terraform",
        lines: &[
            "│ Error: *",
            "Error: Reference to *",
            "Error: Invalid *",
            "Error: Unsupported *",
            "Error: Missing *",
            "Error: Failed to *",
            "Error: Error *",
        ],
        ..VERDICT
    },
    // psql: place in a file, and the error
    Rule {
        name: "psql-file",
        lines: &["psql:*:#: ERROR: *", "psql:*:#: FATAL: *", "psql:*:#: error: *"],
        ..LAST_VERDICT
    },
    // PostgreSQL's programs
    Rule {
        name: "postgres-client",
        lines: &[
            "psql: error: *",
            "pg_dump: error: *",
            "pg_dumpall: error: *",
            "pg_basebackup: error: *",
            "createdb: error: *",
            "dropdb: error: *",
            "vacuumdb: error: *",
            "initdb: error: *",
            "pg_ctl: *",
            "pg_isready: error: *",
            "*no response",
            "psql: FATAL: *",
        ],
        ..LAST_REASON
    },
    // pg_restore: goes on after the first error
    Rule { name: "pg-restore", lines: &["pg_restore: error: *", "pg_restore: [*] *"], ..REASON },
    // a server's answer
    Rule {
        name: "sql",
        lines: &[
            "ERROR:  *",
            "FATAL:  *",
            "ERROR # (*) *",
            "ERROR # (*): *",
            "Msg #, Level #*",
            "mysqldump: *",
            "mysql: *",
            "ORA-#: *",
            "Error: near *",
            "Parse error near line *",
            "Runtime error near line *",
        ],
        ..ERROR
    },
    // OpenSSH and rsync
    Rule {
        name: "ssh",
        lines: &[
            "ssh: *",
            "scp: *",
            "sftp: *",
            "Host key verification failed.",
            "*: Permission denied (*).",
            "*: Permission denied (publickey*",
            "kex_exchange_identification: *",
            "ssh_exchange_identification: *",
            "Connection closed by *",
            "Connection to * closed by remote host.",
            "Connection to * timed out*",
            "Load key *: *",
            "rsync: *",
            "Bad owner or permissions on *",
            "Too many authentication failures*",
            "*Permission denied, please try again.",
            "ssh_dispatch_run_fatal: *",
            "Unable to negotiate with *",
            "no such identity: *",
            "*REMOTE HOST IDENTIFICATION HAS CHANGED*",
        ],
        unless: &["scp: Connection closed*", "ssh: *: debug*"],
        ..LAST_REASON
    },
    // scp, sftp, rsync: something before failed
    Rule {
        name: "transfer",
        lines: &[
            "lost connection",
            "rsync error: *",
            "scp: Connection closed*",
            "Connection closed*",
        ],
        ..CONSEQUENCE
    },
    // curl and wget
    Rule {
        name: "download",
        lines: &[
            "curl: (#) *",
            "wget: *",
            "*ERROR #: *.",
            "*Unable to resolve host *",
            "Failed to connect to *",
            "ERROR: cannot verify *",
        ],
        ..LAST_REASON
    },
    // health checks
    Rule {
        name: "health",
        lines: &[
            "*did not become healthy*",
            "*did not become ready*",
            "*is not healthy*",
            "*health check* failed*",
            "*healthcheck* failed*",
            "*Health check* failed*",
            "*ealth check * timed out*",
            "*never became *",
            "*failed health check*",
            "*imed out waiting for *",
            "*imeout waiting for *",
            "*ave up waiting for *",
            "*still not healthy*",
            "*not ready after *",
            "*unhealthy after *",
            "*not healthy after *",
            "*failed to become healthy*",
        ],
        ..LAST_REASON
    },
    // git: why it ended
    Rule {
        name: "git",
        lines: &[
            "fatal: *",
            "remote: error: *",
            "remote: fatal: *",
            "remote: Permission to *",
            "remote: Repository not found.",
            "error: pathspec *",
            "error: Your local changes *",
            "error: src refspec *",
            "error: cannot *",
            "error: patch failed: *",
            "error: unable to *",
            "error: The following untracked *",
        ],
        unless: &["fatal: [*]: *", "fatal: Could not read from remote repository."],
        ..LAST_REASON
    },
    // git: a merge or push that was refused
    Rule {
        name: "git-refused",
        lines: &[
            "! [rejected] *",
            "! [remote rejected] *",
            "CONFLICT (*): *",
            "remote: ! *",
            "*protected branch hook declined*",
        ],
        ..REASON
    },
    // git: what follows
    Rule {
        name: "git-after",
        lines: &[
            "error: failed to push some refs to *",
            "fatal: Could not read from remote repository.",
            "Automatic merge failed; *",
            "hint: *",
        ],
        ..CONSEQUENCE
    },
    // GitHub's API and command line
    Rule {
        name: "github",
        lines: &[
            "*Resource not accessible by *",
            "gh: *",
            "HTTP #: *",
            "GraphQL: *",
            "*Bad credentials*",
            "*API rate limit exceeded*",
            "*secondary rate limit*",
            "failed to create *: *HTTP #*",
            "*refusing to allow a * to create or update workflow*",
        ],
        ..LAST_REASON
    },
];
