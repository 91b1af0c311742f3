import type { Engine } from '../engine.js';
import type { Tally } from '../tally.js';
import { judgeStatuses } from './judge-statuses.js';
import type { RecordedStatuses } from './recorded-statuses.js';
import { statusMesh } from './status-mesh.js';

/** Judges recorded statuses, object by object. A mesh that cannot be read is a disagreement. */
export function runStatuses(engine: Engine, file: string, entries: readonly RecordedStatuses[], tally: Tally): void {
  for (const entry of entries) {
    const where = `${file} ${entry.case}${entry.flags === undefined ? '' : ` ${JSON.stringify(entry.flags)}`}`;
    try {
      const answer = engine.statuses(statusMesh(file, entry));
      if ('uncovered' in answer) tally.skip(answer.uncovered, entry.statuses.length);
      else for (const { object, lines } of judgeStatuses(entry, answer)) tally.judge(`${where} ${object}`, lines);
    } catch (error) {
      tally.judge(where, [`cannot be asked: ${error instanceof Error ? error.message : String(error)}`]);
    }
  }
}
