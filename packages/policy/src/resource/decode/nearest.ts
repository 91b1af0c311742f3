/** The known name that a misspelt one most likely means: the same in another case, or one edit away; undefined if none is near. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  let near: string | undefined;
  for (const candidate of known) {
    if (candidate.toLowerCase() === name.toLowerCase()) return candidate;
    if (name.length > 2 && Math.abs(candidate.length - name.length) <= 1 && oneEditApart(candidate, name)) near ??= candidate;
  }
  return near;
}

/** One letter inserted, deleted, changed, or swapped with its neighbour. */
function oneEditApart(a: string, b: string): boolean {
  let prefix = 0;
  while (prefix < a.length && a[prefix] === b[prefix]) prefix += 1;
  const restA = a.slice(prefix);
  const restB = b.slice(prefix);
  if (restA.slice(1) === restB.slice(1) || restA.slice(1) === restB || restA === restB.slice(1)) return true;
  return restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2);
}
