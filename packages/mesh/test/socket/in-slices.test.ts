import { describe, expect, it } from 'vitest';
import { inSlices } from '../../src/socket/in-slices.js';

/** Takes a millisecond. */
function busy(): void {
  const until = performance.now() + 1;
  while (performance.now() < until);
}

const items = Array.from({ length: 100 }, (_, index) => index);
const never = new AbortController().signal;

describe('work ahead in slices', () => {
  it('is done to the end, and lets others have their turn meanwhile', async () => {
    const done: number[] = [];
    let seen = 0;
    setImmediate(() => {
      seen = done.length;
    });
    const work = inSlices(
      () => items,
      (item) => {
        busy();
        done.push(item);
      },
      never,
    );
    await work;
    expect(done).toEqual(items);
    expect(seen).toBeLessThan(items.length);
  });

  it('passes over what fails, and over all where it cannot be listed', async () => {
    const done: number[] = [];
    const work = (item: number) => {
      if (item % 2 === 0) throw new Error('unreadable');
      done.push(item);
    };
    await inSlices(() => items, work, never);
    expect(done).toEqual(items.filter((item) => item % 2 === 1));
    const unlisted = () => {
      throw new Error('unreadable');
    };
    await expect(inSlices(unlisted, work, never)).resolves.toBeUndefined();
  });

  it('stops where nobody wants it any more', async () => {
    const stopping = new AbortController();
    let done = 0;
    setImmediate(() => stopping.abort(new Error('enough')));
    const work = () => {
      busy();
      done += 1;
    };
    await expect(inSlices(() => items, work, stopping.signal)).rejects.toThrow('enough');
    expect(done).toBeLessThan(items.length);
  });
});
