// What a connection has counted, as `statistics` has it: numbers, and times in milliseconds.

'use strict';

const NANOS_PER_MILLI = 1e6;

const NO_TRAFFIC = { bytes: 0n, frames: 0n, messages: 0n, pings: 0n, pongs: 0n };

/** What the WIT has of a connection that has counted nothing. */
const NOTHING_COUNTED = { sent: NO_TRAFFIC, received: NO_TRAFFIC, roundTrip: undefined };

/** The WIT's record for programs. */
function statisticsOf({ sent, received, roundTrip }) {
  return {
    sent: trafficOf(sent),
    received: trafficOf(received),
    roundTrip: roundTrip && {
      last: Number(roundTrip.last) / NANOS_PER_MILLI,
      smoothed: Number(roundTrip.smoothed) / NANOS_PER_MILLI,
    },
  };
}

function trafficOf({ bytes, frames, messages, pings, pongs }) {
  return {
    bytes: Number(bytes),
    frames: Number(frames),
    messages: Number(messages),
    pings: Number(pings),
    pongs: Number(pongs),
  };
}

module.exports = { NOTHING_COUNTED, statisticsOf };
