// A command that talks to an echo server: its argument is the URL, and the environment variable
// ROOTS may have certificates to trust, PEM.

import { getArguments, getEnvironment } from "wasi:cli/environment@0.2.12";
import { WebSocket } from "./websocket.js";

export const run = {
  async run() {
    const [, url] = getArguments();
    const { ROOTS: roots } = Object.fromEntries(getEnvironment());

    const websocket = await WebSocket.connect(url, { roots });
    console.log("open");

    websocket.send("one");
    websocket.send("two");
    websocket.send(new Uint8Array([1, 2, 3]));
    let count = 0;
    for await (const message of websocket) {
      if (typeof message === "string") {
        console.log(`text ${message}`);
      } else {
        console.log(`binary ${message.length} bytes`);
      }
      count += 1;
      if (count === 3) break;
    }

    const payload = await websocket.ping(new TextEncoder().encode("still there?"));
    console.log(`pong ${new TextDecoder().decode(payload)}`);

    const { code, reason } = await websocket.close(1000, "done");
    console.log(`closed ${code} ${reason}`);
  },
};
