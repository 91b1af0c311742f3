import type { BenchPolicy } from '../bench-policy.js';
import type { Question } from '../questions.js';

/** The engines of the table, in its order. */
export const engineNames = ['table', 'interpreter', 'cedar-wasm', 'casbin', 'grpc-js-xds'] as const;

/** One engine of the table. */
export type EngineName = (typeof engineNames)[number];

/** Policies in an engine's own form: what it is handed ready-made, before the clock starts. */
export interface Engine<Input> {
  /** From policies to answers. The clock runs until the first answer. */
  build(): Promise<Decider<Input>> | Decider<Input>;
}

/** An engine that has its policies. */
export interface Decider<Input> {
  /** A question in the engine's own form; not timed. */
  translate(question: Question): Input;
  /** Whether it is allowed; timed. */
  allows(input: Input): boolean;
}

/** Makes ready what an engine is built from. */
export type PrepareEngine<Input> = (policies: readonly BenchPolicy[], layer: 'ztunnel' | 'waypoint') => Engine<Input>;

/** The namespace of a `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT`. */
export function namespaceOf(identity: string): string {
  return identity.split('/')[4] ?? '';
}

/** The path that policy is asked about: without the query. Peers do not normalise; the requests of the mixes are normal already. */
export function pathOf({ request }: Question): string {
  return request?.path.split('?')[0] ?? '';
}
