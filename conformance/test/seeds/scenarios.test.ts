import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadScenarios } from '../../src/seeds/load-scenarios.js';
import type { GateAnswer, Scenario, SeedRequest, TableRow } from '../../src/seeds/scenario.js';

const scenarios = loadScenarios();
const documents = fileURLToPath(new URL('../../../../shared/seeds', import.meta.url));
const rows = (section: string) => scenarios.flatMap(({ seed }) => (seed.section === section && seed.row ? [seed.row] : []));

describe('the scenarios of the seeds', () => {
  it('send at least one request that is allowed and one that is denied for each document and section', () => {
    for (const section of new Set(scenarios.map(({ seed }) => seed.section))) {
      const effects = scenarios.filter(({ seed }) => seed.section === section).flatMap(effectsOf);
      expect(new Set(effects), section).toEqual(new Set(['allow', 'deny']));
    }
  });

  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    '%s expects what follows from itself',
    (_, scenario) => {
      for (const { expect: expected } of scenario.requests) {
        const denials = expected.gates.filter((gate) => gate.effect === 'deny');
        expect(denials, 'a denial ends the path').toEqual(expected.effect === 'deny' ? expected.gates.slice(-1) : []);
      }
    },
  );

  const inTables = scenarios.flatMap((scenario) =>
    scenario.seed.row ? [[scenario.name, scenario, scenario.seed.row] as const] : [],
  );
  it.each(inTables)('%s shows the component and the source identity of its row', (_, scenario, row) => {
    const enforcing = scenario.requests.flatMap((request) =>
      request.expect.gates.filter((gate) => enforces(gate, request, scenario, row)),
    );
    expect(enforcing.length).toBeGreaterThan(0);
    for (const gate of enforcing) expect(seenAs(gate, scenario), gate.name).toBe(row.sourceIdentity);
  });
});

describe.skipIf(!existsSync(documents))('the scenarios beside the documents (which are not part of this repository)', () => {
  it.each(['TCP Enforcement', 'HTTP Enforcement'])('hold every row of the table under %s', (section) => {
    const printed = printedRows(document('000'), section);
    expect(printed).toHaveLength(6);
    for (const row of printed) expect(rows(section)).toContainEqual(row);
  });

  it('hold every policy of 001 as it is printed, without the stray mark of a here-document', () => {
    const printed = [...document('001').matchAll(/\{\{< text yaml >\}\}\n(.*?)\{\{< \/text >\}\}/gs)].map(([, text]) =>
      text?.replace(/^EOF\n/m, ''),
    );
    expect(printed).toHaveLength(2);
    for (const policy of printed) expect(scenarios.map(({ policies }) => policies)).toContain(policy);
  });

  it('name sections that exist', () => {
    for (const { seed, name } of scenarios) expect(document(seed.document), name).toContain(`## ${seed.section}\n`);
  });
});

function effectsOf(scenario: Scenario) {
  return scenario.requests.map((request) => request.expect.effect);
}

/** Whether this is the gate that the row speaks of: on the way that its table presumes, governed by a policy of the scenario. */
function enforces(gate: GateAnswer, request: SeedRequest, scenario: Scenario, row: TableRow): boolean {
  const onTheWay = row.waypoint === (request.expect.gates[0]?.gate === 'waypoint');
  return (
    onTheWay &&
    request.from !== undefined &&
    gate.reason !== 'no-policy' &&
    kind(row) === gate.gate &&
    scenario.policies !== undefined
  );
}

function kind(row: TableRow): GateAnswer['gate'] {
  return row.enforcedBy === 'destination ztunnel' ? 'ztunnel' : row.enforcedBy;
}

function seenAs(gate: GateAnswer, scenario: Scenario): string {
  const client = scenario.requests.some(
    ({ from }) => gate.sourceIdentity === `spiffe://cluster.local/ns/${from?.replace('/', '/sa/')}`,
  );
  return client ? 'client pod' : gate.sourceIdentity?.endsWith('/sa/waypoint') ? 'waypoint' : 'someone else';
}

function document(number: string): string {
  const file = readdirSync(documents).find((name) => name.startsWith(`${number}_`));
  if (file === undefined) throw new Error(`no document ${number}`);
  return readFileSync(join(documents, file), 'utf8');
}

function printedRows(text: string, section: string): unknown[] {
  const [, body = ''] = text.split(`## ${section}\n`);
  const [table = ''] = body.split('† Whether');
  return [...table.matchAll(/^\| (yes|no) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$/gm)].map(
    ([, waypoint, attachment = '', scope, sourceIdentity, enforcedBy]) => ({
      waypoint: waypoint === 'yes',
      attachment:
        attachment === 'Selector' ? 'selector' : attachment.startsWith('_empty') ? 'empty' : attachment.replaceAll('`', ''),
      scope,
      sourceIdentity,
      enforcedBy,
    }),
  );
}
