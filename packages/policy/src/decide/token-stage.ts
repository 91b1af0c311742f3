import { authenticate } from '../authenticate/authenticate.js';
import type { BoundJwtRule, KnownSignatures, WantedSignature } from '../authenticate/token-judge.js';
import type { GatewayBinding, WaypointBinding } from '../bind/binding.js';
import type { Inventory } from '../inventory/inventory.js';
import { normalizePath } from '../reference/path/normalize-path.js';
import { wireText } from '../reference/wire-text.js';
import type { RequestAttributes } from '../verdict/attributes.js';
import { ReadRequest } from './facts/plain-request.js';

/** What the stage of tokens cannot know by itself. */
export interface TokenKnowledge {
  /** Seconds since 1970. */
  readonly now: number;
  /** The outcome of verifying a signature; undefined where nobody has done that yet. */
  readonly signatures: KnownSignatures;
}

/** Where the authentication of a request stands. */
export interface TokenStage {
  /** The request with what its tokens came to, to be handed to the decision; as it was where no rule applies. */
  readonly request: RequestAttributes;
  /** Signatures to verify before the answer counts; until then their tokens are refused. */
  readonly wanted: readonly WantedSignature[];
}

/** Runs the RequestAuthentications of a gate (reference section 8). May throw where attributes misbehave. */
export function tokenStage(
  { dialect, mesh }: Inventory,
  binding: WaypointBinding | GatewayBinding,
): (request: RequestAttributes, knowledge: TokenKnowledge) => TokenStage {
  const rules = rulesInOrder(binding);
  return (request, knowledge) => {
    if (rules.length === 0) return { request, wanted: [] };
    const normalized = normalizePath(request.path, mesh.pathNormalization);
    // The decision refuses such a request before it comes to tokens.
    if (normalized.path === undefined) return { request, wanted: [] };
    const { authentication, wanted } = authenticate({
      dialect: dialect.name,
      rules,
      request,
      path: normalized.path,
      ...knowledge,
    });
    return { request: ReadRequest.authenticated(request, authentication), wanted };
  };
}

/** Knows no signature, so that any token is refused. */
export const nothingKnown: TokenKnowledge = { now: 0, signatures: () => undefined };

/** All rules of a gate, in the order of their issuers (reference section 8.4). */
function rulesInOrder(binding: WaypointBinding | GatewayBinding): readonly BoundJwtRule[] {
  const rules = binding.requestAuthentications.flatMap((policy) => policy.jwtRules.map((rule) => ({ rule, policy })));
  const issuer = ({ rule }: BoundJwtRule) => wireText(rule.issuer ?? '');
  return rules.sort((a, b) => (issuer(a) < issuer(b) ? -1 : issuer(a) > issuer(b) ? 1 : 0));
}
