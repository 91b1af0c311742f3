import * as http from 'node:http';
import * as https from 'node:https';
import type { Delivery } from './otlp-exporter.js';

/** Where a collector takes traces. */
export interface Collector {
  /** Its address: `/v1/traces` is put behind it, unless it ends so. */
  readonly url: string;
  /** Sent along, for a collector that wants to know who sends. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For one delivery; 10 s. */
  readonly timeoutMs?: number;
}

/** Bytes of an answer that are read. */
const longestAnswer = 64 * 1024;
/** OTLP/HTTP: what may be tried again. */
const retryable = [429, 502, 503, 504];

/** Delivers to a collector by OTLP/HTTP, over one connection that is kept. Redirections are not followed. */
export class OtlpHttp {
  readonly #collector: Collector;
  readonly #url: URL;
  readonly #library: typeof http | typeof https;
  readonly #agent: http.Agent;

  constructor(collector: Collector) {
    this.#collector = collector;
    this.#url = tracesUrl(collector.url);
    this.#library = this.#url.protocol === 'https:' ? https : http;
    this.#agent = new this.#library.Agent({ keepAlive: true, maxSockets: 1 });
  }

  /** Never rejects. */
  async deliver(body: string, signal: AbortSignal): Promise<Delivery> {
    try {
      return await this.#post(body, AbortSignal.any([signal, AbortSignal.timeout(this.#collector.timeoutMs ?? 10_000)]));
    } catch (error) {
      return { kind: 'failed', error: error instanceof Error ? error.message : String(error) };
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(body: string, signal: AbortSignal): Promise<Delivery> {
    const headers = {
      ...this.#collector.headers,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    };
    return new Promise((resolve, reject) => {
      const request = this.#library.request(this.#url, { method: 'POST', headers, agent: this.#agent, signal }, (response) => {
        readAnswer(response).then((text) => resolve(deliveryOf(response, text)), reject);
      });
      request.once('error', reject);
      request.end(body);
    });
  }
}

/** The address for traces of a collector's address. */
function tracesUrl(text: string): URL {
  const url = new URL(text);
  if (!url.pathname.endsWith('/v1/traces')) url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`;
  return url;
}

async function readAnswer(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestAnswer) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function deliveryOf({ statusCode = 0, headers }: http.IncomingMessage, text: string): Delivery {
  if (statusCode >= 200 && statusCode < 300) return { kind: 'taken', rejected: rejectedIn(text) };
  const error = `the collector answered ${statusCode}`;
  if (!retryable.includes(statusCode)) return { kind: 'refused', error };
  const seconds = Number(headers['retry-after']);
  return { kind: 'failed', error, ...(seconds > 0 ? { afterMs: seconds * 1000 } : {}) };
}

/** How many spans a collector says that it did not want; none where its answer cannot be read. */
function rejectedIn(text: string): number {
  try {
    const answer = JSON.parse(text) as { partialSuccess?: { rejectedSpans?: string | number } };
    return Number(answer.partialSuccess?.rejectedSpans ?? 0) || 0;
  } catch {
    return 0;
  }
}
