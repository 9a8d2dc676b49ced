//! What the system says of this process's memory.

/// How much memory the process takes, and how much is resident in it, in KiB: a page that is in it
/// several times counts once in the former (proc_pid_smaps(5), `Pss`).
pub(crate) fn memory_kib() -> (u64, u64) {
    let smaps = std::fs::read_to_string("/proc/self/smaps_rollup").expect("Linux");
    let kib = |name: &str| {
        smaps
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .and_then(|line| line.trim().strip_suffix(" kB"))
            .and_then(|kib| kib.parse().ok())
            .expect("KiB")
    };
    (kib("Pss:"), kib("Rss:"))
}
