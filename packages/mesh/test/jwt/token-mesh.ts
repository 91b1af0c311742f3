import { L7Mesh, readUntil, runHttp, servedBy, waypoint } from '../l7/l7-mesh.js';
import { ambientNamespace, pod, policy } from '../support/manifests.js';

const ports = '[{ name: http, port: 80, targetPort: 8080 }]';

/** A client, a waypoint and an application that tells what it received, as JSON. */
export const tokenMesh = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  waypoint('shop', 'gate'),
  servedBy('gate', 'shop', 'server', '10.2.0.1', ports),
];

/** A RequestAuthentication for the application; `rules` are its jwtRules. */
export function requestAuthentication(rules: readonly object[]): string {
  const object = JSON.stringify({
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata: { name: 'tokens', namespace: 'shop' },
    spec: { targetRefs: [{ group: '', kind: 'Service', name: 'server' }], jwtRules: rules },
  });
  return `\n${object}\n`;
}

/** Admits whoever has a valid token. */
export const anyToken = policy(
  'shop',
  'any-token',
  '{ targetRefs: [{ kind: Service, group: "", name: server }], rules: [{ from: [{ source: { requestPrincipals: ["*"] } }] }] }',
);

/** What the application received. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly trailers: Readonly<Record<string, string>>;
}

/** Starts a mesh whose application answers with what it received. */
export function startTokenMesh(manifests: readonly string[]): Promise<L7Mesh> {
  return L7Mesh.start([...tokenMesh, ...manifests], (made) =>
    runHttp(made, 'shop/server', 8080, (incoming, response) => {
      incoming.resume();
      incoming.on('end', () => {
        const { method, url, rawHeaders, trailers } = incoming;
        const headers = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1]]] : []));
        response.end(JSON.stringify({ method, url, headers, trailers }));
      });
    }),
  );
}

/** What came back: the status line's number, the head as it was sent, the body. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends lines of headers exactly as they are, and reads the whole answer. */
export async function sendRaw(
  mesh: L7Mesh,
  headers: readonly string[],
  { method = 'GET', path = '/', body = '' }: { method?: string; path?: string; body?: string } = {},
): Promise<RawAnswer> {
  const socket = await mesh.mesh.connectAs('shop/client', 'server.shop', 80);
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: server.shop', 'Connection: close', ...headers];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
  const head = await readUntil(socket, '\r\n\r\n');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return { status: Number(head.slice(9, 12)), head, body: Buffer.concat(chunks).toString('utf8') };
}

/** What the application received of a request that reached it. */
export function received({ status, body }: RawAnswer): Received {
  if (status !== 200) throw new Error(`the gate answered ${status}: ${body}`);
  return JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1)) as Received;
}

/** The values of a header that the application received. */
export function valuesOf({ headers }: Received, name: string): readonly string[] {
  return headers.filter(([each]) => each === name).map(([, value]) => value);
}
