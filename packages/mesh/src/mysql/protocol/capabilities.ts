/** Capabilities of the MySQL protocol that change what the bytes on a connection mean. */
export const capability = {
  /** Of MySQL. Unset in a login to MariaDB, it says that the last bytes of the filler are capabilities, too. */
  mysql: 1 << 0,
  connectWithDatabase: 1 << 3,
  compress: 1 << 5,
  protocol41: 1 << 9,
  tls: 1 << 11,
  secureConnection: 1 << 15,
  pluginAuth: 1 << 19,
  pluginAuthLengthEncoded: 1 << 21,
  deprecateEof: 1 << 24,
  optionalResultMetadata: 1 << 25,
  zstdCompression: 1 << 26,
  queryAttributes: 1 << 27,
} as const;

/** Capabilities of MariaDB that are offered on: bulk execution, and more about each column, which change no boundary. */
export const mariadbOffered = (1 << 2) | (1 << 3);

/**
 * What is taken out of the server's offer. A client that prefers TLS or compression goes on without: the mesh encrypts already, and what
 * nobody can read nobody can judge. Optional metadata would make results of another shape.
 */
export const withheld = capability.tls | capability.compress | capability.zstdCompression | capability.optionalResultMetadata;

/** Whether all of these bits are set. */
export function has(flags: number, bits: number): boolean {
  return (flags & bits) === bits;
}
