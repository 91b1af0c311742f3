import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface LockedPackage {
  readonly version?: string;
  readonly cpu?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

const locked = (parent: string, name: string) =>
  lock.packages[`${parent}/node_modules/${name}`] ?? lock.packages[`node_modules/${name}`];

// npm 11 refuses to install from a lock file that leaves out the packages of other platforms, and npm leaves out what its registry lacks.
test('the lock file names every platform that a dependency has packages for', () => {
  const optional = Object.entries(lock.packages).flatMap(([parent, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).map((name) => ({ parent, name })),
  );
  expect(optional.length).toBeGreaterThan(0);
  expect(optional.filter(({ parent, name }) => locked(parent, name) === undefined)).toEqual([]);
});
