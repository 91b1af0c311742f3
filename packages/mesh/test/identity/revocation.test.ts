import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Credentials } from '../../src/gate.js';
import { HbonePool, type OpenTunnel } from '../../src/hbone/hbone-pool.js';
import { type EarlyRefusal, HboneServer } from '../../src/hbone/hbone-server.js';
import { wasReset } from '../../src/hbone/reset.js';
import { PeerJudge } from '../../src/identity/peer-judge.js';
import { closed, readSome } from '../support/await-event.js';
import { type ListOptions, pemOf, TestAuthority, TestLists } from '../support/test-authority.js';

const client = 'spiffe://cluster.local/ns/a/sa/client';
const gate = 'spiffe://cluster.local/ns/b/sa/server';
const trustDomains = () => ['cluster.local'];
const permit = { effect: 'allow', reason: 'no-policy', audit: [] } as const;
const day = 86_400_000;
const past = new Date(Date.now() - 60_000);

let authority: TestAuthority;
let own: Credentials;
let refusals: EarlyRefusal[];
let revoked: string[];
const cleanups: (() => unknown)[] = [];
beforeEach(async () => {
  authority = await TestAuthority.create();
  own = authority.put(await authority.issue(client));
  refusals = [];
  revoked = [];
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The judge of one end, with these lists. */
function judge(lists?: TestLists, strict = true): PeerJudge {
  const made = new PeerJudge({
    trustDomains,
    strict: () => strict,
    revoked: (reporter) => revoked.push(reporter),
    ...(lists && { revocation: lists }),
  });
  cleanups.push(() => made.close());
  return made;
}

/** A server and a client over real TLS, each with its judge; resolves with how to open a tunnel between them. */
async function between(ofServer: PeerJudge, ofClient: PeerJudge, source = authority): Promise<() => Promise<OpenTunnel>> {
  const server = await HboneServer.listen({
    address: '127.0.0.1',
    port: 0,
    identity: gate,
    credentials: authority,
    peers: ofServer,
    handler: (request) => {
      const stream = request.accept();
      stream.pipe(stream);
    },
    onRefused: (refusal) => refusals.push(refusal),
  });
  const pool = new HbonePool({ credentials: source, peers: ofClient });
  cleanups.push(
    () => server.close(0),
    () => pool.close(),
  );
  const target = { address: '127.0.0.1', port: server.port, expectedIdentities: [gate], authority: '10.0.0.1:80' };
  return () => pool.connect({ permit, identity: client, ...target });
}

async function works({ stream }: OpenTunnel): Promise<boolean> {
  stream.write('x');
  return (await readSome(stream)) === 'x';
}

/** What becomes of a connection whose client is judged by the server with these lists. */
async function outcome(lists: Uint8Array | undefined, strict: boolean): Promise<string> {
  const connect = await between(judge(new TestLists(lists), strict), judge());
  try {
    return (await works(await connect())) ? 'admitted' : 'nothing came back';
  } catch {
    return refusals[0]?.error ?? 'refused without a word';
  }
}

describe('a peer whose certificate is in a revocation list', () => {
  it('is refused by the server', async () => {
    expect(await outcome(await authority.list([own]), true)).toBe('connection closed: peer certificate revoked by CRL');
    expect(revoked).toEqual(['destination']);
  });

  it('is refused by the client', async () => {
    const lists = new TestLists(await authority.list([await authority.fetch(gate)]));
    const connect = await between(judge(), judge(lists));
    await expect(connect()).rejects.toMatchObject({ flags: 'CERT_REVOKED' });
    expect(revoked).toEqual(['source']);
  });

  it.each([true, false])('loses what it was admitted to once the list says so (strict: %s)', async (strict) => {
    const lists = new TestLists(await authority.list([]));
    const connect = await between(judge(lists, strict), judge());
    const [one, two] = [await connect(), await connect()];
    expect(await works(one)).toBe(true);
    const ended = Promise.all([closed(one.stream), closed(two.stream)]);
    lists.put(await authority.list([own]));
    await ended;
    expect(wasReset(one.stream)).toBe(true);
    await expect(connect()).rejects.toThrow();
  });

  it('takes tunnels of its own gate with it, also those of a connection that takes no new ones', async () => {
    const lists = new TestLists(await authority.list([]));
    const connect = await between(judge(), judge(lists));
    const before = await connect();
    expect(await works(before)).toBe(true);
    // A renewal retires the connection; the tunnel on it goes on.
    authority.put(await authority.issue(client));
    const after = await connect();
    expect(await works(before)).toBe(true);
    const ended = Promise.all([closed(before.stream), closed(after.stream)]);
    lists.put(await authority.list([await authority.fetch(gate)]));
    await ended;
  });

  it('is left alone by a list that revokes others', async () => {
    const lists = new TestLists(await authority.list([]));
    const connect = await between(judge(lists), judge(lists));
    const tunnel = await connect();
    lists.put(await authority.list([await authority.issue(client)]));
    expect(await works(tunnel)).toBe(true);
    expect(await works(await connect())).toBe(true);
  });

  it('is found in the second of several lists, and below an authority that was revoked', async () => {
    const middle = await authority.subordinate('CN=middle');
    middle.put(await middle.issue(client));
    const outcomes: string[] = [];
    for (const lists of [
      pemOf(await authority.list([]), await middle.list([])),
      pemOf(await authority.list([]), await middle.list([await middle.fetch(client)])),
      pemOf(await authority.list([middle]), await middle.list([])),
      pemOf(await authority.list([])),
    ]) {
      const connect = await between(judge(new TestLists(lists)), judge(), middle);
      outcomes.push(
        await connect().then(
          () => 'admitted',
          () => refusals.at(-1)?.error ?? '',
        ),
      );
    }
    expect(outcomes[0]).toBe('admitted');
    expect(outcomes[1]).toContain('revoked by CRL');
    expect(outcomes[2]).toContain('revoked by CRL');
    expect(outcomes[3]).toContain('no revocation list of its issuer (issuer `CN=middle`)');
  });

  it('is found in a list that adds to another, which restores nobody', async () => {
    const delta = [new x509.Extension('2.5.29.27', true, Buffer.from([2, 1, 1]))];
    const whole = await authority.list([]);
    expect(await outcome(pemOf(whole, await authority.list([own], { extensions: delta })), true)).toContain('revoked by CRL');
    const restores = { extensions: delta, reason: x509.X509CrlReason.removeFromCRL };
    expect(await outcome(pemOf(await authority.list([own]), await authority.list([own], restores)), true)).toContain('revoked');
    expect(await outcome(pemOf(whole, await authority.list([own], restores)), true)).toBe('admitted');
  });
});

/** What is wrong with the lists, the lists, why strict refuses, and what upstream makes of them. */
type Unusable = readonly [string, () => Promise<Uint8Array | undefined>, string, string];

describe('revocation lists that cannot be used', () => {
  const cases: readonly Unusable[] = [
    ['are missing', async () => undefined, 'cannot be had', 'admitted'],
    ['are no lists', async () => Buffer.from('nonsense'), 'is no certificate revocation list', 'admitted'],
    ['are empty', async () => Buffer.alloc(0), 'is no certificate revocation list', 'admitted'],
    ['are certificates', async () => Buffer.from(authority.bundle), 'holds something else than lists', 'admitted'],
    ['are cut short', async () => pemOf(await authority.list([own])).subarray(0, 200), 'holds something else', 'admitted'],
    [
      'are cut short in DER',
      async () => (await authority.list([own])).subarray(0, 100),
      'is no certificate revocation list',
      'admitted',
    ],
    ['are one good one and one bad', async () => pemOf(await authority.list([]), Buffer.from('x')), 'list 2 of 2', 'admitted'],
    ['have run out', async () => authority.list([], { nextUpdate: past }), 'has run out', 'admitted'],
    ['have no end', async () => authority.list([], { nextUpdate: undefined }), 'has no next update', 'admitted'],
    [
      'are of the future',
      async () => authority.list([], { thisUpdate: new Date(Date.now() + day) }),
      'not valid yet',
      'admitted',
    ],
    [
      'are of another issuer',
      async () => (await TestAuthority.create('CN=other')).list([]),
      'no revocation list of its issuer',
      'admitted',
    ],
    ['hold something that must be understood', async () => authority.list([], unknownExtension), '1.2.3.4', 'admitted'],
    [
      'only add to one that is missing',
      async () => authority.list([], deltaExtension),
      'adds to one that is missing',
      'admitted',
    ],
    [
      'have a wrong signature',
      async () => authority.list([], { signer: await TestAuthority.create() }),
      'not signed by its issuer',
      'revocation cannot be ruled out: the revocation list is not signed by its issuer (issuer `CN=test`)',
    ],
  ];
  const unknownExtension: ListOptions = { extensions: [new x509.Extension('1.2.3.4', true, Buffer.from([5, 0]))] };
  const deltaExtension: ListOptions = { extensions: [new x509.Extension('2.5.29.27', true, Buffer.from([2, 1, 1]))] };

  it.each(cases)(
    'that %s: strict refuses every peer, upstream ignores them',
    async (...[, lists, why, upstream = 'admitted']) => {
      expect(await outcome(await lists(), true)).toContain(why);
      refusals = [];
      expect(await outcome(await lists(), false)).toBe(upstream);
    },
  );

  it('still revoke upstream when they have run out', async () => {
    expect(await outcome(await authority.list([own], { nextUpdate: past }), false)).toContain('revoked by CRL');
  });

  it.each([true, false])('end what they admitted when they become so (strict: %s)', async (strict) => {
    const lists = new TestLists(await authority.list([]));
    const connect = await between(judge(lists, strict), judge());
    const tunnel = await connect();
    expect(await works(tunnel)).toBe(true);
    const ended = closed(tunnel.stream);
    lists.put(Buffer.from('nonsense'));
    if (strict) await ended;
    else expect(await works(tunnel)).toBe(true);
  });

  it('admit again once they can be used', async () => {
    const lists = new TestLists(undefined);
    const connect = await between(judge(lists), judge());
    await expect(connect()).rejects.toThrow();
    lists.put(await authority.list([]));
    expect(await works(await connect())).toBe(true);
  });
});

describe('a stream whose revocation list runs out', () => {
  const soon = () => new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000);

  it('ends in strict', async () => {
    const connect = await between(judge(new TestLists(await authority.list([], { nextUpdate: soon() }))), judge());
    await closed((await connect()).stream);
  });

  it('goes on upstream', async () => {
    const nextUpdate = soon();
    const connect = await between(judge(new TestLists(await authority.list([], { nextUpdate })), false), judge());
    const tunnel = await connect();
    await new Promise((resolve) => setTimeout(resolve, nextUpdate.getTime() - Date.now() + 50));
    expect(await works(tunnel)).toBe(true);
  });

  it('goes on where another list came in time', async () => {
    const nextUpdate = soon();
    const lists = new TestLists(await authority.list([], { nextUpdate }));
    const connect = await between(judge(lists), judge());
    const tunnel = await connect();
    lists.put(await authority.list([]));
    await new Promise((resolve) => setTimeout(resolve, nextUpdate.getTime() - Date.now() + 50));
    expect(await works(tunnel)).toBe(true);
  });
});
