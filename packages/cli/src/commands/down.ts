import type { Command } from 'commander';

/** Adds `sallyport down`. */
export function registerDown(program: Command): void {
  program.command('down');
}
