//! `--reconnect`: what is to be done, and what is told of it.

use std::time::Duration;

use clap::{ValueEnum, value_parser};
use wasocket::reconnect::{
    self, Cause, Confirm, Disconnected, End, Fate, Limit, OnLoss, Policy, Undelivered,
};
use wasocket::{Error, Event};

use crate::exit::Exit;
use crate::output::{Output, describe};
use crate::values::seconds;

/// When to connect again, and what becomes of messages meanwhile.
#[derive(Debug, clap::Args)]
pub(crate) struct ReconnectArgs {
    /// Connect again when the connection is lost or cannot be opened.
    ///
    /// Not after what another attempt would meet too, such as a certificate that is not to be
    /// trusted, a refusal with a status below 500, or a closure with code 1000. Messages wait
    /// meanwhile. What was not sent is told, and so is what may or may not have been when a connection
    /// was lost. Messages are sent and received whole.
    #[arg(long, conflicts_with = "one", help_heading = "Reconnection")]
    pub(crate) reconnect: bool,

    /// Wait up to this long after the first failure, and up to twice as long after each further one.
    /// The time is a random share of that [default: 1].
    #[arg(long, value_name = "SECONDS", requires = "reconnect", value_parser = seconds, help_heading = "Reconnection")]
    first_delay: Option<Duration>,

    /// Wait no longer than this, unless the server asks for it [default: 60].
    #[arg(long, value_name = "SECONDS", requires = "reconnect", value_parser = seconds, help_heading = "Reconnection")]
    max_delay: Option<Duration>,

    /// Give up after so many attempts without a connection that was open for 30 seconds
    /// [default: never].
    #[arg(long, value_name = "NUMBER", requires = "reconnect", value_parser = value_parser!(u32).range(1..), help_heading = "Reconnection")]
    max_attempts: Option<u32>,

    /// Give up rather than make an attempt this long after the first one, or after the loss of a
    /// connection that was open for 30 seconds [default: never].
    #[arg(long, value_name = "SECONDS", requires = "reconnect", value_parser = seconds, help_heading = "Reconnection")]
    max_elapsed: Option<Duration>,

    /// Send again what may have been sent when a connection was lost. The server may get it twice.
    #[arg(long, requires = "reconnect", help_heading = "Reconnection")]
    resend: bool,

    /// When a message counts as sent: once the server has answered a ping that followed it, or once
    /// it was handed to the transport, for servers that answer no pings [default: pong].
    #[arg(
        long,
        value_name = "WHEN",
        requires = "reconnect",
        help_heading = "Reconnection"
    )]
    confirm: Option<ConfirmBy>,
}

/// When a message counts as sent.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ConfirmBy {
    Pong,
    Transport,
}

impl ReconnectArgs {
    pub(crate) fn policy(&self) -> Policy {
        let mut policy = Policy::new();
        if let Some(delay) = self.first_delay {
            policy = policy.first_delay(delay);
        }
        if let Some(delay) = self.max_delay {
            policy = policy.max_delay(delay);
        }
        if let Some(count) = self.max_attempts {
            policy = policy.max_attempts(count);
        }
        if let Some(time) = self.max_elapsed {
            policy = policy.max_elapsed(time);
        }
        if self.resend {
            policy = policy.maybe_sent(OnLoss::Resend);
        }
        match self.confirm {
            Some(ConfirmBy::Pong) | None => policy,
            Some(ConfirmBy::Transport) => policy.confirm(Confirm::Transport),
        }
    }
}

/// Tells people of what happened.
pub(crate) fn tell(output: &Output, event: &reconnect::Event) {
    match event {
        reconnect::Event::Connecting(attempt) => {
            output.note(&format!("connecting, attempt {attempt}"));
        }
        reconnect::Event::Disconnected(lost) => tell_lost(output, lost),
        reconnect::Event::Undelivered(undelivered) => {
            output.complain(&describe_undelivered(undelivered));
        }
        reconnect::Event::Ended(End::Closed(Some(closed))) => {
            output.note_event(&Event::Close(closed.clone()));
        }
        reconnect::Event::Ended(End::Exhausted { limit, .. }) => {
            output.complain(&format!("no further attempt: {}", option_of(*limit)));
        }
        // The one is what the user wanted, the other was told when it happened.
        reconnect::Event::Ended(End::Closed(None) | End::Final(_)) => {}
        other => output.note(&format!("{other:?}")),
    }
}

fn tell_lost(output: &Output, lost: &Disconnected) {
    let cause = match &lost.cause {
        Cause::Error(Error::Closed(closed)) => {
            let event = Event::Close(closed.clone());
            if lost.retry_in.is_none() {
                return output.note_event(&event);
            }
            describe(&event)
        }
        cause => cause.to_string(),
    };
    match lost.retry_in {
        Some(delay) => output.complain(&format!("{cause}; next attempt in {delay:.1?}")),
        None => output.complain(&cause),
    }
}

fn describe_undelivered(undelivered: &Undelivered) -> String {
    let fate = match undelivered.fate {
        Fate::MaybeSent => "may have been sent",
        Fate::Unsent => "not sent",
    };
    let told = format!(
        "message {} ({} bytes): {fate}",
        undelivered.id,
        undelivered.message.len()
    );
    match &undelivered.cause {
        cause @ Cause::Error(Error::InvalidArgument { .. }) => format!("{told}: {cause}"),
        // It is the end of the connection, which is told by itself.
        _ => told,
    }
}

fn option_of(limit: Limit) -> &'static str {
    match limit {
        Limit::Attempts => "--max-attempts",
        Limit::Elapsed => "--max-elapsed",
        _ => "a limit",
    }
}

/// How to exit when there will be no connection any more.
pub(crate) fn exit_of(end: &End, interrupted: bool) -> Exit {
    match end {
        End::Closed(Some(closed)) => closed.into(),
        End::Closed(None) if interrupted => Exit::Interrupted,
        End::Closed(None) => Exit::Success,
        End::Final(cause) => exit_of_cause(cause),
        End::Exhausted { cause, .. } => match exit_of_cause(cause) {
            // In order or not, more was wanted.
            Exit::Success => Exit::Broken,
            exit => exit,
        },
        _ => Exit::Broken,
    }
}

fn exit_of_cause(cause: &Cause) -> Exit {
    match cause {
        Cause::Error(error) => error.into(),
        _ => Exit::Broken,
    }
}
