import type { RoleScope } from '../bind/roles/role-scope.js';
import { compileRoles } from '../compile/compile-roles.js';
import type { CompileOptions } from '../compile/options.js';
import type { ConnectionMemo } from '../compile/table.js';
import type { Inventory } from '../inventory/inventory.js';
import type { RoleOutcome } from '../legacy/interpret-roles.js';
import type { RoleLayer } from '../legacy/test.js';
import { connectionFacts, type Unreadable } from '../reference/facts.js';
import type { HeaderView } from '../reference/headers.js';
import type { IpAddress } from '../reference/ip-range.js';
import type { ConnectionAttributes, RequestAttributes } from '../verdict/attributes.js';
import type { Verdict } from '../verdict/verdict.js';
import { unreadableVerdict } from './compose-verdict.js';
import { readAddress } from './facts/read-address.js';
import { ReadConnection } from './facts/read-connection.js';
import { RoleConnection, RoleView } from './facts/role-view.js';
import { onceNeeded } from './total.js';

/** What is kept of a connection from one request on it to the next, for one scope. */
export interface ScopeMemo {
  connection?: RoleConnection | Unreadable | 'elsewhere';
  readonly table: ConnectionMemo;
}

/** The roles of one scope as tables, and what they are asked about, read in place. */
export class CompiledScope {
  readonly #view = new RoleView();
  /** For connections of which nothing is kept. */
  readonly #lent = new RoleConnection();
  readonly #tables: Readonly<Record<RoleLayer, () => ReturnType<typeof compileRoles<Verdict>>>>;
  readonly #locals: ReadonlyMap<number, { readonly ip: IpAddress | undefined; readonly port: number }> | undefined;

  constructor(
    private readonly inventory: Inventory,
    private readonly scope: RoleScope,
    conclude: (before: Verdict, outcome: RoleOutcome) => Verdict,
    options: CompileOptions,
  ) {
    const table = (layer: RoleLayer) => onceNeeded(() => compileRoles(inventory, scope, layer, conclude, options));
    this.#tables = { http: table('http'), tcp: table('tcp') };
    this.#locals =
      scope.ports && new Map([...scope.ports].map(([asked, { ip, port }]) => [asked, { ip: readAddress(ip), port }] as const));
  }

  /** Builds the table of a layer. */
  prepare(layer: RoleLayer): void {
    this.#tables[layer]();
  }

  /** What the roles make of a verdict. `headers` are those of the request, where there is one. */
  decide(
    verdict: Verdict,
    connection: ConnectionAttributes,
    request: RequestAttributes | undefined,
    headers: HeaderView | undefined,
    memo: ScopeMemo | undefined,
  ): Verdict {
    const view = this.#view;
    const turn = view.begin();
    const read = this.#read(connection, memo);
    if (read === 'elsewhere') return verdict;
    if ('unreadable' in read) return unreadableVerdict(read);
    const table = request === undefined ? this.#tables.tcp() : this.#tables.http();
    view.turnTo(read, request, headers);
    const concluded = table.decide(verdict, view, view.saysWhoPeerIs ? undefined : memo?.table);
    // An attribute that asks for another decision when it is read would leave this one with what that one is asked.
    if (view.turn !== turn) throw new Error('a decision began inside another');
    return concluded;
  }

  #read(connection: ConnectionAttributes, memo: ScopeMemo | undefined): NonNullable<ScopeMemo['connection']> {
    if (memo === undefined) return this.#readAnew(connection, this.#lent);
    memo.connection ??= this.#readAnew(connection, new RoleConnection());
    return memo.connection;
  }

  /** `elsewhere` where the scope does not concern a connection. */
  #readAnew(connection: ConnectionAttributes, into: RoleConnection): NonNullable<ScopeMemo['connection']> {
    const { ports, judgedBefore } = this.scope;
    const { identity, destinationPort } = connection;
    if (identity !== undefined && judgedBefore?.has(identity) === true) return 'elsewhere';
    const local = ports?.get(destinationPort);
    if (ports !== undefined && local === undefined) return 'elsewhere';
    const facts = ReadConnection.factsOf(connection);
    const address = this.#locals === undefined ? facts?.destinationIp : this.#locals.get(destinationPort)?.ip;
    if (facts !== undefined && address !== undefined) {
      return into.turnTo(connection, facts, address, local?.port ?? facts.destinationPort);
    }
    const seen = local === undefined ? connection : { ...connection, destinationIp: local.ip, destinationPort: local.port };
    const known = this.inventory.dialect.name === 'strict' ? connectionFacts(seen) : connectionFacts(seen, () => true);
    if ('unreadable' in known) return known;
    return into.turnTo(connection, known, known.destinationIp, known.destinationPort);
  }
}
