import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the words of this system; only ever compared. */
  readonly started: string;
}

/** The identity of a process that runs; undefined for one that does not, or is dead and only not yet buried. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const started = process.platform === 'linux' ? startedOnLinux(pid) : startedElsewhere(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Whether this very process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.started === identity.started;
}

/** Sends a signal to this very process; false where it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  return isRunning(identity) && sendSignal(identity.pid, signal);
}

/**
 * Sends a signal to the process group that this process leads or led. A group number is not given out again while the group has
 * members, so it is someone else's only where another process now has the leader's number.
 */
export function signalGroup(leader: ProcessIdentity, signal: NodeJS.Signals): boolean {
  const now = identifyProcess(leader.pid);
  if (now !== undefined && now.started !== leader.started) return false;
  return sendSignal(-leader.pid, signal);
}

/** Sends a signal to a process and to all that descend from it, by the processes that there are now. */
export function signalTree(root: number | undefined, signal: NodeJS.Signals): void {
  if (root === undefined) return;
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const parent = Number(statFields(Number(name))?.[1]);
    if (parent > 0) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  for (const pid of tree) sendSignal(pid, signal);
}

/** Resolves once none of these run, or the time is over; with those that are left. */
export async function waitForEnd(identities: readonly ProcessIdentity[], timeoutMs: number): Promise<ProcessIdentity[]> {
  const deadline = Date.now() + timeoutMs;
  let left = identities.filter(isRunning);
  // These are not our children, so there is no event to wait for.
  while (left.length > 0 && Date.now() < deadline) {
    await delay(20);
    left = left.filter(isRunning);
  }
  return left;
}

function sendSignal(target: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(target, signal);
  } catch {
    return false;
  }
}

function startedOnLinux(pid: number): string | undefined {
  const fields = statFields(pid);
  return fields === undefined || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

/** What Linux says of a process from the state on: state first, parent second, start time twentieth. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command before stands in brackets and may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function startedElsewhere(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}
