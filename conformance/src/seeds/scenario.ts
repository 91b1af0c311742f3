/** One promise of the documents: the TypeScript face of `schema/seed.schema.json`, which says what each field means. */
export interface Scenario {
  /** The file's name without its extension. */
  readonly name: string;
  readonly title: string;
  readonly seed: { readonly document: '000' | '001'; readonly section: string; readonly row?: TableRow };
  readonly promise: string;
  readonly note?: string;
  readonly enforcedBy?: Component;
  readonly policies?: string;
  readonly requests: readonly SeedRequest[];
}

/** Who enforces, in the words of the documents. */
type Component = 'destination ztunnel' | 'waypoint' | 'gateway';

/** A row of one of the two tables of document 000. */
export interface TableRow {
  readonly waypoint: boolean;
  readonly attachment: 'selector' | 'empty' | 'targetRefs';
  readonly scope: 'Pod' | 'Namespace' | 'Service' | 'Gateway';
  readonly sourceIdentity: 'client pod' | 'waypoint';
  readonly enforcedBy: Component;
}

/** One request with its expectation. Exactly one of `from`, `via` and `plaintext` is there. */
export interface SeedRequest {
  readonly title: string;
  readonly from?: string;
  readonly via?: string;
  readonly plaintext?: true;
  readonly method?: string;
  readonly url: string;
  readonly pod?: string;
  readonly expect: Expectation;
}

/** What comes of a request, at each gate and for curl. */
export interface Expectation {
  readonly effect: Effect;
  readonly gates: readonly GateAnswer[];
  readonly curl: CurlResult;
}

/** How curl ended; `httpStatus` is 0 where no response came, absent where the protocol has none. */
export interface CurlResult {
  readonly exitStatus: number;
  readonly httpStatus?: number;
}

export type Effect = 'allow' | 'deny';

/** What one gate answers, and whom it sees. */
export interface GateAnswer {
  readonly gate: 'ztunnel' | 'waypoint' | 'gateway';
  readonly name: string;
  readonly effect: Effect;
  readonly reason: string;
  readonly policy?: string;
  /** Index of the rule in that policy, from 0. */
  readonly rule?: number;
  readonly sourceIdentity: string | null;
}
