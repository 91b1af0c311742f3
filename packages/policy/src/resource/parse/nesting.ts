import { CST } from 'yaml';

/**
 * Far deeper than any Kubernetes object. What reads the tokens recurses, and a stack that runs out while a regular expression is
 * compiled ends the whole process instead of throwing.
 */
const maximumDepth = 200;

/** A node that is nested too deep, if there is one; found without recursion. */
export function nestedTooDeep(document: CST.Token): CST.Token | undefined {
  const pending = [{ token: document, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { token, depth } = next;
    if (depth > maximumDepth) return token;
    for (const child of childrenOf(token)) pending.push({ token: child, depth: depth + 1 });
  }
  return undefined;
}

function childrenOf(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  if (!CST.isCollection(token)) return [];
  return token.items.flatMap(({ key, value }) => [key, value].filter((child) => child !== undefined && child !== null));
}
