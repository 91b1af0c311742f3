/** One side of a connection says what is not MySQL, or what no judged connection may say. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}
