// Loaded into every process of the mesh under soak (NODE_OPTIONS): says, when asked by a signal, what is in memory once garbage is gone.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const folder = process.env.SALLYPORT_SOAK_MEMORY ?? '.';

process.on('SIGUSR2', () => {
  collect();
  // What finalizers give back is free after a turn.
  setImmediate(() => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    const file = join(folder, String(process.pid));
    writeFileSync(`${file}.new`, String(heapUsed + external));
    renameSync(`${file}.new`, file);
  });
});
