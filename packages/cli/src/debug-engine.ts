import { chooseEngine, type EngineName, engines } from '@sallyport/policy';
import { CommandFailure, exitStatus } from './exit-status.js';

/** What chooses the engine that decides, for whoever suspects the one that gates use; the processes of a mesh inherit it. */
const variable = 'SALLYPORT_ENGINE';

/** Makes all deciders of this process use the engine that the environment names, if it names one. */
export function chooseDebugEngine(environment: NodeJS.ProcessEnv): void {
  const name = environment[variable];
  if (name === undefined || name === '') return;
  if (!isEngine(name)) {
    const hint = `the engines are ${Object.keys(engines).join(', ')}`;
    throw new CommandFailure(`${variable} names no engine: \`${name}\``, { hint, status: exitStatus.usage });
  }
  chooseEngine(name);
}

function isEngine(name: string): name is EngineName {
  return Object.hasOwn(engines, name);
}
