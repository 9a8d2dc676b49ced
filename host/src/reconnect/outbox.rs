//! The messages that are not delivered yet, in their order, and what is known of each. No I/O.
//!
//! ```text
//!              give                     pong, or handed over
//!   waiting ----------> given to the ----------------------> settled
//!      ^               connection
//!      |                    | lost
//!      +--------------------+----------> returned
//!            as the policy says
//! ```

use std::collections::VecDeque;

use super::event::Fate;
use super::policy::{Confirm, OnLoss, Policy};
use crate::event::Message;
use crate::options::SendOptions;

/// How many bytes of messages a connection may have that are not handed to the transport: enough
/// for large writes. Of what it has, it is not known what was sent when it is lost.
const MAX_UNHANDED_BYTES: usize = 256 << 10;

/// And how many messages: enough for one write to take many small ones.
const MAX_UNHANDED_MESSAGES: usize = 256;

/// The messages, each with a `K` that its sender waits with.
#[derive(Debug)]
pub(super) struct Outbox<K> {
    waiting: VecDeque<Entry<K>>,
    given: VecDeque<Given<K>>,
    unhanded: Unhanded,
    last_sequence: u64,
    /// The last message before the ping that is in flight.
    pinged: Option<u64>,
    confirm: Confirm,
    on_unsent: OnLoss,
    on_maybe_sent: OnLoss,
}

/// A message that is not delivered yet.
#[derive(Debug)]
pub(super) struct Entry<K> {
    pub(super) message: Message,
    pub(super) options: SendOptions,
    pub(super) kept: K,
    /// What is known of it from the connections before.
    pub(super) fate: Fate,
}

/// A message that the connection has.
#[derive(Debug)]
struct Given<K> {
    sequence: u64,
    entry: Entry<K>,
    handed: Handed,
}

/// What is known of a message that the connection has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handed {
    /// The connection did not take it: it was no longer open.
    Nothing,
    /// Nothing.
    Unknown,
    /// Every byte was handed to the transport.
    Whole,
}

/// The messages of which it is not known what was handed to the transport.
#[derive(Debug, Default)]
struct Unhanded {
    count: usize,
    bytes: usize,
}

impl<K> Outbox<K> {
    pub(super) fn new(policy: &Policy) -> Self {
        Self {
            waiting: VecDeque::new(),
            given: VecDeque::new(),
            unhanded: Unhanded::default(),
            last_sequence: 0,
            pinged: None,
            confirm: policy.confirm,
            on_unsent: policy.unsent,
            on_maybe_sent: policy.maybe_sent,
        }
    }

    /// Adds a message, after all others.
    pub(super) fn push(&mut self, message: Message, options: SendOptions, kept: K) {
        self.waiting.push_back(Entry {
            message,
            options,
            kept,
            fate: Fate::Unsent,
        });
    }

    /// The next message for the connection, with its number; `None` if none waits, or the connection
    /// has enough.
    pub(super) fn give(&mut self) -> Option<(u64, Message, SendOptions)> {
        let is_full = self.unhanded.count >= MAX_UNHANDED_MESSAGES
            || self.unhanded.bytes >= MAX_UNHANDED_BYTES;
        if is_full { None } else { self.give_more() }
    }

    /// The same, however much the connection has.
    pub(super) fn give_more(&mut self) -> Option<(u64, Message, SendOptions)> {
        let entry = self.waiting.pop_front()?;
        self.last_sequence += 1;
        self.unhanded.add(&entry.message);
        let next = (self.last_sequence, entry.message.clone(), entry.options);
        self.given.push_back(Given {
            sequence: self.last_sequence,
            entry,
            handed: Handed::Unknown,
        });
        Some(next)
    }

    /// Every byte of this message was handed to the transport. Returns it if it is settled by that.
    pub(super) fn handle_handed(&mut self, sequence: u64) -> Option<Entry<K>> {
        match self.confirm {
            Confirm::Transport => self.remove(sequence),
            Confirm::Pong => {
                self.set_handed(sequence, Handed::Whole);
                None
            }
        }
    }

    /// The connection did not take this message, as it was no longer open.
    pub(super) fn handle_not_taken(&mut self, sequence: u64) {
        self.set_handed(sequence, Handed::Nothing);
    }

    /// The connection refuses this message, and would on every connection. Returns it.
    pub(super) fn handle_refused(&mut self, sequence: u64) -> Option<Entry<K>> {
        self.remove(sequence)
    }

    /// Whether a ping would tell that messages arrived.
    pub(super) fn wants_ping(&self) -> bool {
        let is_handed = |given: &Given<K>| given.handed == Handed::Whole;
        self.pinged.is_none() && self.given.front().is_some_and(is_handed)
    }

    /// Whether a ping would do so once it is answered, whatever is handed to the transport yet.
    pub(super) fn is_unconfirmed(&self) -> bool {
        self.confirm == Confirm::Pong && !self.given.is_empty()
    }

    /// A ping is sent, after all that the connection has. Returns the number of the last of it.
    pub(super) fn handle_pinged(&mut self) -> u64 {
        self.pinged = Some(self.last_sequence);
        self.last_sequence
    }

    /// The ping after this message is answered: what was sent before it has arrived, and is returned.
    pub(super) fn handle_pong(&mut self, last: u64) -> Vec<Entry<K>> {
        self.pinged.take_if(|pinged| *pinged <= last);
        let mut settled = Vec::new();
        while let Some(given) = self.given.pop_front_if(|given| given.sequence <= last) {
            settled.push(self.forget(given));
        }
        settled
    }

    /// The connection is lost. Returns the messages that are given up; the others wait, in their
    /// order.
    pub(super) fn handle_lost(&mut self) -> Vec<Entry<K>> {
        let mut given_up = Vec::new();
        for entry in self.take_all() {
            let on_loss = match entry.fate {
                Fate::MaybeSent => self.on_maybe_sent,
                Fate::Unsent => self.on_unsent,
            };
            match on_loss {
                OnLoss::Resend => self.waiting.push_back(entry),
                OnLoss::Return => given_up.push(entry),
            }
        }
        given_up
    }

    /// There is no connection any more. Returns all messages.
    pub(super) fn take_all(&mut self) -> Vec<Entry<K>> {
        self.pinged = None;
        self.unhanded = Unhanded::default();
        let given = self.given.drain(..).map(|mut given| {
            if given.handed != Handed::Nothing {
                given.entry.fate = Fate::MaybeSent;
            }
            given.entry
        });
        given.chain(self.waiting.drain(..)).collect()
    }

    fn position(&self, sequence: u64) -> Option<usize> {
        self.given
            .binary_search_by_key(&sequence, |given| given.sequence)
            .ok()
    }

    fn set_handed(&mut self, sequence: u64, handed: Handed) {
        // A pong may have told more of it before.
        if let Some(position) = self.position(sequence) {
            let given = &mut self.given[position];
            given.handed = handed;
            self.unhanded.remove(&given.entry.message);
        }
    }

    fn remove(&mut self, sequence: u64) -> Option<Entry<K>> {
        let given = self.given.remove(self.position(sequence)?)?;
        Some(self.forget(given))
    }

    fn forget(&mut self, given: Given<K>) -> Entry<K> {
        if given.handed == Handed::Unknown {
            self.unhanded.remove(&given.entry.message);
        }
        given.entry
    }
}

impl Unhanded {
    fn add(&mut self, message: &Message) {
        self.count += 1;
        self.bytes += message.len();
    }

    fn remove(&mut self, message: &Message) {
        self.count -= 1;
        self.bytes -= message.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(policy: &Policy, count: u32) -> Outbox<u32> {
        let mut outbox = Outbox::new(policy);
        for number in 0..count {
            outbox.push("Hello".into(), SendOptions::new(), number);
        }
        outbox
    }

    fn give(outbox: &mut Outbox<u32>, count: usize) -> Vec<u64> {
        (0..count).map(|_| outbox.give().unwrap().0).collect()
    }

    fn kept(entries: Vec<Entry<u32>>) -> Vec<(u32, Fate)> {
        let kept = entries.into_iter().map(|entry| (entry.kept, entry.fate));
        kept.collect()
    }

    fn waiting(outbox: &mut Outbox<u32>) -> Vec<(u32, Fate)> {
        kept(outbox.take_all())
    }

    use Fate::{MaybeSent, Unsent};

    #[test]
    fn a_pong_settles_what_was_given_before_its_ping() {
        let mut outbox = outbox(&Policy::new(), 4);
        let sequences = give(&mut outbox, 3);
        assert!(!outbox.wants_ping());
        assert!(outbox.handle_handed(sequences[0]).is_none());
        assert!(outbox.wants_ping());
        let pinged = outbox.handle_pinged();
        assert!(!outbox.wants_ping());
        give(&mut outbox, 1);
        let settled = [(0, Unsent), (1, Unsent), (2, Unsent)];
        assert_eq!(kept(outbox.handle_pong(pinged)), settled);
        // It tells of what is settled already.
        assert!(outbox.handle_handed(sequences[1]).is_none());
        assert!(!outbox.wants_ping());
        assert_eq!(waiting(&mut outbox), [(3, MaybeSent)]);
    }

    #[test]
    fn handing_over_settles_if_that_is_enough() {
        let mut outbox = outbox(&Policy::new().confirm(Confirm::Transport), 2);
        let sequences = give(&mut outbox, 2);
        assert_eq!(outbox.handle_handed(sequences[0]).unwrap().kept, 0);
        assert!(!outbox.wants_ping() && !outbox.is_unconfirmed());
        assert_eq!(waiting(&mut outbox), [(1, MaybeSent)]);
    }

    #[test]
    fn what_was_not_taken_is_unsent_and_waits_in_its_place() {
        let mut outbox = outbox(&Policy::new(), 4);
        let sequences = give(&mut outbox, 3);
        outbox.handle_handed(sequences[0]);
        outbox.handle_not_taken(sequences[2]);
        let lost = [(0, MaybeSent), (1, MaybeSent)];
        assert_eq!(kept(outbox.handle_lost()), lost);
        assert_eq!(waiting(&mut outbox), [(2, Unsent), (3, Unsent)]);
    }

    #[test]
    fn each_policy_takes_its_own() {
        use OnLoss::{Resend, Return};
        for (maybe_sent, unsent, returned, kept_back) in [
            (Resend, Resend, &[][..], &[0, 1][..]),
            (Resend, Return, &[1], &[0]),
            (Return, Resend, &[0], &[1]),
            (Return, Return, &[0, 1], &[]),
        ] {
            let policy = Policy::new().maybe_sent(maybe_sent).unsent(unsent);
            let mut outbox = outbox(&policy, 2);
            give(&mut outbox, 1);
            let numbers = |entries: Vec<Entry<u32>>| -> Vec<u32> {
                entries.into_iter().map(|entry| entry.kept).collect()
            };
            assert_eq!(numbers(outbox.handle_lost()), returned);
            assert_eq!(numbers(outbox.take_all()), kept_back);
        }
    }

    #[test]
    fn what_may_have_been_sent_once_stays_so() {
        let policy = Policy::new().maybe_sent(OnLoss::Resend);
        let mut outbox = outbox(&policy, 1);
        give(&mut outbox, 1);
        assert!(outbox.handle_lost().is_empty());
        let sequences = give(&mut outbox, 1);
        outbox.handle_not_taken(sequences[0]);
        assert_eq!(waiting(&mut outbox), [(0, MaybeSent)]);
    }

    #[test]
    fn what_is_refused_is_in_nobodys_way() {
        let mut outbox = outbox(&Policy::new(), 2);
        let sequences = give(&mut outbox, 2);
        assert_eq!(outbox.handle_refused(sequences[0]).unwrap().kept, 0);
        outbox.handle_handed(sequences[1]);
        assert!(outbox.wants_ping());
    }

    #[test]
    fn the_connection_has_only_so_much_that_is_not_handed_over() {
        let mut outbox = outbox(&Policy::new(), 300);
        let sequences = give(&mut outbox, MAX_UNHANDED_MESSAGES);
        assert!(outbox.give().is_none());
        outbox.handle_handed(sequences[0]);
        give(&mut outbox, 1);
        assert!(outbox.give().is_none());
        assert!(outbox.give_more().is_some());

        let mut outbox = Outbox::new(&Policy::new());
        for number in 0..2 {
            let message = vec![0; MAX_UNHANDED_BYTES].into();
            outbox.push(message, SendOptions::new(), number);
        }
        let sequences = give(&mut outbox, 1);
        assert!(outbox.give().is_none());
        outbox.handle_handed(sequences[0]);
        give(&mut outbox, 1);
    }
}
