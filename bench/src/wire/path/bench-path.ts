import type { DialTarget } from '../load/dial.js';

/** One way from a load maker to the applications, as a whole: what measurements compare. */
export interface BenchPath {
  readonly name: PathName;
  /** To the application that echoes and swallows, through two gates of layer 4. */
  readonly connection: DialTarget;
  /** To the application that speaks HTTP, through a waypoint between the two; absent where the path has none. */
  readonly requests?: DialTarget;
  /** What a load maker is run by where it reaches the path from a network namespace only; else it is run from here. */
  readonly entry?: readonly string[];
  /** The processes that are its gates, each with a name. */
  readonly gates: readonly GateProcess[];
}

export type PathName = 'direct' | 'node-http2' | 'envoy' | 'ztunnel' | 'sallyport' | 'sallyport-traced';

/** A process that is looked at. */
export interface GateProcess {
  readonly name: string;
  readonly pid: number;
}

/** Host and port of something that listens. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}
