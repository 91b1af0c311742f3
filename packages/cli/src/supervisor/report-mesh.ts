import type { GateStatus } from '@sallyport/mesh';
import type { Workload } from '@sallyport/policy';
import type { AddressEntry } from '../addresses/address-book.js';
import { adminPort } from '../gate-protocol/messages.js';
import type { CommandUser } from '../isolation/command-user.js';
import type { ApplicationGroup } from './application-group.js';
import type { GateKeeper } from './gate-keeper.js';
import type { ListFile } from './list-file.js';
import { applicationWorkloads } from './mesh-plan.js';
import type { GateReport, MeshStatus, RefusedChange, WorkloadReport } from './mesh-status.js';
import type { MeshVersion } from './mesh-version.js';
import { gatewayPolicies, ztunnelPolicies } from './policy-reports.js';

/** What a report is made of. */
export interface ReportedMesh {
  readonly id: string;
  readonly folder: string;
  readonly version: MeshVersion;
  readonly gates: readonly GateKeeper[];
  readonly adminAddress: (gate: string) => string;
  readonly applications: ApplicationGroup;
  /** Of an isolated mesh. */
  readonly commandUser: CommandUser | undefined;
  readonly listFile: ListFile | undefined;
  readonly lastRefused: RefusedChange | undefined;
  readonly logs: string;
}

/** Tells what is up, gates being asked how they are. */
export async function reportMesh(mesh: ReportedMesh): Promise<MeshStatus> {
  const { version } = mesh;
  const entries = new Map(version.addresses.entries.map((entry) => [entry.key, entry]));
  return {
    id: mesh.id,
    folder: mesh.folder,
    dialect: version.inventory.dialect.name,
    ...(mesh.commandUser === undefined ? { isolation: 'none' } : { isolation: 'namespaces', commandUser: mesh.commandUser }),
    supervisor: process.pid,
    snapshot: version.number,
    since: version.since.toISOString(),
    ...(mesh.listFile === undefined ? {} : { revocation: reportFile(mesh.listFile) }),
    ...(mesh.lastRefused === undefined ? {} : { lastRefused: mesh.lastRefused }),
    gates: await Promise.all(mesh.gates.map(async (gate) => reportGate(mesh, gate, entries, await gate.status()))),
    workloads: applicationWorkloads(version.inventory).map((workload) =>
      reportWorkload(mesh, workload, entries.get(workload.key)),
    ),
    logs: mesh.logs,
  };
}

/** A file of revocation lists, with what is wrong with it. */
export function reportFile({ path, problem }: ListFile): NonNullable<MeshStatus['revocation']> {
  return { file: path, ...(problem === undefined ? {} : { problem }) };
}

function reportGate(
  mesh: ReportedMesh,
  { name, role, child }: GateKeeper,
  entries: ReadonlyMap<string, AddressEntry>,
  status: GateStatus | undefined,
): GateReport {
  const gateway = 'gateway' in role ? mesh.version.inventory.gateways.get(role.gateway) : undefined;
  const entry = gateway === undefined ? undefined : entries.get(gateway.workload.key);
  const address = (role.kind === 'gateway' ? entry?.hostAddress : undefined) ?? entry?.socketAddress;
  return {
    name,
    kind: role.kind,
    state: status === undefined ? 'down' : 'up',
    ...(child === undefined ? {} : { pid: child.identity.pid }),
    ...(gateway === undefined ? {} : { identity: gateway.workload.identity, policyAddress: gateway.workload.address }),
    ...(address === undefined ? {} : { address }),
    ...(status === undefined ? {} : { snapshot: status.snapshot, openConnections: status.openConnections }),
    ...(status?.workers === undefined ? {} : { workers: status.workers }),
    ready: status?.ready ?? false,
    ...(status?.problem === undefined ? {} : { problem: status.problem }),
    listeners: status?.listeners ?? [],
    metrics: `http://${mesh.adminAddress(name)}:${adminPort}/metrics`,
    policies: gateway === undefined ? [] : gatewayPolicies(mesh.version.inventory, gateway),
  };
}

function reportWorkload(mesh: ReportedMesh, workload: Workload, entry: AddressEntry | undefined): WorkloadReport {
  const shifted = new Set(mesh.version.addresses.shiftedPorts);
  const enforced = workload.capture === 'captured' ? ztunnelPolicies(mesh.version.inventory, workload) : { policies: [] };
  return {
    key: workload.key,
    identity: workload.identity,
    policyAddress: workload.address,
    address: entry?.socketAddress ?? '',
    ports: workload.ports,
    servedPorts: workload.ports.map((port) => (shifted.has(port) ? port + 10_000 : port)),
    capture: workload.capture,
    application: reportApplication(mesh, workload),
    ...enforced,
  };
}

function reportApplication(mesh: ReportedMesh, workload: Workload): WorkloadReport['application'] {
  const application = mesh.applications.get(workload.key);
  if (application === undefined) return { state: 'none' };
  const { command, host, port } = application.plan;
  if (application.leader === undefined) return { state: 'restarting', command };
  const where = { address: host, ...(port === undefined ? {} : { port }) };
  return { state: 'running', ...where, pid: application.leader.pid, command };
}
