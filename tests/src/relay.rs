use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::unread;

/// Somebody on the way to a server of this machine, who passes on what the server sends one byte at
/// a time, each to be read by itself, and what the client sends as it comes.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
}

impl Relay {
    /// Stands in front of the server at this port of 127.0.0.1, for one client.
    pub async fn start(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port");
        let address = listener.local_addr().expect("its number");
        tokio::spawn(async move {
            let (client, _) = listener.accept().await.expect("a client");
            let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
            // Either side may go when it likes, which ends this.
            let _ = relay(client, server.expect("a server")).await;
        });
        Self { address }
    }

    /// The port in front of the server's.
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

async fn relay(mut client: TcpStream, mut server: TcpStream) -> io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (here, there) = (client.local_addr()?, client.peer_addr()?);
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let up = async {
        tokio::io::copy(&mut from_client, &mut to_server).await?;
        to_server.shutdown().await
    };
    let down = async {
        let mut byte = [0];
        while from_server.read(&mut byte).await? > 0 {
            to_client.write_all(&byte).await?;
            unread::until_read(here, there).await;
        }
        to_client.shutdown().await
    };
    tokio::try_join!(up, down).map(drop)
}
