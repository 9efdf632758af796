//! Whose something is that a test leaves on the machine, so that `scripts/sweep` can tell what nobody will remove.

/// The label of containers that no Compose project carries; its value is the mark.
pub const LABEL: &str = "dev.mta.test";

/// `mtatest-PID-START` of this process. A process id alone is given again; with the time of its start (in clock ticks
/// since the boot, field 22 of `/proc/PID/stat`, see proc(5)) it is never.
pub fn mark() -> String {
    mark_of(std::process::id())
}

/// The mark of another process that is still there.
pub fn mark_of(pid: u32) -> String {
    let stat = fs_err::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name of the program, in parentheses, may hold blanks: field 3 is the first behind it.
    let (_, behind) = stat.rsplit_once(") ").unwrap();
    format!("mtatest-{pid}-{}", behind.split(' ').nth(19).unwrap())
}
