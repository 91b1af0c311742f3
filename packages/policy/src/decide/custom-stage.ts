import type { GateBinding } from '../bind/binding.js';
import { providersAsked, resolveProvider, severalProvidersWork } from '../bind/resolve-provider.js';
import { compileCustom } from '../compile/compile-custom.js';
import type { Inventory } from '../inventory/inventory.js';
import { type CustomLayer, type CustomMatch, customInterpreter } from '../reference/custom.js';
import type { Facts } from '../reference/facts.js';
import type { Authorizer } from '../resource/model/index.js';
import type { ConnectionAttributes, RequestAttributes } from '../verdict/attributes.js';
import type { Authorization, Consulted, CustomQuestion, CustomStage, ProviderReply } from '../verdict/ext-authz.js';
import type { DenialResponse, Verdict } from '../verdict/verdict.js';
import { referenceTo } from './compose-verdict.js';
import type { Engine } from './engine.js';
import { applyReply } from './ext-authz/apply-reply.js';
import { buildCheck, type CheckSubject } from './ext-authz/check.js';
import { internalError, onceNeeded } from './total.js';

/** What the stage is asked about. */
interface CustomSubject {
  readonly connection: ConnectionAttributes;
  /** Absent for a connection without HTTP. */
  readonly request?: RequestAttributes;
}

/** A subject as policy sees it; `path` is the normalised one. */
interface SubjectFacts {
  readonly facts: Facts;
  readonly path?: string;
}

/** What a gate's CUSTOM policies need to know of it. */
export interface CustomGate {
  readonly inventory: Inventory;
  readonly binding: GateBinding;
  readonly engine: Engine;
  readonly layer: CustomLayer;
  /** Undefined where the gate is closed or refuses the subject before policy: then nobody is asked. */
  readonly factsOf: (subject: CustomSubject, received: RequestAttributes | undefined) => SubjectFacts | undefined;
}

/**
 * Runs the CUSTOM policies of a gate (reference sections 0.11, 2.1 and 2.7): provider by provider in the order of their names,
 * each asked once if any of its policies matches the request as the one before left it. Nobody is asked, and what matches is
 * denied, where the provider cannot be had, where two providers share a gate that asks only one, and in `strict` at L4 where the
 * provider speaks HTTP or only a part of the rule can be evaluated. Never throws.
 */
export function customStage(gate: CustomGate): CustomStages {
  const { inventory, binding } = gate;
  const setup = onceNeeded((): Setup => {
    const providers = providersAsked(binding.policies.map(({ policy }) => policy));
    const tooMany = providers.length > 1 && !severalProvidersWork(inventory);
    // Most gates have no CUSTOM policy, and a table for none would only take time and room.
    return { providers, tooMany, matching: providers.length === 0 ? () => undefined : matchingOf(gate) };
  });
  return {
    prepare: setup,
    stage: (subject) => {
      const start: Progress = { subject, responseHeaders: [], consulted: [], routeBy: 'received' };
      return new Consultation(gate, setup, subject.request).begin(start);
    },
  };
}

/** The CUSTOM policies of a gate, ready to be asked. */
interface CustomStages {
  /** Works out what the first subject would have to; may throw. */
  readonly prepare: () => unknown;
  readonly stage: (subject: CustomSubject) => CustomStage;
}

/** What is worked out once for a gate. */
interface Setup {
  /** In the order in which they are asked. */
  readonly providers: readonly string[];
  /** More of them than the gate asks. */
  readonly tooMany: boolean;
  /** The first policy of a provider that matches. */
  readonly matching: (provider: string, facts: Facts) => CustomMatch | undefined;
}

function matchingOf({ inventory, binding, layer, engine }: CustomGate): Setup['matching'] {
  if (engine.kind === 'table') return compileCustom(inventory, binding, layer, engine.options);
  const interpret = customInterpreter(inventory, binding);
  return (provider, facts) => interpret(layer, provider, facts);
}

/** How far a consultation has come. */
interface Progress {
  /** As the authorizers so far left it. */
  readonly subject: CustomSubject;
  readonly responseHeaders: Authorization['responseHeaders'];
  readonly consulted: readonly Consulted[];
  readonly routeBy: Authorization['routeBy'];
}

class Consultation {
  constructor(
    private readonly gate: CustomGate,
    private readonly setup: () => Setup,
    private readonly received: RequestAttributes | undefined,
  ) {}

  begin(progress: Progress): CustomStage {
    return this.#guarded(progress, () => this.#next(this.setup().providers, progress));
  }

  /** Whatever is thrown on the way denies. */
  #guarded(progress: Progress, step: () => CustomStage): CustomStage {
    try {
      return step();
    } catch (error) {
      return this.#settled(progress, internalError(error));
    }
  }

  #next(providers: readonly string[], progress: Progress): CustomStage {
    if (providers.length === 0) return this.#settled(progress);
    const known = this.gate.factsOf(progress.subject, this.received);
    if (known === undefined) return this.#settled(progress);
    for (const [place, name] of providers.entries()) {
      const match = this.setup().matching(name, known.facts);
      const stage = match && this.#ask(name, match, known, progress, providers.slice(place + 1));
      if (stage !== undefined) return stage;
    }
    return this.#settled(progress);
  }

  /** The question to one provider, or why it is not asked; undefined where `upstream` passes over its policies. */
  #ask(
    name: string,
    match: CustomMatch,
    known: SubjectFacts,
    progress: Progress,
    rest: readonly string[],
  ): CustomStage | undefined {
    const { inventory, layer } = this.gate;
    const { tooMany, providers } = this.setup();
    if (tooMany) return this.#unasked(progress, match, `the gate asks one provider, and its policies name ${providers.length}`);
    const resolved = resolveProvider(inventory, name);
    if (resolved.kind === 'unusable') return this.#unasked(progress, match, resolved.detail);
    const { provider, service } = resolved;
    if (layer !== 'http' && provider.type === 'envoyExtAuthzHttp') {
      if (inventory.dialect.name === 'upstream') return undefined;
      return this.#unasked(progress, match, `provider \`${name}\` speaks HTTP, and this is a connection`);
    }
    if (match.partial) return this.#unasked(progress, match, `the rule has conditions that no ztunnel can evaluate`);
    const subject = this.#checkSubject(progress.subject, known);
    const question: CustomQuestion = {
      provider,
      service,
      policy: referenceTo(match),
      basis: this.#basisOf(provider),
      ...(provider.body === undefined || progress.subject.request === undefined ? {} : { body: provider.body }),
      check: (body) => buildCheck(provider, subject, body),
      answered: (reply) => this.#guarded(progress, () => this.#answered(provider, match, reply, progress, rest)),
    };
    return { kind: 'question', question };
  }

  #answered(
    provider: Authorizer,
    match: CustomMatch,
    reply: ProviderReply | 'too-large',
    progress: Progress,
    rest: readonly string[],
  ): CustomStage {
    const { name } = provider;
    if (reply === 'too-large') {
      const response: DenialResponse = { status: 413, headers: [], body: 'Payload Too Large' };
      return this.#denied(
        progress,
        match,
        { provider: name, outcome: 'not-asked' },
        `the body is longer than provider \`${name}\` may see`,
        response,
      );
    }
    const applied = applyReply(provider, this.gate.inventory.dialect.name, reply, progress.subject.request);
    if (applied.effect === 'deny') {
      return this.#denied(progress, match, { provider: name, outcome: applied.outcome }, applied.detail, applied.response);
    }
    return this.#next(rest, {
      subject: { ...progress.subject, ...(applied.request === undefined ? {} : { request: applied.request }) },
      responseHeaders: [...progress.responseHeaders, ...applied.responseHeaders],
      consulted: [...progress.consulted, { provider: name, outcome: applied.outcome }],
      routeBy: provider.clearRouteCache ? 'request' : progress.routeBy,
    });
  }

  #unasked(progress: Progress, match: CustomMatch, detail: string): CustomStage {
    const provider = match.policy.provider?.value ?? '';
    return this.#denied(progress, match, { provider, outcome: 'not-asked' }, detail);
  }

  #denied(progress: Progress, match: CustomMatch, by: Consulted, detail: string, response?: DenialResponse): CustomStage {
    const denial: Verdict = {
      effect: 'deny',
      reason: 'custom-policy',
      policy: referenceTo(match),
      audit: [],
      detail,
      ...(response === undefined || this.received === undefined ? {} : { response, status: response.status }),
    };
    return this.#settled({ ...progress, consulted: [...progress.consulted, by] }, denial);
  }

  #settled({ subject, responseHeaders, consulted, routeBy }: Progress, denial?: Verdict): CustomStage {
    const { received } = this;
    const { request } = subject;
    // Nearly every request of every gate; copying what is there or not takes longer than all the rest of the stage.
    if (denial === undefined && received !== undefined && request !== undefined) {
      return { kind: 'settled', authorization: { received, request, routeBy, responseHeaders, consulted } };
    }
    const authorization: Authorization = {
      ...(denial === undefined ? {} : { denial }),
      ...(received === undefined ? {} : { received }),
      ...(request === undefined ? {} : { request }),
      routeBy,
      responseHeaders,
      consulted,
    };
    return { kind: 'settled', authorization };
  }

  /** Upstream's waypoint does not tell who the client is (reference section 0.11). */
  #checkSubject({ connection, request }: CustomSubject, { facts, path }: SubjectFacts): CheckSubject {
    const tellsPrincipal = this.gate.inventory.dialect.name === 'strict';
    if (request === undefined || facts.http === undefined || path === undefined) return { connection, tellsPrincipal };
    return { connection, tellsPrincipal, request: { attributes: request, path, headers: facts.http.headers } };
  }

  /** An answer holds until the provider's settings or its policies change; where they are written is none of them. */
  #basisOf(provider: Authorizer): string {
    const policies = this.gate.binding.policies
      .map(({ policy }) => policy)
      .filter((policy) => policy.action === 'CUSTOM' && policy.provider?.value === provider.name)
      .map(({ metadata, rules }) => ({ namespace: metadata.namespace, name: metadata.name, rules }));
    return JSON.stringify([provider, policies], (key, value: unknown) => (key === 'span' ? undefined : value));
  }
}
