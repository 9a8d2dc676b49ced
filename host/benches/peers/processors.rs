//! Who runs where. Where the system is left to choose, it has a client and its server on one processor
//! in one round and on two in the next, and a round trip takes a third of the time on one: the medians
//! would say who was lucky.

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Has the calling thread, and what it starts from now on, run where clients do.
pub(crate) fn be_client() {
    stay_on(None, allowed().next());
}

/// Has a process that was just started run where clients do.
pub(crate) fn make_client(process: u32) {
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    stay_on(Some(pid.expect("a process")), allowed().next());
}

/// Has the calling thread, and what it starts from now on, run where the server does: on another
/// processor than clients, if there is one.
pub(crate) fn be_server() {
    stay_on(None, allowed().next_back());
}

/// The processors that the calling thread may run on.
fn allowed() -> impl DoubleEndedIterator<Item = usize> {
    let set = sched_getaffinity(None).expect("Linux tells");
    (0..CpuSet::MAX_CPU).filter(move |cpu| set.is_set(*cpu))
}

fn stay_on(thread: Option<Pid>, cpu: Option<usize>) {
    let mut set = CpuSet::new();
    set.set(cpu.expect("a processor"));
    sched_setaffinity(thread, &set).expect("an allowed processor");
}
