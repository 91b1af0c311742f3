import { FrameReader, type FrameReaderLimits, type FrameSink } from '../../src/http2/frame-reader.js';

/** What a reader found, as values; pieces of one DATA frame are put together. */
export type FrameEvent = readonly [what: string, ...rest: readonly (number | string | boolean)[]];

export const roomy: FrameReaderLimits = {
  maxFrameSize: 1024 * 1024,
  maxHeaderBlock: 65_536,
  maxContinuations: 16,
  maxControlPayload: 16_384,
};

/** Keeps what a `FrameReader` tells. */
export class RecordedFrames implements FrameSink {
  readonly events: FrameEvent[] = [];
  #pieces: Buffer[] = [];
  #add: (event: FrameEvent) => void;

  constructor(added: (event: FrameEvent) => void = () => undefined) {
    this.#add = (event) => {
      this.events.push(event);
      added(event);
    };
  }

  dataBegins(streamId: number, length: number): void {
    this.#pieces = [];
    this.#add(['data-begins', streamId, length]);
  }
  dataPiece(_streamId: number, piece: Buffer): void {
    this.#pieces.push(Buffer.from(piece));
  }
  dataEnds(streamId: number, padding: number, endStream: boolean): void {
    this.#add(['data', streamId, Buffer.concat(this.#pieces).toString('latin1'), padding, endStream]);
  }
  headerBlock(streamId: number, block: Buffer, endStream: boolean): void {
    this.#add(['headers', streamId, block.toString('latin1'), endStream]);
  }
  priority(streamId: number): void {
    this.#add(['priority', streamId]);
  }
  streamReset(streamId: number, code: number): void {
    this.#add(['reset', streamId, code]);
  }
  settings(settings: readonly { readonly id: number; readonly value: number }[]): void {
    this.#add(['settings', JSON.stringify(settings)]);
  }
  settingsAcknowledged(): void {
    this.#add(['settings-ack']);
  }
  pinged(payload: Buffer): void {
    this.#add(['ping', payload.toString('latin1')]);
  }
  pingAnswered(payload: Buffer): void {
    this.#add(['ping-ack', payload.toString('latin1')]);
  }
  wentAway(lastStreamId: number, code: number): void {
    this.#add(['goaway', lastStreamId, code]);
  }
  windowOpened(streamId: number, increment: number): void {
    this.#add(['window', streamId, increment]);
  }
  unknownFrame(type: number): void {
    this.#add(['unknown', type]);
  }
  streamError(streamId: number, code: number): void {
    this.#add(['stream-error', streamId, code]);
  }
}

/** All events of some bytes, cut into these pieces; an error is the last event. */
export function eventsOf(pieces: readonly Buffer[], expects: 'preface' | 'frames', limits = roomy): readonly FrameEvent[] {
  const record = new RecordedFrames();
  const reader = new FrameReader(record, limits, expects);
  try {
    for (const piece of pieces) reader.read(piece);
  } catch (error) {
    const { name, code } = error as Error & { readonly code?: number };
    return [...record.events, ['error', name, code ?? -1]];
  }
  return record.events;
}
