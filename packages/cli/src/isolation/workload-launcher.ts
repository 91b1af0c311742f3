import type { CommandUser } from './command-user.js';

/** Where a command is to run. */
export interface LaunchPlace {
  /** The file of the network namespace. */
  readonly namespace: string;
  /** A folder with the files that stand in for those of /etc there. */
  readonly files: string;
}

/** What stands in for files of /etc. */
const replacedFiles = ['resolv.conf', 'hosts', 'nsswitch.conf'] as const;

/**
 * As the first process of its own process namespace: nothing outside is seen or can be traced, and when the command ends, all that it
 * left behind ends. The shell stays, as the first process gets no signals but those that it asks for.
 */
const script = `files=$1; shift
for name in ${replacedFiles.join(' ')}; do
  if [ -e "/etc/$name" ]; then mount --bind "$files/$name" "/etc/$name" || exit 126; fi
done
"$@"
exit $?`;

/**
 * What to put before a command so that it runs in a workload's place as this user: without capabilities or a way to get any (the bounding
 * set is empty, set-user-ID programs give nothing), without further groups, without sight of other processes. `ownSession`: without a
 * terminal of its own, into which it could type what the shell of whoever runs it would take for theirs.
 */
export function launcher({ namespace, files }: LaunchPlace, { uid, gid }: CommandUser, { ownSession = false } = {}): string[] {
  return [
    'nsenter',
    `--net=${namespace}`,
    '--',
    'unshare',
    '--mount',
    '--pid',
    '--ipc',
    '--fork',
    '--kill-child=KILL',
    '--mount-proc',
    '--',
    '/bin/sh',
    '-c',
    script,
    'sallyport',
    files,
    ...(ownSession ? ['setsid'] : []),
    'setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    '--inh-caps=-all',
    '--ambient-caps=-all',
    '--bounding-set=-all',
    '--no-new-privs',
    '--',
  ];
}

/** The environment of a command that runs as this user: theirs where it would be root's. */
export function userEnvironment(inherited: NodeJS.ProcessEnv, { name, home }: CommandUser): NodeJS.ProcessEnv {
  const rest = Object.fromEntries(Object.entries(inherited).filter(([variable]) => !/^(SUDO|XDG|DBUS)_/.test(variable)));
  return { ...rest, USER: name, LOGNAME: name, HOME: home };
}
