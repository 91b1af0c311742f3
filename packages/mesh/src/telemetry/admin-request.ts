import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { type LogLevel, logLevels } from './log-line.js';

/** What an admin server can be asked about the process, or the processes, behind it. */
export type AdminQuestion =
  | { readonly about: 'connections' | 'policies' | 'certificates' | 'memory' }
  /** The log level, changed first where one is given. */
  | { readonly about: 'logging'; readonly level?: LogLevel };

/** The question of a path, or why it is none. */
export function readQuestion(
  method: string,
  url: URL,
): AdminQuestion | { readonly status: 400 | 404 | 405; readonly error: string } {
  const about = url.pathname.slice(1);
  if (about === 'logging') return readLogging(method, url.searchParams.get('level'));
  if (about !== 'connections' && about !== 'policies' && about !== 'certificates' && about !== 'memory') {
    return { status: 404, error: 'not found' };
  }
  return method === 'POST' ? { status: 405, error: 'method not allowed' } : { about };
}

function readLogging(method: string, text: string | null): ReturnType<typeof readQuestion> {
  if (method !== 'POST') return { about: 'logging' };
  const level = logLevels.find((one) => one === text);
  return level === undefined ? { status: 400, error: `level is one of ${logLevels.join(', ')}` } : { about: 'logging', level };
}

/**
 * Whether a request comes from this machine, and not by way of a page in a browser: that names its page in `Origin`, and where it has rebound
 * a name of its own to this address, that name in `Host`.
 */
export function isLocal({ socket, headers }: IncomingMessage): boolean {
  const { host = '', origin } = headers;
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return origin === undefined && isLoopback(socket.remoteAddress ?? '') && (name === 'localhost' || isIP(name) !== 0);
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
