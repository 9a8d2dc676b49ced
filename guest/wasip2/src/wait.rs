//! The one call that blocks.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::ops::Deref;

use wasip2::clocks::monotonic_clock;
use wasip2::io::poll::{self, Pollable};
use wasocket_client::{Instant, InvalidArgument, Part};

use crate::bindings::exports::wasocket::websocket::client::Ready;
use crate::driver::Driver;

/// What a pollable that is waited for belongs to.
#[derive(Clone, Copy)]
enum Owner {
    /// The websocket at this index.
    Websocket(u32),
    /// The caller's pollable of this number.
    Caller(u32),
    /// The next deadline.
    Timer,
}

/// Blocks until one of `drivers` is to be driven, one of `pollables` is ready, or `deadline` has
/// come.
pub(crate) fn wait(
    drivers: &[impl Deref<Target = Driver>],
    pollables: &BTreeMap<u32, Pollable>,
    deadline: Option<monotonic_clock::Instant>,
) -> Result<Ready, InvalidArgument> {
    let mut websockets = due(drivers);
    if !websockets.is_empty() {
        return Ok(Ready {
            websockets: websockets.into_iter().collect(),
            pollables: pollables
                .iter()
                .filter(|(_, pollable)| pollable.ready())
                .map(|(number, _)| *number)
                .collect(),
        });
    }

    let deadlines = drivers
        .iter()
        .filter_map(|driver| driver.websocket().poll_timeout());
    let timer = deadlines
        .map(Instant::as_nanos)
        .chain(deadline)
        .min()
        .map(monotonic_clock::subscribe_instant);
    let own = (0..).zip(drivers).flat_map(|(index, driver)| {
        let pollables = driver.pollables();
        pollables.map(move |pollable| (Owner::Websocket(index), pollable))
    });
    let callers = pollables
        .iter()
        .map(|(number, pollable)| (Owner::Caller(*number), pollable));
    let timers = timer.iter().map(|timer| (Owner::Timer, timer));
    let (owners, all): (Vec<Owner>, Vec<&Pollable>) = callers.chain(own).chain(timers).unzip();
    if all.is_empty() {
        // The host would trap.
        return Err(InvalidArgument::new(
            Part::Pollables,
            "there is nothing to wait for",
        ));
    }

    let ready = poll::poll(&all);
    websockets = due(drivers);
    // Hosts tell what is ready in any order.
    let mut numbers = BTreeSet::new();
    for index in ready {
        match owners.get(index as usize) {
            Some(Owner::Websocket(index)) => {
                websockets.insert(*index);
            }
            Some(Owner::Caller(number)) => {
                numbers.insert(*number);
            }
            Some(Owner::Timer) | None => {}
        }
    }
    Ok(Ready {
        websockets: websockets.into_iter().collect(),
        pollables: numbers.into_iter().collect(),
    })
}

/// The indices of the drivers for which a turn is due.
fn due(drivers: &[impl Deref<Target = Driver>]) -> BTreeSet<u32> {
    (0..)
        .zip(drivers)
        .filter(|(_, driver)| driver.is_due())
        .map(|(index, _)| index)
        .collect()
}
