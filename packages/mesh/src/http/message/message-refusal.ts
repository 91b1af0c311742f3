/** The bytes of a connection are no message of HTTP/1.1, or could be read as two; nothing after them can be trusted either. */
export class MessageRefusal extends Error {
  override readonly name = 'MessageRefusal';

  constructor(
    readonly kind: 'malformed' | 'too-large' | 'too-slow',
    message: string,
  ) {
    super(message);
  }
}

/** Ends the reading of a message. */
export function malformed(message: string): never {
  throw new MessageRefusal('malformed', message);
}
