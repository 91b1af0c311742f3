import type { Command } from 'commander';

/** Adds `sallyport status`. */
export function registerStatus(program: Command): void {
  program.command('status');
}
