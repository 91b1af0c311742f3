import {
  type Authorization,
  acceptAtZtunnel,
  bindZtunnel,
  type ConnectionAttributes,
  type ConnectionDecider,
  type CustomStage,
  connectionDecider,
  type InboundTarget,
  KeptDeciders,
  type ServiceInfo,
  type Verdict,
  type Workload,
  type ZtunnelBinding,
} from '@sallyport/policy';
import type { Snapshot } from '../gate.js';
import { inSlices } from '../socket/in-slices.js';
import { isOwnPort } from './ports.js';

/** The part of a connection that its verdict depends on, with socket addresses: they are translated under each snapshot anew. */
export interface InboundSubject {
  readonly workloadKey: string;
  /** Of the peer's certificate; absent for plaintext. */
  readonly identity?: string;
  /** Socket address of the TCP peer. */
  readonly peerAddress: string;
  readonly peerPort: number;
  /** What the client asked for: a CONNECT authority, or the port that it dialled in plaintext. */
  readonly asked: { readonly authority: string } | { readonly port: number };
}

/** Where an admitted connection goes, or the status that refuses it (reference section 7.5, steps 2 to 5). */
export type InboundDestination =
  | {
      readonly kind: 'workload';
      readonly workload: Workload;
      readonly port: number;
      readonly service?: ServiceInfo;
      /** What a PROXY header tells the application. */
      readonly proxied?: { readonly address: string; readonly port: number };
    }
  | { readonly kind: 'refused'; readonly status: number; readonly detail: string };

/**
 * Answers for the destination ztunnels of one snapshot: where a connection goes, and whether it may. Total: whatever is missing or
 * throws is a refusal. Each workload's decider is made once: by `prepare`, or when it is first needed.
 */
export class ZtunnelJudge {
  readonly snapshot: Snapshot;
  readonly #deciders: KeptDeciders<ZtunnelBinding, ConnectionDecider>;

  /** `previous` is the judge in force, of whose deciders those are kept that nothing has changed for. */
  constructor(snapshot: Snapshot, previous?: ZtunnelJudge) {
    this.snapshot = snapshot;
    this.#deciders = new KeptDeciders(snapshot.inventory, previous === undefined ? undefined : previous.#deciders);
  }

  /** Makes the deciders of these workloads, so that no connection waits for one. Rejects where `signal` says to stop, and only there. */
  prepare(workloads: readonly Workload[], signal: AbortSignal): Promise<void> {
    return inSlices(
      () => workloads,
      (workload) => this.#decider(workload).prepare(),
      signal,
    );
  }

  /** The workload if this snapshot has it behind a ztunnel. */
  captured(workloadKey: string): Workload | undefined {
    const workload = this.snapshot.inventory.workloads.get(workloadKey);
    return workload?.capture === 'captured' ? workload : undefined;
  }

  /** The policy address of a TCP peer. */
  sourceAddress(subject: InboundSubject): string {
    return this.snapshot.addresses.policyAddress(subject.peerAddress);
  }

  destination(subject: InboundSubject): InboundDestination {
    try {
      const workload = this.captured(subject.workloadKey);
      if (workload === undefined) return refused(503, `workload \`${subject.workloadKey}\` is not known`);
      if ('port' in subject.asked) return toPort(workload, subject.asked.port);
      const target = acceptAtZtunnel(this.snapshot.inventory, workload, subject.asked.authority);
      return target.kind === 'workload' && target.workload.key !== workload.key
        ? refused(400, `\`${subject.asked.authority}\` is not this workload`)
        : ofTarget(target);
    } catch (error) {
      return refused(503, `destination cannot be found: ${messageOf(error)}`);
    }
  }

  /** What the CUSTOM policies ask about a connection before anything else is decided. */
  authorize(subject: InboundSubject, port: number): CustomStage {
    try {
      const workload = this.captured(subject.workloadKey);
      if (workload !== undefined) return this.#decider(workload).authorizeConnection(this.#attributes(subject, workload, port));
      return settledBy(internalError(`workload \`${subject.workloadKey}\` is not known`));
    } catch (error) {
      return settledBy(internalError(messageOf(error)));
    }
  }

  /** Judges a connection of which the CUSTOM policies are settled. */
  verdict(subject: InboundSubject, port: number, authorization: Authorization): Verdict {
    try {
      const workload = this.captured(subject.workloadKey);
      if (workload === undefined) return internalError(`workload \`${subject.workloadKey}\` is not known`);
      return this.#decider(workload).connection(this.#attributes(subject, workload, port), authorization);
    } catch (error) {
      return internalError(messageOf(error));
    }
  }

  #attributes(subject: InboundSubject, workload: Workload, port: number): ConnectionAttributes {
    const sourceIp = this.sourceAddress(subject);
    const { identity } = subject;
    const [destinationIp, destinationPort] = [workload.address, port];
    return identity === undefined
      ? { sourceIp, destinationIp, destinationPort }
      : { identity, sourceIp, destinationIp, destinationPort };
  }

  #decider(workload: Workload): ConnectionDecider {
    return this.#deciders.ofWorkload(workload, (inventory) => bindZtunnel(inventory, workload), connectionDecider);
  }
}

function ofTarget(target: InboundTarget): InboundDestination {
  if (target.kind === 'workload') return isOwnPort(target.port) ? toPort(target.workload, target.port) : target;
  if (target.kind === 'refused') return target;
  return refused(400, 'a ztunnel serves workloads, not services');
}

function toPort(workload: Workload, port: number): InboundDestination {
  if (isOwnPort(port)) return refused(503, `port ${port} is the gate's own`);
  return { kind: 'workload', workload, port };
}

function refused(status: number, detail: string): InboundDestination {
  return { kind: 'refused', status, detail };
}

/** A stage that is over before it has begun. */
function settledBy(denial: Verdict): CustomStage {
  return { kind: 'settled', authorization: { denial, routeBy: 'received', responseHeaders: [], consulted: [] } };
}

function internalError(detail: string): Verdict {
  return { effect: 'deny', reason: 'internal-error', audit: [], detail };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
