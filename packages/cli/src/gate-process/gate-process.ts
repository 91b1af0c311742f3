import type { AcceptShare, DecisionSink } from '@sallyport/mesh';
import type { TraceChoice } from '../gate-protocol/gate-arguments.js';
import type { FromGate, ToGate } from '../gate-protocol/messages.js';

/** What a gate needs from the process that it is in. */
export interface GateProcessOptions {
  /** Sends to whoever started this process; false where that is gone. */
  readonly send: (message: FromGate) => boolean;
  readonly log: (line: string) => void;
  /** Takes the lines of the decision log, where one is written. */
  readonly decisions?: DecisionSink;
  /** Where traces are exported, where they are. */
  readonly traces?: TraceChoice;
  /** Its part of the connections, where it is one of several that accept them. */
  readonly share?: AcceptShare;
}

/** What a process that is a gate, or a part of one, does with the messages of whoever started it. */
export interface GateProcess {
  /** Whether the start message has come. */
  readonly hasStarted: boolean;
  /** Called when it is asked to end. */
  onStop(listener: (drainMs: number) => void): void;
  /** Takes a message; they are carried out one after the other. */
  receive(message: ToGate): void;
  /** Nobody is there any more to ask for anything: the gate goes on with its last state. */
  supervisorGone(): void;
  /** Ends the gate; connections get `drainMs` to finish. */
  close(drainMs: number): Promise<void>;
}
