import type { BenchPolicy } from '../bench-policy.js';
import type { Chance } from './chance.js';

/** What one request says, and what it was made to come to. */
export interface Draft {
  readonly effect: 'allow' | 'deny';
  readonly identity: string;
  readonly sourceIp: string;
  readonly port: number;
  /** Absent at a ztunnel. */
  readonly http?: { readonly method: string; readonly path: string };
}

/** Policies of one kind of mesh, and requests that meet them. */
export interface Mix {
  readonly name: string;
  readonly layer: 'ztunnel' | 'waypoint';
  /** Whether requests share connections, or each comes on one of its own; those that never repeat always do. */
  readonly connections: 'kept' | 'new';
  /** Exactly so many matcher rows. */
  policies(rules: number): readonly BenchPolicy[];
  /** One request; about half of them are allowed. Values that a client chooses come from `chance.word`. */
  draft(rules: number, chance: Chance): Draft;
}

/** The `spiffe://` form of a principal in policies. */
export function spiffe(principal: string): string {
  return `spiffe://${principal}`;
}

/** The rows 0, 1, … `rules` - 1 as policies of one action each, as `row` makes them. */
export function policiesFrom(rules: number, row: (index: number) => BenchPolicy): BenchPolicy[] {
  return Array.from({ length: rules }, (_, index) => row(index));
}
