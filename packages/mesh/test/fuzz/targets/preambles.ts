import { readGreeting } from '../../../src/socket/client-hello.js';
import type { Peeked } from '../../../src/socket/peek.js';
import { readProxyHeader } from '../../../src/socket/proxy-header.js';
import { extension, helloMessage, records, serverName } from '../../support/client-hellos.js';
import { versionTwo } from '../../support/proxy-headers.js';
import { type FuzzTarget, holds } from '../fuzz-target.js';

/** What is told by a beginning is not told otherwise by more, and nothing is taken that has not come. */
function steady<Found>(read: (seen: Buffer) => Peeked<Found> | undefined, bytes: Buffer): Peeked<Found> | undefined {
  const whole = read(bytes);
  holds(whole === undefined || whole.taken <= bytes.length, 'no more is taken than has come');
  for (let length = 0; length < bytes.length; length += 1 + (length >> 4)) {
    const part = read(bytes.subarray(0, length));
    if (part !== undefined) holds(JSON.stringify(part) === JSON.stringify(whole), `${length} bytes tell what all of them tell`);
  }
  return whole;
}

export const proxyHeaders: FuzzTarget = {
  name: 'proxy-headers',
  words: [
    'PROXY ',
    'TCP4 ',
    'TCP6 ',
    'UNKNOWN',
    '1.2.3.4',
    '::1',
    '::ffff:1.2.3.4',
    ' 80',
    ' 65536',
    '\r\n',
    '\r\n\r\n\0\r\nQUIT\n',
    '\x21\x11\0\x0c',
    '\x20\0\0\0',
    '%eth0',
  ],
  seeds: () => [
    Buffer.from('PROXY TCP4 10.0.0.1 10.0.0.2 4000 80\r\nGET /'),
    Buffer.from('PROXY TCP6 2001:db8::1 ::1 4000 80\r\n'),
    Buffer.from('PROXY UNKNOWN\r\n'),
    versionTwo(0x21, 0x11, [10, 0, 0, 1, 10, 0, 0, 2, 1, 2, 3, 4, 4, 0, 1, 9]),
    versionTwo(
      0x21,
      0x21,
      Array.from({ length: 36 }, (_, index) => index),
    ),
    versionTwo(0x20, 0, []),
  ],
  run: (bytes) => void steady(readProxyHeader, bytes),
};

export const clientHellos: FuzzTarget = {
  name: 'client-hellos',
  words: [
    '\x16\x03\x01',
    '\x16\x03\x03\0\x01',
    '\x01\0\0',
    '\0\0',
    '\xff\xff',
    serverName('a.b').toString('latin1'),
    extension(16, Buffer.from('\0\x03\x02h2')).toString('latin1'),
  ],
  seeds: () => [
    records(helloMessage([serverName('example.com'), extension(16, Buffer.from('\0\x03\x02h2'))])),
    records(helloMessage([serverName('example.com')]), 7),
    records(helloMessage()),
    records(helloMessage([extension(43, Buffer.from('\x02\x03\x04')), serverName('a')])),
  ],
  run: (bytes) => {
    const found = steady(readGreeting, bytes)?.found;
    if (found?.kind === 'hello' && found.serverName !== undefined) {
      holds(/^[a-z0-9_.-]{1,253}$/.test(found.serverName), 'a server name is one');
    }
  },
};
