import type { Paint, Style } from '@sallyport/policy';
import type { DecisionActivity, GateActivity, MeshActivity } from './mesh-activity.js';

/** What there is room for. */
export interface Page {
  readonly paint: Paint;
  /** Lines of the page, and characters of a line; without them everything is printed. */
  readonly rows?: number;
  readonly columns?: number;
}

/** One column of a table: its heading, and how a row reads there. Numbers stand to the right. */
interface Column<Row> {
  readonly heading: string;
  readonly of: (row: Row) => string;
  readonly right?: boolean;
}

/** Entries of each list on a page without end. */
const mostEntries = 20;
/** Three headings, two empty lines, the one that counts what is left out, and the one that the cursor is on. */
const linesBetween = 7;

/** The activity of a mesh for people. */
export function printActivity(activity: MeshActivity, { paint, rows, columns }: Page): string {
  const { id, folder, snapshot, seconds, gates } = activity;
  const head = [`mesh ${id}  ${folder}`, `  snapshot ${snapshot}, rates of ${seconds.toFixed(1)} s`, ''];
  // A page that ends shares what is left of it: half for decisions, the rest for connections.
  const room = rows === undefined ? 2 * mostEntries : Math.max(0, rows - head.length - gates.length - linesBetween);
  const decisions = activity.decisions.slice(0, Math.ceil(room / 2));
  const connections = activity.connections.slice(0, room - decisions.length);
  const lines: readonly Line[] = [
    ...head.map((text): Line => ({ text })),
    ...table(gateColumns, gates, ({ state }) => (state === 'up' ? undefined : 'deny')),
    { text: '' },
    ...table(decisionColumns, decisions, ({ effect }) => (effect === 'deny' ? 'deny' : undefined)),
    { text: '' },
    ...table(connectionColumns, connections),
    ...more(activity.connections.length - connections.length),
  ];
  return lines.map(({ text, style }) => `${painted(text.slice(0, columns), style, paint)}\n`).join('');
}

/** A line, painted as a whole so that colours move nothing. */
interface Line {
  readonly text: string;
  readonly style?: Style | undefined;
}

function painted(text: string, style: Style | undefined, paint: Paint): string {
  return style === undefined ? text : paint(style, text);
}

const gateColumns: readonly Column<GateActivity>[] = [
  { heading: 'GATE', of: ({ name }) => name },
  { heading: 'STATE', of: ({ state, problem }) => (problem === undefined ? state : `${state}: ${problem}`) },
  { heading: 'OPEN', of: ({ openConnections }) => whole(openConnections), right: true },
  { heading: 'IN FLIGHT', of: ({ requests }) => whole(requests), right: true },
  { heading: 'CONN/S', of: ({ perSecond }) => rate(perSecond?.connections), right: true },
  { heading: 'REQ/S', of: ({ perSecond }) => rate(perSecond?.requests), right: true },
  { heading: 'ALLOW/S', of: ({ perSecond }) => rate(perSecond?.allowed), right: true },
  { heading: 'DENY/S', of: ({ perSecond }) => rate(perSecond?.denied), right: true },
  { heading: 'MEMORY', of: ({ memoryBytes }) => megabytes(memoryBytes), right: true },
];

const decisionColumns: readonly Column<DecisionActivity>[] = [
  { heading: 'VERDICT', of: ({ effect }) => effect },
  { heading: 'GATE', of: ({ gate }) => gate },
  { heading: '/S', of: ({ perSecond }) => rate(perSecond), right: true },
  { heading: 'COUNT', of: ({ count }) => whole(count), right: true },
  { heading: 'REASON', of: ({ reason }) => reason },
  { heading: 'POLICY', of: ({ policy = '-', rule }) => (rule === undefined ? policy : `${policy} rule ${rule}`) },
];

const connectionColumns: readonly Column<MeshActivity['connections'][number]>[] = [
  { heading: 'OPEN FOR', of: ({ ageMs }) => age(ageMs), right: true },
  { heading: 'GATE', of: ({ gate }) => gate },
  { heading: 'IN FLIGHT', of: ({ requests }) => whole(requests), right: true },
  { heading: 'FROM', of: ({ source }) => `${source.address} ${source.workload ?? source.identity ?? ''}`.trim() },
  {
    heading: 'TO',
    of: ({ destination }) => `${destination.address} ${destination.service ?? destination.workload ?? ''}`.trim(),
  },
];

function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  styleOf: (row: Row) => Style | undefined = () => undefined,
): Line[] {
  const cells = [columns.map(({ heading }) => heading), ...rows.map((row) => columns.map(({ of }) => of(row)))];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0)));
  const pad = (text: string, at: number): string =>
    columns[at]?.right === true ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0);
  const [heading = '', ...others] = cells.map((line) => line.map(pad).join('  ').trimEnd());
  return [
    { text: heading, style: 'strong' },
    ...others.map((text, at) => ({ text, style: rows[at] === undefined ? undefined : styleOf(rows[at]) })),
  ];
}

function more(count: number): Line[] {
  return count > 0 ? [{ text: `… and ${count} more`, style: 'dim' }] : [];
}

function whole(value: number | undefined): string {
  return value === undefined ? '-' : String(value);
}

function rate(value: number | undefined): string {
  return value === undefined ? '-' : value.toFixed(1);
}

function megabytes(value: number | undefined): string {
  return value === undefined ? '-' : `${Math.round(value / 1024 / 1024)} MB`;
}

function age(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes}m${seconds % 60}s` : `${Math.floor(minutes / 60)}h${minutes % 60}m`;
}
