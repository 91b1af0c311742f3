import { KeySetError } from './key-set.js';

/** Longest answer of a key server that is read. */
const maximumBytes = 1 << 20;

/** What a key server answered. */
export interface FetchedText {
  readonly text: string;
  /** How long it may be used, if the server says so. */
  readonly maxAgeMs?: number;
}

/**
 * Gets a document of a key server within `timeoutMs`, connection and body included. Anything but a plain 200 of bearable size
 * throws a `KeySetError`; redirects are not followed, as they would lead where nobody who wrote the policy has said.
 */
export async function fetchText(url: string, timeoutMs: number, closed: AbortSignal): Promise<FetchedText> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.any([closed, AbortSignal.timeout(timeoutMs)]),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new KeySetError(`it answered ${response.status}`);
    }
    const text = await bodyOf(response);
    const maxAgeMs = maxAgeOf(response.headers.get('cache-control') ?? '');
    return { text, ...(maxAgeMs === undefined ? {} : { maxAgeMs }) };
  } catch (error) {
    if (error instanceof KeySetError) throw error;
    throw new KeySetError(describe(error));
  }
}

async function bodyOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > maximumBytes) throw new KeySetError(`it answered more than ${maximumBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function maxAgeOf(cacheControl: string): number | undefined {
  const directives = cacheControl.split(',').map((each) => each.trim().toLowerCase());
  if (directives.some((each) => each === 'no-store' || each === 'no-cache')) return 0;
  const seconds = Number(directives.find((each) => each.startsWith('max-age='))?.slice('max-age='.length));
  return Number.isSafeInteger(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'it could not be reached';
  if (error.name === 'TimeoutError') return 'it did not answer in time';
  return `it could not be reached: ${error.cause instanceof Error ? error.cause.message : error.message}`;
}
