//! Events as lines of JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wasocket::{Event, Failure, FailureKind, Header, Message, Opened};

/// An event.
pub(crate) fn to_json(event: &Event) -> Value {
    match event {
        Event::Open(opened) => open_to_json(opened),
        Event::Message(Message::Text(text)) => {
            json!({"event": "message", "type": "text", "data": text})
        }
        Event::Message(Message::Binary(bytes)) => {
            json!({"event": "message", "type": "binary", "base64": STANDARD.encode(bytes)})
        }
        Event::Ping(payload) => json!({"event": "ping", "base64": STANDARD.encode(payload)}),
        Event::Pong(payload) => json!({"event": "pong", "base64": STANDARD.encode(payload)}),
        Event::Error(failure) => error_to_json(failure),
        Event::Close(closed) => close_to_json(closed.code, &closed.reason, closed.was_clean),
        other => json!({"event": "other", "text": format!("{other:?}")}),
    }
}

fn open_to_json(opened: &Opened) -> Value {
    json!({
        "event": "open",
        "subprotocol": opened.subprotocol,
        "extensions": opened.extensions,
        "headers": headers_to_json(&opened.headers),
    })
}

fn error_to_json(failure: &Failure) -> Value {
    let mut error = json!({
        "event": "error",
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
    close_to_json(1006, "", false)
}

fn close_to_json(code: u16, reason: &str, was_clean: bool) -> Value {
    json!({"event": "close", "code": code, "reason": reason, "clean": was_clean})
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
