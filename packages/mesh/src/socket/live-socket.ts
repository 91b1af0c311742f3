/**
 * How every TCP socket of a gate is: nothing small is held back, and a peer that is quiet for three minutes, ztunnel's time, is asked by the kernel
 * whether it is there. A program's own keepalive ends at its gate, so the gates ask in its place on each part of the way, and what has vanished
 * without a word gives its places back.
 */
export const liveSocket = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 180_000 } as const;
