import { expect, it } from 'vitest';
import { checkFiles, strict } from '../../src/index.js';
import { documents, namespace, pod, policy, service, waypoint } from './mesh.js';

it('checks 1,000 policies against 1,000 workloads in seconds', () => {
  const count = 1000;
  const all = Array.from({ length: 10 }, (_, index) => [
    namespace(`ns${index}`, 'istio.io/use-waypoint: waypoint'),
    waypoint(`ns${index}`),
  ]).flat();
  for (let index = 0; index < count; index++) {
    const space = `ns${index % 10}`;
    const name = `w${index}`;
    all.push(pod(space, name, `10.0.${index >> 8}.${index & 255}`), service(space, name, `10.1.${index >> 8}.${index & 255}`));
    const principals = `[cluster.local/ns/ns${(index + 3) % 10}/sa/w${(index * 7) % count}, cluster.local/ns/${space}/sa/waypoint]`;
    all.push(
      index % 2 === 0
        ? policy(
            space,
            `p${index}`,
            `{targetRefs: [{group: "", kind: Service, name: ${name}}], rules: [{to: [{operation: {methods: [GET], paths: [/${name}]}}]}]}`,
          )
        : policy(
            space,
            `p${index}`,
            `{selector: {matchLabels: {app: ${name}}}, rules: [{from: [{source: {principals: ${principals}}}]}]}`,
          ),
    );
  }
  // Processor time, not time on the clock: what else this machine does is no concern of the check.
  const started = process.cpuUsage();
  const { diagnostics } = checkFiles([{ path: 'mesh.yaml', text: documents(...all) }], strict);
  const seconds = process.cpuUsage(started).user / 1e6;
  expect(diagnostics.filter((one) => one.code === 'waypoint-bypass')).toHaveLength(count / 2);
  expect(seconds).toBeLessThan(15);
});
