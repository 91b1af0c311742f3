import { X509Certificate } from 'node:crypto';
import type { AdminQuestion, Gate, LogThreshold, Snapshot } from '@sallyport/mesh';
import type { GateRole } from '../gate-protocol/messages.js';
import { gatewayPolicies, ztunnelPolicies } from '../supervisor/policy-reports.js';
import type { ChannelCredentials } from './channel-credentials.js';

/** What an inspector looks at. */
export interface InspectedProcess {
  readonly gate: () => Gate | undefined;
  readonly role: () => GateRole | undefined;
  /** In force now. */
  readonly snapshot: () => Snapshot | undefined;
  readonly credentials: Pick<ChannelCredentials, 'all'>;
}

/** Entries of one answer: it is for people and scripts, not a copy of the process. */
const mostEntries = 1000;

/** Answers what the admin server of this gate process is asked. Never a key. */
export class Inspector {
  /** Of the gate's access log. */
  readonly threshold: LogThreshold = { level: 'info' };

  constructor(private readonly inspected: InspectedProcess) {}

  answer(question: AdminQuestion): object {
    return { pid: process.pid, ...this.#about(question) };
  }

  #about(question: AdminQuestion): object {
    switch (question.about) {
      case 'connections': {
        const gate = this.inspected.gate();
        return { open: gate?.status().openConnections ?? 0, connections: gate?.connections(mostEntries) ?? [] };
      }
      case 'policies':
        return this.#policies();
      case 'certificates':
        return { certificates: this.inspected.credentials.all.slice(0, mostEntries).map(certificateFacts) };
      case 'memory':
        return { uptimeSeconds: Math.round(process.uptime()), ...process.memoryUsage() };
      case 'logging':
        this.threshold.level = question.level ?? this.threshold.level;
        return { level: this.threshold.level };
    }
  }

  /** What is in force for each workload of a ztunnel, or at the gate. The source sides of ztunnels enforce none. */
  #policies(): object {
    const role = this.inspected.role();
    const snapshot = this.inspected.snapshot();
    if (role === undefined || snapshot === undefined) return { targets: [] };
    const { inventory, number } = snapshot;
    const facts = { snapshot: number, dialect: inventory.dialect.name };
    if (role.kind === 'ztunnel-destination') {
      const workloads = [...inventory.workloads.values()].filter(({ capture }) => capture === 'captured');
      const targets = workloads
        .slice(0, mostEntries)
        .map((workload) => ({ target: workload.key, ...ztunnelPolicies(inventory, workload) }));
      return { ...facts, targetCount: workloads.length, targets };
    }
    const gateway = 'gateway' in role ? inventory.gateways.get(role.gateway) : undefined;
    return { ...facts, policies: gateway === undefined ? [] : gatewayPolicies(inventory, gateway).slice(0, mostEntries) };
  }
}

function certificateFacts({ identity, chain }: { readonly identity: string; readonly chain: string }) {
  const { serialNumber, validFrom, validTo, issuer, fingerprint256 } = new X509Certificate(chain);
  const time = (text: string): string => new Date(text).toISOString();
  return { identity, serial: serialNumber, notBefore: time(validFrom), notAfter: time(validTo), issuer, fingerprint256 };
}
