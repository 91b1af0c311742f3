import type { Setting } from './frame-reader.js';
import type { HpackEncoder } from './hpack/hpack-encoder.js';
import type { Output } from './output.js';
import { ConnectionError, defaultMaxFrameSize, defaultWindow, errorCode, largest31, setting } from './protocol.js';
import type { TunnelStream } from './tunnel-stream.js';

/** What the settings of a peer reach. */
export interface SettingsReach {
  readonly role: 'client' | 'server';
  readonly encoder: HpackEncoder;
  readonly output: Output;
  /** Those that are open. */
  readonly streams: ReadonlyMap<number, TunnelStream>;
}

/** What the peer has set (RFC 9113 section 6.5.2). */
export class PeerSettings {
  /** The window of a new stream. */
  window = defaultWindow;
  /** Streams that it allows at once. */
  maxStreams = Infinity;
  readonly #reach: SettingsReach;

  constructor(reach: SettingsReach) {
    this.#reach = reach;
  }

  /** Sets one. Throws `ConnectionError` for a value that it may not have. */
  apply({ id, value }: Setting): void {
    const { role, encoder, output } = this.#reach;
    switch (id) {
      case setting.headerTableSize:
        encoder.limitTable(value);
        return;
      case setting.enablePush:
        if (value > 1 || (value === 1 && role === 'client')) throw new ConnectionError(errorCode.protocolError, 'ENABLE_PUSH');
        return;
      case setting.maxConcurrentStreams:
        this.maxStreams = value;
        return;
      case setting.initialWindowSize:
        this.#changeWindow(value);
        return;
      case setting.maxFrameSize:
        if (value < defaultMaxFrameSize || value > 0xff_ffff)
          throw new ConnectionError(errorCode.protocolError, 'MAX_FRAME_SIZE');
        output.maxFrameSize = value;
    }
  }

  #changeWindow(size: number): void {
    if (size > largest31) throw new ConnectionError(errorCode.flowControlError, 'INITIAL_WINDOW_SIZE');
    const { streams, output } = this.#reach;
    for (const stream of streams.values()) {
      stream.sendWindow += size - this.window;
      if (stream.sendWindow > largest31) throw new ConnectionError(errorCode.flowControlError, 'window too large');
      output.schedule(stream);
    }
    this.window = size;
  }
}
