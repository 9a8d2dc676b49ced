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

impl Server {
    /// tokio-tungstenite, which only echoes.
    pub async fn tungstenite() -> Self {
        Self::plain(Implementation::Echo(Echo::start().await))
    }

    /// tokio-tungstenite over TLS, which only echoes.
    pub async fn tungstenite_tls() -> Self {
        let authority = Authority::new();
        let echo = Echo::start_tls(&authority.issue()).await;
        Self::secure(Implementation::Echo(echo), &authority)
    }

    /// Python's `websockets`.
    pub async fn python() -> Self {
        Self::plain(Implementation::Peer(Box::new(Peer::python(None).await)))
    }

    /// Python's `websockets` over TLS.
    pub async fn python_tls() -> Self {
        let authority = Authority::new();
        let peer = Peer::python(Some(&authority.issue())).await;
        Self::secure(Implementation::Peer(Box::new(peer)), &authority)
    }

    /// Node's `ws`.
    pub async fn node() -> Self {
        Self::plain(Implementation::Peer(Box::new(Peer::node(None).await)))
    }

    /// Node's `ws` over TLS.
    pub async fn node_tls() -> Self {
        let authority = Authority::new();
        let peer = Peer::node(Some(&authority.issue())).await;
        Self::secure(Implementation::Peer(Box::new(peer)), &authority)
    }

    /// nginx, which ends TLS in front of Node's `ws`.
    pub async fn nginx_tls() -> Self {
        let authority = Authority::new();
        let peer = Peer::nginx(Peer::node(None).await, &authority.issue()).await;
        Self::secure(Implementation::Peer(Box::new(peer)), &authority)
    }

    fn plain(implementation: Implementation) -> Self {
        Self {
            implementation,
            options: Options::new(),
        }
    }

    fn secure(implementation: Implementation, authority: &Authority) -> Self {
        Self {
            implementation,
            options: Options::new().roots(authority.pem()),
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

/// What [`on_each_server!`] and [`on_each_peer!`] have in common.
#[doc(hidden)]
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
