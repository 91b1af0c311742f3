/** A header of version 2 of the PROXY protocol: version and command, family and protocol, and what follows. */
export function versionTwo(versionAndCommand: number, familyAndProtocol: number, body: readonly number[]): Buffer {
  const fixed = Buffer.from([versionAndCommand, familyAndProtocol, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'), fixed, Buffer.from(body)]);
}
