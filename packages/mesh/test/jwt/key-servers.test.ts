import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JwtRule, SignatureResult, Span, WantedSignature } from '@sallyport/policy';
import { afterEach, describe, expect, it } from 'vitest';
import { defaultKeyLifetimes, type KeyEvent } from '../../src/jwt/remote-keys.js';
import { TokenVerifier } from '../../src/jwt/token-verifier.js';
import { untilTrue } from '../support/await-event.js';
import { Issuer } from './issuer.js';
import { anyToken, requestAuthentication, sendRaw, startTokenMesh } from './token-mesh.js';

const minute = 60_000;
const span: Span = { file: '-', start: { line: 1, column: 1, offset: 0 }, end: { line: 1, column: 1, offset: 0 } };
const old = new Issuer('https://issuer.example', 'old');
const next = new Issuer('https://issuer.example', 'next', 'ec');

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A key server whose answer a test can change, and which counts how often it was asked. */
class KeyServer {
  asked: string[] = [];
  answer: RequestListener;

  private constructor(
    answer: RequestListener,
    private readonly server: Server,
  ) {
    this.answer = answer;
  }

  static async start(answer: RequestListener): Promise<KeyServer> {
    const server = createServer();
    const made = new KeyServer(answer, server);
    server.on('request', (incoming, response) => {
      made.asked.push(incoming.url ?? '');
      made.answer(incoming, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => made.stop());
    return made;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** Answers with a document. */
function says(document: string, headers: Readonly<Record<string, string>> = {}): RequestListener {
  return (_, response) => response.writeHead(200, headers).end(document);
}

function rule(more: Partial<JwtRule>): JwtRule {
  return {
    index: 0,
    audiences: [],
    fromHeaders: [],
    fromParams: [],
    fromCookies: [],
    outputClaimToHeaders: [],
    forwardOriginalToken: false,
    timeoutMs: 2000,
    spaceDelimitedClaims: [],
    span,
    ...more,
  };
}

function wanted(asked: JwtRule, issuer: Issuer, header: { kid?: string | undefined } = { kid: issuer.keyId }): WantedSignature {
  const compact = issuer.token({}, header);
  const { kid } = header;
  return { rule: asked, token: { compact, algorithm: issuer.algorithm, ...(kid === undefined ? {} : { keyId: kid }) } };
}

/** A verifier with a clock of its own. */
function verifier() {
  const time = { ms: Date.parse('2026-01-01') };
  const events: KeyEvent[] = [];
  const made = new TokenVerifier({ clock: () => time.ms, report: (_, event) => events.push(event) });
  cleanups.push(() => made.close());
  return { made, time, events };
}

describe('keys behind an address', () => {
  it('are fetched once, and serve for the time that the server says', async () => {
    const server = await KeyServer.start(says(old.jwks(), { 'cache-control': 'public, max-age=600' }));
    const { made, time } = verifier();
    const asked = rule({ jwksUri: `${server.origin}/keys` });
    const results = await Promise.all([1, 2, 3].map(() => made.verify(wanted(asked, old))));
    expect(results).toEqual(['valid', 'valid', 'valid']);
    time.ms += 7 * minute;
    expect(await made.verify(wanted(asked, old))).toBe('valid');
    expect(server.asked).toEqual(['/keys']);
  });

  it('are fetched again ahead of their end, while the old ones serve', async () => {
    const server = await KeyServer.start(says(old.jwks()));
    const { made, time } = verifier();
    const asked = rule({ jwksUri: server.origin });
    await made.verify(wanted(asked, old));
    time.ms += 17 * minute;
    const held: (() => void)[] = [];
    const again = new Promise<void>((resolve) => {
      server.answer = (_, response) => {
        held.push(() => response.end(next.jwks()));
        resolve();
      };
    });
    // Nobody waits for the server: it has not answered yet.
    expect(await made.verify(wanted(asked, old))).toBe('valid');
    await again;
    for (const release of held) release();
    expect(await made.verify(wanted(asked, next))).toBe('valid');
    expect(await made.verify(wanted(asked, old))).toBe('no-key');
  });

  it('are fetched again when a token names one that is not there, and not more often than that is good for', async () => {
    const server = await KeyServer.start(says(old.jwks()));
    const { made, time } = verifier();
    const asked = rule({ jwksUri: server.origin });
    expect(await made.verify(wanted(asked, old))).toBe('valid');
    server.answer = says(JSON.stringify({ keys: [old.jwk(), next.jwk()] }));
    time.ms += defaultKeyLifetimes.retryMs;
    expect(await made.verify(wanted(asked, next))).toBe('valid');
    for (const kid of ['a', 'b', 'c']) expect(await made.verify(wanted(asked, old, { kid }))).toBe('no-key');
    expect(server.asked).toHaveLength(2);
  });

  it('serve on while the server fails, up to a bound, and then there are none', async () => {
    const server = await KeyServer.start(says(old.jwks()));
    const { made, time, events } = verifier();
    const asked = rule({ jwksUri: server.origin });
    await made.verify(wanted(asked, old));
    server.answer = (_, response) => response.writeHead(500).end();
    time.ms += 60 * minute;
    expect(await made.verify(wanted(asked, old))).toBe('valid');
    await untilTrue(() => events.length === 2);
    time.ms += 24 * 60 * minute;
    expect(await made.verify(wanted(asked, old))).toBe('keys-unavailable');
    expect(events).toContainEqual({ kind: 'failed', detail: 'it answered 500', stale: true });
    server.answer = says(old.jwks());
    time.ms += 2 * minute;
    expect(await made.verify(wanted(asked, old))).toBe('valid');
  });

  it('are asked for ever less often while they cannot be had', async () => {
    const server = await KeyServer.start((_, response) => response.writeHead(503).end());
    const { made, time } = verifier();
    const asked = rule({ jwksUri: server.origin });
    for (let second = 0; second < 300; second++) {
      expect(await made.verify(wanted(asked, old))).toBe('keys-unavailable');
      time.ms += 1000;
    }
    // After 0, 5, 15, 35, 75, 135, 195 and 255 seconds.
    expect(server.asked).toHaveLength(8);
  });

  const secret = { kty: 'oct', k: Buffer.from('secret').toString('base64url'), kid: 'old', alg: 'HS256' };

  it.each<[string, RequestListener, SignatureResult]>([
    ['nothing', (_, response) => void response.end(), 'keys-unavailable'],
    ['a page', says('<html>'), 'keys-unavailable'],
    ['a list', says('[]'), 'keys-unavailable'],
    ['no keys', says('{"keys":[]}'), 'keys-unavailable'],
    ['a shared secret', says(JSON.stringify({ keys: [secret] })), 'keys-unavailable'],
    ['a key for encryption', says(old.jwks({ use: 'enc' })), 'keys-unavailable'],
    ['a key for another algorithm', says(old.jwks({ alg: 'RS512' })), 'no-key'],
    ['half a key', says(JSON.stringify({ keys: [{ kty: 'RSA', kid: 'old', n: 'AQAB' }] })), 'signature'],
    ['half a key before the right one', says(JSON.stringify({ keys: [{ kty: 'RSA', kid: 'old', n: 'x' }, old.jwk()] })), 'valid'],
    ['its private key', says(JSON.stringify({ keys: [{ ...old.privateKey.export({ format: 'jwk' }), kid: 'old' }] })), 'valid'],
    ['a thousand keys', says(JSON.stringify({ keys: Array(1000).fill(old.jwk()) })), 'keys-unavailable'],
    ['more than anyone reads', says(`{"keys":[],"pad":"${'x'.repeat(2 << 20)}"}`), 'keys-unavailable'],
    ['not found', (_, response) => void response.writeHead(404).end(old.jwks()), 'keys-unavailable'],
    ['a redirect', (_, response) => void response.writeHead(302, { location: '/elsewhere' }).end(), 'keys-unavailable'],
    ['a reset', (incoming) => void incoming.socket.resetAndDestroy(), 'keys-unavailable'],
  ])('are none that would open anything where the server answers with %s', async (_, answer, result) => {
    const server = await KeyServer.start(answer);
    expect(await verifier().made.verify(wanted(rule({ jwksUri: server.origin }), old))).toBe(result);
  });

  it('are given up for a server that says nothing, or never ends, within the time of the rule', async () => {
    for (const answer of [() => undefined, (_: unknown, response: { write(text: string): void }) => response.write('{')]) {
      const server = await KeyServer.start(answer as RequestListener);
      const { made, events } = verifier();
      const asked = rule({ jwksUri: server.origin, timeoutMs: 100 });
      expect(await made.verify(wanted(asked, old))).toBe('keys-unavailable');
      expect(events).toEqual([{ kind: 'failed', detail: 'it did not answer in time', stale: false }]);
    }
  });
});

describe('the time of a rule', () => {
  it('is its own, whichever other rule has the same keys', async () => {
    const server = await KeyServer.start((_, response) => setTimeout(() => response.end(old.jwks()), 300));
    const { made, time } = verifier();
    expect(await made.verify(wanted(rule({ jwksUri: server.origin, timeoutMs: 50 }), old))).toBe('keys-unavailable');
    time.ms += defaultKeyLifetimes.retryMs;
    expect(await made.verify(wanted(rule({ jwksUri: server.origin, timeoutMs: 60_000 }), old))).toBe('valid');
  });
});

describe('keys behind an issuer', () => {
  async function discovered(document: (origin: string) => object): Promise<{ result: SignatureResult; asked: string[] }> {
    const server = await KeyServer.start((incoming, response) =>
      incoming.url === '/keys' ? response.end(old.jwks()) : response.end(JSON.stringify(document(server.origin))),
    );
    const result = await verifier().made.verify(wanted(rule({ issuer: server.origin }), old));
    return { result, asked: server.asked };
  }

  it('are found by discovery', async () => {
    const { result, asked } = await discovered((origin) => ({ issuer: origin, jwks_uri: `${origin}/keys` }));
    expect(result).toBe('valid');
    expect(asked).toEqual(['/.well-known/openid-configuration', '/keys']);
  });

  it.each<[string, (origin: string) => object]>([
    ['is about another issuer', (origin) => ({ issuer: 'https://evil.example', jwks_uri: `${origin}/keys` })],
    ['names no issuer', (origin) => ({ jwks_uri: `${origin}/keys` })],
    ['names no keys', (origin) => ({ issuer: origin })],
    ['names a file', (origin) => ({ issuer: origin, jwks_uri: 'file:///etc/passwd' })],
    ['is a list', () => []],
  ])('are none where the configuration %s', async (_, document) => {
    const { result, asked } = await discovered(document);
    expect(result).toBe('keys-unavailable');
    expect(asked).not.toContain('/keys');
  });

  it('are none where the issuer is no address', async () => {
    expect(await verifier().made.verify(wanted(rule({ issuer: 'tokens@corp.example' }), old))).toBe('keys-unavailable');
  });
});

describe('a waypoint whose key server fails', () => {
  it('refuses tokens, says why in its log, and leaves requests without one to policy', async () => {
    const server = await KeyServer.start((_, response) => response.writeHead(500).end());
    const rules = [{ issuer: old.name, jwksUri: `${server.origin}/keys` }];
    const mesh = await startTokenMesh([requestAuthentication(rules)]);
    cleanups.push(() => mesh.stop());
    const answer = await sendRaw(mesh, [`Authorization: Bearer ${old.token()}`]);
    expect(answer).toMatchObject({ status: 401, body: 'Jwks remote fetch is failed' });
    expect((await sendRaw(mesh, [])).status).toBe(200);
    expect(await mesh.logged('keys could not be fetched')).toContain('error="it answered 500" earlier_keys_serve=false');
    expect(await mesh.mesh.metrics.metrics()).toContain('sallyport_key_fetches_total{result="failed"} 1');
  });

  it('keeps no request waiting that has no token', async () => {
    const server = await KeyServer.start(() => undefined);
    const mesh = await startTokenMesh([requestAuthentication([{ issuer: old.name, jwksUri: server.origin, timeout: '30s' }])]);
    cleanups.push(() => mesh.stop());
    expect((await sendRaw(mesh, [])).status).toBe(200);
    expect(server.asked).toEqual([]);
  });

  it('admits a token once its keys are there', async () => {
    const server = await KeyServer.start(says(old.jwks()));
    const mesh = await startTokenMesh([requestAuthentication([{ issuer: old.name, jwksUri: server.origin }]), anyToken]);
    cleanups.push(() => mesh.stop());
    expect((await sendRaw(mesh, [`Authorization: Bearer ${old.token()}`])).status).toBe(200);
  });
});
