use integration_tests::{Authority, run};
use rustls::ServerConnection;
use rustls::version::TLS13;

use super::*;
use crate::grants::Grants;
use crate::options::Options;
use crate::tls::TlsConfigs;

/// A TLS server in place of a socket, which reads what is written as it comes.
struct Wire {
    server: Mutex<ServerConnection>,
    written_len: Mutex<usize>,
}

impl Wire {
    fn new(authority: &Authority) -> Arc<Self> {
        let acceptor = authority.issue().acceptor_with(&[&TLS13]);
        let server = ServerConnection::new(acceptor.config().clone());
        Arc::new(Self {
            server: Mutex::new(server.unwrap()),
            written_len: Mutex::new(0),
        })
    }

    fn written_len(&self) -> usize {
        *self.written_len.lock().unwrap()
    }

    /// What the server has received.
    fn received(&self) -> Vec<u8> {
        let mut received = Vec::new();
        // That there is no more yet is an error.
        let _ = self
            .server
            .lock()
            .unwrap()
            .reader()
            .read_to_end(&mut received);
        received
    }
}

impl Duplex for Wire {
    fn poll_readable(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn poll_writable(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn read(&self, _len: u64) -> Result<Vec<u8>, End> {
        let mut records = Vec::new();
        let mut server = self.server.lock().unwrap();
        while server.wants_write() {
            server.write_tls(&mut records).unwrap();
        }
        Ok(records)
    }

    fn permit(&self) -> Result<u64, End> {
        Ok(0)
    }

    fn write(self: Arc<Self>, bytes: &[u8]) -> wasmtime::Result<Result<(), End>> {
        Ok(self.push(bytes))
    }

    fn push(self: Arc<Self>, mut bytes: &[u8]) -> Result<(), End> {
        *self.written_len.lock().unwrap() += bytes.len();
        let mut server = self.server.lock().unwrap();
        while !bytes.is_empty() {
            server.read_tls(&mut bytes).unwrap();
            server.process_new_packets().unwrap();
        }
        Ok(())
    }

    fn end_output(&self) {}

    fn leave(&self) {}
}

async fn connected() -> (Arc<Wire>, Arc<Secured>) {
    let authority = Authority::new();
    let options = Options::new().without_built_in_roots();
    let options = options.roots(authority.pem());
    let tls = TlsConfigs::default().of(&options).unwrap();
    let access = Access::with_tls(Grants::new(), tls);
    let wire = Wire::new(&authority);
    let (input, output) = (InputStream(wire.clone()), OutputStream(wire.clone()));
    let secured = Secured::new("localhost".into(), input, output, access).await;
    (wire, secured.unwrap())
}

#[test]
fn answers_to_a_server_that_does_not_read_do_not_pile_up() {
    run(async {
        let (wire, secured) = connected().await;
        let before = wire.written_len();
        for _ in 0..1_000 {
            {
                let mut server = wire.server.lock().unwrap();
                // rustls takes no more than 32 of them with no data between.
                server.refresh_traffic_keys().unwrap();
                server.writer().write_all(b"x").unwrap();
            }
            assert!(secured.read(1).is_ok_and(|read| read == b"x"));
        }
        assert_eq!(wire.written_len(), before);

        // One answer is enough for all of them: RFC 8446, section 4.6.3.
        assert!(secured.clone().push(b"y").is_ok());
        assert_eq!(wire.received(), b"y");
        assert!(wire.written_len() - before < 100, "{}", wire.written_len());
    });
}
