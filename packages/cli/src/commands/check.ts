import type { Command } from 'commander';

/** Adds `sallyport check`. */
export function registerCheck(program: Command): void {
  program.command('check');
}
