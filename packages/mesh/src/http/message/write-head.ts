import { STATUS_CODES } from 'node:http';
import type { HeaderList } from '../header-list.js';
import { consistsOf, isToken, valueOctets, writtenTargetOctets } from './octets.js';

/** A message cannot be written: a part of it would end its line, or be read as something else. */
class UnwritableMessage extends Error {
  override readonly name = 'UnwritableMessage';
}

/** The head of a request, empty line included. Throws where a part of it may not stand in HTTP/1.1. */
export function writeRequestHead(method: string, target: string, headers: HeaderList): string {
  if (!isToken(method)) throw new UnwritableMessage('the method is no token');
  if (target === '' || !consistsOf(writtenTargetOctets, target)) throw new UnwritableMessage('the target holds what it may not');
  return `${method} ${target} HTTP/1.1\r\n${fieldLines(headers)}\r\n`;
}

/** The head of a response, empty line included. Throws where a part of it may not stand in HTTP/1.1. */
export function writeResponseHead(status: number, headers: HeaderList): string {
  if (!Number.isInteger(status) || status < 100 || status > 999) throw new UnwritableMessage('no status');
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${fieldLines(headers)}\r\n`;
}

/** Trailers after the last chunk, or nothing of them but the empty line. */
export function writeTrailers(trailers: HeaderList): string {
  return `0\r\n${fieldLines(trailers)}\r\n`;
}

function fieldLines(headers: HeaderList): string {
  let lines = '';
  for (const [name, value] of headers) {
    if (!isToken(name) || !consistsOf(valueOctets, value))
      throw new UnwritableMessage(`the header ${JSON.stringify(name)} cannot be written`);
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}
