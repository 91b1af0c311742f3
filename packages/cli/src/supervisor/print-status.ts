import type { Paint } from '@sallyport/policy';
import type { GateReport, MeshStatus, PolicyReport, WorkloadReport } from './mesh-status.js';

/** What `isolation: none` means, wherever it is printed. */
const isolationNote =
  'other processes of this machine can dial the addresses of applications, past the gates; what is tested here is policy, not the machine';

/** A mesh's status for people. */
export function printStatus(status: MeshStatus, paint: Paint): string {
  const lines = [
    `${paint('strong', `mesh ${status.id}`)}  ${status.folder}`,
    `  snapshot ${status.snapshot} since ${status.since}, dialect ${status.dialect}, supervisor ${status.supervisor}`,
    `  ${isolationLine(status)}`,
    ...revocationLines(status, paint),
    ...refusedLines(status, paint),
    '',
    paint('strong', 'gates'),
    ...status.gates.flatMap((gate) => gateLines(gate, paint)),
    '',
    paint('strong', 'workloads'),
    ...status.workloads.flatMap((workload) => workloadLines(workload, paint)),
    '',
    `logs are in ${status.logs}`,
  ];
  return `${lines.join('\n')}\n`;
}

function isolationLine({ commandUser }: MeshStatus): string {
  if (commandUser === undefined) return `isolation: none (${isolationNote})`;
  const { name, uid, why } = commandUser;
  return `isolation: namespaces (each workload has a network of its own behind its ztunnel; commands run as ${name}, ${uid}, ${why})`;
}

function revocationLines({ revocation }: MeshStatus, paint: Paint): string[] {
  if (revocation === undefined) return [];
  const { file, problem } = revocation;
  if (problem === undefined) return [`  revocation lists: the mesh's own and ${file}`];
  return [paint('deny', `  revocation lists: ${file} cannot be used, so no peer is admitted: ${problem}`)];
}

function refusedLines({ lastRefused, snapshot }: MeshStatus, paint: Paint): string[] {
  if (lastRefused === undefined) return [];
  const places = lastRefused.diagnostics.map(
    ({ span, message }) => `    ${span.file}:${span.start.line}:${span.start.column}: ${message}`,
  );
  const why = lastRefused.error === undefined ? places : [...places, `    ${lastRefused.error}`];
  return [paint('deny', `  the change of ${lastRefused.at} was refused; snapshot ${snapshot} stays in force`), ...why];
}

function gateLines(gate: GateReport, paint: Paint): string[] {
  const state =
    gate.state === 'up'
      ? gate.ready
        ? paint('allow', 'up')
        : paint('deny', notReady(gate))
      : paint('deny', 'down, nothing passes');
  const ports = [...new Set(gate.listeners.map(({ port }) => port))].join(', ');
  const where =
    gate.address === undefined ? [] : [`    ${gate.address}${ports === '' ? '' : `, ports ${ports}`}  ${gate.identity ?? ''}`];
  const connections = gate.openConnections === undefined ? '' : `, ${gate.openConnections} open`;
  return [
    `  ${gate.name}  ${state}${gate.pid === undefined ? '' : `, process ${gate.pid}`}${connections}, ${gate.metrics}`,
    ...where,
    ...workerLines(gate, paint),
    ...gate.policies.map((policy) => `    ${policyLine(policy, paint)}`),
  ];
}

function notReady({ problem }: GateReport): string {
  return problem === undefined ? 'not ready' : `not ready: ${problem}`;
}

function workerLines({ workers = [] }: GateReport, paint: Paint): string[] {
  if (workers.length === 0) return [];
  const each = workers.map(({ pid, ready, openConnections }) =>
    pid === undefined || !ready ? paint('deny', 'down') : `process ${pid}, ${openConnections} open`,
  );
  return [`    shared by ${each.join('; ')}`];
}

function workloadLines(workload: WorkloadReport, paint: Paint): string[] {
  const ports = workload.servedPorts.map((served, index) => {
    const declared = workload.ports[index];
    return served === declared ? `${served}` : `${served} (for ${declared}, which this user may not open)`;
  });
  const listens = ports.length === 0 ? '' : `, ports ${ports.join(', ')}`;
  const gate = workload.capture === 'captured' ? '' : `  ${paint('deny', `no ztunnel (${workload.capture})`)}`;
  return [
    `  ${workload.key}  ${workload.address}${listens}${gate}`,
    `    ${workload.identity}, ${workload.policyAddress} in policy and logs`,
    `    ${applicationLine(workload)}`,
    ...workload.policies.map((policy) => `    ${policyLine(policy, paint)}`),
  ];
}

function applicationLine({ application, ports }: WorkloadReport): string {
  switch (application.state) {
    case 'running':
      return `runs \`${application.command}\` at ${application.address}${application.port === undefined ? '' : `:${application.port}`}`;
    case 'restarting':
      return `\`${application.command}\` has ended and is started again`;
    case 'none':
      return ports.length === 0 ? 'a client' : 'nothing runs it here: whoever is admitted gets no answer (503)';
  }
}

function policyLine(policy: PolicyReport, paint: Paint): string {
  const target = policy.target === undefined ? '' : ` for ${policy.target}`;
  const closes = policy.closes === undefined ? '' : paint('deny', `, closes it: ${policy.closes}`);
  const how = policy.attachment === undefined ? '' : ` (${policy.attachment})`;
  const name = policy.namespace === '' ? policy.name : `${policy.namespace}/${policy.name}`;
  return `${policy.action} ${name}${how}${target}${closes}  ${paint('dim', `${policy.file}:${policy.line}`)}`;
}
