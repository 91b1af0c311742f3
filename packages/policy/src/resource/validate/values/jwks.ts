/** The members that a key of each type has to have. */
const requiredMembers: ReadonlyMap<string, readonly string[]> = new Map([
  ['RSA', ['n', 'e']],
  ['EC', ['crv', 'x', 'y']],
  ['OKP', ['crv', 'x']],
  ['oct', ['k']],
]);

/** Whether a text is a JSON Web Key Set, or a single key, as far as its shape goes. An empty set is one. */
export function isJwks(text: string): boolean {
  const value = parseJson(text);
  if (!isRecord(value)) return false;
  if (!Object.hasOwn(value, 'keys')) return isKey(value);
  return Array.isArray(value.keys) && value.keys.every(isKey);
}

function isKey(value: unknown): boolean {
  if (!isRecord(value) || typeof value.kty !== 'string') return false;
  const members = requiredMembers.get(value.kty);
  return members?.every((name) => typeof value[name] === 'string' && value[name] !== '') ?? false;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
