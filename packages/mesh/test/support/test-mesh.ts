import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { buildInventory, type Inventory, loadResources, strict } from '@sallyport/policy';
import type { Registry } from 'prom-client';
import type { AddressBook, DecisionSink, Gate, GateOptions, Snapshot } from '../../src/gate.js';
import { createMetricsRegistry } from '../../src/telemetry/metrics-registry.js';
import type { Tracer } from '../../src/telemetry/tracing/tracer.js';
import { startZtunnelDestination } from '../../src/ztunnel/ztunnel-destination.js';
import { startZtunnelSource } from '../../src/ztunnel/ztunnel-source.js';
import { TestAuthority, TestLists } from './test-authority.js';

/** What every client presents; the credential of a workload differs by its user name. */
export const password = 'open sesame';

/** The inventory of manifests, which must be valid. */
export function inventoryOf(manifests: readonly string[]): Inventory {
  const { set, diagnostics } = loadResources([{ path: 'mesh.yaml', text: manifests.join('---') }], strict);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'));
  return buildInventory(set, strict).inventory;
}

/** Sockets of 127.0.0.0/8 for the workloads of a test, given out as they are asked for. */
class TestAddresses implements AddressBook {
  readonly #prefix = `127.${randomInt(2, 254)}.${randomInt(0, 255)}`;
  readonly #sockets = new Map<string, string>();
  readonly #applications = new Map<string, string>();
  #next = 1;

  socketAddress(policyAddress: string): string | undefined {
    return this.#sockets.get(policyAddress);
  }

  policyAddress(socketAddress: string): string {
    return [...this.#sockets].find(([, socket]) => socket === socketAddress)?.[0] ?? socketAddress;
  }

  applicationAddress(workloadKey: string): string | undefined {
    return this.#applications.get(workloadKey);
  }

  socketPort(port: number): number {
    return port;
  }

  isGateAddress(socketAddress: string): boolean {
    return [...this.#sockets.values()].includes(socketAddress);
  }

  proxyCredential(workloadKey: string) {
    return { username: workloadKey, password };
  }

  /** Another address of this test. */
  fresh(): string {
    const address = `${this.#prefix}.${this.#next}`;
    this.#next += 1;
    return address;
  }

  /** Gives every workload that has none a socket address. */
  cover(inventory: Inventory): void {
    for (const { address } of inventory.workloads.values()) {
      if (!this.#sockets.has(address)) this.#sockets.set(address, this.fresh());
    }
  }

  /** Gives a policy address to a socket address that somebody else serves. */
  placeAt(policyAddress: string, socketAddress: string): void {
    this.#sockets.set(policyAddress, socketAddress);
  }

  /** Says where the application of a workload listens. */
  runAt(workloadKey: string, address: string): void {
    this.#applications.set(workloadKey, address);
  }
}

/** The lines of all gates' decisions. */
class TestDecisions implements DecisionSink {
  readonly lines: string[] = [];
  all = false;

  readonly write = (line: string): void => {
    this.lines.push(line);
  };

  /** What the gates whose names begin so have written. */
  of(gate: string) {
    return this.lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((one) => String(one.gate).startsWith(gate));
  }
}

/** Both ztunnel gates over a set of manifests, with their log. */
export class TestMesh {
  readonly addresses = new TestAddresses();
  readonly log: string[] = [];
  readonly decisions = new TestDecisions();
  readonly metrics: Registry = createMetricsRegistry();
  /** Set while a mesh is prepared: where its spans go. */
  tracer: Tracer | undefined;
  readonly authority: TestAuthority;
  /** The revocation lists of all gates: at first one that revokes nobody. */
  readonly lists: TestLists;
  readonly #cleanups: (() => unknown)[] = [];
  #gates: readonly Gate[] = [];
  #number = 0;
  #logged: (() => void)[] = [];

  private constructor(authority: TestAuthority, lists: TestLists) {
    this.authority = authority;
    this.lists = lists;
  }

  static async start(manifests: readonly string[], prepare: (mesh: TestMesh) => unknown = () => undefined): Promise<TestMesh> {
    const authority = await TestAuthority.create();
    const mesh = new TestMesh(authority, new TestLists(await authority.list([])));
    await prepare(mesh);
    const options: GateOptions = {
      snapshot: mesh.snapshot(inventoryOf(manifests)),
      credentials: mesh.authority,
      revocation: mesh.lists,
      log: (line) => mesh.#write(line),
      decisions: mesh.decisions,
      ...(mesh.tracer === undefined ? {} : { tracer: mesh.tracer }),
      metrics: mesh.metrics,
    };
    mesh.#gates = await Promise.all([startZtunnelDestination(options), startZtunnelSource(options)]);
    return mesh;
  }

  get destination(): Gate {
    return this.#gates[0] as Gate;
  }

  get source(): Gate {
    return this.#gates[1] as Gate;
  }

  snapshot(inventory: Inventory): Snapshot {
    this.addresses.cover(inventory);
    this.#number += 1;
    return { number: this.#number, inventory, addresses: this.addresses };
  }

  /** Puts other manifests in force at both gates. */
  async change(manifests: readonly string[]): Promise<void> {
    await this.put(this.snapshot(inventoryOf(manifests)));
  }

  /** Puts other manifests in force at the source side alone, for destinations that somebody else serves. */
  async changeSource(manifests: readonly string[]): Promise<void> {
    const snapshot = this.snapshot(inventoryOf(manifests));
    await this.source.prepare(snapshot);
    this.source.commit(snapshot.number);
  }

  /** Puts a snapshot in force at both gates. */
  async put(snapshot: Snapshot): Promise<void> {
    for (const gate of this.#gates) await gate.prepare(snapshot);
    for (const gate of this.#gates) gate.commit(snapshot.number);
  }

  /** Runs an application for a workload, on an address of its own, or the workload's where it has no ztunnel. */
  async run(workloadKey: string, port: number, serve: (socket: Socket) => void, address = this.addresses.fresh()): Promise<void> {
    this.addresses.runAt(workloadKey, address);
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      this.#cleanups.push(() => socket.destroy());
      serve(socket);
    });
    server.listen(port, address);
    await once(server, 'listening');
    this.#cleanups.push(() => server.close());
  }

  /** Connects as a workload through its SOCKS listener; resolves when the listener has answered. */
  async connectAs(workloadKey: string, host: string, port: number): Promise<Socket> {
    const socket = connect({ host: this.socketOf(workloadKey), port: 15080, allowHalfOpen: true });
    this.#cleanups.push(() => socket.destroy());
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(Buffer.from([5, 1, 2]));
    await expectBytes(socket, 2);
    socket.write(Buffer.concat([Buffer.from([1]), lengthPrefixed(workloadKey), lengthPrefixed(password)]));
    await expectBytes(socket, 2);
    socket.write(Buffer.concat([Buffer.from([5, 1, 0, 3]), lengthPrefixed(host), Buffer.from([port >> 8, port & 0xff])]));
    await expectBytes(socket, 10);
    return socket;
  }

  /** The socket address of a workload. */
  socketOf(workloadKey: string): string {
    const inventory = this.#number > 0 ? this.#workloads.get(workloadKey) : undefined;
    if (inventory === undefined) throw new Error(`no workload ${workloadKey}`);
    return inventory;
  }

  get #workloads(): Map<string, string> {
    return new Map(this.source.status().listeners.map(({ workload, address }) => [workload, address]));
  }

  /** The first line of the log that has all of these in it, now or later. */
  async logged(...parts: readonly string[]): Promise<string> {
    for (;;) {
      const found = this.log.find((line) => parts.every((part) => line.includes(part)));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#logged.push(resolve);
      });
    }
  }

  async stop(): Promise<void> {
    for (const cleanup of this.#cleanups) cleanup();
    await Promise.all(this.#gates.map((gate) => gate.close(0)));
  }

  /** Calls back when the mesh stops. */
  onStop(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup);
  }

  #write(line: string): void {
    this.log.push(line);
    for (const resolve of this.#logged.splice(0)) resolve();
  }
}

function lengthPrefixed(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
}

async function expectBytes(socket: Socket, count: number): Promise<Buffer> {
  for (;;) {
    const chunk = socket.read(count) as Buffer | null;
    if (chunk !== null) return chunk;
    if (socket.destroyed || socket.readableEnded) throw new Error('connection ended');
    await Promise.race([once(socket, 'readable'), once(socket, 'close')]);
  }
}
