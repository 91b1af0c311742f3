/** SQL that is not judged: it cannot be read, or it could mean something else to the server than it does here. */
export class SqlError extends Error {
  override readonly name = 'SqlError';
}
