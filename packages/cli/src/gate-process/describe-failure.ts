/** Says why a gate could not open what it needs. A bare error of the system about a socket is named by its address. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === undefined || address === undefined || port === undefined) return error.message;
  return `address ${address}:${port} ${code === 'EADDRINUSE' ? 'is in use' : `cannot be opened (${code})`}: metrics`;
}
