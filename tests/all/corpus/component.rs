//! The corpus, played to the built components by servers on the loopback interface.

mod wasi_0_2;
mod wasi_0_3;

use std::time::Duration;

use futures_util::{StreamExt, stream};
use integration_tests::corpus::{Case, Ending, Expected, Frame, Told};
use integration_tests::{Scripted, Stream, run};
use tokio::sync::oneshot;

use super::{Differences, difference};

/// A component, as a client.
trait Client {
    /// Plays the client's part; returns what it told.
    async fn tell(case: &Case, url: &str) -> Vec<Told>;
}

/// Makes the tests of a [`Client`].
macro_rules! test_client {
    ($client:ident) => {
        use $crate::corpus::component;

        $crate::corpus::test_topics!(component::play_all::<$client>);

        /// The exchanges for which the stream ends at every byte here, too, and not in the core
        /// alone.
        mod ended_at_every_byte {
            use integration_tests::corpus;

            use super::$client;
            use $crate::corpus::component::play_prefixes;

            #[test]
            fn of_an_answer() {
                let name = "a refusal may come after an interim answer";
                play_prefixes::<$client>(&corpus::answers(), name);
                let name = "a body that is cut off is told";
                play_prefixes::<$client>(&corpus::refusals(), name);
            }

            #[test]
            fn of_fragments() {
                let name = "there may be control frames between all fragments";
                play_prefixes::<$client>(&corpus::fragments(), name);
            }

            #[test]
            fn of_a_bad_frame() {
                let name = "a ping before a bad frame is answered before the connection fails";
                play_prefixes::<$client>(&corpus::control(), name);
            }

            #[test]
            fn of_a_closing_handshake() {
                let name = "messages arrive until the server answers";
                play_prefixes::<$client>(&corpus::closing(), name);
            }
        }

        #[test]
        fn what_differs_is_seen() {
            component::assert_sees_differences::<$client>();
        }
    };
}
use test_client;

/// How many cases are in flight at a time.
const IN_FLIGHT: usize = 16;

/// How long a case may take: none does, unless it hangs.
const CASE_TIMEOUT: Duration = Duration::from_secs(30);

fn assert_sees_differences<C: Client>() {
    run(async {
        let silent = Case::open("a message is told").sends(b"\x81\x01a");
        assert!(play_one::<C>(&silent, None).await.is_some());
        let idle = Case::open("a close frame is answered").sends(b"\x88\x00");
        assert!(play_one::<C>(&idle, None).await.is_some());
        let right = silent.tells_text("a");
        assert_eq!(play_one::<C>(&right, None).await, None);
    });
}

fn play_all<C: Client>(cases: Vec<Case>) {
    play::<C>(cases.into_iter().map(|case| (case, None)));
}

fn play_prefixes<C: Client>(cases: &[Case], name: &str) {
    let case = cases.iter().find(|case| case.name == name).expect("a case");
    // As long as any.
    let len = case
        .with_accept("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        .bytes()
        .len();
    play::<C>((0..len).map(|len| (case.clone(), Some(len))));
}

/// Plays each case, up to a number of bytes if there is one, and lists all that differ.
fn play<C: Client>(cases: impl Iterator<Item = (Case, Option<usize>)>) {
    run(async {
        let mut differences = Differences::default();
        let mut results = stream::iter(cases)
            .map(async |(case, end)| {
                let result = tokio::time::timeout(CASE_TIMEOUT, play_one::<C>(&case, end)).await;
                (case.name, end, result)
            })
            .buffer_unordered(IN_FLIGHT);
        while let Some((name, end, result)) = results.next().await {
            let difference = match result {
                Ok(None) => continue,
                Ok(Some(difference)) => difference,
                Err(_) => "    it did not end".to_owned(),
            };
            let way = match end {
                None => "whole".to_owned(),
                Some(len) => format!("ended after {len} bytes"),
            };
            differences.push(&name, &way, &difference);
        }
        drop(results);
        differences.assert_none();
    });
}

/// Plays a case, up to the byte at which it is to `end`, and says what differed.
async fn play_one<C: Client>(case: &Case, end: Option<usize>) -> Option<String> {
    let (done, sent) = oneshot::channel();
    let script = case.clone();
    let peer = Scripted::start(async move |mut stream| {
        let accept = stream.request().await.accept;
        let case = script.with_accept(&accept);
        let len = end.unwrap_or_else(|| case.bytes().len());
        let sent = serve(&mut stream, &case, len).await;
        // The test that waits for it may have failed.
        let _ = done.send((case.expected_at(len), sent));
    })
    .await;
    let told = C::tell(case, &peer.url()).await;
    peer.finish().await;
    let (mut expected, mut sent) = sent.await.expect("the script was played to its end");
    if case.is_satisfied_by(&sent, &expected.sent) {
        sent.clone_from(&expected.sent);
    }
    // What is told before the end of the stream and at it cannot be told apart from here.
    expected.told.append(&mut expected.told_at_end);
    let actual = Expected {
        told,
        sent,
        told_at_end: Vec::new(),
    };
    difference(&expected, &actual)
}

/// Plays the server's part up to `len` bytes; returns the frames that came.
async fn serve(stream: &mut Stream, case: &Case, len: usize) -> Vec<Frame> {
    let bytes = &case.bytes()[..len];
    let expected = case.expected_at(len).sent;
    let mut sent = Vec::new();
    // The client may end the stream before it has all.
    if case.client_closes.is_some() && len >= case.answer_len() {
        let (answer, frames) = bytes.split_at(case.answer_len());
        let _ = stream.try_send(answer).await;
        sent.extend(stream.next_frame().await);
        let _ = stream.try_send(frames).await;
    } else {
        let _ = stream.try_send(bytes).await;
    }
    let is_whole = len == case.bytes().len();
    match case.ending {
        Ending::ServerAtOnce if is_whole => stream.end().await,
        Ending::Client if is_whole => {}
        Ending::Client | Ending::Server | Ending::ServerAtOnce => {
            while !case.is_satisfied_by(&sent, &expected) {
                match stream.next_frame().await {
                    None => break,
                    Some(frame) => sent.push(frame),
                }
            }
            stream.end().await;
        }
    }
    while let Some(frame) = stream.next_frame().await {
        sent.push(frame);
    }
    stream.end().await;
    sent
}
