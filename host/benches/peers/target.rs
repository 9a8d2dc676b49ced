//! Where to connect to.

use serde_json::Value;

/// A server.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) port: u16,
    pub(crate) secure: bool,
    pub(crate) url: String,
    /// The root certificate to trust, as PEM.
    pub(crate) roots: String,
}

impl Target {
    pub(crate) fn of_json(json: &Value) -> Self {
        let text = |name: &str| json[name].as_str().expect("a text").to_owned();
        Self {
            port: json["port"].as_u64().expect("a port") as u16,
            secure: json["secure"].as_bool().expect("whether it has TLS"),
            url: text("url"),
            roots: text("roots"),
        }
    }
}
