import type { Settings } from 'node:http2';

const mebibyte = 1024 * 1024;

/** Window of the whole connection (reference section 7.4). */
export const connectionWindow = 16 * mebibyte;

/** Memory that one connection's session may hold before it refuses further streams, in megabytes, as node:http2 counts. */
export const sessionMemoryMegabytes = 64;

/** Streams that a client puts on one connection before it opens another. */
export const clientStreamsPerConnection = 100;

const common = {
  initialWindowSize: 4 * mebibyte,
  maxFrameSize: mebibyte,
  maxHeaderListSize: 64 * 1024,
  enablePush: false,
} as const satisfies Settings;

/** What an HBONE server announces (reference section 7.4). */
export const serverSettings: Settings = { ...common, maxConcurrentStreams: 200 };

/** What an HBONE client announces; it accepts no streams of the server's making. */
export const clientSettings: Settings = { ...common, maxConcurrentStreams: 0 };
