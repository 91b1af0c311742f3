import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Workload } from '@sallyport/policy';
import { decode, encode, type Packet } from 'dns-packet';
import fc from 'fast-check';
import type { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answerQuery, type KnownName } from '../../src/dns/answer-query.js';
import { DnsMetrics } from '../../src/dns/dns-metrics.js';
import { NamedAddresses } from '../../src/dns/named-addresses.js';
import { openResolver } from '../../src/dns/resolver.js';
import { frame, readFrames } from '../../src/dns/tcp-frames.js';
import type { DnsServer } from '../../src/dns/upstream.js';
import { createMetricsRegistry } from '../../src/telemetry/metrics-registry.js';

const address = '127.77.53.1';
const port = 15_053;
const upstream = '127.77.53.2';

const known: Readonly<Record<string, KnownName>> = {
  'cart.shop': { kind: 'addresses', addresses: ['10.2.0.1', 'fd00::1'] },
  four: { kind: 'addresses', addresses: ['10.2.0.2'] },
  many: { kind: 'addresses', addresses: Array.from({ length: 60 }, (_, index) => `10.3.0.${index}`) },
  'nothing.svc': { kind: 'unknown' },
  'broken.svc': { kind: 'failed' },
};

const asking = { labels: { app: 'web', version: 'v2' }, ownerName: 'web-1' } as unknown as Workload;

let servers: DnsServer[] = [];
let registry: Registry;
let cleanups: (() => unknown)[] = [];

beforeEach(async () => {
  servers = [{ address: upstream, port }];
  const lookup = (name: string): KnownName | Promise<KnownName> =>
    name === 'silent.svc' ? Promise.reject(new Error('nobody can say')) : (known[name] ?? { kind: 'outside' });
  registry = createMetricsRegistry();
  const metrics = DnsMetrics.of(registry);
  const resolver = await openResolver({
    address,
    port,
    lookup,
    servers: () => servers,
    asked: (type, transport) => metrics.asked({ type, transport, client: asking }),
    forwarded: (type, transport, seconds) => metrics.forwarded({ type, transport, client: asking }, seconds),
  });
  cleanups = [() => resolver.close(0)];
});
afterEach(async () => {
  for (const cleanup of cleanups) await cleanup();
});

function client(): Resolver {
  const resolver = new Resolver({ timeout: 4000, tries: 1 });
  resolver.setServers([`${address}:${port}`]);
  return resolver;
}

/** A resolver of the outside that answers each query with what `answer` makes of it; resolves with what it was asked. */
async function outside(answer: (query: Packet) => Packet | undefined, at = upstream): Promise<Packet[]> {
  const asked: Packet[] = [];
  const reply = (message: Buffer): Buffer | undefined => {
    const query = decode(message);
    asked.push(query);
    const made = answer(query);
    return made === undefined
      ? undefined
      : encode({ id: query.id ?? 0, ...made, type: 'response', questions: query.questions ?? [] });
  };
  const datagrams: DatagramSocket = createSocket('udp4', (message, { port: to, address: host }) => {
    const made = reply(message);
    if (made !== undefined) datagrams.send(made, to, host);
  });
  datagrams.bind(port, at);
  await once(datagrams, 'listening');
  const stream = createServer(async (socket) => {
    socket.on('error', () => undefined);
    for await (const message of readFrames(socket)) {
      const made = reply(message);
      if (made !== undefined) socket.write(frame(made));
    }
  });
  stream.listen(port, at);
  await once(stream, 'listening');
  cleanups.push(
    () => datagrams.close(),
    () => stream.close(),
  );
  return asked;
}

async function overTcp(query: Buffer): Promise<Packet> {
  const socket = connect(port, address);
  socket.write(frame(query));
  for await (const answer of readFrames(socket)) {
    socket.destroy();
    return decode(answer);
  }
  throw new Error('no answer');
}

async function overUdp(query: Buffer): Promise<Packet> {
  const socket = createSocket('udp4');
  socket.send(query, port, address);
  const [answer] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  return decode(answer);
}

describe('a name of the mesh', () => {
  test('has its addresses of the family that is asked for', async () => {
    expect(await client().resolve4('Cart.SHOP.')).toEqual(['10.2.0.1']);
    expect(await client().resolve6('cart.shop')).toEqual(['fd00::1']);
    expect(await client().resolve4('four', { ttl: true })).toEqual([{ address: '10.2.0.2', ttl: 30 }]);
  });

  test('exists without addresses of that family, or records of that type', async () => {
    await expect(client().resolve6('four')).rejects.toMatchObject({ code: 'ENODATA' });
    await expect(client().resolveTxt('four')).rejects.toMatchObject({ code: 'ENODATA' });
  });

  test('that is none does not exist', async () => {
    await expect(client().resolve4('nothing.svc')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  test('that nobody can tell about fails', async () => {
    await expect(client().resolve4('broken.svc')).rejects.toMatchObject({ code: 'ESERVFAIL' });
    await expect(client().resolve4('silent.svc')).rejects.toMatchObject({ code: 'ESERVFAIL' });
  });

  test('with more addresses than a datagram holds has them all over TCP', async () => {
    const query = encode({ type: 'query', id: 7, questions: [{ type: 'A', name: 'many' }] });
    const cut = await overUdp(query);
    expect({ cut: (cut as { flag_tc?: boolean }).flag_tc, answers: cut.answers }).toEqual({ cut: true, answers: [] });
    expect((await overTcp(query)).answers).toHaveLength(60);
    expect(await client().resolve4('many')).toHaveLength(60);
  });

  test('is answered with the question as it was asked', async () => {
    const { id, questions } = await overUdp(encode({ type: 'query', id: 4711, questions: [{ type: 'A', name: 'CaRt.ShOp' }] }));
    expect({ id, questions }).toMatchObject({ id: 4711, questions: [{ name: 'CaRt.ShOp' }] });
  });
});

describe('any other name', () => {
  test('is asked of the resolvers of this machine', async () => {
    const asked = await outside(({ questions }) => ({
      answers: [{ type: 'A', name: questions?.[0]?.name ?? '', data: '192.0.2.7', ttl: 5 }],
    }));
    expect(await client().resolve4('www.example.com')).toEqual(['192.0.2.7']);
    expect(asked[0]?.questions?.[0]?.name).toBe('www.example.com');
  });

  test('is asked over TCP where the client asks so', async () => {
    await outside(() => ({ answers: [{ type: 'A', name: 'www.example.com', data: '192.0.2.8' }] }));
    const query = encode({ type: 'query', id: 9, questions: [{ type: 'A', name: 'www.example.com' }] });
    expect(await overTcp(query)).toMatchObject({ id: 9, answers: [{ data: '192.0.2.8' }] });
  });

  test('is asked of the next where the first does not answer', async () => {
    servers = [{ address: '127.77.53.3', port }, ...servers];
    await outside(() => ({ answers: [{ type: 'A', name: 'www.example.com', data: '192.0.2.9' }] }));
    expect(await client().resolve4('www.example.com')).toEqual(['192.0.2.9']);
  });

  test('fails where none answers', async () => {
    await expect(client().resolve4('www.example.com')).rejects.toMatchObject({ code: 'ESERVFAIL' });
    servers = [];
    await expect(client().resolve4('www.example.com')).rejects.toMatchObject({ code: 'ESERVFAIL' });
  });

  test('fails where none answers in time', async () => {
    await outside(() => undefined);
    await expect(client().resolve4('www.example.com')).rejects.toMatchObject({ code: 'ESERVFAIL' });
  });

  test('is not answered with what answers another question', async () => {
    const asked = await outside(({ id }) => ({
      id: ((id ?? 0) + 1) % 65_536,
      answers: [{ type: 'A', name: 'x.example', data: '192.0.2.1' }],
    }));
    await expect(client().resolve4('x.example')).rejects.toMatchObject({ code: 'ESERVFAIL' });
    expect(asked.length).toBeGreaterThan(0);
  });
});

test('what is no query gets no answer, and what is none that is understood an error', async () => {
  const source = { lookup: (): KnownName => ({ kind: 'unknown' }), askUpstream: () => Promise.resolve(undefined) };
  const answer = (query: Buffer) => answerQuery(query, 'udp', source);
  expect(await answer(Buffer.from('junk'))).toBeUndefined();
  expect(await answer(encode({ type: 'response', id: 1 }))).toBeUndefined();
  const rcode = async (query: Packet) => (decode((await answer(encode(query))) ?? Buffer.alloc(0)) as { rcode?: string }).rcode;
  expect(await rcode({ type: 'query', id: 1 })).toBe('FORMERR');
  expect(await rcode({ type: 'query', id: 1, flags: 2 << 11, questions: [{ type: 'A', name: 'x' }] })).toBe('NOTIMP');
});

test('no bytes make a resolver reject', async () => {
  const source = { lookup: (): KnownName => ({ kind: 'unknown' }), askUpstream: () => Promise.resolve(undefined) };
  const query = encode({ type: 'query', id: 1, questions: [{ type: 'A', name: 'cart.shop' }], additionals: [] });
  const mutated = fc.array(fc.tuple(fc.nat(query.length - 1), fc.nat(255)), { maxLength: 6 }).map((changes) => {
    const copy = Buffer.from(query);
    for (const [at, byte] of changes) copy.writeUInt8(byte, at);
    return copy;
  });
  const bytes = fc.oneof(
    mutated,
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (message) => {
      const answer = await answerQuery(message, 'udp', source);
      expect(answer === undefined || answer.length >= 12).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('an address stands for one name, and each name keeps its own', () => {
  const names = new NamedAddresses();
  const given = Array.from({ length: 5000 }, (_, index) => names.addressOf(`n${index}.example`));
  expect(new Set(given).size).toBe(5000);
  expect(names.addressOf('n42.example')).toBe(given[42]);
  expect(new NamedAddresses().addressOf('n42.example')).toBe(given[42]);
  expect(names.nameOf(given[42] ?? '')).toBe('n42.example');
  expect(names.nameOf('242.0.0.0')).toBeUndefined();
});

describe('metrics of questions', () => {
  /** The samples of a metric that are not of a bucket, without what they have in common. */
  async function samples(name: string): Promise<string[]> {
    const common = /,?source_canonical_service="web",source_canonical_revision="v2"/;
    const lines = (await registry.metrics()).split('\n');
    return lines.filter((line) => line.startsWith(name) && !line.includes('_bucket')).map((line) => line.replace(common, ''));
  }

  test('tell by type and transport what was asked, handed on, and not answered', async () => {
    await outside(() => ({ answers: [] }));
    await client().resolve4('cart.shop');
    await client().resolve4('four');
    await overTcp(encode({ type: 'query', id: 1, questions: [{ type: 'TXT', name: 'example.com' }] }));
    await overUdp(encode({ type: 'query', id: 2, questions: [{ type: 'UNKNOWN_4711' as 'A', name: 'example.com' }] }));
    servers = [];
    await overUdp(encode({ type: 'query', id: 3, questions: [{ type: 'A', name: 'example.com' }] }));
    expect(await samples('istio_dns_requests_total')).toEqual([
      'istio_dns_requests_total{request_query_type="a",request_protocol="udp"} 3',
      'istio_dns_requests_total{request_query_type="txt",request_protocol="tcp"} 1',
      'istio_dns_requests_total{request_query_type="unknown",request_protocol="udp"} 1',
    ]);
    const forwarded = (await samples('istio_dns_upstream_requests_total')).map((line) => line.slice(-1));
    const failed = (await samples('istio_dns_upstream_failures_total')).map((line) => line.slice(-1));
    expect({ forwarded, failed }).toEqual({ forwarded: ['1', '1', '1'], failed: ['1', '0', '0'] });
    const answered = await samples('istio_dns_upstream_request_duration_seconds_count');
    expect(answered.map((line) => line.slice(-1))).toEqual(['0', '1', '1']);
  });
});
