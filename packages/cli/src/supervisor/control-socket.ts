import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CommandFailure } from '../exit-status.js';
import type { FoundMesh } from '../state/mesh-state.js';
import type { MeshStatus } from './mesh-status.js';

/** What a command asks a supervisor. */
export type ControlRequest =
  | { readonly ask: 'status' }
  /** A certificate for a workload identity of the mesh; the key stays with who made the request (PKCS #10, PEM). */
  | { readonly ask: 'certificate'; readonly namespace: string; readonly serviceAccount: string; readonly request: string }
  /** Revokes all that a service account has. */
  | { readonly ask: 'revoke'; readonly namespace: string; readonly serviceAccount: string }
  /** Revokes one certificate, PEM. */
  | { readonly ask: 'revoke'; readonly certificate: string };

/** What it answers to each. */
export interface ControlAnswers {
  readonly status: MeshStatus;
  readonly certificate: GrantedCertificate;
  readonly revoke: { readonly identity: string; readonly count: number };
}

/** A certificate for a proxy that joins the mesh, PEM. */
export interface GrantedCertificate {
  readonly identity: string;
  readonly chain: string;
  readonly bundle: string;
  /** The revocation lists in force. */
  readonly revocation: string;
  /** ISO 8601. */
  readonly notAfter: string;
}

/** How a supervisor answers each; what it rejects with is told to the command, a `CommandFailure` with its hint. */
export type ControlHandlers = {
  readonly [Ask in ControlRequest['ask']]: (request: Extract<ControlRequest, { ask: Ask }>) => Promise<ControlAnswers[Ask]>;
};

type Envelope = { readonly answer: unknown } | { readonly failure: { readonly message: string; readonly hint?: string } };

/** Where a supervisor answers commands. */
export interface ControlSocket {
  close(): Promise<void>;
}

/** Bytes of a Unix socket's path on Linux, the end mark left out; a longer one would be cut short silently. */
const longestPath = 107;
/** Bytes that a request may have. */
const longestRequest = 64 * 1024;
const requestMs = 10_000;

/**
 * Answers commands on `control.sock`: one JSON request a connection, then its JSON answer. The folder is this user's alone, so that is who
 * asks.
 */
export async function openControlSocket(directory: string, handlers: ControlHandlers): Promise<ControlSocket> {
  const path = socketPath(directory);
  if (Buffer.byteLength(path) > longestPath) {
    throw new CommandFailure(`\`${path}\` is too long for a socket`, { hint: 'set XDG_RUNTIME_DIR to a shorter path' });
  }
  await rm(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => void answer(socket, handlers));
  server.listen(path);
  await once(server, 'listening');
  return {
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Asks the supervisor of a state folder; undefined where none answers. Throws what it answers with where it cannot do it. */
export async function askSupervisor<Request extends ControlRequest>(
  directory: string,
  request: Request,
): Promise<ControlAnswers[Request['ask']] | undefined> {
  const envelope = await exchange(socketPath(directory), request);
  if (envelope === undefined) return undefined;
  if ('answer' in envelope) return envelope.answer as ControlAnswers[Request['ask']];
  const { message, hint } = envelope.failure;
  throw new CommandFailure(message, hint === undefined ? {} : { hint });
}

/** The same of a mesh whose supervisor must answer; throws `CommandFailure` where it is gone. */
export async function requireAnswer<Request extends ControlRequest>(
  mesh: FoundMesh,
  request: Request,
): Promise<ControlAnswers[Request['ask']]> {
  const answered = await askSupervisor(mesh.directory, request);
  if (answered !== undefined) return answered;
  throw new CommandFailure('the supervisor of the mesh is gone, and with it the certificate authority', {
    hint: `take over with \`sallyport up ${mesh.state.folder}\``,
  });
}

async function exchange(path: string, request: ControlRequest): Promise<Envelope | undefined> {
  const socket = createConnection({ path, allowHalfOpen: true });
  socket.setTimeout(15_000, () => socket.destroy(new Error('the supervisor does not answer')));
  socket.end(JSON.stringify(request));
  try {
    return JSON.parse(await text(socket)) as Envelope;
  } catch {
    return undefined;
  }
}

async function answer(socket: Socket, handlers: ControlHandlers): Promise<void> {
  socket.on('error', () => socket.destroy());
  socket.setTimeout(requestMs, () => socket.destroy());
  try {
    const request = JSON.parse(await readRequest(socket)) as ControlRequest;
    // The answer may take longer than a request may take to arrive.
    socket.setTimeout(0);
    socket.end(JSON.stringify({ answer: await dispatch(handlers, request) } satisfies Envelope));
  } catch (error) {
    socket.end(JSON.stringify({ failure: failureOf(error) } satisfies Envelope));
  }
}

function dispatch(handlers: ControlHandlers, request: ControlRequest): Promise<unknown> {
  switch (request.ask) {
    case 'status':
      return handlers.status(request);
    case 'certificate':
      return handlers.certificate(request);
    case 'revoke':
      return handlers.revoke(request);
    default:
      throw new Error(`this supervisor does not know \`${JSON.stringify(request satisfies never)}\``);
  }
}

async function readRequest(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestRequest) throw new Error('the request is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function failureOf(error: unknown): { message: string; hint?: string } {
  if (error instanceof CommandFailure && error.hint !== undefined) return { message: error.message, hint: error.hint };
  return { message: error instanceof Error ? error.message : String(error) };
}

function socketPath(directory: string): string {
  return join(directory, 'control.sock');
}
