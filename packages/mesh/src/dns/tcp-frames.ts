import type { Socket } from 'node:net';

/** A message as DNS sends it over TCP: its length, then itself. */
export function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** The messages of a TCP connection, one after the other. Throws nothing; ends with the connection. */
export async function* readFrames(socket: Socket): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE()) {
      const end = 2 + rest.readUInt16BE();
      yield rest.subarray(2, end);
      rest = rest.subarray(end);
    }
  }
}

/** Answers each message of a connection in turn; one without an answer ends it. */
export function serveFrames(socket: Socket, answer: (query: Buffer) => Promise<Buffer | undefined>): void {
  const serve = async (): Promise<void> => {
    for await (const query of readFrames(socket)) {
      const reply = await answer(query);
      if (reply === undefined) break;
      socket.write(frame(reply));
    }
    socket.end();
  };
  serve().catch(() => socket.destroy());
}
