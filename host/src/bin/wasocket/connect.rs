use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use etcetera::{BaseStrategy, choose_base_strategy};
use wasocket::{
    Compression, DeflateOffer, Grants, IpNet, Options, Ports, Runtime, RuntimeError, SendOptions,
};

use crate::output::{note, with_sources};
use crate::values::{Header, deflate_offer, header, host_and_ports, network_and_ports, seconds};

/// The largest limit of a frame that can be set, in bytes. A message may be one frame: where the user
/// sets the limit of messages, that of frames is not to be in the way.
const LARGEST_FRAME: u64 = 1 << 30;

/// What part of the memory of an instance a message to be sent may take: that is the crate's.
const MEMORY_PER_MESSAGE_LEN: usize = 4;

/// How to connect: all that the crate has options for.
#[derive(Debug, clap::Args)]
pub(crate) struct ConnectArgs {
    /// Send this header field with the request. May be given several times.
    ///
    /// @FILE sends those in a file, one on each line: the arguments of a command are for everyone
    /// on the machine to see, and a file can be kept from them.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE|@FILE", value_parser = header, help_heading = "Request")]
    headers: Vec<Header>,

    /// Offer this subprotocol. May be given several times, in order of preference.
    #[arg(
        short = 's',
        long = "subprotocol",
        value_name = "NAME",
        help_heading = "Request"
    )]
    subprotocols: Vec<String>,

    /// Send this origin.
    #[arg(short, long, help_heading = "Request")]
    origin: Option<String>,

    /// Trust the root certificates in this file (PEM) too. May be given several times.
    #[arg(long, value_name = "FILE", help_heading = "Trust")]
    roots: Vec<PathBuf>,

    /// Trust only the root certificates given by --roots.
    #[arg(long, requires = "roots", help_heading = "Trust")]
    no_built_in_roots: bool,

    /// Let the connection reach this host, and no others but those given so. May be given several
    /// times [default: all].
    ///
    /// PORTS is a port, a range such as 8000-8080, or * for all. *.example.org is every name below
    /// example.org. A name leads to addresses of the public internet alone, and localhost to those of
    /// this machine.
    #[arg(long = "grant", value_name = "HOST:PORTS", value_parser = host_and_ports, help_heading = "Trust")]
    grants: Vec<(String, Ports)>,

    /// As --grant, with any address that the name leads to, in private networks too.
    #[arg(long = "grant-private", value_name = "HOST:PORTS", value_parser = host_and_ports, help_heading = "Trust")]
    private_grants: Vec<(String, Ports)>,

    /// As --grant, for a range of addresses, such as 10.1.0.0/16:443.
    #[arg(long = "grant-network", value_name = "NETWORK[:PORTS]", value_parser = network_and_ports, help_heading = "Trust")]
    network_grants: Vec<(IpNet, Ports)>,

    /// Ping the server after this much silence of it; give up if it does not answer
    /// [default: never].
    #[arg(short = 'p', long, value_name = "SECONDS", value_parser = seconds, help_heading = "Time")]
    ping_interval: Option<Duration>,

    /// Give up if a ping is not answered after this long [default: 30].
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = "Time")]
    pong_timeout: Option<Duration>,

    /// Give up if the connection is not open after this long [default: 30].
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = "Time")]
    connect_timeout: Option<Duration>,

    /// Give up if the closing handshake takes longer than this [default: 10].
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = "Time")]
    close_timeout: Option<Duration>,

    /// Give up if a message of the server is longer than this [default: 16777216].
    #[arg(long, value_name = "BYTES", help_heading = "Limits")]
    max_message_size: Option<u64>,

    /// Give up if a frame of the server is longer than this [default: as messages].
    #[arg(long, value_name = "BYTES", help_heading = "Limits")]
    max_frame_size: Option<u64>,

    /// Give up if a message of the server has more fragments than this [default: 131072].
    #[arg(long, value_name = "NUMBER", help_heading = "Limits")]
    max_fragments: Option<u32>,

    /// Give up if the head of the server's answer is longer than this [default: 16384].
    #[arg(long, value_name = "BYTES", help_heading = "Limits")]
    max_response_head: Option<u32>,

    /// Wait while so much is still to be sent [default: 1048576].
    #[arg(long, value_name = "BYTES", help_heading = "Limits")]
    max_buffered_amount: Option<u64>,

    /// Give up if a message becomes so many times longer by decompression, beyond its first MiB
    /// [default: 256].
    #[arg(long, value_name = "NUMBER", help_heading = "Limits")]
    max_decompression_ratio: Option<u32>,

    /// How much memory the sandbox may have. A line may take a quarter of it, and a file may be longer.
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = 256 << 20,
        help_heading = "Limits"
    )]
    max_memory: usize,

    /// Give up if the sandbox computes for longer than this without giving back control [default: 30].
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = "Limits")]
    max_compute_time: Option<Duration>,

    /// Do not offer compression (permessage-deflate).
    #[arg(
        long,
        conflicts_with_all = ["deflate_offers", "compression_level", "compress"],
        help_heading = "Compression"
    )]
    no_compression: bool,

    /// Offer permessage-deflate with these parameters, as RFC 7692 writes them. May be given
    /// several times, in order of preference [default: client_max_window_bits].
    #[arg(long = "deflate-offer", value_name = "PARAMETERS", value_parser = deflate_offer, help_heading = "Compression")]
    deflate_offers: Vec<DeflateOffer>,

    /// How hard to compress: 1, the fastest, to 9, the smallest [default: 3].
    #[arg(long, value_name = "LEVEL", help_heading = "Compression")]
    compression_level: Option<u8>,

    /// Compress messages of at least so many bytes [default: 1024].
    #[arg(
        long,
        value_name = "BYTES",
        conflicts_with_all = ["compress", "no_compression"],
        help_heading = "Compression"
    )]
    compression_threshold: Option<u64>,

    /// Compress every message, or none [default: by their length].
    #[arg(long, value_name = "WHICH", help_heading = "Compression")]
    compress: Option<Compress>,

    /// Send under a masking key of zero, so that payloads travel unchanged.
    #[arg(long, help_heading = "Request")]
    unmasked: bool,
}

/// Which messages are compressed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Compress {
    Always,
    Never,
}

impl ConnectArgs {
    /// The runtime for the connection; without `cache` the component is compiled anew.
    pub(crate) fn runtime(&self, cache: bool, verbose: bool) -> Result<Runtime, RuntimeError> {
        let builder = || {
            let builder = Runtime::builder()
                .grants(self.grants())
                .max_memory(self.max_memory);
            match self.max_compute_time {
                Some(time) => builder.max_compute_time(time),
                None => builder,
            }
        };
        if cache && let Ok(strategy) = choose_base_strategy() {
            let cache = strategy.cache_dir().join("wasocket");
            match builder().cache(cache).build() {
                // On a read-only disk, say. It takes longer without it, and that is all.
                Err(error @ RuntimeError::Cache { .. }) => {
                    if verbose {
                        note(&with_sources(&error));
                    }
                }
                built => return built,
            }
        }
        builder().build()
    }

    /// Without an option the user said where to connect, and there is nobody else to ask.
    fn grants(&self) -> Grants {
        let count = self.grants.len() + self.private_grants.len() + self.network_grants.len();
        if count == 0 {
            return Grants::new().everything();
        }
        let mut grants = Grants::new();
        for (host, ports) in &self.grants {
            grants = grants.host(host, *ports);
        }
        for (host, ports) in &self.private_grants {
            grants = grants.private_host(host, *ports);
        }
        for (network, ports) in &self.network_grants {
            grants = grants.network(*network, *ports);
        }
        grants
    }

    /// The longest message that can be sent, in bytes.
    pub(crate) fn max_sent(&self) -> usize {
        self.max_memory / MEMORY_PER_MESSAGE_LEN
    }

    /// How messages are sent.
    pub(crate) fn send_options(&self) -> SendOptions {
        let options = match self.compress {
            None => SendOptions::new(),
            Some(Compress::Always) => SendOptions::new().compressed(),
            Some(Compress::Never) => SendOptions::new().uncompressed(),
        };
        if self.unmasked {
            options.unmasked()
        } else {
            options
        }
    }

    /// The options of the connection; an error names the file that cannot be read.
    pub(crate) fn options(&self) -> Result<Options, String> {
        let mut options = Options::new().compression(self.compression());
        for header in &self.headers {
            for (name, value) in header.fields()? {
                options = options.header(name, value);
            }
        }
        for subprotocol in &self.subprotocols {
            options = options.subprotocol(subprotocol);
        }
        if let Some(origin) = &self.origin {
            options = options.origin(origin);
        }
        for file in &self.roots {
            let pem = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
            options = options.roots(pem);
        }
        if self.no_built_in_roots {
            options = options.without_built_in_roots();
        }
        if let Some(interval) = self.ping_interval {
            options = options.ping_interval(interval);
        }
        if let Some(timeout) = self.pong_timeout {
            options = options.pong_timeout(timeout);
        }
        if let Some(timeout) = self.connect_timeout {
            options = options.connect_timeout(timeout);
        }
        if let Some(timeout) = self.close_timeout {
            options = options.close_timeout(timeout);
        }
        Ok(self.limit(options))
    }

    fn limit(&self, mut options: Options) -> Options {
        if let Some(bytes) = self.max_message_size {
            options = options
                .max_message_size(bytes)
                .max_frame_size(LARGEST_FRAME);
        }
        if let Some(bytes) = self.max_frame_size {
            options = options.max_frame_size(bytes);
        }
        if let Some(count) = self.max_fragments {
            options = options.max_fragments(count);
        }
        if let Some(bytes) = self.max_response_head {
            options = options.max_response_head(bytes);
        }
        if let Some(bytes) = self.max_buffered_amount {
            options = options.max_buffered_amount(bytes);
        }
        if let Some(ratio) = self.max_decompression_ratio {
            options = options.max_decompression_ratio(ratio);
        }
        options
    }

    fn compression(&self) -> Compression {
        if self.no_compression {
            return Compression::none();
        }
        let mut compression = Compression::new();
        for offer in &self.deflate_offers {
            compression = compression.offer(offer.clone());
        }
        if let Some(level) = self.compression_level {
            compression = compression.level(level);
        }
        if let Some(bytes) = self.compression_threshold {
            compression = compression.threshold(bytes);
        }
        compression
    }
}
