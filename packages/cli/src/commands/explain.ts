import type { Command } from 'commander';

/** Adds `sallyport explain`. */
export function registerExplain(program: Command): void {
  program.command('explain');
}
