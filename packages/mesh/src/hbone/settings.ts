/** Memory that one session of node:http2 may hold before it refuses further streams, in megabytes, as it counts. */
export const sessionMemoryMegabytes = 64;

/** Streams that a client puts on one connection before it opens another (reference section 7.4). */
export const clientStreamsPerConnection = 100;
