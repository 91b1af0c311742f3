import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Workload } from '@sallyport/policy';
import type { HboneRequest } from '../hbone/hbone-request.js';
import { baggageOf } from '../hbone/headers.js';
import { resetAfterFirstBytes } from '../socket/reset-later.js';

/** The client's side of an inbound connection, over HBONE or in plaintext. */
export interface InboundClient {
  /** Whether the client has given up. */
  readonly gone: boolean;
  /** Opens the way to the application. */
  accept(workload: Workload): Duplex;
  /** Ends it unserved; the status matters to HBONE only. */
  refuse(status: number): void;
  /** Calls back when the client has gone. */
  onClose(listener: () => void): void;
}

/** A CONNECT: 200 with the destination's baggage, or a status without a body (reference section 7.5). */
export function hboneClient(request: HboneRequest): InboundClient {
  return {
    get gone() {
      return request.gone;
    },
    accept: (workload) => request.accept({ baggage: baggageOf(workload) }),
    refuse: (status) => request.fail(status),
    onClose: (listener) => request.onClose(listener),
  };
}

/** A plaintext connection: accepted by the kernel already, so a refusal is a reset (reference section 7.6). */
export function plaintextClient(socket: Socket): InboundClient {
  return {
    get gone() {
      return socket.destroyed;
    },
    accept: () => socket,
    refuse: () => resetAfterFirstBytes(socket),
    onClose: (listener) => {
      if (socket.destroyed) listener();
      else socket.once('close', listener);
    },
  };
}
