import type { DialTarget } from './dial.js';

/** What a load maker is asked to do, for so many milliseconds. */
export type LoadTask =
  | { readonly kind: 'throughput'; readonly target: DialTarget; readonly connections: number; readonly milliseconds: number }
  | { readonly kind: 'connections'; readonly target: DialTarget; readonly clients: number; readonly milliseconds: number }
  | { readonly kind: 'latency'; readonly target: DialTarget; readonly milliseconds: number }
  | {
      readonly kind: 'requests';
      readonly target: DialTarget;
      readonly connections: number;
      readonly authority: string;
      readonly milliseconds: number;
    }
  /** Opens connections and keeps them. */
  | { readonly kind: 'hold'; readonly target: DialTarget; readonly connections: number }
  /** Sends on all connections that are held, and waits for the echoes. */
  | { readonly kind: 'exchange'; readonly milliseconds: number }
  | { readonly kind: 'release' };

/** What came out. Rates are per second, times are microseconds. */
export interface LoadResult {
  /** How many requests there were. */
  readonly count?: number;
  readonly rate?: number;
  readonly p50?: number;
  readonly p99?: number;
}
