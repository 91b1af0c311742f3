import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** Where the tools of an administrator are, also where the PATH does not say so. */
export const toolPath = [process.env.PATH, '/usr/sbin', '/sbin', '/usr/bin', '/bin'].filter(Boolean).join(':');

/** Runs a tool with this standard input; resolves with its output, rejects with what it says where it fails. */
export async function runTool([file = '', ...args]: readonly string[], input = ''): Promise<string> {
  const child = spawn(file, args, { stdio: 'pipe', env: { PATH: toolPath, LC_ALL: 'C' } });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = once(child, 'close') as Promise<[number | null]>;
  const [out, errors, [status]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (status !== 0)
    throw new Error(`\`${[file, ...args].join(' ')}\`: ${errors.trim().split('\n')[0] || `exit status ${status}`}`);
  return out;
}
