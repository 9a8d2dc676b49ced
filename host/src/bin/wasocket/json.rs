//! Events as lines of JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wasocket::reconnect::{self, Cause, Disconnected, End, Fate, Limit, Undelivered};
use wasocket::{Closed, Error, Event, Failure, FailureKind, Header, Message, Opened};

/// An event.
pub(crate) fn to_json(event: &Event) -> Value {
    match event {
        Event::Open(opened) => open_to_json(opened),
        Event::Message(message) => named("message", message_to_json(message)),
        Event::Ping(payload) => json!({"event": "ping", "base64": STANDARD.encode(payload)}),
        Event::Pong(payload) => json!({"event": "pong", "base64": STANDARD.encode(payload)}),
        Event::Error(failure) => named("error", failure_to_json(failure)),
        Event::Close(closed) => named("close", closed_to_json(closed)),
        other => json!({"event": "other", "text": format!("{other:?}")}),
    }
}

/// What happened to a connection that is made anew, beside what happens to each.
pub(crate) fn of_reconnection(event: &reconnect::Event) -> Value {
    match event {
        reconnect::Event::Connecting(attempt) => {
            json!({"event": "connecting", "attempt": attempt})
        }
        reconnect::Event::Disconnected(lost) => named("disconnected", lost_to_json(lost)),
        reconnect::Event::Undelivered(undelivered) => {
            named("undelivered", undelivered_to_json(undelivered))
        }
        reconnect::Event::Ended(end) => named("ended", end_to_json(end)),
        other => json!({"event": "other", "text": format!("{other:?}")}),
    }
}

/// An event of this name with these fields.
fn named(event: &str, mut fields: Value) -> Value {
    fields["event"] = event.into();
    fields
}

fn message_to_json(message: &Message) -> Value {
    match message {
        Message::Text(text) => json!({"type": "text", "data": text}),
        Message::Binary(bytes) => json!({"type": "binary", "base64": STANDARD.encode(bytes)}),
    }
}

fn lost_to_json(lost: &Disconnected) -> Value {
    let mut fields = json!({
        "attempt": lost.attempt,
        "was_open": lost.was_open,
        "retry_in": lost.retry_in.map(|delay| delay.as_secs_f64()),
    });
    match &lost.cause {
        Cause::Error(Error::Closed(closed)) => fields["close"] = closed_to_json(closed),
        Cause::Error(Error::Failed(failure)) => fields["error"] = failure_to_json(failure),
        cause => fields["error"] = json!({"message": cause.to_string()}),
    }
    fields
}

fn undelivered_to_json(undelivered: &Undelivered) -> Value {
    let mut fields = message_to_json(&undelivered.message);
    fields["id"] = undelivered.id.into();
    fields["fate"] = match undelivered.fate {
        Fate::MaybeSent => "maybe sent".into(),
        Fate::Unsent => "unsent".into(),
    };
    fields
}

fn end_to_json(end: &End) -> Value {
    let because = match end {
        End::Closed(_) => "closed",
        End::Exhausted { limit, .. } => match limit {
            Limit::Attempts => "max-attempts",
            Limit::Elapsed => "max-elapsed",
            _ => "limit",
        },
        End::Final(_) => "final",
        _ => "other",
    };
    let mut fields = json!({"because": because});
    if let End::Closed(Some(closed)) = end {
        fields["close"] = closed_to_json(closed);
    }
    fields
}

fn open_to_json(opened: &Opened) -> Value {
    json!({
        "event": "open",
        "subprotocol": opened.subprotocol,
        "extensions": opened.extensions,
        "headers": headers_to_json(&opened.headers),
    })
}

fn failure_to_json(failure: &Failure) -> Value {
    let mut error = json!({
        "step": format!("{:?}", failure.step).to_lowercase(),
        "message": failure.message,
    });
    if let FailureKind::Refused(refusal) = &failure.kind {
        error["status"] = refusal.status.into();
        error["headers"] = headers_to_json(&refusal.headers);
        error["body"] = String::from_utf8_lossy(&refusal.body).into();
    }
    error
}

fn headers_to_json(headers: &[Header]) -> Value {
    headers
        .iter()
        .map(|header| json!([header.name, String::from_utf8_lossy(&header.value)]))
        .collect()
}

/// How a connection ends that could not be opened.
pub(crate) fn never_open() -> Value {
    json!({"event": "close", "code": 1006, "reason": "", "clean": false})
}

fn closed_to_json(closed: &Closed) -> Value {
    json!({"code": closed.code, "reason": closed.reason, "clean": closed.was_clean})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_become_lines_of_json() {
        let text = Event::Message("a\"\n".into());
        assert_eq!(
            to_json(&text).to_string(),
            r#"{"data":"a\"\n","event":"message","type":"text"}"#
        );
        let binary = Event::Message(vec![0xff].into());
        assert_eq!(to_json(&binary)["base64"], "/w==");
    }
}
