//! How the values of options are written.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wasocket::{DeflateOffer, IpNet, Ports};

/// A value of `--header`: a field, or a file of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    Field(String, String),
    File(PathBuf),
}

impl Header {
    /// The fields: of a file, those of its lines.
    pub(crate) fn fields(&self) -> Result<Vec<(String, String)>, String> {
        match self {
            Self::Field(name, value) => Ok(vec![(name.clone(), value.clone())]),
            Self::File(file) => fields_of(file),
        }
    }
}

fn fields_of(file: &Path) -> Result<Vec<(String, String)>, String> {
    let name = file.display();
    let text = fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        // The line is not in the message: it may be a secret.
        .map(|(index, line)| field(line).map_err(|error| format!("{name}:{}: {error}", index + 1)))
        .collect()
}

/// `NAME: VALUE`, or `@FILE`: no name of a field starts with an @.
pub(crate) fn header(argument: &str) -> Result<Header, String> {
    match argument.strip_prefix('@') {
        Some("") => Err("there is no name of a file after the @".to_owned()),
        Some(file) => Ok(Header::File(file.into())),
        None => field(argument).map(|(name, value)| Header::Field(name, value)),
    }
}

fn field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or("there is no colon between name and value")?;
    Ok((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()))
}

/// A positive number of seconds.
pub(crate) fn seconds(argument: &str) -> Result<Duration, String> {
    let seconds: f64 = argument
        .parse()
        .map_err(|_| "not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("not a positive number of seconds".to_owned()),
    }
}

/// `HOST:PORTS`, where an IPv6 address has its brackets.
pub(crate) fn host_and_ports(argument: &str) -> Result<(String, Ports), String> {
    let (host, some) = argument
        .rsplit_once(':')
        .ok_or("there is no colon between host and port")?;
    if host.is_empty() {
        return Err("the host is empty".to_owned());
    }
    Ok((host.to_owned(), ports(some)?))
}

/// `ADDRESS/LENGTH`, or `ADDRESS/LENGTH:PORTS`.
pub(crate) fn network_and_ports(argument: &str) -> Result<(IpNet, Ports), String> {
    // The colons of an IPv6 address come before it.
    let (address, rest) = argument
        .split_once('/')
        .ok_or("there is no slash between address and length")?;
    let (len, ports) = match rest.split_once(':') {
        Some((len, some)) => (len, ports(some)?),
        None => (rest, Ports::ALL),
    };
    let network = format!("{address}/{len}");
    match network.parse() {
        Ok(network) => Ok((network, ports)),
        Err(_) => Err(format!("{network} is not a range of addresses")),
    }
}

/// `PORT`, `FIRST-LAST`, or `*` for all.
fn ports(argument: &str) -> Result<Ports, String> {
    if argument == "*" {
        return Ok(Ports::ALL);
    }
    let (first, last) = argument.split_once('-').unwrap_or((argument, argument));
    match (first.parse(), last.parse()) {
        (Ok(first @ 1..), Ok(last)) if first <= last => Ok(Ports::from(first..=last)),
        (Ok(1..), Ok(1..)) => Err(format!("there are no ports from {first} to {last}")),
        _ => Err("the port is not a number from 1 to 65535".to_owned()),
    }
}

/// The parameters of an offer of permessage-deflate, as the header field has them after the name of
/// the extension (RFC 7692, section 7.1).
pub(crate) fn deflate_offer(argument: &str) -> Result<DeflateOffer, String> {
    let mut offer = DeflateOffer::new();
    let mut fixed = true;
    for parameter in argument.split(';').map(str::trim) {
        let (name, value) = match parameter.split_once('=') {
            Some((name, value)) => (name.trim_end(), Some(value.trim_start())),
            None => (parameter, None),
        };
        offer = match (name, value) {
            ("", None) => offer,
            ("server_no_context_takeover", None) => offer.server_no_context_takeover(),
            ("client_no_context_takeover", None) => offer.client_no_context_takeover(),
            ("server_max_window_bits", Some(bits)) => offer.server_max_window_bits(number(bits)?),
            ("client_max_window_bits", bits) => {
                fixed = false;
                match bits {
                    Some(bits) => offer.client_max_window_bits(number(bits)?),
                    None => offer,
                }
            }
            _ => {
                return Err(format!(
                    "{parameter:?} is not a parameter of permessage-deflate"
                ));
            }
        };
    }
    // Without the parameter the server may not ask for a smaller window (section 7.1.2.2).
    Ok(if fixed {
        offer.fixed_client_window()
    } else {
        offer
    })
}

fn number(bits: &str) -> Result<u8, String> {
    bits.parse()
        .map_err(|_| format!("{bits:?} is not a number of bits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_fields_are_split_at_the_first_colon() {
        assert_eq!(
            header("X-A:  b: c "),
            Ok(Header::Field("X-A".to_owned(), "b: c".to_owned()))
        );
        assert!(header("no colon").is_err());
    }

    #[test]
    fn after_an_at_sign_there_is_a_file() {
        assert_eq!(header("@a:b"), Ok(Header::File("a:b".into())));
        assert!(header("@").is_err());
    }

    #[test]
    fn times_are_positive_numbers_of_seconds() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for bad in ["", "x", "0", "-1", "NaN", "inf"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ports_come_after_the_last_colon() {
        for (argument, host, ports) in [
            ("[::1]:81", "[::1]", Ports::from(81)),
            ("*.a:8000-8080", "*.a", Ports::from(8000..=8080)),
            ("a:*", "a", Ports::ALL),
        ] {
            assert_eq!(host_and_ports(argument), Ok((host.to_owned(), ports)));
        }
        for bad in [
            "a", ":1", "a:", "a:0", "a:65536", "a:2-1", "a:0-1", "a:1-", "a:-1",
        ] {
            assert!(host_and_ports(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn networks_have_a_length_and_may_have_ports() {
        for (argument, network, ports) in [
            ("10.1.0.0/16", "10.1.0.0/16", Ports::ALL),
            ("10.1.0.0/16:443", "10.1.0.0/16", Ports::from(443)),
            ("fd00::/8:1-2", "fd00::/8", Ports::from(1..=2)),
        ] {
            let network = network.parse().expect("a network");
            assert_eq!(network_and_ports(argument), Ok((network, ports)));
        }
        for bad in [
            "10.1.0.0",
            "10.1.0.0/33",
            "a/8",
            "fd00::/8:",
            "10.1.0.0/16:0",
        ] {
            assert!(network_and_ports(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn offers_are_written_as_the_header_field_has_them() {
        assert_eq!(
            deflate_offer(
                "server_no_context_takeover; client_no_context_takeover; \
                 server_max_window_bits=10; client_max_window_bits = 9"
            ),
            Ok(DeflateOffer::new()
                .server_no_context_takeover()
                .client_no_context_takeover()
                .server_max_window_bits(10)
                .client_max_window_bits(9))
        );
        assert_eq!(
            deflate_offer("client_max_window_bits"),
            Ok(DeflateOffer::new())
        );
        assert_eq!(
            deflate_offer(""),
            Ok(DeflateOffer::new().fixed_client_window())
        );
        for bad in ["x", "server_max_window_bits", "client_max_window_bits=x"] {
            assert!(deflate_offer(bad).is_err(), "{bad}");
        }
    }
}
