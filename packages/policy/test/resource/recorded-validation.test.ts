import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hasInvalid } from '../../src/diagnostic/diagnostic.js';
import { upstream } from '../../src/resource/dialect.js';
import { loadResources } from '../../src/resource/load/load-resources.js';

interface Recorded {
  readonly manifest: string;
  readonly accepted: boolean;
  readonly errors: string;
  readonly crdErrors: string;
  readonly warnings: string;
}

const folder = new URL('../../../../../shared/recorded/', import.meta.url);

/** What upstream prints as a warning, and the code that says the same here. */
const warningCodes = [
  ['workload selector specified without labels', 'selector-without-labels'],
  ['only HTTP attributes in a DENY rule', 'deny-closes-tcp'],
] as const;

function warningsOf(recorded: Recorded): string[] {
  return warningCodes.filter(([text]) => recorded.warnings.includes(text)).map(([, code]) => code);
}

function load(manifest: string) {
  return loadResources([{ path: 'p.yaml', text: manifest }], upstream);
}

for (const name of ['validation-ambient.json', 'validation-ambient-big.json']) {
  const path = new URL(name, folder);
  const missing = !existsSync(path);
  describe.skipIf(missing)(
    `what upstream said of the manifests of ${name}${missing ? ' (not beside this checkout)' : ''}`,
    () => {
      const recordings: Recorded[] = missing ? [] : JSON.parse(readFileSync(path, 'utf8'));

      it('accepts and refuses exactly the same manifests', () => {
        expect(recordings.length).toBeGreaterThan(0);
        const disagreements = recordings.filter(({ manifest, accepted }) => accepted === hasInvalid(load(manifest).diagnostics));
        expect(disagreements).toEqual([]);
      });

      it('loads what it accepts, and nothing of what it refuses', () => {
        for (const { manifest, accepted } of recordings)
          expect(load(manifest).set.resources.length, manifest).toBe(accepted ? 1 : 0);
      });

      it('warns of the same manifests', () => {
        for (const recorded of recordings.filter(({ accepted }) => accepted)) {
          const codes = load(recorded.manifest).diagnostics.map(({ code }) => code);
          expect([...new Set(codes)], recorded.manifest).toEqual(warningsOf(recorded));
        }
      });

      it('places every error inside the manifest, in one line, with a hint', () => {
        for (const { manifest } of recordings) {
          for (const { message, span, hint } of load(manifest).diagnostics) {
            expect(message).toMatch(/^[^\n]+$/);
            expect(hint).toBeDefined();
            expect(span.end.offset).toBeGreaterThanOrEqual(span.start.offset);
            expect(span.end.offset).toBeLessThanOrEqual(manifest.length);
          }
        }
      });
    },
  );
}
