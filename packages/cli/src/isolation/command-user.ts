import { stat } from 'node:fs/promises';
import { CommandFailure } from '../exit-status.js';
import { runTool } from './run-tool.js';

/** Whom commands run as in an isolated mesh, and why them. */
export interface CommandUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly why: string;
}

/**
 * Chooses whom commands run as: who was named, else whoever called sudo, else the owner of the folder, else `nobody`; never root, who
 * could read every key and undo every rule. Throws `CommandFailure` where the one who was named is root or not there.
 */
export async function chooseUser(named: string | undefined, folder: string): Promise<CommandUser> {
  if (named !== undefined) return requireUser(named, 'named by --user');
  const caller = process.env.SUDO_UID;
  if (caller !== undefined && /^\d+$/.test(caller) && caller !== '0') return requireUser(caller, 'who called sudo');
  const { uid } = await stat(folder);
  if (uid !== 0) return requireUser(String(uid), 'who owns the folder, as root itself must not run them');
  return requireUser('nobody', 'as root itself must not run them, and owns the folder; name another with --user');
}

/** Throws `CommandFailure` where a user cannot read the folder that commands run in: each would fail, in words of its own. */
export async function requireReadable(folder: string, { name, uid, gid }: CommandUser): Promise<void> {
  const as = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--'];
  await runTool([...as, 'test', '-r', folder, '-a', '-x', folder]).catch(() => {
    throw new CommandFailure(`user ${name}, whom commands are to run as, cannot read \`${folder}\``, {
      hint: 'let them (`chmod o+rx`, also on the folders above), or name another user with --user',
    });
  });
}

/** Looks a user up by name or number. */
async function requireUser(written: string, why: string): Promise<CommandUser> {
  const line = await runTool(['getent', 'passwd', '--', written]).catch(() => '');
  const [name, , uid, gid, , home] = line.trim().split(':');
  if (name !== undefined && name !== '' && uid !== undefined && gid !== undefined) {
    if (Number(uid) === 0)
      throw new CommandFailure('commands of an isolated mesh do not run as root', { hint: 'name another user' });
    return { name, uid: Number(uid), gid: Number(gid), home: home || '/', why };
  }
  if (!/^\d+$/.test(written)) throw new CommandFailure(`there is no user \`${written}\` here`);
  // A number without an entry, as containers have them.
  return { name: written, uid: Number(written), gid: Number(written), home: '/', why };
}
