import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { L7Mesh, readUntil } from '../l7/l7-mesh.js';
import { closed } from '../support/await-event.js';
import { Issuer, inSeconds } from './issuer.js';
import { anyToken, requestAuthentication, tokenMesh } from './token-mesh.js';

const issuer = new Issuer('https://issuer.example', 'key-1');
const other = new Issuer('https://issuer.example', 'key-1');
const rules = [{ issuer: issuer.name, jwks: issuer.jwks() }];

let mesh: L7Mesh;
afterEach(() => mesh.stop());

/** Opens a response that goes on until somebody ends it. */
async function open(manifests: readonly string[], token: string): Promise<Socket> {
  mesh = await L7Mesh.start([...tokenMesh, ...manifests], async (made) => {
    const server = createServer((_, response) => {
      response.on('error', () => undefined);
      response.write('begin');
    });
    await made.run('shop/server', 8080, (socket) => server.emit('connection', socket));
  });
  const socket = await mesh.mesh.connectAs('shop/client', 'server.shop', 80);
  socket.write(`GET /events HTTP/1.1\r\nHost: server.shop\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  await readUntil(socket, 'begin');
  return socket;
}

describe('an open stream that a token admitted', () => {
  it('ends when the token runs out', async () => {
    // Clocks may differ by a minute, so that this one is good for two more seconds.
    const socket = await open([requestAuthentication(rules), anyToken], issuer.token({ exp: inSeconds(-58) }));
    await closed(socket.resume());
    expect(await mesh.logged('/events')).toMatch(
      / jwt_authn_access_denied\{Jwt_is_expired\} token_invalid .* reason="invalid-token"/,
    );
  });

  it('ends when the keys that its rule trusts are others', async () => {
    const socket = await open([requestAuthentication(rules), anyToken], issuer.token());
    const ended = closed(socket.resume());
    await mesh.change([...tokenMesh, requestAuthentication([{ ...rules[0], jwks: other.jwks() }]), anyToken]);
    await ended;
    expect(await mesh.logged('/events')).toContain('jwt_authn_access_denied{Jwt_verification_fails} token_invalid');
  });

  it('goes on when the rule changes in what this token fulfils', async () => {
    const socket = await open([requestAuthentication(rules), anyToken], issuer.token({ aud: 'shop' }));
    await mesh.change([...tokenMesh, requestAuthentication([{ ...rules[0], audiences: ['shop'] }]), anyToken]);
    const ended = closed(socket.resume());
    await mesh.change([...tokenMesh, requestAuthentication([{ ...rules[0], audiences: ['bank'] }]), anyToken]);
    await ended;
    expect(await mesh.logged('/events')).toContain('jwt_authn_access_denied{Audiences_in_Jwt_are_not_allowed}');
  });

  it('is judged with the claims of its token when policy changes', async () => {
    const admins = anyToken.replace('"*"', '"*/bob"');
    const socket = await open([requestAuthentication(rules), anyToken], issuer.token());
    const ended = closed(socket.resume());
    await mesh.change([...tokenMesh, requestAuthentication(rules), admins]);
    await ended;
    expect(await mesh.logged('/events')).toContain('reason="no-allow-match"');
  });
});
