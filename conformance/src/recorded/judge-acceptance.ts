import type { Acceptance } from './engine.js';
import type { RecordedManifest } from './recorded-case.js';

/** What is wrong with an answer on a manifest: no lines where it agrees with the record. */
export function judgeAcceptance(recorded: RecordedManifest, answer: Acceptance): readonly string[] {
  const expected = outcomeOf(recorded.accepted, recorded.loadError !== undefined, recorded.stage);
  const got = outcomeOf(answer.accepted, answer.crashes, recorded.stage === undefined ? undefined : answer.stage);
  if (expected === got) return [];
  return [
    `expected ${expected}, got ${got}`,
    ...[recorded.errors, recorded.crdErrors, recorded.error, recorded.loadError]
      .filter((text) => text)
      .map((text) => `upstream: ${text}`),
    ...answer.messages.map((message) => `engine: ${message}`),
    ...recorded.manifest.trimEnd().split('\n'),
  ];
}

function outcomeOf(accepted: boolean | null, crashes: boolean, stage: Acceptance['stage'] | undefined): string {
  if (accepted === null) return 'a kind that is not known';
  if (accepted) return crashes ? 'accepted, and a crash when it is loaded' : 'accepted';
  return stage === undefined ? 'refused' : `refused at stage ${stage}`;
}
