import { cpus, release, totalmem, type } from 'node:os';

/** Where the figures were measured; without it they mean nothing. */
export interface Machine {
  readonly node: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
}

/** This machine. */
export function describeMachine(): Machine {
  const processors = cpus();
  return {
    node: process.version,
    processor: processors[0]?.model.trim() ?? 'unknown processor',
    cores: processors.length,
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
  };
}
