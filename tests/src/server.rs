use wasocket::{Error, Options, WebSocket};

use crate::{Authority, Echo, Peer, runtime};

/// One of the servers that others wrote, and what it takes to connect to it. For tests that all of
/// them have to pass: see [`on_each_server!`](crate::on_each_server).
#[derive(Debug)]
pub struct Server {
    implementation: Implementation,
    options: Options,
}

#[derive(Debug)]
enum Implementation {
    Echo(Echo),
    Peer(Box<Peer>),
}

impl From<Echo> for Implementation {
    fn from(echo: Echo) -> Self {
        Self::Echo(echo)
    }
}

impl From<Peer> for Implementation {
    fn from(peer: Peer) -> Self {
        Self::Peer(Box::new(peer))
    }
}

impl Server {
    /// tokio-tungstenite, which only echoes.
    pub async fn tungstenite() -> Self {
        Self::plain(Echo::start().await)
    }

    /// tokio-tungstenite over TLS, which only echoes.
    pub async fn tungstenite_tls() -> Self {
        let authority = Authority::new();
        let echo = Echo::start_tls(&authority.issue()).await;
        Self::secure(echo, &authority)
    }

    /// Python's `websockets`.
    pub async fn python() -> Self {
        Self::plain(Peer::python(None).await)
    }

    /// Python's `websockets` over TLS.
    pub async fn python_tls() -> Self {
        let authority = Authority::new();
        Self::secure(Peer::python(Some(&authority.issue())).await, &authority)
    }

    /// Node's `ws`.
    pub async fn node() -> Self {
        Self::plain(Peer::node(None).await)
    }

    /// Node's `ws` over TLS.
    pub async fn node_tls() -> Self {
        let authority = Authority::new();
        Self::secure(Peer::node(Some(&authority.issue())).await, &authority)
    }

    /// nginx, which ends TLS in front of Node's `ws`.
    pub async fn nginx_tls() -> Self {
        let authority = Authority::new();
        let nginx = Peer::nginx(Peer::node(None).await, &authority.issue()).await;
        Self::secure(nginx, &authority)
    }

    /// tornado, which only echoes.
    pub async fn tornado() -> Self {
        Self::plain(Peer::tornado(None).await)
    }

    /// tornado over TLS, which only echoes.
    pub async fn tornado_tls() -> Self {
        let authority = Authority::new();
        Self::secure(Peer::tornado(Some(&authority.issue())).await, &authority)
    }

    /// libwebsockets, which only echoes.
    pub async fn lws() -> Self {
        Self::plain(Peer::lws(None).await)
    }

    /// libwebsockets over TLS, which only echoes.
    pub async fn lws_tls() -> Self {
        let authority = Authority::new();
        Self::secure(Peer::lws(Some(&authority.issue())).await, &authority)
    }

    /// Node's `ws`, which compresses if that is offered.
    pub async fn node_deflate() -> Self {
        Self::plain(Peer::node_deflate("{}").await)
    }

    /// The same, with a new context for each message that it sends.
    pub async fn node_deflate_server_no_context_takeover() -> Self {
        let options = r#"{"serverNoContextTakeover": true}"#;
        Self::plain(Peer::node_deflate(options).await)
    }

    /// The same, with a new context for each message that it takes.
    pub async fn node_deflate_client_no_context_takeover() -> Self {
        let options = r#"{"clientNoContextTakeover": true}"#;
        Self::plain(Peer::node_deflate(options).await)
    }

    /// The same, with windows that are small, and not of the same size.
    pub async fn node_deflate_small_windows() -> Self {
        let options = r#"{"serverMaxWindowBits": 9, "clientMaxWindowBits": 10}"#;
        Self::plain(Peer::node_deflate(options).await)
    }

    /// The same, with messages compressed that are short or empty. `ws` leaves some uncompressed
    /// only where it takes no context over.
    pub async fn node_deflate_threshold_zero() -> Self {
        let options = r#"{"serverNoContextTakeover": true, "threshold": 0}"#;
        Self::plain(Peer::node_deflate(options).await)
    }

    /// Python's `websockets`, which compresses if that is offered.
    pub async fn python_deflate() -> Self {
        Self::plain(Peer::python_deflate("{}").await)
    }

    /// The same, with a new context for each message, both ways.
    pub async fn python_deflate_no_context_takeover() -> Self {
        let arguments =
            r#"{"server_no_context_takeover": true, "client_no_context_takeover": true}"#;
        Self::plain(Peer::python_deflate(arguments).await)
    }

    /// The same, with windows that are small, and not of the same size.
    pub async fn python_deflate_small_windows() -> Self {
        let arguments = r#"{"server_max_window_bits": 9, "client_max_window_bits": 10}"#;
        Self::plain(Peer::python_deflate(arguments).await)
    }

    /// tornado, which only echoes, and compresses as well as it can if that is offered.
    pub async fn tornado_deflate() -> Self {
        let options = r#"{"compression_level": 9, "mem_level": 9}"#;
        Self::plain(Peer::tornado_deflate(options).await)
    }

    /// libwebsockets, which only echoes, and compresses if that is offered.
    pub async fn lws_deflate() -> Self {
        Self::plain(Peer::lws_deflate().await)
    }

    fn plain(implementation: impl Into<Implementation>) -> Self {
        Self {
            implementation: implementation.into(),
            options: Options::new(),
        }
    }

    fn secure(implementation: impl Into<Implementation>, authority: &Authority) -> Self {
        Self {
            implementation: implementation.into(),
            options: Options::new().roots(authority.pem()),
        }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        match &self.implementation {
            Implementation::Echo(echo) => echo.port(),
            Implementation::Peer(peer) => peer.port(),
        }
    }

    /// Where it is, with a path and query that says what it is to do; what only echoes does so on
    /// every path.
    pub fn url(&self, path: &str) -> String {
        match &self.implementation {
            Implementation::Echo(echo) => echo.url(),
            Implementation::Peer(peer) => peer.url(path),
        }
    }

    /// The options with which its certificate is trusted, if it has one; all others are at their
    /// defaults.
    pub fn options(&self) -> Options {
        self.options.clone()
    }

    /// Connects to it.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub async fn connect(&self, path: &str) -> WebSocket {
        self.try_connect(path).await.expect("a connection")
    }

    async fn try_connect(&self, path: &str) -> Result<WebSocket, Error> {
        let url = self.url(path);
        runtime().connect_with(&url, &self.options).await
    }
}

/// Makes a test of each of these functions with each [`Server`], so that a failure names both.
/// Each function is `async` and takes the server.
#[macro_export]
macro_rules! on_each_server {
    ($($test:ident,)+) => {
        $crate::on_servers! {
            $($test,)+: tungstenite tungstenite_tls python python_tls node node_tls nginx_tls
                        tornado tornado_tls lws lws_tls
        }
    };
}

/// As [`on_each_server!`], with the servers whose behaviour the path of the request chooses.
#[macro_export]
macro_rules! on_each_peer {
    ($($test:ident,)+) => {
        $crate::on_servers! { $($test,)+: python python_tls node node_tls nginx_tls }
    };
}

/// As [`on_each_server!`], with the servers that compress messages if that is offered (RFC 7692).
#[macro_export]
macro_rules! on_each_deflating_server {
    ($($test:ident,)+) => {
        $crate::on_servers! {
            $($test,)+: node_deflate
                        node_deflate_server_no_context_takeover
                        node_deflate_client_no_context_takeover
                        node_deflate_small_windows
                        node_deflate_threshold_zero
                        python_deflate
                        python_deflate_no_context_takeover
                        python_deflate_small_windows
                        tornado_deflate
                        lws_deflate
        }
    };
}

/// As [`on_each_server!`], with the servers that are named: for what others cannot do, which the
/// test is to say.
#[macro_export]
macro_rules! on_servers {
    ($test:ident, $($more:ident,)*: $($server:ident)+) => {
        mod $test {
            $(
                #[test]
                fn $server() {
                    $crate::run(async {
                        super::$test($crate::Server::$server().await).await;
                    });
                }
            )+
        }
        $crate::on_servers! { $($more,)*: $($server)+ }
    };
    (: $($server:ident)+) => {};
}
