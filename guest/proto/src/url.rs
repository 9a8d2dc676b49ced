use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fluent_uri::Uri;
use fluent_uri::component;

/// Where a connection goes when no host is named.
const DEFAULT_HOST: &str = "localhost";

/// A `ws` or `wss` URL (RFC 6455, section 3), taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSocketUrl {
    secure: bool,
    host: Host,
    port: u16,
    resource_name: String,
    credentials: Option<Credentials>,
}

/// The host of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A name, in lower case, to be resolved.
    Name(String),
    /// An IPv4 address.
    Ipv4(Ipv4Addr),
    /// An IPv6 address.
    Ipv6(Ipv6Addr),
}

/// User name and password for HTTP Basic authentication (RFC 7617), as its header field has them.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    encoded: String,
}

impl WebSocketUrl {
    /// Reads a whole URL: `ws://` or `wss://`, host, optional port, path and query.
    ///
    /// # Errors
    ///
    /// Names the part of the URL that cannot be used. Nothing is repaired: what RFC 3986 does not
    /// allow in a part must be percent-encoded by the caller.
    pub fn parse(url: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = url.split_once("://").ok_or(UrlError::Scheme)?;
        let secure = secure_flag(scheme)?;
        let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        if rest[..authority_end].is_empty() {
            return Err(UrlError::HostEmpty);
        }
        let uri = Uri::parse(url).map_err(|error| {
            let index = error.index().saturating_sub(scheme.len() + 3);
            misplaced(&rest[..authority_end], index)
        })?;
        // RFC 6455, section 3: "Fragment identifiers [...] MUST NOT be used on these URIs."
        if uri.has_fragment() {
            return Err(UrlError::Fragment);
        }
        // Every URI with `://` after its scheme has an authority.
        let authority = uri.authority().ok_or(UrlError::HostEmpty)?;
        let host = match authority.host_parsed() {
            component::Host::Ipv4(address) => Host::Ipv4(address),
            component::Host::Ipv6(address) => Host::Ipv6(address),
            component::Host::RegName(name) => Host::Name(host_name(name.as_str())?),
            _ => return Err(UrlError::Host),
        };
        let port = match authority.port_to_u16().map_err(|_| UrlError::Port)? {
            Some(0) => return Err(UrlError::Port),
            Some(port) => port,
            None => default_port(secure),
        };
        let credentials = match authority.userinfo() {
            None => None,
            Some(userinfo) => Some(Credentials::from_userinfo(
                &userinfo.decode().to_bytes(),
                userinfo.as_str(),
            )?),
        };
        let path = match uri.path().as_str() {
            "" => "/",
            path => path,
        };
        // RFC 6455, section 3: "/resource name/" is path, and query if there is one.
        let resource_name = match uri.query() {
            None => path.into(),
            Some(query) => format!("{path}?{}", query.as_str()),
        };
        Ok(Self {
            secure,
            host,
            port,
            resource_name,
            credentials,
        })
    }

    /// Puts a URL together from what may be given one by one.
    ///
    /// `host` may be a name, an address, either of them behind `ws://` or `wss://`, or a whole
    /// URL; without it, or if it is empty, it is `localhost`. The scheme is `ws` unless `host` has
    /// one, the port 80 for `ws` and 443 for `wss` unless given, the path `/` unless given. A path
    /// that does not start with `/` gets one.
    ///
    /// # Errors
    ///
    /// As for [`Self::parse`]; also if `host` has a port or a path and another one is given.
    pub fn from_parts(
        host: Option<&str>,
        port: Option<u16>,
        path: Option<&str>,
    ) -> Result<Self, UrlError> {
        let host = match host {
            None | Some("") => DEFAULT_HOST,
            Some(host) => host,
        };
        if !host.contains('[') && host.parse::<Ipv6Addr>().is_ok() {
            return Err(UrlError::Ipv6WithoutBrackets);
        }
        let url: Cow<'_, str> = if host.contains("://") {
            host.into()
        } else {
            format!("ws://{host}").into()
        };
        let mut parsed = Self::parse(&url)?;
        if let Some(port) = port {
            let given = url_has_port(&url).then_some(parsed.port);
            if port == 0 {
                return Err(UrlError::Port);
            }
            if given.is_some_and(|given| given != port) {
                return Err(UrlError::PortTwice);
            }
            parsed.port = port;
        }
        if let Some(path) = path.filter(|path| !path.is_empty()) {
            let slash = if path.starts_with('/') { "" } else { "/" };
            let resource_name = format!("{slash}{path}");
            if parsed.resource_name != "/" && parsed.resource_name != resource_name {
                return Err(UrlError::ResourceNameTwice);
            }
            // The path is judged as part of a URL with nothing else in it that could be wrong.
            parsed.resource_name = Self::parse(&format!("ws://host{resource_name}"))?.resource_name;
        }
        Ok(parsed)
    }

    /// The secure flag (RFC 6455, section 3): whether the scheme is `wss`.
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// The host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port, never 0.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The resource name (RFC 6455, section 3): path, and query if there is one.
    pub fn resource_name(&self) -> &str {
        &self.resource_name
    }

    /// The value of the Host header field: the port is left out if it is the scheme's default.
    pub(crate) fn host_header(&self) -> String {
        if self.port == default_port(self.secure) {
            format!("{}", self.host)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    pub(crate) fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }
}

impl fmt::Display for Host {
    /// As in a URL: IPv6 addresses in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ipv4(address) => address.fmt(f),
            Self::Ipv6(address) => write!(f, "[{address}]"),
        }
    }
}

impl Credentials {
    fn from_userinfo(decoded: &[u8], written: &str) -> Result<Self, UrlError> {
        // RFC 7617, section 2: "a user-id containing a colon character is invalid". One that was
        // percent-encoded would move the border between user name and password.
        let user_len = written.find(':').unwrap_or(written.len());
        if written[..user_len].to_ascii_lowercase().contains("%3a") {
            return Err(UrlError::Credentials);
        }
        let mut pair: Vec<u8> = decoded.into();
        if !written.contains(':') {
            pair.push(b':');
        }
        Ok(Self {
            encoded: STANDARD.encode(pair),
        })
    }

    /// The value of the Authorization header field.
    pub(crate) fn authorization(&self) -> String {
        format!("Basic {}", self.encoded)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

fn secure_flag(scheme: &str) -> Result<bool, UrlError> {
    if scheme.eq_ignore_ascii_case("ws") {
        Ok(false)
    } else if scheme.eq_ignore_ascii_case("wss") {
        Ok(true)
    } else {
        Err(UrlError::Scheme)
    }
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

/// Which part is wrong, by where the parser stopped: `index` bytes behind the start of `authority`.
fn misplaced(authority: &str, index: usize) -> UrlError {
    // The colon before a port stands behind the bracket that closes an address, if there is one.
    let address_end = match (authority.contains('['), authority.rfind(']')) {
        (false, _) => 0,
        (true, Some(bracket)) => bracket,
        (true, None) => authority.len(),
    };
    let port_at = authority.rfind(':').filter(|&colon| colon > address_end);
    if index > authority.len() {
        UrlError::ResourceName
    } else if port_at.is_some_and(|colon| index > colon) {
        UrlError::Port
    } else {
        UrlError::Host
    }
}

/// Whether a URL that was parsed before names a port.
fn url_has_port(url: &str) -> bool {
    Uri::parse(url).is_ok_and(|uri| {
        uri.authority()
            .and_then(|authority| authority.port())
            .is_some_and(|port| !port.is_empty())
    })
}

/// Judges a name: labels of letters, digits, hyphens and underscores.
fn host_name(name: &str) -> Result<String, UrlError> {
    if name.is_empty() {
        return Err(UrlError::HostEmpty);
    }
    let labels = name.strip_suffix('.').unwrap_or(name);
    let valid = labels.len() <= 253
        && labels.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        });
    // A name cannot end in a number: resolvers take 127.1 or 256.0.0.1 for an address of their own
    // choosing.
    let numeric = labels
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if !valid || numeric {
        return Err(UrlError::Host);
    }
    Ok(name.to_ascii_lowercase())
}

/// Which part of a URL cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// The scheme is missing, or is neither `ws` nor `wss`.
    #[error("the scheme is not ws:// or wss://")]
    Scheme,
    /// The host is empty.
    #[error("the host is empty")]
    HostEmpty,
    /// The host is not a valid name or address.
    #[error(
        "the host is not a valid name or address (names that are not ASCII are written as xn--...)"
    )]
    Host,
    /// An IPv6 address must stand in brackets.
    #[error("the host is an IPv6 address without brackets around it")]
    Ipv6WithoutBrackets,
    /// The port is not a number from 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// The port is given in the URL and beside it.
    #[error("the port is given twice, and differently")]
    PortTwice,
    /// The path or the query has a character that must be percent-encoded.
    #[error("the path or query has a character that must be percent-encoded")]
    ResourceName,
    /// The path is given in the URL and beside it.
    #[error("the path is given twice, and differently")]
    ResourceNameTwice,
    /// WebSocket URLs have no fragments.
    #[error("a WebSocket URL has no fragment (a # in a path is written as %23)")]
    Fragment,
    /// The user name has a colon in it.
    #[error("the user name has a colon in it")]
    Credentials,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> WebSocketUrl {
        WebSocketUrl::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    #[test]
    fn parts_of_a_url() {
        let url = parse("wss://Example.ORG:8443/chat/room?name=a%20b&x");
        assert!(url.secure());
        assert_eq!(url.host(), &Host::Name("example.org".into()));
        assert_eq!(url.port(), 8443);
        assert_eq!(url.resource_name(), "/chat/room?name=a%20b&x");
        assert_eq!(url.host_header(), "example.org:8443");
    }

    #[test]
    fn ports_and_paths_have_defaults() {
        for (text, port, resource_name, host_header) in [
            ("ws://h", 80, "/", "h"),
            ("wss://h", 443, "/", "h"),
            ("WS://h:80", 80, "/", "h"),
            ("wss://h:80/", 80, "/", "h:80"),
            ("ws://h:?q", 80, "/?q", "h"),
            ("ws://[::1]", 80, "/", "[::1]"),
            ("ws://[2001:db8::1]:81", 81, "/", "[2001:db8::1]:81"),
            ("ws://127.0.0.1:9001/x", 9001, "/x", "127.0.0.1:9001"),
        ] {
            let url = parse(text);
            assert_eq!(url.port(), port, "{text}");
            assert_eq!(url.resource_name(), resource_name, "{text}");
            assert_eq!(url.host_header(), host_header, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (text, error) in [
            ("example.org", UrlError::Scheme),
            ("http://h/", UrlError::Scheme),
            ("ws:/h/", UrlError::Scheme),
            ("ws:///path", UrlError::HostEmpty),
            ("ws://?q", UrlError::HostEmpty),
            ("ws://:80/", UrlError::HostEmpty),
            ("ws://ho st/", UrlError::Host),
            ("ws://h\r\nX: y/", UrlError::Host),
            ("ws://münchen.example/", UrlError::Host),
            ("ws://a..b/", UrlError::Host),
            ("ws://127.1/", UrlError::Host),
            ("ws://256.0.0.1/", UrlError::Host),
            ("ws://a%2eb/", UrlError::Host),
            ("ws://[::1/", UrlError::Host),
            ("ws://[v1.x]/", UrlError::Host),
            ("ws://h:0/", UrlError::Port),
            ("ws://h:65536/", UrlError::Port),
            ("ws://h:99999999999/", UrlError::Port),
            ("ws://h:8x/", UrlError::Port),
            ("ws://h/a b", UrlError::ResourceName),
            ("ws://h/a\r\nX: y", UrlError::ResourceName),
            ("ws://h/ä", UrlError::ResourceName),
            ("ws://h/%zz", UrlError::ResourceName),
            ("ws://h/?a\nb", UrlError::ResourceName),
            ("ws://h/#top", UrlError::Fragment),
            ("ws://a%3Ab:c@h/", UrlError::Credentials),
        ] {
            assert_eq!(WebSocketUrl::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn parts_may_be_given_one_by_one() {
        let from = WebSocketUrl::from_parts;
        assert_eq!(from(None, None, None), Ok(parse("ws://localhost:80/")));
        assert_eq!(from(Some(""), None, Some("")), Ok(parse("ws://localhost/")));
        assert_eq!(
            from(Some("wss://127.0.0.1"), Some(443), Some("/my_endpoint")),
            Ok(parse("wss://127.0.0.1/my_endpoint"))
        );
        assert_eq!(
            from(Some("h"), Some(81), Some("a?b")),
            Ok(parse("ws://h:81/a?b"))
        );
        assert_eq!(
            from(Some("wss://h:1/x?y"), None, None),
            Ok(parse("wss://h:1/x?y"))
        );
        assert_eq!(
            from(Some("wsabc.example"), None, None),
            Ok(parse("ws://wsabc.example"))
        );
        assert_eq!(
            from(Some("[::1]"), Some(81), None),
            Ok(parse("ws://[::1]:81"))
        );
        assert_eq!(
            from(Some("::1"), None, None),
            Err(UrlError::Ipv6WithoutBrackets)
        );
        assert_eq!(from(Some("h"), Some(0), None), Err(UrlError::Port));
        assert_eq!(from(Some("h:1"), Some(2), None), Err(UrlError::PortTwice));
        assert_eq!(from(Some("h:1"), Some(1), None), Ok(parse("ws://h:1")));
        assert_eq!(
            from(Some("ws://h/a"), None, Some("/b")),
            Err(UrlError::ResourceNameTwice)
        );
        assert_eq!(
            from(None, None, Some("/a\r\nb")),
            Err(UrlError::ResourceName)
        );
        assert_eq!(from(None, None, Some("a#b")), Err(UrlError::Fragment));
        assert_eq!(from(Some("http://h"), None, None), Err(UrlError::Scheme));
    }

    #[test]
    fn credentials_become_an_authorization() {
        let authorization = |url| parse(url).credentials().unwrap().authorization();
        // The example of RFC 7617, section 2.
        assert_eq!(
            authorization("ws://Aladdin:open%20sesame@h/"),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
        assert_eq!(authorization("ws://user@h/"), "Basic dXNlcjo=");
        assert_eq!(
            format!("{:?}", parse("ws://a:b@h/").credentials()),
            "Some(Credentials(..))"
        );
    }
}
