import type { Paint } from '@sallyport/policy';
import type { MeshEvent, MeshReport } from '../mesh-process.js';

/** What runs where, once the walk is over. */
export function renderMesh({ gates, workloads, isolation }: MeshReport, paint: Paint): string {
  const rows = [
    ...gates
      .filter(({ address }) => address !== undefined)
      .map(({ name, address, listeners }) => [name, address ?? '', `serves ${listeners.map(({ port }) => port).join(', ')}`]),
    ...workloads.map(({ key, address, ports, application }) => [key, address, whatRuns(ports, application.state)]),
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
  const processes = `${gates.length} gate processes, isolation: ${isolation}; a workload's address belongs to its ztunnel`;
  return `${paint('strong', 'what runs where')}  ${paint('dim', processes)}\n${lines.join('\n')}\n`;
}

function whatRuns(ports: readonly number[], state: string): string {
  return state === 'none' ? 'a client' : `serves ${ports.join(', ')}`;
}

/** What to do next, in a second terminal. */
export function renderInvitation(folder: string, paint: Paint): string {
  const command = 'npx --no-install sallyport';
  const request = 'http://httpbin.default:8000/get';
  return `${paint('strong', 'in a second terminal')}
  ${command} exec ambient-demo/notsleep -- curl -sS ${request}
  ${command} explain ${folder} --from ambient-demo/notsleep --to ${request}
  ${command} check ${folder}

Then change ${folder}/3-l4-policy.yaml, save, and send the request again. ${paint('strong', 'Ctrl-C ends the mesh.')}
`;
}

/** Changes of the folder, as they are put in force or refused; nothing for other events. */
export function renderEvent(event: MeshEvent, paint: Paint): string {
  if (event.event === 'changed') return `${paint('allow', 'in force at every gate')}: ${event.files.join(', ')}\n`;
  if (event.event !== 'refused') return '';
  const lines = event.diagnostics.map(
    ({ file, line, column, severity, code, message }) => `${file}:${line}:${column}: ${severity} ${code}: ${message}\n`,
  );
  const detail = event.error === undefined ? '' : `${event.error}\n`;
  return `${lines.join('')}${detail}${paint('deny', 'refused')}: the last good state stays in force\n`;
}
