//! fastwebsockets as a contestant of the benchmark in `../peers`: takes tasks as lines of JSON, and
//! prints what it measured of each as one. It does the same work as the clients in there, by the same
//! code.

mod client;
#[path = "../../peers/clock.rs"]
mod clock;
mod order;
#[path = "../../peers/target.rs"]
mod target;
#[expect(dead_code, reason = "what gives tasks is in the other program")]
#[path = "../../peers/task.rs"]
mod task;
#[path = "../../peers/native/tls.rs"]
mod tls;
#[path = "../../peers/native/work.rs"]
mod work;

use std::io::stdin;
use std::sync::Arc;

use serde_json::Value;

use crate::client::FastWebSockets;
use crate::target::Target;
use crate::work::Dialer;

fn main() {
    let mut dialer = None;
    for line in stdin().lines() {
        let order: Value = serde_json::from_str(&line.expect("a line")).expect("a task");
        let target = Target::of_json(&order);
        let dialer = dialer.get_or_insert_with(|| Arc::new(FastWebSockets::new(&target.roots)));
        let resumable = Target {
            url: order["resumable"].as_str().expect("a URL").to_owned(),
            ..target.clone()
        };
        let task = order::task(&order);
        assert!(FastWebSockets::does(task), "{task:?}");
        let measured = work::run(dialer, task, target, resumable);
        println!("{}", order::answer(&measured));
    }
}
