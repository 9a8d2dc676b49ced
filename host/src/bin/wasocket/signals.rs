use std::io;

use tokio::signal;
#[cfg(unix)]
pub(crate) use tokio::signal::unix::Signal as CtrlC;
#[cfg(windows)]
pub(crate) use tokio::signal::windows::CtrlC;

/// Tells of each Ctrl-C from now on, also of one that comes while nobody asks.
pub(crate) fn ctrl_c() -> io::Result<CtrlC> {
    #[cfg(unix)]
    return signal::unix::signal(signal::unix::SignalKind::interrupt());
    #[cfg(windows)]
    return signal::windows::ctrl_c();
}
