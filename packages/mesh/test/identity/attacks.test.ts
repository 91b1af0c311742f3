import 'reflect-metadata';
import { connect as connectTcp } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import * as x509 from '@peculiar/x509';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Credentials } from '../../src/gate.js';
import { type EarlyRefusal, HboneServer } from '../../src/hbone/hbone-server.js';
import { PeerJudge } from '../../src/identity/peer-judge.js';
import { deferred } from '../support/await-event.js';
import { TestAuthority } from '../support/test-authority.js';

const client = 'spiffe://cluster.local/ns/a/sa/client';
const gate = 'spiffe://cluster.local/ns/b/sa/server';
const url = (value: string) => ({ type: 'url', value }) as const;
const usage = (...kinds: string[]) => [new x509.ExtendedKeyUsageExtension(kinds)];

let authority: TestAuthority;
let server: HboneServer;
let handled: number;
let refusal: Promise<EarlyRefusal>;
beforeEach(async () => {
  authority = await TestAuthority.create();
  handled = 0;
  const refused = deferred<EarlyRefusal>();
  refusal = refused.promise;
  server = await HboneServer.listen({
    address: '127.0.0.1',
    port: 0,
    identity: gate,
    credentials: authority,
    peers: new PeerJudge({ trustDomains: () => ['cluster.local'] }),
    handler: (request) => {
      handled += 1;
      request.accept();
    },
    onRefused: refused.resolve,
  });
});
afterEach(() => server.close(0));

/** Tries a handshake and then HTTP/2 with these; resolves once the server has closed the connection, with all that it sent. */
function attempt(options: ConnectionOptions): Promise<Buffer> {
  const got: Buffer[] = [];
  const raw = connectTcp({ host: '127.0.0.1', port: server.port });
  raw.on('error', () => undefined);
  const socket = connect({ socket: raw, ALPNProtocols: ['h2'], rejectUnauthorized: false, ...options });
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => got.push(chunk));
  socket.once('secureConnect', () => socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'));
  return new Promise((resolve) => raw.once('close', () => resolve(Buffer.concat(got))));
}

const shown = ({ key, chain, bundle }: Credentials): ConnectionOptions => ({ key, cert: chain, ca: bundle });

/** Of another authority, with our bundle beside it. */
async function foreign(name: string): Promise<ConnectionOptions> {
  return shown(await (await TestAuthority.create(name)).issue(client));
}

describe('a gate closes without a byte of HTTP/2 on a peer that shows', () => {
  const attacks: readonly (readonly [string, () => Promise<ConnectionOptions>, string])[] = [
    ['no certificate', async () => ({}), 'peer did not return a certificate'],
    ['one of an authority that has the name of ours', () => foreign('CN=test'), 'TLS handshake'],
    ['one of another authority', () => foreign('CN=other'), 'TLS handshake'],
    ['one that is for servers only', async () => withUsage(x509.ExtendedKeyUsage.serverAuth), 'TLS handshake'],
    ['one that is for signing code', async () => withUsage(x509.ExtendedKeyUsage.codeSigning), 'TLS handshake'],
    ['two identities, the first of them good', async () => named(client, gate), 'several URI'],
    ['two identities, one of another trust domain', async () => named('spiffe://other/ns/a/sa/client', client), 'several URI'],
    ['the same identity twice', async () => named(client, client), 'several URI'],
    ['an identity and a web address', async () => named(client, 'https://example.com/'), 'several URI'],
    ['an identity in capitals', async () => named(client.toUpperCase()), 'no workload identity'],
    ['an identity with an empty part', async () => named('spiffe://cluster.local/ns//sa/client'), 'no workload identity'],
    ['an identity with more behind it', async () => named(`${client}/more`), 'no workload identity'],
    ['an identity with encoded parts', async () => named('spiffe://cluster.local/ns/a/sa/%63lient'), 'no workload identity'],
    ['a trust domain with a port', async () => named('spiffe://cluster.local:1/ns/a/sa/client'), 'no workload identity'],
    ['another trust domain', async () => named('spiffe://elsewhere/ns/a/sa/client'), 'trust domain `elsewhere`'],
    [
      'an identity as a host name',
      async () => shown(await authority.issue(client, { names: [{ type: 'dns', value: client.slice('spiffe://'.length) }] })),
      'no URI',
    ],
    ['an older TLS', async () => ({ ...shown(await authority.issue(client)), maxVersion: 'TLSv1.2' }), 'TLS handshake'],
    ['no HTTP/2', async () => ({ ...shown(await authority.issue(client)), ALPNProtocols: ['http/1.1'] }), ''],
  ];
  const named = async (...names: string[]) => shown(await authority.issue(client, { names: names.map(url) }));
  const withUsage = async (...kinds: string[]) => shown(await authority.issue(client, { extensions: usage(...kinds) }));

  it.each(attacks)('%s', async (_, options, why) => {
    expect((await attempt(await options())).length).toBe(0);
    expect((await refusal).error).toContain(why);
    expect(handled).toBe(0);
    expect(server.connections).toBe(0);
  });

  it('a session from before: none is ever resumed', async () => {
    const options = shown(await authority.issue(client));
    const socket = connect({
      port: server.port,
      host: '127.0.0.1',
      ALPNProtocols: ['h2'],
      rejectUnauthorized: false,
      ...options,
    });
    socket.on('error', () => undefined);
    const tickets: Buffer[] = [];
    socket.on('session', (session) => tickets.push(session));
    await new Promise((resolve) => socket.once('data', resolve));
    const again = connect({
      ...{ port: server.port, host: '127.0.0.1', ALPNProtocols: ['h2'], rejectUnauthorized: false },
      ...options,
      ...(tickets[0] === undefined ? {} : { session: tickets[0] }),
    });
    again.on('error', () => undefined);
    const reused = await new Promise<boolean>((resolve) => {
      again.once('data', () => resolve(again.isSessionReused()));
      again.once('close', () => resolve(false));
    });
    expect(reused).toBe(false);
    socket.destroy();
    again.destroy();
  });
});
