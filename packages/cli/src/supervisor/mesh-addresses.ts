import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ProxyCredential } from '@sallyport/mesh';
import type { Inventory } from '@sallyport/policy';
import type { AddressBookData, AddressEntry } from '../addresses/address-book.js';
import { AddressPlan, type KeptAddresses } from '../addresses/address-plan.js';
import { ClosedPorts } from '../addresses/closed-ports.js';
import type { GateRole } from '../gate-protocol/messages.js';
import { type NamespacePlan, planNamespaces } from '../isolation/namespace-plan.js';
import type { LaunchPlace } from '../isolation/workload-launcher.js';
import type { WorkloadAccess } from '../state/mesh-state.js';
import { applicationWorkloads, declaredPorts, planAddresses, planIsolatedAddresses } from './mesh-plan.js';

/** Where each workload's SOCKS listener is (reference section 7.1). */
const socksPort = 15_080;

/** The addresses of a mesh for one inventory. */
export interface MeshAddresses {
  readonly entries: readonly AddressEntry[];
  readonly shiftedPorts: readonly number[];
  /** Of an isolated mesh. */
  readonly namespaces?: readonly NamespacePlan[];
}

/** What an isolated mesh's addresses depend on. */
export interface AddressIsolation {
  readonly meshId: string;
  /** Below it, each namespace has a folder of files. */
  readonly files: string;
}

/** What addresses are given to, or opened for. */
type AddressedObjects = Pick<Inventory, 'workloads' | 'services' | 'gateways'>;

/** Gives out addresses and proxy credentials, keeps the former from run to run, and never shows the latter to a gate that needs none. */
export class AddressAuthority {
  readonly #file: string;
  readonly #plan: AddressPlan;
  readonly #closedPorts: ClosedPorts;
  readonly #isolation: AddressIsolation | undefined;
  readonly #credentials = new Map<string, ProxyCredential>();
  #last: { readonly inventory: AddressedObjects; readonly addresses: MeshAddresses } | undefined;

  private constructor(file: string, plan: AddressPlan, isolation: AddressIsolation | undefined) {
    this.#isolation = isolation;
    this.#file = file;
    this.#plan = plan;
    this.#closedPorts = new ClosedPorts(plan.address('admin', 'port probe'));
  }

  /** Opens what was kept in the state folder of the mesh `id`. */
  static async open(directory: string, id: string, isolation?: AddressIsolation): Promise<AddressAuthority> {
    const file = join(directory, 'addresses.json');
    return new AddressAuthority(file, new AddressPlan(id, await readKept(file)), isolation);
  }

  /** The addresses of an inventory; the same names have the same ones as before. */
  async addressesOf(inventory: Inventory): Promise<MeshAddresses> {
    const last = this.#last;
    if (last !== undefined && hasSameObjects(last.inventory, inventory)) return last.addresses;
    const addresses = await this.#planned(inventory);
    const { workloads, services, gateways } = inventory;
    this.#last = { inventory: { workloads, services, gateways }, addresses };
    return addresses;
  }

  async #planned(inventory: Inventory): Promise<MeshAddresses> {
    const namespaces = this.#isolation === undefined ? undefined : planNamespaces(inventory, this.#isolation.meshId);
    const entries =
      namespaces === undefined ? planAddresses(inventory, this.#plan) : planIsolatedAddresses(inventory, this.#plan, namespaces);
    // In a namespace of its own a workload may open every port, and so may root.
    const shiftedPorts = namespaces === undefined ? await this.#closedPorts.among(declaredPorts(inventory)) : [];
    await writeFile(`${this.#file}.new`, JSON.stringify(this.#plan.kept(), null, 2), { mode: 0o600 });
    await rename(`${this.#file}.new`, this.#file);
    return { entries, shiftedPorts, ...(namespaces === undefined ? {} : { namespaces }) };
  }

  /** The address of a gate process's own endpoints. */
  adminAddress(gateName: string): string {
    return this.#plan.address('admin', gateName);
  }

  /** The address book that a gate gets: credentials go to the source sides alone, as they are the power to be someone. */
  bookFor(role: GateRole, { entries, shiftedPorts }: MeshAddresses, inventory: Inventory): AddressBookData {
    const clients = role.kind === 'ztunnel-source' ? applicationWorkloads(inventory) : [];
    const proxyCredentials = Object.fromEntries(clients.map(({ key }) => [key, this.#credential(key)]));
    return { workloads: entries, shiftedPorts, isolated: this.#isolation !== undefined, proxyCredentials };
  }

  /** How to run a command as each workload. */
  accessOf(inventory: Inventory, { entries }: MeshAddresses): WorkloadAccess[] {
    const byKey = new Map(entries.map((entry) => [entry.key, entry]));
    return applicationWorkloads(inventory).map(({ key, namespace, name, ownerName }) => {
      const entry = byKey.get(key);
      const access = { key, namespace, name, ownerName };
      if (entry === undefined) return access;
      const proxy = { ...this.#credential(key), address: entry.socketAddress, port: socksPort };
      return { ...access, proxy, ...this.#placeOf(entry) };
    });
  }

  #placeOf({ namespace }: AddressEntry): { place?: LaunchPlace } {
    if (namespace === undefined || this.#isolation === undefined) return {};
    return { place: { namespace, files: join(this.#isolation.files, basename(namespace)) } };
  }

  #credential(key: string): ProxyCredential {
    const known = this.#credentials.get(key);
    if (known !== undefined) return known;
    const credential = { username: 'sallyport', password: randomBytes(24).toString('base64url') };
    this.#credentials.set(key, credential);
    return credential;
  }
}

/** Whether it is the very same objects: an inventory that is made from the one before keeps those that did not change. */
function hasSameObjects(a: AddressedObjects, b: AddressedObjects): boolean {
  return a.workloads === b.workloads && a.services === b.services && a.gateways === b.gateways;
}

async function readKept(file: string): Promise<KeptAddresses> {
  try {
    const kept: unknown = JSON.parse(await readFile(file, 'utf8'));
    return isKept(kept) ? kept : {};
  } catch {
    return {};
  }
}

/** Distinct loopback addresses by name; anything else is not ours, and the addresses are derived anew. */
function isKept(value: unknown): value is KeptAddresses {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const addresses = Object.values(value);
  const areLoopback = addresses.every((address) => typeof address === 'string' && /^127(\.\d{1,3}){3}$/.test(address));
  return areLoopback && new Set(addresses).size === addresses.length;
}
