// npm start [-- --once]: install, build, then the example mesh with a walk through its scenarios. Without --once the mesh stays up.
import { parseArgs } from 'node:util';
import { prepare } from './prepare.mjs';

const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
prepare();
const { walk } = await import('../conformance/dist/walk/walk.js');
// Requests that a signal interrupted may still be under way.
process.exit(await walk({ once: values.once }));
