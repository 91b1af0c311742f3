import type { CredentialSource } from '../gate.js';

/** Certificates asked for at once: a request waits for its answer, not for those of a whole mesh before it. */
const atOnce = 32;

/**
 * Fetches the credentials of identities. Never rejects: a gate whose credentials cannot be had refuses its own handshakes, and keeps no
 * other from being served.
 */
export async function fetchCredentials(source: CredentialSource, identities: Iterable<string>): Promise<void> {
  const left = new Set(identities).values();
  const fetchNext = async (): Promise<void> => {
    for (const identity of left) await source.fetch(identity).catch(() => undefined);
  };
  await Promise.all(Array.from({ length: atOnce }, fetchNext));
}
