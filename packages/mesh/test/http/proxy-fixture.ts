import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { RequestAttributes, RequestVerdict } from '@sallyport/policy';
import { HttpConnection } from '../../src/http/http-connection.js';
import { defaultHttpLimits, type HttpLimits } from '../../src/http/limits.js';
import type { RequestRecord } from '../../src/http/request-record.js';
import type { RequestScope } from '../../src/http/scope.js';
import { UpstreamError } from '../../src/http/upstream.js';

/** What a proxy under test does, changeable while it runs. */
export interface ProxyPlan {
  /** The application's port. */
  application: number;
  protocol?: 'http1' | 'http2';
  judge?: (request: RequestAttributes) => RequestVerdict;
  limits?: Partial<HttpLimits>;
  appendForwardedFor?: string;
  trustForwardedProto?: boolean;
  /** What a connection to the application waits for before it counts as open. */
  hold?: Promise<void>;
}

/** A proxy on a loopback port: the L7 core between plain TCP connections. */
export class ProxyFixture {
  readonly records: RequestRecord[] = [];
  readonly connections = new Set<HttpConnection>();
  readonly upstream: Socket[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #limits: HttpLimits;
  readonly #server: Server;

  private constructor(readonly plan: ProxyPlan) {
    this.#limits = { ...defaultHttpLimits, ...plan.limits };
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  static async start(plan: ProxyPlan): Promise<ProxyFixture> {
    const proxy = new ProxyFixture(plan);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Waits until so many requests are over. */
  async recorded(count: number): Promise<RequestRecord[]> {
    while (this.records.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.records;
  }

  rejudge(): void {
    for (const connection of this.connections) {
      connection.rejudge();
    }
  }

  async close(): Promise<void> {
    for (const socket of [...this.#sockets, ...this.upstream]) {
      socket.destroy();
    }
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    const connection = new HttpConnection({
      stream: socket,
      scheme: 'http',
      parties: { downstreamRemote: '10.0.0.1:1', downstreamLocal: '10.0.0.2:80' },
      limits: this.#limits,
      authorizers: { ask: () => Promise.resolve({ kind: 'failed', detail: 'nobody is there to be asked' }) },
      tokens: { verify: () => Promise.reject(new Error('nothing verifies tokens here')), now: () => Date.now() / 1000 },
      ...(this.plan.appendForwardedFor === undefined ? {} : { appendForwardedFor: this.plan.appendForwardedFor }),
      scope: () => this.#scope(),
      decided: () => undefined,
      finished: (record) => {
        this.records.push(record);
        for (const wake of this.#waiting.splice(0)) {
          wake();
        }
      },
    });
    this.connections.add(connection);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.connections.delete(connection);
    });
  }

  #scope(): RequestScope {
    const { plan } = this;
    return {
      authorize: (request) => ({
        kind: 'settled',
        authorization: { received: request, request, routeBy: 'received', responseHeaders: [], consulted: [] },
      }),
      authenticate: (request) => ({ request, wanted: [] }),
      tokensEndRequests: false,
      judge: plan.judge ?? allowAll,
      trustForwardedProto: plan.trustForwardedProto ?? true,
      route: () => ({
        kind: 'targets',
        targets: [
          {
            key: `127.0.0.1:${plan.application}`,
            protocol: plan.protocol ?? 'http1',
            destination: { cluster: 'test', host: `127.0.0.1:${plan.application}` },
            open: () => this.#open(plan.application),
          },
        ],
      }),
    };
  }

  #open(port: number): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
      this.upstream.push(socket);
      socket.once('connect', () => void (this.plan.hold ?? Promise.resolve()).then(() => resolve(socket)));
      socket.once('error', (cause) => reject(new UpstreamError('UF', 503, 'connection refused', { cause })));
    });
  }
}

/** The verdict that allows a request as it is. */
export function allowAll(): RequestVerdict {
  return { effect: 'allow', reason: 'no-policy', audit: [] };
}

/** The verdict that denies it. */
export function denyAll(): RequestVerdict {
  return { effect: 'deny', reason: 'no-allow-match', audit: [] };
}
