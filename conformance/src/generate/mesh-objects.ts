import type { Manifest } from '../cases/case.js';
import { loadMesh } from '../cases/load-cases.js';

/** What every generated mesh has, the same as every case: a service behind a waypoint, clients of it, an ingress gateway. */
export const meshObjects: readonly Manifest[] = loadMesh().manifests;
