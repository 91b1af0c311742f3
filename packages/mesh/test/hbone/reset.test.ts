import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { notedAsTls, resetSocket } from '../../src/hbone/reset.js';
import { TestAuthority } from '../support/test-authority.js';

let server: Server;
let raw: Socket;
let client: Socket;

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  client = connect(port, '127.0.0.1').on('error', () => undefined);
  [raw] = await once(server, 'connection');
  raw.on('error', () => undefined);
});
afterEach(() => {
  client.destroy();
  raw.destroy();
  server.close();
});

/** How long after TLS has begun to end its connection, in turns of whatever comes next. */
const moments: Readonly<Record<string, () => Promise<void>>> = {
  'at once': async () => undefined,
  'a tick later': () => new Promise((resolve) => process.nextTick(resolve)),
  'two ticks later': () => new Promise((resolve) => process.nextTick(() => process.nextTick(resolve))),
  'a turn later': () => new Promise((resolve) => setImmediate(resolve)),
};

test.each(Object.entries(moments))('a socket below TLS that is being ended closes when it is reset %s', async (_, moment) => {
  const authority = await TestAuthority.create();
  const { key, chain } = await authority.issue('spiffe://cluster.local/ns/shop/sa/web');
  const secure = new TLSSocket(notedAsTls(raw), { isServer: true, secureContext: createSecureContext({ key, cert: chain }) });
  secure.on('error', () => undefined);
  const tls = connectTls({ socket: client, rejectUnauthorized: false }).on('error', () => undefined);
  await once(tls, 'secureConnect');
  const closed = new Promise((resolve) => raw.once('close', resolve));
  secure.end();
  await moment();
  resetSocket(raw);
  await closed;
  // Nothing is left of it at the other side, either.
  if (!client.closed) await new Promise((resolve) => client.once('close', resolve).resume());
  expect(raw.destroyed).toBe(true);
});
