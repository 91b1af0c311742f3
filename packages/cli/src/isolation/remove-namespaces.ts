import { type FileHandle, open, readdir, readlink } from 'node:fs/promises';
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
  // Held open, so that no other namespace gets its number, by which processes are found.
  const held = await Promise.all(names.map((name) => open(namespaceFile(name)).catch(() => undefined)));
  const inodes = new Set(await Promise.all(held.flatMap((file) => (file === undefined ? [] : [numberOf(file)]))));
  try {
    await endProcessesIn(inodes);
    await deleteNames(names);
    // Whoever was on the way in came before the name went.
    await endProcessesIn(inodes);
  } finally {
    for (const file of held) await file?.close();
  }
}

async function numberOf(file: FileHandle): Promise<string> {
  return `net:[${(await file.stat()).ino}]`;
}

async function deleteNames(names: readonly string[]): Promise<void> {
  for (const name of names) {
    await runTool(['ip', 'netns', 'delete', name]).catch((error: unknown) => {
      // Half made, or removed by somebody else.
      if (!(error instanceof Error && error.message.includes('No such file'))) throw error;
    });
  }
}

async function endProcessesIn(inodes: ReadonlySet<string>): Promise<void> {
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
