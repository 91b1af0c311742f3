import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RecordedMesh } from '../recorded-case.js';
import type { RecordedStatuses } from './recorded-statuses.js';

/** The mesh of recorded statuses: its own manifests, or the case of that name in the folder `ambient` beside the file. */
export function statusMesh(file: string, { case: id, manifests, meshConfig, flags }: RecordedStatuses): RecordedMesh {
  const own = { ...(meshConfig === undefined ? {} : { meshConfig }), ...(flags === undefined ? {} : { flags }) };
  if (manifests !== undefined) return { id, manifests, ...own };
  if (!/^[\w-]+$/.test(id)) throw new Error(`\`${id}\` names no case, and there are no manifests`);
  const recorded = JSON.parse(readFileSync(join(dirname(file), 'ambient', `${id}.json`), 'utf8')) as RecordedMesh;
  return { ...recorded, ...own };
}
