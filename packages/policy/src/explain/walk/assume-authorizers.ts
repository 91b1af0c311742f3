import type { Authorizer } from '../../resource/model/index.js';
import type { Authorization, CustomQuestion, CustomStage, ProviderReply } from '../../verdict/ext-authz.js';
import type { Verdict } from '../../verdict/verdict.js';
import type { Question } from '../question/question.js';

/** What the authorizers of a gate are taken to say. */
export interface AssumedAuthorization {
  readonly authorization: Authorization;
  /** Who would be asked, in sentences. */
  readonly notes: readonly string[];
}

/**
 * Answers the questions of a gate's CUSTOM policies as the question assumes: nobody is asked here. Without an assumption the first
 * question denies, as it does at a gate until it is answered.
 */
export function assumeAuthorizers(first: CustomStage, { custom }: Pick<Question, 'custom'>): AssumedAuthorization {
  const notes: string[] = [];
  let stage = first;
  while (stage.kind === 'question') {
    const { question } = stage;
    notes.push(noteOn(question, custom));
    if (custom === undefined) return { authorization: unanswered(question), notes };
    stage = question.answered(replyOf(question.provider, custom));
  }
  return { authorization: stage.authorization, notes };
}

function noteOn({ provider, policy }: CustomQuestion, custom: Question['custom']): string {
  const asks = `CUSTOM ${policy.namespace}/${policy.name} asks provider \`${provider.name}\``;
  if (custom !== undefined) return `${asks}, which is taken to ${custom} it`;
  return `${asks}, and nobody is asked here: say what it answers with \`--custom allow\` or \`--custom deny\``;
}

function unanswered({ provider, policy }: CustomQuestion): Authorization {
  const detail = `provider \`${provider.name}\` decides, and nobody is asked here`;
  const denial: Verdict = { effect: 'deny', reason: 'custom-policy', policy, audit: [], detail };
  return { denial, routeBy: 'received', responseHeaders: [], consulted: [{ provider: provider.name, outcome: 'not-asked' }] };
}

function replyOf({ type }: Authorizer, custom: 'allow' | 'deny'): ProviderReply {
  const allows = custom === 'allow';
  return type === 'envoyExtAuthzGrpc'
    ? { kind: 'grpc', code: allows ? 0 : permissionDenied }
    : { kind: 'http', status: allows ? 200 : 403, headers: [], body: new Uint8Array() };
}

const permissionDenied = 7;
