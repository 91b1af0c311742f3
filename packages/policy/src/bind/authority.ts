/** `ADDRESS:PORT`, IPv6 in brackets. */
export function authorityOf(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
