//! The core against the Autobahn test suite, over TCP: `cargo xtask autobahn` runs it.
//!
//! ```text
//! autobahn URL AGENT IN_FLIGHT
//! ```
//!
//! All options are the default ones. It answers like a caller of the component, which gets what
//! happened in batches: only once it has taken all the events that what arrived amounts to.

use std::env;
use std::error::Error;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use wasocket_proto::{
    Closed, Config, Connection, ConnectionState, Event, MaskingKeys, Message, Nonce, Outgoing,
    Request, RequestHeaders, SendOptions, WebSocketUrl,
};

/// How much is read at once, in bytes.
const READ_LEN: usize = 64 << 10;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("autobahn: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, agent, in_flight] = &arguments[..] else {
        return Err("usage: autobahn URL AGENT IN_FLIGHT".into());
    };
    let server = url
        .strip_prefix("ws://")
        .ok_or("this talks over TCP only")?;
    let mut count = String::new();
    talk(server, "/getCaseCount", |message| {
        if let Message::Text(text) = message {
            count = text.to_str().to_owned();
        }
        None
    })?;
    let count: usize = count.parse()?;

    let next = AtomicUsize::new(1);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..in_flight.parse()?)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let case = next.fetch_add(1, Ordering::Relaxed);
                        if case > count {
                            return;
                        }
                        let resource = format!("/runCase?case={case}&agent={agent}");
                        // The suite has its own opinion of how it ended.
                        if let Err(error) = talk(server, &resource, Some) {
                            eprintln!("case {case}: {error}");
                        }
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().map_err(|_| "a case panicked")?;
        }
        Ok::<_, Box<dyn Error>>(())
    })?;

    talk(server, &format!("/updateReports?agent={agent}"), |_| None)?;
    Ok(())
}

/// Connects, answers messages until the connection is closed, and says how it ended.
fn talk(
    server: &str,
    resource: &str,
    mut answer: impl FnMut(Message) -> Option<Message>,
) -> Result<Closed, Box<dyn Error>> {
    let mut session = Session::connect(server, resource)?;
    loop {
        let mut messages = Vec::new();
        while let Some(event) = session.next_event() {
            match event {
                Event::Message(message) => messages.push(message),
                Event::Closed(closed) => return Ok(closed),
                Event::Open(_)
                | Event::Sent(_)
                | Event::Ping(_)
                | Event::Pong(_)
                | Event::Error(_) => {}
            }
        }
        for message in messages.into_iter().filter_map(&mut answer) {
            session.send(&message)?;
        }
        session.write()?;
        session.wait()?;
    }
}

/// A connection and its stream.
struct Session {
    stream: TcpStream,
    connection: Connection,
    /// The origin of the connection's instants.
    origin: Instant,
    /// What was read and is not taken.
    input: Vec<u8>,
    ended: bool,
}

impl Session {
    fn connect(server: &str, resource: &str) -> Result<Self, Box<dyn Error>> {
        let url = WebSocketUrl::parse(&format!("ws://{server}{resource}"))?;
        let request = Request::new(url, RequestHeaders::default());
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        let connection = Connection::new(
            &request,
            Nonce::new(random().to_ne_bytes()),
            Box::new(RandomKeys),
            Config::default(),
            wasocket_proto::Instant::from_nanos(0),
        );
        Ok(Self {
            stream,
            connection,
            origin: Instant::now(),
            input: Vec::new(),
            ended: false,
        })
    }

    fn now(&self) -> wasocket_proto::Instant {
        let nanos = self.origin.elapsed().as_nanos();
        wasocket_proto::Instant::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// The next event that what was read amounts to.
    fn next_event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.connection.poll_event() {
                return Some(event);
            }
            if self.input.is_empty() {
                return None;
            }
            let now = self.now();
            let taken = self.connection.handle_input(&self.input, now);
            self.input.drain(..taken);
        }
    }

    /// Sends a message, as far as there is still somebody to send it to.
    fn send(&mut self, message: &Message) -> Result<(), Box<dyn Error>> {
        let outgoing = match message {
            Message::Text(text) => Outgoing::Text(text.to_str()),
            Message::Binary(bytes) => Outgoing::Binary(bytes),
        };
        let now = self.now();
        if self.connection.state() == ConnectionState::Open {
            self.connection
                .send(outgoing, SendOptions::default(), now)?;
        }
        self.write()
    }

    /// Writes all that is owed.
    fn write(&mut self) -> Result<(), Box<dyn Error>> {
        let owed = self.connection.poll_transmit();
        let len = owed.len();
        if len > 0 {
            match self.stream.write_all(owed) {
                Ok(()) => self.connection.advance_transmit(len),
                Err(_) => self.connection.handle_stream_lost(),
            }
        }
        Ok(())
    }

    /// Reads, or waits for the deadline, unless there is an event to take first.
    fn wait(&mut self) -> Result<(), Box<dyn Error>> {
        if self.connection.has_event() {
            return Ok(());
        }
        if self.connection.is_done_sending() {
            // The server may have done so first.
            let _ = self.stream.shutdown(std::net::Shutdown::Write);
        }
        let timeout = self.connection.poll_timeout().map(|deadline| {
            let timeout = deadline.saturating_duration_since(self.now());
            // A timeout of zero would be none.
            timeout.max(Duration::from_micros(1))
        });
        self.stream.set_read_timeout(timeout)?;
        self.input.resize(READ_LEN, 0);
        let result = self.stream.read(&mut self.input);
        self.input.truncate(*result.as_ref().unwrap_or(&0));
        match result {
            Ok(0) if !self.ended => {
                self.ended = true;
                self.connection.handle_eof();
            }
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => self.connection.handle_stream_lost(),
        }
        let now = self.now();
        self.connection.handle_timeout(now);
        Ok(())
    }
}

struct RandomKeys;

impl MaskingKeys for RandomKeys {
    fn next_key(&mut self) -> [u8; 4] {
        (random() as u32).to_ne_bytes()
    }
}

/// The standard library has no other source of randomness. For tests it will do.
fn random() -> u128 {
    let half = || u128::from(RandomState::new().build_hasher().finish());
    half() << 64 | half()
}
