import type { GateBinding, GatewayBinding, WaypointBinding, ZtunnelBinding } from '../bind/binding.js';
import type { TableMemory } from '../compile/table-memory.js';
import type { ConnectionAttributes, RequestAttributes } from '../verdict/attributes.js';
import type { Authorization, CustomStage } from '../verdict/ext-authz.js';
import type { Verdict } from '../verdict/verdict.js';
import type { Engine } from './engine.js';
import type { TokenKnowledge, TokenStage } from './token-stage.js';

/** How a decider is made. */
export interface DeciderOptions {
  /** What answers for policies; tables unless all deciders were told another. */
  readonly engine?: Engine;
  /** What the tables of all deciders that are made with it keep together. Whoever makes many deciders makes one, and drops it with them. */
  readonly memory?: TableMemory;
}

/**
 * Decides for one gate. Synchronous, total: never throws, whatever the attributes hold; what cannot be decided is a deny with
 * reason `internal-error`.
 */
export interface ConnectionDecider {
  readonly binding: GateBinding;
  /**
   * Builds the tables now, off the path of traffic, that the first decision on a connection would have to build. Never throws: what fails
   * here fails again in the decision, which then denies.
   */
  prepare(): void;
  /** L4: the ztunnel's only question, and a waypoint's or gateway's for a TCP port. */
  connection(connection: ConnectionAttributes, authorization?: Authorization): Verdict;
  /**
   * The first stage of a decision on a connection: what its CUSTOM policies ask, and in the end what to hand to `connection`,
   * which without it denies whatever a CUSTOM policy matches.
   */
  authorizeConnection(connection: ConnectionAttributes): CustomStage;
}

/** Decides at L7, for each request on a connection. */
export interface RequestDecider extends ConnectionDecider {
  readonly binding: WaypointBinding | GatewayBinding;
  /** The same for requests, and for requests alone: whoever decides on connections, too, has a decider of connections prepared for them. */
  prepare(): void;
  /** The verdict; where it allows, `forwardedPath` says what path to forward: the one that was matched (reference section 3.7). */
  request(connection: ConnectionAttributes, request: RequestAttributes, authorization?: Authorization): RequestVerdict;
  /**
   * The first stage of a decision on a request: what its CUSTOM policies ask, and in the end what to hand to `request`, together
   * with the request that the authorizers made of it.
   */
  authorizeRequest(connection: ConnectionAttributes, request: RequestAttributes): CustomStage;
  /**
   * The second stage: what the tokens of a request come to. Its request is the one to hand to `request`, which for one without
   * `authentication` takes every token for a bad one.
   */
  authenticate(request: RequestAttributes, knowledge: TokenKnowledge): TokenStage;
}

/**
 * A verdict on a request. An allowing one has as `path` the normalised path with its query, to be sent upstream, unless that is the path of the
 * request that was handed in, as most are: the verdict is then the same object for all requests that come to the same.
 */
export interface RequestVerdict extends Verdict {
  readonly path?: string;
}

export type { TokenKnowledge, TokenStage, ZtunnelBinding };
