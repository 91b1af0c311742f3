import type { ResponseKind } from './protocol/response.js';

/** The commands of the protocol that a judged connection may use; any other ends it. */
export const command = {
  quit: 0x01,
  initDatabase: 0x02,
  query: 0x03,
  fieldList: 0x04,
  statistics: 0x09,
  ping: 0x0e,
  changeUser: 0x11,
  prepare: 0x16,
  execute: 0x17,
  sendLongData: 0x18,
  closeStatement: 0x19,
  resetStatement: 0x1a,
  setOption: 0x1b,
  fetch: 0x1c,
  resetConnection: 0x1f,
  bulkExecute: 0xfa,
} as const;

/** A command that runs a prepared statement, with the kind of its answer. */
export const onStatement: ReadonlyMap<number, ResponseKind> = new Map([
  [command.execute, 'result'],
  [command.bulkExecute, 'result'],
  [command.fetch, 'rows'],
  [command.resetStatement, 'status'],
]);

/** Commands that are about no table. */
export const plainCommands: ReadonlyMap<number, ResponseKind> = new Map([
  [command.statistics, 'text'],
  [command.ping, 'status'],
  [command.setOption, 'status'],
  [command.resetConnection, 'status'],
]);
