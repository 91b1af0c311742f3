import type { Command } from 'commander';

/** Adds `sallyport up`. */
export function registerUp(program: Command): void {
  program.command('up');
}
