import { describe, expect, it } from 'vitest';
import { consoleExamples, matchesShown } from './console-blocks.js';

describe('console blocks', () => {
  it('pair each command with the lines that follow it', () => {
    const markdown = 'text\n```console\n$ one \\\n    --two\nout\n$ three\n```\n```console not-run\n$ four\n```\n';
    expect(consoleExamples('a.md', markdown)).toEqual([
      { file: 'a.md', line: 3, command: 'one --two', output: ['out'] },
      { file: 'a.md', line: 6, command: 'three', output: [] },
    ]);
  });

  it('match an ellipsis with any text, and nothing else with anything', () => {
    expect(matchesShown(['a … c'], ['a b c'])).toBe(true);
    expect(matchesShown(['a … c'], ['a b d'])).toBe(false);
    expect(matchesShown(['a', '…', 'z'], ['a', 'b', 'c', 'z'])).toBe(true);
    expect(matchesShown(['a', 'z'], ['a', 'b', 'z'])).toBe(false);
    expect(matchesShown(['a'], ['a', 'b'])).toBe(false);
  });
});
