import type { Duplex } from 'node:stream';
import type { ConnectionAttributes } from '@sallyport/policy';
import { type Greeting, readGreeting } from '../socket/client-hello.js';
import { peek } from '../socket/peek.js';

/**
 * Reads the TLS greeting at the beginning of a client's stream, which stays to be read. Total: a stream that ends or is silent before it
 * has said enough has an unreadable greeting.
 */
export async function greetingOf(stream: Duplex, timeoutMs: number): Promise<Greeting> {
  try {
    return await peek(stream, { timeoutMs, classify: readGreeting });
  } catch (error) {
    return { kind: 'malformed', detail: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * What policy is told of a greeting. Without a server name there is none; where it is `required` to know for certain, a greeting that
 * cannot be read is no missing name: who reads it otherwise than we do could be asked for a name that a DENY policy is about.
 */
export function serverNameAttributes(
  greeting: Greeting | undefined,
  required: boolean,
): Pick<ConnectionAttributes, 'sni' | 'unreadable'> {
  if (greeting?.kind === 'hello') return greeting.serverName === undefined ? {} : { sni: greeting.serverName };
  return required && greeting?.kind === 'malformed' ? { unreadable: `the TLS greeting (${greeting.detail})` } : {};
}
