import type { Diagnostic } from '@sallyport/policy';

/** A diagnostic for a path that cannot be read: at the start of the file, as there is no text to point into. */
export function unreadable(path: string, message: string, hint: string): Diagnostic {
  const start = { line: 1, column: 1, offset: 0 };
  return { code: 'unreadable-file', kind: 'invalid', severity: 'error', message, hint, span: { file: path, start, end: start } };
}

/** The diagnostic for what the operating system said about a path. */
export function unreadableBecause(path: string, error: unknown): Diagnostic {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const [message, hint] = explanations[code] ?? [`cannot be read (${code})`, 'make it readable, or move it out of the folder'];
  return unreadable(path, `\`${path}\` ${message}`, hint);
}

const explanations: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  ENOENT: ['does not exist', 'check the path; a symbolic link may point to nothing'],
  EACCES: ['may not be read by this user', 'change its mode or owner, or move it out of the folder'],
  EPERM: ['may not be read by this user', 'change its mode or owner, or move it out of the folder'],
  ELOOP: ['is a symbolic link that leads back to itself', 'remove the link'],
  ENOTDIR: ['is not a folder', 'check the path'],
};
