import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What is given up after this long is said to have failed, never left out. */
const givenUpAfterMilliseconds = 120_000;

/** Memory is measured, so that nothing of the code may come and go meanwhile. */
const flags = ['--expose-gc', '--no-flush-bytecode', '--max-old-space-size=6144'];

/**
 * Runs one of the benchmark's programs in a process of its own, with nothing before it in the heap, and gives what it printed. Throws the last line of what
 * it complained about.
 */
export function runChild(program: URL, task: object): Promise<string> {
  const child = spawn(process.execPath, [...flags, fileURLToPath(program), JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: givenUpAfterMilliseconds,
  });
  const [printed, complaint]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk) => printed.push(chunk));
  child.stderr.on('data', (chunk) => complaint.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const reason = () => reasonIn(Buffer.concat(complaint).toString());
      if (code === 0) resolve(Buffer.concat(printed).toString());
      else
        reject(
          new Error(
            signal === null ? reason() : signal === 'SIGTERM' ? 'given up after two minutes' : `ended by ${signal}, ${reason()}`,
          ),
        );
    });
  });
}

function reasonIn(complaint: string): string {
  const lines = complaint.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find((each) => /^(\w+\.)?\w*Error|^FATAL|^# Fatal/.test(each)) ?? lines.at(-1) ?? 'it failed without a word';
  return line.length > 120 ? `${line.slice(0, 120)}…` : line;
}
