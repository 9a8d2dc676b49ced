use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::timeout_at;
use wasocket::{Error, Event, Message, Options, Runtime, SendOptions, WebSocket};

use crate::bench::tally::{Recorder, Tally};
use crate::exit::Exit;
use crate::link::LinkSender;
use crate::sending::{Sending, Sent};

/// What all connections have in common.
pub(crate) struct Client {
    pub(crate) runtime: Runtime,
    pub(crate) url: String,
    pub(crate) options: Options,
    pub(crate) send_options: SendOptions,
    pub(crate) load: Load,
    pub(crate) tally: Tally,
    pub(crate) phase: watch::Receiver<Phase>,
}

/// What a connection sends.
#[derive(Debug)]
pub(crate) struct Load {
    /// How many messages are on their way at once.
    pub(crate) in_flight: usize,
    /// How long a message is, in bytes.
    pub(crate) size: usize,
    pub(crate) binary: bool,
    /// How many messages there are; `None` if time ends it.
    pub(crate) count: Option<u64>,
    /// How long an answer may take.
    pub(crate) timeout: Duration,
}

/// What connections do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// They send, and wait for answers.
    Sending,
    /// They wait for the last answers.
    Answering,
    /// They end.
    Over,
}

/// A connection to a server that echoes.
pub(crate) struct Echo {
    client: Arc<Client>,
    number: u32,
    websocket: WebSocket,
    sending: Sending,
    phase: watch::Receiver<Phase>,
    /// How many messages were sent.
    sent: u64,
    /// When those were sent that are not answered.
    unanswered: VecDeque<Instant>,
}

impl Echo {
    /// Opens a connection.
    pub(crate) async fn open(client: Arc<Client>, number: u32) -> Result<Self, Error> {
        let websocket = client
            .runtime
            .connect_with(&client.url, &client.options)
            .await?;
        Ok(Self {
            sending: Sending::new(LinkSender::Single(websocket.sender()), client.send_options),
            phase: client.phase.clone(),
            client,
            number,
            websocket,
            sent: 0,
            unanswered: VecDeque::new(),
        })
    }

    /// Sends messages, and compares their answers with them, to the end. A failure is tallied.
    pub(crate) async fn run(mut self) {
        let client = self.client.clone();
        let mut recorder = client.tally.recorder();
        let result = self.run_to_end(&mut recorder).await;
        drop(recorder);
        match result {
            // However it closes, all is measured.
            Ok(()) => drop(self.websocket.close(1000, "").await),
            Err((exit, message)) => client.tally.fail(exit, &message),
        }
    }

    async fn run_to_end(&mut self, recorder: &mut Recorder<'_>) -> Result<(), (Exit, String)> {
        loop {
            while self.may_send() {
                recorder.count_sent();
                self.unanswered.push_back(Instant::now());
                let message = self.message(self.sent);
                self.sent += 1;
                self.sending.give(message).await;
            }
            let Some(&since) = self.unanswered.front() else {
                return Ok(());
            };
            let timeout = self.client.load.timeout;
            let event = timeout_at((since + timeout).into(), self.websocket.event());
            tokio::select! {
                event = event => match event {
                    Ok(event) => self.handle_event(event, recorder)?,
                    Err(_) => {
                        return Err((Exit::Broken, format!("no answer after {timeout:?}")));
                    }
                },
                Some(Sent::Message(Err(error))) = self.sending.next() => {
                    return Err((Exit::from(&error), error.to_string()));
                }
                () = over(&mut self.phase) => return Ok(()),
            }
        }
    }

    fn may_send(&self) -> bool {
        let load = &self.client.load;
        *self.phase.borrow() == Phase::Sending
            && self.unanswered.len() < load.in_flight
            && load.count.is_none_or(|count| self.sent < count)
            && self.sending.has_room()
    }

    fn handle_event(
        &mut self,
        event: Option<Event>,
        recorder: &mut Recorder<'_>,
    ) -> Result<(), (Exit, String)> {
        match event {
            Some(Event::Message(answer)) => {
                // The oldest that is not answered.
                let number = self.sent - self.unanswered.len() as u64;
                let Some(since) = self.unanswered.pop_front() else {
                    return Err((Exit::Broken, "an answer to nothing".to_owned()));
                };
                if answer != self.message(number) {
                    let what = "an answer is not the message that was sent: does the server echo?";
                    return Err((Exit::Broken, what.to_owned()));
                }
                recorder.record(since.elapsed());
                Ok(())
            }
            Some(Event::Error(failure)) => Err((Exit::from(&failure), failure.to_string())),
            Some(Event::Close(closed)) => {
                let message = format!("the server closed with code {}", closed.code);
                Err((Exit::Broken, message))
            }
            Some(_) => Ok(()),
            None => Err((Exit::Broken, "the connection is closed".to_owned())),
        }
    }

    /// A message of this connection, which is like no other if there is room in it to say so.
    fn message(&self, number: u64) -> Message {
        let mut text = format!("{}.{number} ", self.number);
        let missing = self.client.load.size.saturating_sub(text.len());
        text.truncate(self.client.load.size);
        text.extend(std::iter::repeat_n('x', missing));
        if self.client.load.binary {
            text.into_bytes().into()
        } else {
            text.into()
        }
    }
}

/// Waits until all is over.
async fn over(phase: &mut watch::Receiver<Phase>) {
    // It fails when nobody can say so any more, which is the same.
    let _ = phase.wait_for(|phase| *phase == Phase::Over).await;
}
