//! What the integration tests share: servers to talk to, certificates, and the runtime that the
//! component runs on.
//!
//! - [`Echo`]: an echo server on tokio-tungstenite, in this process;
//! - [`Peer`]: servers in Python, Node and C, and nginx in front of them, as processes of their own;
//! - [`Server`]: any of these, for tests that all of them have to pass;
//! - [`Scripted`]: a server that plays bytes and asserts bytes;
//! - [`Relay`]: somebody on the way to a server, who passes on its bytes one at a time;
//! - [`FaultProxy`]: somebody on the way to an echo server, who does one thing wrong at one byte;
//! - [`Bystander`]: a server to which nobody is to connect;
//! - [`Terminal`]: a terminal, for programs that want to run on one, on Linux;
//! - [`Authority`]: throwaway certificates, good and bad;
//! - [`guest`] and [`guest_0_3`]: the components' WIT interfaces, without the host crate;
//! - [`corpus`]: exchanges with a server as data, for the core and for the component;
//! - [`soak`]: many connections with faults at once, for as long as one likes.
//!
//! All of them listen on 127.0.0.1, on ports that the system chooses.

mod bystander;
mod client;
pub mod corpus;
mod echo;
mod fault_proxy;
pub mod guest;
pub mod guest_0_3;
mod packed;
mod peers;
mod records;
mod relay;
mod scripted;
mod server;
pub mod soak;
#[cfg(target_os = "linux")]
mod terminal;
mod tls;
mod unread;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::runtime::Builder;
use wasocket::{Grants, Runtime, RuntimeBuilder};

pub use bystander::{Bystander, ClosedPort};
pub use client::{
    assert_failure, connect_failure, connect_failure_by, failure, open, open_with, rest,
};
pub use echo::Echo;
pub use fault_proxy::{Action, Direction, Fault, FaultProxy, Passed};
pub use peers::Peer;
pub use relay::Relay;
pub use scripted::{Request, Scripted, Stream, close_payload, frame};
pub use server::Server;
#[cfg(target_os = "linux")]
pub use terminal::Terminal;
pub use tls::{Authority, Identity, RSA_KEY};

/// How long a test may take: no one does, unless it hangs.
pub const TEST_TIMEOUT: Duration = Duration::from_secs(300);

/// Runs a test on a Tokio runtime of its own, and fails it if it hangs.
///
/// # Panics
///
/// If the test does, or does not end.
#[track_caller]
pub fn run(test: impl Future<Output = ()>) {
    run_on(Builder::new_multi_thread().worker_threads(2), test);
}

/// The same on a single thread, which everything has to share.
///
/// # Panics
///
/// As [`run`] does.
#[track_caller]
pub fn run_on_one_thread(test: impl Future<Output = ()>) {
    run_on(&mut Builder::new_current_thread(), test);
}

#[track_caller]
fn run_on(builder: &mut Builder, test: impl Future<Output = ()>) {
    let runtime = builder.enable_all().build().expect("a Tokio runtime");
    let in_time = runtime.block_on(async { tokio::time::timeout(TEST_TIMEOUT, test).await });
    // Servers may be in the middle of something that never ends.
    runtime.shutdown_background();
    assert!(in_time.is_ok(), "the test did not end in {TEST_TIMEOUT:?}");
}

/// A runtime for connections to anywhere, which all tests share. Tests of grants make their own,
/// or set them for one connection.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        runtime_builder()
            .grants(Grants::new().everything())
            .build()
            .expect("a runtime for the component")
    })
}

/// Sets up a runtime that grants nothing, from the compiled component that all tests share.
pub fn runtime_builder() -> RuntimeBuilder {
    Runtime::builder().cache(workspace_root().join("target/component-cache"))
}

/// A runtime for connections to anywhere, whose instances trap if they need more memory than this.
pub fn runtime_of(max_memory: usize) -> Runtime {
    runtime_builder()
        .grants(Grants::new().everything())
        .max_memory(max_memory)
        .build()
        .expect("a runtime for the component")
}

/// Waits until `count` has not risen for a while, and returns it: how far something came that is
/// to get stuck. On a slow machine that may be less far than it would come.
pub async fn stuck_at(count: &AtomicUsize) -> usize {
    loop {
        let before = count.load(Ordering::Relaxed);
        pass(scaled(200)).await;
        if count.load(Ordering::Relaxed) == before {
            return before;
        }
    }
}

/// Lets time pass: where it is the subject, or where there is nothing that would tell.
pub async fn pass(time: Duration) {
    #[expect(
        clippy::disallowed_methods,
        reason = "whoever calls this says why there is no condition to wait for"
    )]
    tokio::time::sleep(time).await;
}

/// A time for tests whose subject is time: `millis` milliseconds, times the number in the
/// environment variable `WASOCKET_TEST_TIME_SCALE`, for machines that are slow.
pub fn scaled(millis: u64) -> Duration {
    static SCALE: OnceLock<f64> = OnceLock::new();
    let scale = SCALE.get_or_init(|| match std::env::var("WASOCKET_TEST_TIME_SCALE") {
        Ok(scale) => scale.parse().expect("WASOCKET_TEST_TIME_SCALE is a number"),
        Err(_) => 1.0,
    });
    Duration::from_millis(millis).mul_f64(*scale)
}

/// A timeout that is to pass: longer than a machine under load takes for what has to come before.
pub fn passing_timeout() -> Duration {
    scaled(1000)
}

/// Where `cargo xtask setup` installed what the peers need.
fn tools() -> PathBuf {
    workspace_root().join(".tools")
}

fn workspace_root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}
