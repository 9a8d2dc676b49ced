//! What is counted through the facade `metrics`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use integration_tests::{Scripted, close_payload, frame, run_on_one_thread};
use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use wasocket::{Grants, Options};

use super::builder;

/// The crate's documentation, which has the table of names.
const DOCUMENTATION: &str = include_str!("../../../host/src/lib.rs");

/// Remembers what is recorded, by names with their labels.
#[derive(Default)]
struct Recorded {
    described: Mutex<BTreeSet<String>>,
    counters: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    gauges: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    histograms: Mutex<BTreeMap<String, Arc<Values>>>,
}

#[derive(Default)]
struct Values(Mutex<Vec<f64>>);

impl HistogramFn for Values {
    fn record(&self, value: f64) {
        self.0.lock().unwrap().push(value);
    }
}

impl Recorded {
    fn counter(&self, name: &str) -> Option<u64> {
        let counters = self.counters.lock().unwrap();
        counters.get(name).map(|it| it.load(Ordering::Relaxed))
    }

    fn gauge(&self, name: &str) -> Option<f64> {
        let gauges = self.gauges.lock().unwrap();
        let bits = gauges.get(name).map(|it| it.load(Ordering::Relaxed));
        bits.map(f64::from_bits)
    }

    fn histogram(&self, name: &str) -> Vec<f64> {
        let histograms = self.histograms.lock().unwrap();
        histograms[name].0.lock().unwrap().clone()
    }

    fn describe(&self, name: KeyName) {
        let mut described = self.described.lock().unwrap();
        described.insert(name.as_str().to_owned());
    }
}

impl Recorder for Recorded {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        assert!(name.as_str().ends_with("_total"));
        self.describe(name);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(name);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        assert_eq!(unit, Some(Unit::Seconds));
        self.describe(name);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let mut counters = self.counters.lock().unwrap();
        let counter = counters.entry(with_labels(key)).or_default();
        Counter::from_arc(counter.clone())
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        let mut gauges = self.gauges.lock().unwrap();
        let gauge = gauges.entry(with_labels(key)).or_default();
        Gauge::from_arc(gauge.clone())
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let mut histograms = self.histograms.lock().unwrap();
        let histogram = histograms.entry(with_labels(key)).or_default();
        Histogram::from_arc(histogram.clone())
    }
}

fn with_labels(key: &Key) -> String {
    let labels = key.labels();
    let label = |label: &metrics::Label| format!(" {}={}", label.key(), label.value());
    key.name().to_owned() + &labels.map(label).collect::<String>()
}

/// The names that the documentation has in its table.
fn documented() -> BTreeSet<String> {
    DOCUMENTATION
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `")?.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

async fn exchange() {
    let peer = Scripted::start(async |mut stream| {
        stream.accept().await;
        stream.expect_frame(0x89, b"p").await;
        stream.send(&frame(0x8a, b"p")).await;
        stream.send(&frame(0x81, b"Hello")).await;
        stream.send(&frame(0x88, &close_payload(4001, ""))).await;
        stream.expect_frame(0x88, &close_payload(4001, "")).await;
        stream.end().await;
    })
    .await;
    let runtime = builder().build().unwrap();
    let mut websocket = runtime.connect(&peer.url()).await.unwrap();
    websocket.ping("p").await.unwrap();
    assert_eq!(websocket.receive().await, Ok(Some("Hello".into())));
    assert_eq!(websocket.receive().await, Ok(None));
    peer.finish().await;
    let nothing = Options::new().grants(Grants::new());
    let denied = runtime.connect_with("ws://localhost/", &nothing).await;
    denied.unwrap_err();
}

#[test]
fn a_recorder_is_told_what_the_documentation_names() {
    let recorded = Recorded::default();
    metrics::with_local_recorder(&recorded, || run_on_one_thread(exchange()));
    assert_eq!(*recorded.described.lock().unwrap(), documented());

    for (name, count) in [
        ("wasocket_connections_attempted_total", 2),
        ("wasocket_connections_opened_total", 1),
        ("wasocket_connections_failed_total step=name lookup", 1),
        ("wasocket_connections_closed_total code=4000-4999", 1),
        ("wasocket_frames_total direction=sent", 2),
        ("wasocket_frames_total direction=received", 3),
        ("wasocket_messages_total direction=sent", 0),
        ("wasocket_messages_total direction=received", 1),
        ("wasocket_pings_total direction=sent", 1),
        ("wasocket_pongs_total direction=received", 1),
    ] {
        assert_eq!(recorded.counter(name), Some(count), "{name}");
    }
    for direction in ["sent", "received"] {
        let name = format!("wasocket_bytes_total direction={direction}");
        assert!(recorded.counter(&name).is_some_and(|bytes| bytes > 0));
    }
    assert_eq!(recorded.gauge("wasocket_connections_open"), Some(0.0));
    for name in ["wasocket_opening_seconds", "wasocket_round_trip_seconds"] {
        let values = recorded.histogram(name);
        assert!(values.len() == 1 && values[0] > 0.0, "{name}: {values:?}");
    }
}
