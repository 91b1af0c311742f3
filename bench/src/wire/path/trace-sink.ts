import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Takes what is exported to a collector of traces, counts it, and keeps nothing. */
export class TraceSink {
  #bytes = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<TraceSink> {
    const server = createServer();
    const sink = new TraceSink(server);
    server.on('request', (request, response) => {
      request.on('data', (chunk: Buffer) => {
        sink.#bytes += chunk.length;
      });
      request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return sink;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** What has come, in bytes. */
  get received(): number {
    return this.#bytes;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
