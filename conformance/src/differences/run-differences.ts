import { readRecorded } from '../recorded/read-recorded.js';
import { recordedFiles } from '../recorded/recorded-files.js';
import { compareDialects } from './compare-dialects.js';
import type { Difference, Differences } from './difference.js';

/** Compares the dialects on every query of recorded files and folders. Files without queries are passed over. */
export function runDifferences(paths: readonly string[]): Differences {
  const found: Difference[] = [];
  const problems: string[] = [];
  let asked = 0;
  const attempt = (where: string, run: () => void) => {
    try {
      run();
    } catch (error) {
      problems.push(`${where}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  for (const path of paths) {
    attempt(path, () => {
      for (const file of recordedFiles(path)) {
        attempt(file, () => {
          const recorded = readRecorded(file);
          if (recorded.kind !== 'case') return;
          asked += recorded.case.queries.length;
          found.push(...compareDialects(recorded.case, file));
        });
      }
    });
  }
  return { asked, found, problems };
}
