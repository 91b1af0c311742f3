import type { Reporter } from '../../diagnostic/reporter.js';
import type { Dialect } from '../dialect.js';

/** What every decoder and every validation rule is given besides the object itself. */
export interface DecodeContext {
  readonly dialect: Dialect;
  readonly reporter: Reporter;
}
