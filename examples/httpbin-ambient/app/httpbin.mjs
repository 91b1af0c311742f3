// A small httpbin: answers every request with what it saw, so that one can tell which gate let it through and what it changed.
//
//   HOST=127.0.0.1 PORT=8080 node httpbin.mjs
//
// `sallyport up` sets HOST and PORT: the private address that only this workload's ztunnel dials.
import { createServer } from 'node:http';

const host = process.env.HOST ?? '127.0.0.1';
const port = Number(process.env.PORT ?? 8080);
const longestDelaySeconds = 10;
const mostBytes = 256 * 1024 * 1024;

const routes = [
  [/^\/$/, index],
  [/^\/(?:get|post|put|patch|delete|anything)(?:\/.*)?$/, echo],
  [/^\/headers$/, (request, response) => json(response, 200, { headers: request.headers })],
  [/^\/ip$/, (request, response) => json(response, 200, { origin: request.socket.remoteAddress })],
  [/^\/status\/(?<code>[2-5]\d\d)$/, (_, response, { code }) => json(response, Number(code), { status: Number(code) })],
  [/^\/delay\/(?<seconds>\d{1,2}(?:\.\d{1,3})?)$/, delay],
  [/^\/bytes\/(?<count>\d{1,9})$/, bytes],
];

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://httpbin');
  for (const [pattern, answer] of routes) {
    const match = pattern.exec(url.pathname);
    if (match) return answer(request, response, match.groups ?? {}, url);
  }
  return json(response, 404, { error: `nothing at ${url.pathname}` });
});

server.listen(port, host, () => console.log(`httpbin listens on ${host}:${port}`));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close(() => process.exit(0)).closeAllConnections());

function index(_, response) {
  json(response, 200, {
    try: ['/get', '/post', '/headers', '/ip', '/status/418', '/delay/1', '/bytes/1024', '/anything/you/like'],
  });
}

/** Answers with the request itself, body included. */
function echo(request, response, _, url) {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () =>
    json(response, 200, {
      method: request.method,
      path: request.url,
      args: Object.fromEntries(url.searchParams),
      headers: request.headers,
      data: Buffer.concat(chunks).toString('utf8'),
    }),
  );
}

function delay(_, response, { seconds }) {
  const milliseconds = Math.min(Number(seconds), longestDelaySeconds) * 1000;
  const timer = setTimeout(() => json(response, 200, { delay: milliseconds / 1000 }), milliseconds);
  response.once('close', () => clearTimeout(timer));
}

/** Sends that many bytes, no faster than they are read. */
function bytes(_, response, { count }) {
  let left = Math.min(Number(count), mostBytes);
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': left });
  const chunk = Buffer.alloc(64 * 1024, 'sallyport ');
  const more = () => {
    while (left > 0) {
      const part = chunk.subarray(0, Math.min(left, chunk.length));
      left -= part.length;
      if (!response.write(part)) return response.once('drain', more);
    }
    return response.end();
  };
  more();
}

function json(response, status, body) {
  const bodyless = status === 204 || status === 304;
  response.writeHead(status, bodyless ? {} : { 'content-type': 'application/json' });
  response.end(bodyless ? undefined : `${JSON.stringify(body, null, 2)}\n`);
}
