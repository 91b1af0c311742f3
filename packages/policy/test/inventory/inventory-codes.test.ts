import { describe, expect, it } from 'vitest';
import { inventoryCodes } from '../../src/diagnostic/codes/inventory.js';
import { build } from './manifests.js';

describe('every code about the inventory', () => {
  it.each(Object.entries(inventoryCodes))(
    '%s is what its own example provokes, and nothing else is',
    (code, { example, kind, severity }) => {
      expect(build(example).diagnostics).toMatchObject([{ code, kind, severity }]);
    },
  );
});
