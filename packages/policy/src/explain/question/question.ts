import type { GatewayInfo, Workload } from '../../inventory/inventory.js';
import type { JsonObject, RequestAttributes } from '../../verdict/attributes.js';

/** Who asks: a workload of the mesh, an identity that no workload need have, or an address outside the mesh. */
export type Client =
  | { readonly kind: 'workload'; readonly workload: Workload }
  /** `like` is a workload with this identity, whose address stands in where one is needed. */
  | { readonly kind: 'identity'; readonly identity: string; readonly namespace: string; readonly like?: Workload }
  | { readonly kind: 'address'; readonly address: string };

/** Where to: `host` is a name or an address as the client would dial it, resolved from the client's namespace. */
export interface Target {
  /** `http` and `https` from a URL; `tcp` where no protocol was named and none follows from the port. */
  readonly scheme: 'http' | 'https' | 'tcp';
  readonly host: string;
  readonly port: number;
  /** Set where the user named a workload, not a host: dialled by its own address. */
  readonly workload?: Workload;
  readonly protocol: 'TCP' | 'UDP';
}

/** One request, before it is sent: everything that `explain` needs to walk its path. */
export interface Question {
  readonly client: Client;
  readonly target: Target;
  /** The ingress gateway that the client connects to. */
  readonly via?: GatewayInfo;
  /** The client whose address the PROXY header tells; absent where that is the one who asks. */
  readonly proxiedFor?: string;
  /** The client speaks plain TCP to the destination, past its own ztunnel. */
  readonly plaintext: boolean;
  readonly request: RequestAttributes;
  /** Server name of the TLS inside the connection. */
  readonly sni?: string;
  /** What the request's token claims: it is taken to be signed by its issuer, and to be valid now. */
  readonly claims?: JsonObject;
  /** What external authorizers are taken to answer; absent where that is open. */
  readonly custom?: 'allow' | 'deny';
}

/** The question as somebody typed it. */
export interface QuestionText {
  readonly from: string;
  readonly to: string;
  readonly via?: string;
  /** Address that a proxy in front of the gateway tells in its PROXY header. */
  readonly proxiedFor?: string;
  readonly plaintext?: boolean;
  readonly method?: string;
  /** Replaces the path of the URL. */
  readonly path?: string;
  /** `NAME: VALUE` each. */
  readonly headers?: readonly string[];
  readonly sni?: string;
  /** The claims of a valid token, as a JSON object. */
  readonly claims?: string;
  /** `allow` or `deny`: what external authorizers are taken to answer. */
  readonly custom?: string;
}

/** Why a question cannot be asked of this inventory. One lower-case line, and what to do about it. */
export interface QuestionProblem {
  readonly message: string;
  readonly hint?: string;
}

/** Carries a `QuestionProblem` out of the parser; `parseQuestion` catches it. */
export class QuestionError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
