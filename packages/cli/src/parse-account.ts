import { CommandFailure, exitStatus } from './exit-status.js';

/** Reads `NAMESPACE/SERVICEACCOUNT`. Throws `CommandFailure`. */
export function parseAccount(written: string): { readonly namespace: string; readonly serviceAccount: string } {
  const [namespace, serviceAccount, ...rest] = written.split('/');
  if (namespace && serviceAccount && rest.length === 0) return { namespace, serviceAccount };
  throw new CommandFailure(`\`${written}\` is no service account`, {
    status: exitStatus.usage,
    hint: 'write it as NAMESPACE/SERVICEACCOUNT',
  });
}
