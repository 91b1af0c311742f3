/** The largest packet; the payload of one that is as large goes on in the next. */
export const largestPacket = 0xff_ff_ff;

/** A packet with its header. */
export function encodePacket(sequence: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  header[3] = sequence & 0xff;
  return Buffer.concat([header, payload]);
}

/** An error packet, as the server would send it. */
export function errorPacket(sequence: number, error: { code: number; state: string; message: string }): Buffer {
  const head = Buffer.from([0xff, error.code & 0xff, error.code >> 8]);
  return encodePacket(sequence, Buffer.concat([head, Buffer.from(`#${error.state}${error.message.slice(0, 500)}`)]));
}
