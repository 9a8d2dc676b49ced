use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// A port on which a server listens to which nobody is to connect.
#[derive(Debug)]
pub struct Bystander(TcpListener);

impl Bystander {
    /// Starts to listen.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        Self(listener.expect("a port"))
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.0.local_addr().expect("its number").port()
    }

    /// Where it is, for `ws` or `wss`.
    pub fn url(&self, scheme: &str) -> String {
        format!("{scheme}://localhost:{}/", self.port())
    }

    /// Asserts that nobody has connected since the start: that one who does now is the first.
    ///
    /// # Panics
    ///
    /// If somebody has.
    pub async fn assert_untouched(&self) {
        let visitor = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port()))
            .await
            .expect("a connection");
        let (_, first) = self.0.accept().await.expect("a client");
        assert_eq!(first, visitor.local_addr().expect("an address"));
    }
}

/// A port of this machine on which nobody listens, as long as this lives.
#[derive(Debug)]
pub struct ClosedPort(TcpSocket);

impl ClosedPort {
    /// Takes a port.
    pub fn take() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        socket.bind(any).expect("a port");
        Self(socket)
    }

    /// Where nobody is.
    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("its number")
    }
}
