import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Dial, dialDirectly } from './dial.js';

/** Host and port of the application behind a proxy. */
interface Address {
  readonly host: string;
  readonly port: number;
}

/** Something that the gates are measured beside, as a process of its own. */
export interface PlainProxy {
  readonly dial: Dial;
  stop(): Promise<void>;
}

/** A relay that copies bytes and does nothing else. */
export function startRelay(target: Address): Promise<PlainProxy> {
  const program = fileURLToPath(new URL('../programs/relay.js', import.meta.url));
  return start((port) => [process.execPath, program, '127.0.0.1', String(port), target.host, String(target.port)]);
}

/** nginx or HAProxy as a plain HTTP reverse proxy; undefined where neither is installed. */
export function installedReverseProxy():
  | { readonly name: string; readonly start: (target: Address) => Promise<PlainProxy> }
  | undefined {
  if (spawnSync('nginx', ['-v'], { stdio: 'ignore' }).status === 0) return { name: 'nginx', start: startNginx };
  if (spawnSync('haproxy', ['-v'], { stdio: 'ignore' }).status === 0) return { name: 'HAProxy', start: startHaproxy };
  return undefined;
}

async function startNginx(target: Address): Promise<PlainProxy> {
  return startConfigured('nginx.conf', (port, folder) => ({
    text: `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr;
events { worker_connections 1024; }
http {
  access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  upstream application { server ${target.host}:${target.port}; keepalive 64; }
  server {
    listen 127.0.0.1:${port}; keepalive_requests 1000000;
    location / { proxy_pass http://application; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`,
    command: ['nginx', '-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')],
  }));
}

async function startHaproxy(target: Address): Promise<PlainProxy> {
  return startConfigured('haproxy.cfg', (port, folder) => ({
    text: `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  http-reuse always
frontend bench
  bind 127.0.0.1:${port}
  default_backend application
backend application
  server application ${target.host}:${target.port}
`,
    command: ['haproxy', '-db', '-f', join(folder, 'haproxy.cfg')],
  }));
}

async function startConfigured(
  file: string,
  configure: (port: number, folder: string) => { text: string; command: string[] },
): Promise<PlainProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
  const port = await freePort();
  const { text, command } = configure(port, folder);
  await writeFile(join(folder, file), text);
  const proxy = await start(() => command, port);
  return {
    dial: proxy.dial,
    stop: async () => {
      await proxy.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function start(commandFor: (port: number) => readonly string[], chosen?: number): Promise<PlainProxy> {
  const port = chosen ?? (await freePort());
  const [program = '', ...args] = commandFor(port);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const dial = dialDirectly('127.0.0.1', port);
  try {
    await untilListening(child, dial);
  } catch (error) {
    child.kill();
    throw error;
  }
  return { dial, stop: () => stop(child) };
}

/** The proxies have no common way to say that they listen, so they are asked. */
async function untilListening(child: ChildProcess, dial: Dial): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with status ${child.exitCode}`);
    const socket = await dial().catch(() => undefined);
    if (socket !== undefined) {
      socket.destroy();
      return;
    }
    await delay(50);
  }
  throw new Error(`${child.spawnfile} does not listen`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
