//! Messages through connections that are killed again and again: what is told of each holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use integration_tests::{Scripted, run};
use wasocket::reconnect::{End, Event, Fate, NotDelivered, OnLoss, Receipt};

use super::{next_message, policy, through};

const KILLS: usize = 20;

/// How many messages are given to each connection: more than a peer reads before it kills it.
const MESSAGES: usize = 10;

/// The messages that the peers have read, by connection.
type Received = Arc<Mutex<Vec<Vec<usize>>>>;

/// Peers of which all but the last kill the connection, after a different number of messages each.
async fn peers(received: &Received) -> Vec<Scripted> {
    let mut peers = Vec::new();
    for number in 0..=KILLS {
        let received = received.clone();
        let peer = Scripted::start(async move |mut stream| {
            stream.accept().await;
            let is_last = number == KILLS;
            let mut left = 1 + number * 7 % (MESSAGES - 1);
            while is_last || left > 0 {
                let Some(message) = next_message(&mut stream).await else {
                    return;
                };
                let message = message.parse().expect("a number");
                received.lock().expect("no panic")[number].push(message);
                left = left.saturating_sub(1);
            }
            stream.reset();
        });
        peers.push(peer.await);
    }
    peers
}

/// Sends messages through all kills; returns what each connection received, and what was told of
/// each message.
async fn kill(
    maybe_sent: OnLoss,
    unsent: OnLoss,
) -> (Vec<Vec<usize>>, Vec<Result<(), NotDelivered>>) {
    let received = Received::new(Mutex::new(vec![Vec::new(); KILLS + 1]));
    let peers = peers(&received).await;
    let policy = policy().maybe_sent(maybe_sent).unsent(unsent);
    let mut connection = through(&peers).policy(policy).start();
    let mut receipts: Vec<Receipt> = Vec::new();
    let mut returned = BTreeMap::new();
    let mut openings = 0;
    while let Some(event) = connection.event().await {
        match event {
            Event::Open(_) => {
                openings += 1;
                for _ in 0..MESSAGES {
                    let message = receipts.len().to_string();
                    receipts.push(connection.try_send(message).expect("room"));
                }
                if openings == KILLS + 1 {
                    let sender = connection.sender();
                    tokio::spawn(async move { sender.close(1000, "").await });
                }
            }
            Event::Undelivered(message) => {
                let number: usize = message.message.as_text().unwrap().parse().unwrap();
                assert_eq!(receipts[number].id(), message.id);
                assert_eq!(returned.insert(number, message.fate), None);
            }
            Event::Ended(end) => assert!(matches!(end, End::Closed(Some(_))), "{end:?}"),
            _ => {}
        }
    }
    assert_eq!(openings, KILLS + 1);
    let told = join_all(receipts).await;
    let given_up = told.iter().enumerate().filter_map(|(number, told)| {
        let fate = told.as_ref().err()?.fate;
        Some((number, fate))
    });
    assert_eq!(returned, given_up.collect());
    for peer in peers {
        peer.finish().await;
    }
    let received = received.lock().unwrap().clone();
    for messages in &received {
        assert!(messages.is_sorted_by(|a, b| a < b), "{messages:?}");
    }
    (received, told)
}

/// Asserts that what is told of each message holds; returns the numbers of those that were delivered,
/// may have been sent, and were not sent.
fn assert_told(received: &[Vec<usize>], told: &[Result<(), NotDelivered>]) -> [usize; 3] {
    let received: BTreeSet<usize> = received.iter().flatten().copied().collect();
    let mut counts = [0; 3];
    for (number, told) in told.iter().enumerate() {
        match told.as_ref().map_err(|told| told.fate) {
            Ok(()) => {
                assert!(received.contains(&number), "{number} is lost");
                counts[0] += 1;
            }
            Err(Fate::MaybeSent) => counts[1] += 1,
            Err(Fate::Unsent) => {
                assert!(!received.contains(&number), "{number} was sent");
                counts[2] += 1;
            }
        }
    }
    counts
}

#[test]
fn each_message_arrives_at_least_once_if_all_are_sent_again() {
    run(async {
        let (received, told) = kill(OnLoss::Resend, OnLoss::Resend).await;
        let counts = assert_told(&received, &told);
        assert_eq!(counts, [(KILLS + 1) * MESSAGES, 0, 0]);
    });
}

#[test]
fn each_message_arrives_at_most_once_if_only_the_unsent_are_sent_again() {
    run(async {
        let (received, told) = kill(OnLoss::Return, OnLoss::Resend).await;
        let [_, _, unsent] = assert_told(&received, &told);
        assert_eq!(unsent, 0);
        let all: Vec<usize> = received.concat();
        let once: BTreeSet<usize> = all.iter().copied().collect();
        assert_eq!(all.len(), once.len());
    });
}

#[test]
fn what_is_told_holds_if_all_are_returned() {
    run(async {
        let (received, told) = kill(OnLoss::Return, OnLoss::Return).await;
        assert_told(&received, &told);
        let all: Vec<usize> = received.concat();
        assert!(all.is_sorted_by(|a, b| a < b), "{all:?}");
    });
}
