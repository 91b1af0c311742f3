import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  goAwayFrame,
  headersFrames,
  pingFrame,
  resetFrame,
  settingsAckFrame,
  settingsFrame,
  windowUpdateFrame,
  writeFrameHeader,
} from '../../src/http2/frame-writer.js';
import { clientPreface, errorCode, flag, frameType } from '../../src/http2/protocol.js';
import { eventsOf, roomy } from './recorded-frames.js';

function frame(type: number, flags: number, streamId: number, payload: Buffer | string = ''): Buffer {
  const body = Buffer.from(payload as string, 'latin1');
  const bytes = Buffer.alloc(9 + body.length);
  writeFrameHeader(bytes, 0, body.length, type, flags, streamId);
  body.copy(bytes, 9);
  return bytes;
}

const settings = settingsFrame([{ id: 4, value: 65_535 }]);

const byteArray = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));
const streamId = fc.integer({ min: 1, max: 0x7fff_ffff });
const goodFrame: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .tuple(streamId, byteArray(300), fc.boolean())
    .map(([id, bytes, end]) => frame(frameType.data, end ? flag.endStream : 0, id, bytes)),
  fc
    .tuple(streamId, byteArray(100), fc.integer({ min: 0, max: 255 }))
    .map(([id, bytes, pad]) =>
      frame(frameType.data, flag.padded, id, Buffer.concat([Buffer.from([pad]), bytes, Buffer.alloc(pad)])),
    ),
  fc
    .tuple(streamId, byteArray(200), fc.integer({ min: 20, max: 300 }))
    .map(([id, block, size]) => headersFrames(id, block, false, size)),
  fc.tuple(streamId, fc.nat()).map(([id, code]) => resetFrame(id, code)),
  fc.constant(settingsAckFrame()),
  byteArray(0).map(() => pingFrame(Buffer.from('12345678'), false)),
  fc.tuple(fc.nat(0x7fff_ffff), fc.nat()).map(([last, code]) => goAwayFrame(last, code, 'why')),
  fc.tuple(fc.nat(0x7fff_ffff), fc.nat(0x7fff_ffff)).map(([id, increment]) => windowUpdateFrame(id, increment)),
  fc.tuple(streamId, byteArray(20)).map(([id, bytes]) => frame(77, 0, id, bytes)),
);
const anyFrame = fc.oneof(
  { weight: 5, arbitrary: goodFrame },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(12), fc.nat(255), fc.nat(5), byteArray(40))
      .map(([type, flags, id, payload]) => frame(type, flags, id, payload)),
  },
);

/** The same bytes, cut anywhere. */
function cut(bytes: Buffer, points: readonly number[]): Buffer[] {
  const at = [...new Set(points.map((point) => point % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length));
}

describe('a frame reader', () => {
  it('finds the same frames, or the same error, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        fc.boolean(),
        (frames, points, server) => {
          const bytes = Buffer.concat([...(server ? [clientPreface] : []), settings, ...frames]);
          const expects = server ? 'preface' : 'frames';
          const whole = eventsOf([bytes], expects);
          expect(eventsOf(cut(bytes, points), expects)).toEqual(whole);
          const single = [...bytes].map((byte) => Buffer.from([byte]));
          expect(eventsOf(single, expects)).toEqual(whole);
        },
      ),
    );
  });

  it('never throws anything but an error of the protocol, whatever the bytes', () => {
    fc.assert(
      fc.property(byteArray(400), (noise) => {
        const [last] = eventsOf([settings, noise], 'frames').slice(-1);
        if (last?.[0] === 'error') expect(last[1]).toBe('ConnectionError');
      }),
    );
  });

  it('reads back what the writer wrote', () => {
    const block = 'x'.repeat(50);
    const bytes = Buffer.concat([
      settings,
      headersFrames(1, Buffer.from(block), true, 20),
      windowUpdateFrame(0, 5),
      resetFrame(3, errorCode.cancel),
      pingFrame(Buffer.from('12345678'), true),
      goAwayFrame(7, errorCode.noError),
    ]);
    expect(eventsOf([bytes], 'frames')).toEqual([
      ['settings', '[{"id":4,"value":65535}]'],
      ['headers', 1, block, true],
      ['window', 0, 5],
      ['reset', 3, 8],
      ['ping-ack', '12345678'],
      ['goaway', 7, 0],
    ]);
  });

  const wrong: readonly (readonly [string, readonly Buffer[], number])[] = [
    ['a first frame other than SETTINGS', [pingFrame(Buffer.alloc(8), false)], errorCode.protocolError],
    ['an acknowledgement as the first frame', [settingsAckFrame()], errorCode.protocolError],
    ['DATA on the connection', [settings, frame(frameType.data, 0, 0)], errorCode.protocolError],
    ['SETTINGS on a stream', [settings, frame(frameType.settings, 0, 1)], errorCode.protocolError],
    ['SETTINGS of five bytes', [settings, frame(frameType.settings, 0, 0, '12345')], errorCode.frameSizeError],
    ['an acknowledgement with settings', [settings, frame(frameType.settings, 1, 0, '123456')], errorCode.frameSizeError],
    ['PING of seven bytes', [settings, frame(frameType.ping, 0, 0, '1234567')], errorCode.frameSizeError],
    ['RST_STREAM of five bytes', [settings, frame(frameType.rstStream, 0, 1, '12345')], errorCode.frameSizeError],
    ['WINDOW_UPDATE of three bytes', [settings, frame(frameType.windowUpdate, 0, 1, '123')], errorCode.frameSizeError],
    ['GOAWAY of seven bytes', [settings, frame(frameType.goAway, 0, 0, '1234567')], errorCode.frameSizeError],
    ['PUSH_PROMISE', [settings, frame(frameType.pushPromise, 4, 1, '1234')], errorCode.protocolError],
    ['CONTINUATION without HEADERS', [settings, frame(frameType.continuation, 4, 1)], errorCode.protocolError],
    [
      'another frame inside a header block',
      [settings, frame(frameType.headers, 0, 1, 'x'), pingFrame(Buffer.alloc(8), false)],
      errorCode.protocolError,
    ],
    [
      'CONTINUATION of another stream',
      [settings, frame(frameType.headers, 0, 1, 'x'), frame(frameType.continuation, 4, 3, 'x')],
      errorCode.protocolError,
    ],
    ['padding longer than DATA', [settings, frame(frameType.data, flag.padded, 1, '\x05xxxx')], errorCode.protocolError],
    ['padded DATA without a length', [settings, frame(frameType.data, flag.padded, 1)], errorCode.frameSizeError],
    ['padding longer than HEADERS', [settings, frame(frameType.headers, flag.padded | 4, 1, '\x09xxx')], errorCode.protocolError],
    ['HEADERS too short for their priority', [settings, frame(frameType.headers, 0x24, 1, 'xxx')], errorCode.frameSizeError],
  ];
  for (const [what, frames, code] of wrong) {
    it(`refuses ${what}`, () => {
      const events = eventsOf(frames, 'frames');
      expect(events[events.length - 1]).toEqual(['error', 'ConnectionError', code]);
    });
  }

  it('refuses a frame or a header block that is too large before its bytes come', () => {
    const head = (length: number, type: number, flags: number): Buffer => {
      const bytes = Buffer.alloc(9);
      writeFrameHeader(bytes, 0, length, type, flags, 1);
      return bytes;
    };
    const limits = { ...roomy, maxFrameSize: 70_000 };
    const codeOf = (...frames: Buffer[]) => eventsOf([settings, ...frames], 'frames', limits).slice(-1)[0]?.[2];
    expect(codeOf(head(70_001, frameType.data, 0))).toBe(errorCode.frameSizeError);
    expect(codeOf(head(65_537, frameType.headers, 4))).toBe(errorCode.enhanceYourCalm);
    expect(codeOf(frame(frameType.headers, 0, 1, 'x'.repeat(65_000)), head(600, frameType.continuation, 4))).toBe(
      errorCode.enhanceYourCalm,
    );
    expect(codeOf(head(20_000, frameType.priority, 0))).toBe(errorCode.enhanceYourCalm);
  });

  it('refuses a header block in too many pieces, empty ones included', () => {
    const pieces = Array.from({ length: 17 }, () => frame(frameType.continuation, 0, 1));
    const events = eventsOf([settings, frame(frameType.headers, 0, 1, 'x'), ...pieces], 'frames');
    expect(events.slice(-1)).toEqual([['error', 'ConnectionError', errorCode.enhanceYourCalm]]);
  });

  it('takes HTTP/1.1 for what it is at the first wrong byte', () => {
    expect(eventsOf([Buffer.from('GET / HTTP/1.1\r\n\r\n')], 'preface')).toEqual([
      ['error', 'ConnectionError', errorCode.protocolError],
    ]);
  });
});
