import { formatPlace, type PolicyReference, type Verdict } from '@sallyport/policy';
import type { DecisionSink, Snapshot } from '../gate.js';
import type { ConnectionInfo } from './access-log.js';

/** What was decided about. Nothing of it is a header or a query: those may hold tokens. */
export interface DecisionSubject extends Pick<ConnectionInfo, 'source' | 'destination'> {
  readonly request?: { readonly method: string; readonly authority: string; readonly path: string };
  /** The message of a connection, where its messages are judged one by one. */
  readonly message?: string;
}

/** What a decision log needs of its gate. */
export interface DecisionLogOptions {
  /** Unique in a mesh. */
  readonly gate: string;
  readonly sink: DecisionSink;
  /** The one in force, under which verdicts are given. */
  readonly snapshot: () => Snapshot | undefined;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Lines a second of one process, for plain allows and for everything else: neither crowds out the other. */
const mostPerSecond = 500;
/** Characters of a text that a client wrote. */
const longestText = 256;
/** Policies that a line names of each sort. */
const mostPolicies = 16;

/**
 * One line of JSON for each decision that is not a plain allow: a denial, what an AUDIT policy matched, and what the dry-run policies
 * would have decided otherwise. A flood costs a bounded number of lines; those left out are counted in a line of their own.
 */
export class DecisionLog {
  readonly #options: DecisionLogOptions;
  readonly #written = { plain: 0, other: 0 };
  #second = 0;
  #dropped = 0;
  #telling: NodeJS.Timeout | undefined;

  constructor(options: DecisionLogOptions) {
    this.#options = options;
  }

  /** Whether a verdict gets a line: asked first, so that nothing is put together for one that gets none. */
  wants(verdict: Verdict): boolean {
    return this.#options.sink.all || !isPlainAllow(verdict);
  }

  /** Writes the line of a verdict. Never throws. */
  write(verdict: Verdict, subject: DecisionSubject): void {
    if (!this.#hasRoom(isPlainAllow(verdict) ? 'plain' : 'other')) return;
    const snapshot = this.#options.snapshot();
    this.#line({
      ...decisionFields(verdict),
      source: endFields(subject.source),
      destination: {
        ...endFields(subject.destination),
        hbone_address: bounded(subject.destination.hboneAddress),
        service: subject.destination.service?.hostname,
      },
      request: subject.request && requestFields(subject.request),
      message: bounded(subject.message),
      dialect: snapshot?.inventory.dialect.name,
      snapshot: snapshot?.number,
    });
  }

  #hasRoom(kind: 'plain' | 'other'): boolean {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#written.plain = 0;
      this.#written.other = 0;
    }
    if (this.#written[kind] < mostPerSecond) {
      this.#written[kind] += 1;
      return true;
    }
    this.#dropped += 1;
    this.#telling ??= setTimeout(() => this.#tellDropped(), 1000).unref();
    return false;
  }

  #tellDropped(): void {
    this.#telling = undefined;
    this.#line({ dropped: this.#dropped });
    this.#dropped = 0;
  }

  #line(fields: Readonly<Record<string, unknown>>): void {
    const { gate, sink } = this.#options;
    sink.write(JSON.stringify({ time: new Date(this.#now()).toISOString(), gate, ...fields }));
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

function isPlainAllow({ effect, audit, dryRun }: Verdict): boolean {
  return effect === 'allow' && audit.length === 0 && (dryRun === undefined || dryRun.effect === 'allow');
}

function decisionFields({ effect, reason, detail, policy, binding, unmatched, audit, dryRun }: Verdict) {
  return {
    effect,
    reason,
    detail: bounded(detail),
    policy: policy && policyFields(policy),
    binding: binding && policyFields(binding),
    unmatched: unmatched?.slice(0, mostPolicies).map(policyFields),
    audit: audit.length === 0 ? undefined : audit.slice(0, mostPolicies).map(policyFields),
    dry_run: dryRun && { effect: dryRun.effect, policy: dryRun.policy && policyFields(dryRun.policy) },
  };
}

function policyFields({ kind, namespace, name, rule, partial, span }: PolicyReference) {
  return { kind, namespace, name, rule, partial, place: formatPlace(span) };
}

function endFields({ address, workload, identity }: DecisionSubject['source']) {
  return {
    address: bounded(address),
    workload: workload && `${workload.namespace}/${workload.name}`,
    identity: bounded(identity),
  };
}

/** Without a query, and without what stands before an `@`: both are where secrets are put. */
function requestFields({ method, authority, path }: NonNullable<DecisionSubject['request']>) {
  const [bare = ''] = path.split(/[?#]/, 1);
  return { method: bounded(method), authority: bounded(authority.slice(authority.lastIndexOf('@') + 1)), path: bounded(bare) };
}

function bounded(text: string | undefined): string | undefined {
  return text !== undefined && text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}
