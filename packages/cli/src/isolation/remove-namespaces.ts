import { readdir, readlink, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { commonPrefix, namespaceFile, namespacePrefix, routerName } from './namespace-plan.js';
import { runTool } from './run-tool.js';

/** How long processes may take to be gone after SIGKILL. */
const goneMs = 5_000;

/** The names of the namespaces that a mesh has, or has left behind: the router last. */
export async function listNamespaces(meshId: string): Promise<string[]> {
  const names = await readdir(namespaceFile('')).catch((): string[] => []);
  const router = routerName(meshId);
  const own = names.filter((name) => name.startsWith(namespacePrefix(meshId)) && name !== router);
  return names.includes(router) ? [...own, router] : own;
}

/** Whether there are namespaces of any mesh, whoever's it is. */
export async function isAnyIsolated(): Promise<boolean> {
  const names = await readdir(namespaceFile('')).catch((): string[] => []);
  return names.some((name) => name.startsWith(commonPrefix));
}

/** Ends every process in these namespaces and removes them. */
export async function removeNamespaces(names: readonly string[]): Promise<void> {
  await endProcessesIn(names);
  for (const name of names) {
    await runTool(['ip', 'netns', 'delete', name]).catch((error: unknown) => {
      // Half made, or removed by somebody else.
      if (!(error instanceof Error && error.message.includes('No such file'))) throw error;
    });
  }
}

async function endProcessesIn(names: readonly string[]): Promise<void> {
  const inodes = new Set<string>();
  for (const name of names) {
    const found = await stat(namespaceFile(name)).catch(() => undefined);
    if (found !== undefined) inodes.add(`net:[${found.ino}]`);
  }
  if (inodes.size === 0) return;
  const deadline = Date.now() + goneMs;
  for (;;) {
    const left = await processesIn(inodes);
    if (left.length === 0 || Date.now() > deadline) return;
    for (const pid of left) kill(pid);
    await delay(20);
  }
}

async function processesIn(inodes: ReadonlySet<string>): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const inside = await Promise.all(pids.map(async (pid) => inodes.has(await readlink(`/proc/${pid}/ns/net`).catch(() => ''))));
  return pids.filter((_, index) => inside[index]).map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
