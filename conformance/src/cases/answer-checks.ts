import type { Authorization, Check, CustomStage, ProviderReply } from '@sallyport/policy';
import type { ProviderAnswer } from './case.js';

/** What came of the external authorization of a request or connection. */
export interface Consultation {
  readonly authorization: Authorization;
  /** The providers that were asked, in order. */
  readonly asked: readonly string[];
}

/** Answers each question as the case says that its provider does; one that is not mentioned denies. */
export function answerChecks(first: CustomStage, answers: Readonly<Record<string, ProviderAnswer>>): Consultation {
  const asked: string[] = [];
  let stage = first;
  while (stage.kind === 'question') {
    const { question } = stage;
    const check = question.check();
    const { name } = question.provider;
    if (check !== 'too-large') asked.push(name);
    stage = question.answered(check === 'too-large' ? check : replyOf(check, answers[name] ?? 403));
  }
  return { authorization: stage.authorization, asked };
}

function replyOf({ kind }: Check, answer: ProviderAnswer): ProviderReply {
  if (answer === 'no answer') return { kind: 'failed', detail: 'the connection was refused' };
  if (kind === 'http') return { kind: 'http', status: answer, headers: [], body: new Uint8Array() };
  if (answer === 200) {
    const ok = { headers: [], headersToRemove: [], responseHeaders: [], queryToSet: [], queryToRemove: [] };
    return { kind: 'grpc', code: 0, ok };
  }
  return { kind: 'grpc', code: 7, denied: { status: answer, headers: [], body: '' } };
}
