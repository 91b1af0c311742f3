/** Which decisions get a line: those that are not a plain allow, or every one. */
export type DecisionChoice = 'notable' | 'all';

/** Where the traces of a mesh go. */
export interface TraceChoice {
  /** The address of a collector (OTLP/HTTP). */
  readonly url: string;
  /** Which share of the traces that begin at a gate is exported, 0 to 1. */
  readonly ratio: number;
}

/** What a gate's process is told by its arguments: what it has to know before the first message. */
export interface GateArguments {
  readonly name: string;
  /** Processes that share its work. */
  readonly workers: number;
  /** Of a worker that accepts from the same sockets as others: how many they are. */
  readonly acceptors?: number;
  /** Where decisions are written down, and which. */
  readonly decisions?: { readonly file: string; readonly which: DecisionChoice };
  readonly traces?: TraceChoice;
}

/** The arguments of a gate process: its name, for whoever lists processes, and all of it for the process itself. */
export function writeGateArguments(told: GateArguments): string[] {
  return [told.name, JSON.stringify(told)];
}

/** What a process was told by its arguments. */
export function readGateArguments([, told = '{}']: readonly string[]): GateArguments {
  return JSON.parse(told) as GateArguments;
}
