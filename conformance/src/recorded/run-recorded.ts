import type { Engine, World } from './engine.js';
import { judgeAcceptance } from './judge-acceptance.js';
import { judgeAnswer } from './judge-answer.js';
import { judgeRefusal, judgeRoleAnswer } from './judge-role-answer.js';
import { readRecorded } from './read-recorded.js';
import type { Query, RecordedCase, RecordedManifest, RecordedPath, RecordedRefusal, RoleQuery } from './recorded-case.js';
import { recordedFiles } from './recorded-files.js';
import { runStatuses } from './status/run-statuses.js';
import type { Tally } from './tally.js';
import { withTokens } from './with-tokens.js';

/**
 * Runs recorded files, and all `*.json` of folders, in order of their names. What cannot be read is a disagreement, never a
 * skip.
 */
export function runRecorded(engine: Engine, paths: readonly string[], tally: Tally): void {
  for (const path of paths) {
    try {
      for (const file of recordedFiles(path)) runFile(engine, file, tally);
    } catch (error) {
      tally.judge(path, [`cannot be read: ${messageOf(error)}`]);
    }
  }
}

function runFile(engine: Engine, file: string, tally: Tally): void {
  let recorded: ReturnType<typeof readRecorded>;
  try {
    recorded = readRecorded(file);
  } catch (error) {
    tally.judge(file, [`cannot be read: ${messageOf(error)}`]);
    return;
  }
  if (recorded.kind === 'case') runCase(engine, file, recorded.case, tally);
  else if (recorded.kind === 'manifests') runManifests(engine, file, recorded.manifests, tally);
  else if (recorded.kind === 'refusals') runRefusals(engine, file, recorded.refusals, tally);
  else if (recorded.kind === 'paths') runPaths(engine, file, recorded.paths, tally);
  else if (recorded.kind === 'statuses') runStatuses(engine, file, recorded.entries, tally);
  else tally.skip(recorded.reason, recorded.count);
}

function runCase(engine: Engine, file: string, recorded: RecordedCase, tally: Tally): void {
  let world: ReturnType<Engine['load']>;
  try {
    world = engine.load(recorded);
  } catch (error) {
    for (const query of recorded.queries) tally.judge(`${file} ${query.id}`, [`the mesh does not load: ${messageOf(error)}`]);
    return;
  }
  for (const query of recorded.queries) {
    const where = `${file} ${query.id}`;
    try {
      if (isRoleQuery(query)) tally.judge(where, judgeRoleAnswer(query, world.roles(query)));
      else runQuery(world, where, withTokens(query, recorded.tokens), tally);
    } catch (error) {
      tally.judge(where, [`cannot be asked: ${messageOf(error)}`]);
    }
  }
}

function isRoleQuery(query: Query | RoleQuery): query is RoleQuery {
  return query.gate === 'sidecar-http' || query.gate === 'sidecar-tcp';
}

function runQuery(world: World, where: string, query: Query, tally: Tally): void {
  const answer = world.answer(query);
  if ('uncovered' in answer) tally.skip(answer.uncovered);
  else tally.judge(where, judgeAnswer(query, answer));
}

function runRefusals(engine: Engine, file: string, refusals: readonly RecordedRefusal[], tally: Tally): void {
  for (const [index, refusal] of refusals.entries()) {
    const where = `${file} ${index}`;
    try {
      const world = engine.load({ ...refusal, id: String(index) });
      tally.judge(where, judgeRefusal(refusal.error, world.refusedRole(refusal)));
    } catch (error) {
      tally.judge(where, [`cannot be asked: ${messageOf(error)}`]);
    }
  }
}

function runManifests(engine: Engine, file: string, manifests: readonly RecordedManifest[], tally: Tally): void {
  for (const [index, recorded] of manifests.entries()) {
    const answer = engine.accepts(recorded.manifest);
    if ('uncovered' in answer) tally.skip(answer.uncovered);
    else tally.judge(`${file} ${index}`, judgeAcceptance(recorded, answer));
  }
}

const modes = ['DEFAULT', 'NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'] as const;

function runPaths(engine: Engine, file: string, paths: readonly RecordedPath[], tally: Tally): void {
  for (const recorded of paths) {
    for (const mode of modes) {
      const got = engine.normalizePath(recorded.path, mode);
      const agrees = got === recorded[mode];
      tally.judge(`${file} ${recorded.path} ${mode}`, agrees ? [] : [`expected ${recorded[mode]}, got ${got}`]);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
