import type { Paint, SourceFile } from '@sallyport/policy';
import { diagnosticToJson, plural, renderDiagnostics } from '../output/diagnostics.js';
import type { MeshEvent } from './mesh-event.js';
import type { MeshStatus } from './mesh-status.js';
import { printStatus } from './print-status.js';

/** How events are shown to people. */
export interface EventStyle {
  readonly paint: Paint;
  readonly colour: boolean;
}

/** An event for people, with its last newline. */
export function printEvent(event: MeshEvent, files: readonly SourceFile[], { paint, colour }: EventStyle): string {
  switch (event.event) {
    case 'took-over':
      return `ended ${plural(event.ended, 'process', 'processes')} that a supervisor before had left\n`;
    case 'ready':
      return `${printStatus(event.status, paint)}${hints(event.status)}`;
    case 'changed':
      return `${paint('allow', `snapshot ${event.snapshot} is in force at every gate`)} after ${event.tookMs} ms: ${event.files.join(', ')}\n`;
    case 'refused': {
      const why = event.error === undefined ? '' : `${event.error}\n`;
      const stays = paint('deny', `change refused; snapshot ${event.snapshot} stays in force`);
      return `${renderDiagnostics(event.diagnostics, files, colour)}${why}${stays}\n`;
    }
    case 'revocation':
      return event.problem === undefined
        ? `the revocation lists of ${event.file} are in force at every gate\n`
        : `${paint('deny', `the revocation lists of ${event.file} cannot be used, so no peer is admitted`)}: ${event.problem}\n`;
    case 'gate':
      return `${event.gate} ${event.what === 'died' ? paint('deny', 'died') : 'is up again'} (${event.detail})\n`;
    case 'application':
      return `${event.workload} ${event.detail}\n`;
    case 'unrecorded':
      return `${paint('deny', 'exec and down go by what was there before this change')}: ${event.problem}\n`;
    case 'line':
      return `${paint('dim', `${event.from} |`)} ${event.line}\n`;
    case 'stopping':
      return 'ending: connections get two seconds; once more to end at once\n';
  }
}

/** An event as one line of JSON. */
export function eventToJson(event: MeshEvent): string {
  const { diagnostics, ...rest } = 'diagnostics' in event ? event : { ...event, diagnostics: undefined };
  const value = diagnostics === undefined ? rest : { ...rest, diagnostics: diagnostics.map(diagnosticToJson) };
  return `${JSON.stringify(value)}\n`;
}

function hints({ workloads }: MeshStatus): string {
  const client = workloads.find(({ application }) => application.state === 'none') ?? workloads[0];
  const name = client?.key ?? 'NAMESPACE/WORKLOAD';
  return `\nin a second terminal: sallyport exec ${name} -- curl …, sallyport status; Ctrl-C here ends the mesh\n`;
}
