use std::fmt;

use futures_util::future::{BoxFuture, ready};

use super::cause::{Cause, HookError};
use super::event::Disconnected;
use crate::event::{Message, Opened};
use crate::options::Options;

/// How one attempt connects. The hook before it may change the URL and the options, for this attempt
/// alone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// Its number, as [`Event::Connecting`](super::Event::Connecting) tells it.
    pub number: u32,
    /// Where to.
    pub url: String,
    /// How.
    pub options: Options,
}

/// What the application does on each attempt.
pub(super) struct Hooks {
    pub(super) before_attempt: BeforeAttempt,
    pub(super) on_open: OnOpen,
    pub(super) after_failure: Box<dyn FnMut(&Disconnected) + Send>,
    pub(super) is_final: Box<dyn FnMut(&Cause) -> bool + Send>,
}

pub(super) type BeforeAttempt =
    Box<dyn FnMut(Attempt) -> BoxFuture<'static, Result<Attempt, HookError>> + Send>;

pub(super) type OnOpen = Box<dyn FnMut(&Opened) -> Vec<Message> + Send>;

impl Default for Hooks {
    fn default() -> Self {
        Self {
            before_attempt: Box::new(|attempt| Box::pin(ready(Ok(attempt)))),
            on_open: Box::new(|_| Vec::new()),
            after_failure: Box::new(|_| ()),
            is_final: Box::new(Cause::is_final),
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").finish_non_exhaustive()
    }
}
