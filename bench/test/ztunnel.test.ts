import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const command = fileURLToPath(new URL('../dist/mesh-main.js', import.meta.url));

describe('what is given as a ztunnel', () => {
  it.each(['/nowhere', process.execPath])('is refused in one line, before anything is measured, where it is none: %s', (path) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [command, '--ztunnel', path], { encoding: 'utf8' });
    expect(stderr).toBe(`\`${path}\` is no ztunnel that runs here; give the path of one built with the feature \`testing\`\n`);
    expect(stdout).toBe('');
    expect(status).toBe(1);
  });
});
