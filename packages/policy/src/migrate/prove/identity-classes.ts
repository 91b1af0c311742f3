import { matchesNamespace, matchesPrincipal, readIdentity } from '../../reference/identity.js';
import { matchesPattern } from '../../reference/string-pattern.js';
import { onePerClass } from './text-classes.js';

const scheme = 'spiffe://';
const before = ['', 'x', 'other.example/ns/', 'other.example/ns/other/sa/', 'other.example/ns/other/sa/x', 'other.example'];
const after = [
  '',
  'x',
  '/sa/other',
  'sa/other',
  '/ns/other/sa/other',
  'ns/other/sa/other',
  'x/ns/other/sa/other',
  'x/sa/other',
  '/other',
  'other',
];

/** One identity for each class that names and namespaces tell apart, and none at all. */
export function identityClasses(
  principals: Iterable<string>,
  namespaces: Iterable<string>,
  trustDomains: readonly string[],
): readonly (string | undefined)[] {
  const names = [...principals];
  const spaces = [...namespaces];
  const candidates = [
    ...names.flatMap(identitiesLike),
    ...spaces.flatMap((space) => inNamespace(space, trustDomains)),
    ...trustDomains.map((trustDomain) => `${scheme}${trustDomain}/ns/other/sa/other`),
    `${scheme}other.example/ns/other/sa/other`,
  ].filter((identity) => readIdentity(identity) !== undefined);
  const classes = onePerClass(candidates, (identity) => [
    ...names.map((name) => matchesPrincipal(name, identity)),
    ...spaces.flatMap((space) => [
      matchesNamespace(space, identity),
      matchesPattern(space, readIdentity(identity)?.namespace ?? ''),
    ]),
  ]);
  return [undefined, ...classes];
}

/** What a name matches, and what it nearly does. */
function identitiesLike(name: string): readonly string[] {
  const core = name.replace(/^\*/, '').replace(/\*$/, '');
  const near = [core, core.slice(0, -1), core.slice(1)];
  return near.flatMap((text) => before.flatMap((head) => after.map((tail) => `${scheme}${head}${text}${tail}`)));
}

function inNamespace(namespace: string, [trustDomain = 'cluster.local']: readonly string[]): readonly string[] {
  const core = namespace.replaceAll('*', '');
  const middle = namespace.replaceAll('*', 'x');
  return [core, middle, `${core}x`, `x${core}`, core.slice(0, -1)].map((each) => `${scheme}${trustDomain}/ns/${each}/sa/other`);
}
