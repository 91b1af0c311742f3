// SALLYPORT_ENGINE=table-only|interpreter runs every test with that engine instead of the one that gates use.
import type { EngineName } from '@sallyport/policy';

const name = process.env.SALLYPORT_ENGINE;
if (name !== undefined && name !== '' && name !== 'table') {
  // The tests of the policy package import its source, all others what was built from it.
  for (const { chooseEngine, engines } of [await import('@sallyport/policy'), await import('../packages/policy/src/index.js')]) {
    if (!Object.hasOwn(engines, name))
      throw new Error(`SALLYPORT_ENGINE: \`${name}\` is none of ${Object.keys(engines).join(', ')}`);
    chooseEngine(name as EngineName);
  }
}
