import type { Command } from 'commander';

/** Adds `sallyport exec`. */
export function registerExec(program: Command): void {
  program.command('exec');
}
