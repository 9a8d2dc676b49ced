use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

/// Where Linux lists the connections over IPv4 and over IPv6.
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];

/// How long to leave the machine to others between two looks: the system does not tell.
const PAUSE: Duration = Duration::from_millis(1);

/// Waits until the client at `client` has read all that the server at `server` sent. Both are on
/// this machine. Elsewhere than on Linux there is no telling, and this only lets others run.
pub(crate) async fn until_read(server: SocketAddr, client: SocketAddr) {
    tokio::task::yield_now().await;
    while cfg!(target_os = "linux") && unread(server, client) > 0 {
        crate::pass(PAUSE).await;
    }
}

/// How many bytes wait to be read by the client; none if there is no such connection any more.
fn unread(server: SocketAddr, client: SocketAddr) -> u64 {
    TABLES
        .into_iter()
        // A machine without IPv6 has one table.
        .filter_map(|table| fs::read_to_string(table).ok())
        .find_map(|table| {
            table
                .lines()
                .find_map(|line| rx_queue(line, client.port(), server.port()))
        })
        .unwrap_or(0)
}

/// The length of the queue in one line of a table, if it is of the connection between these ports:
/// `sl local_address:port remote_address:port state tx_queue:rx_queue ...`, in hexadecimal.
fn rx_queue(line: &str, local: u16, remote: u16) -> Option<u64> {
    let mut fields = line.split_whitespace().skip(1);
    let mut port = || u16::from_str_radix(fields.next()?.rsplit_once(':')?.1, 16).ok();
    if (port()?, port()?) != (local, remote) {
        return None;
    }
    let (_, rx_queue) = fields.nth(1)?.split_once(':')?;
    u64::from_str_radix(rx_queue, 16).ok()
}
