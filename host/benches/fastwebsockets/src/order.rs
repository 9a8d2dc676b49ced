//! What goes to the other program and comes from it, as lines of JSON.

use std::time::Duration;

use serde_json::{Value, json};

use crate::task::{Measured, Payload, Task};

/// A task as `to_json` makes it, without permessage-deflate.
pub(crate) fn task(json: &Value) -> Task {
    let number = |name: &str| json[name].as_u64().expect("a number") as u32;
    match json["task"].as_str() {
        Some("round-trips") => Task::RoundTrips {
            len: number("len"),
            count: number("count"),
        },
        Some("in-flight") => Task::InFlight {
            payload: Payload::Numbered {
                len: json["payload"]["len"].as_u64().expect("a length") as u32,
            },
            window: number("window"),
            count: number("count"),
        },
        Some("crowd") => Task::Crowd {
            connections: number("connections"),
            each: number("each"),
        },
        Some("pairs") => Task::Pairs {
            count: number("count"),
        },
        Some("handshakes") => Task::Handshakes {
            resumed: json["resumed"].as_bool().expect("whether it resumes"),
            count: number("count"),
        },
        Some("idle") => Task::Idle {
            connections: number("connections"),
        },
        other => panic!("there is no task {other:?}"),
    }
}

/// What `of_json` takes.
pub(crate) fn answer(measured: &Measured) -> Value {
    let nanos = |time: &Duration| time.as_nanos() as u64;
    json!({
        "times": measured.times.iter().map(nanos).collect::<Vec<_>>(),
        "elapsed": nanos(&measured.elapsed),
        "cpu": nanos(&measured.cpu),
        "kib": measured.kib,
    })
}
