import { NamedAddresses } from '@sallyport/mesh';
import { afterEach, expect, test, vi } from 'vitest';
import { ChannelStandIns } from '../../src/gate-process/channel-stand-ins.js';

afterEach(() => void vi.useRealTimers());

/** A worker whose questions a first process answers, as `GateChild` passes them on. */
function worker(book: NamedAddresses): ChannelStandIns {
  const standIns: ChannelStandIns = new ChannelStandIns((question) => {
    const answer = question.type === 'name-of' ? book.nameOf(question.address) : book.addressOf(question.name);
    setImmediate(() => standIns.answered(question.id, answer));
    return true;
  });
  return standIns;
}

test('all workers have the same address for a name, and the name for the address', async () => {
  const book = new NamedAddresses();
  const [one, other] = [worker(book), worker(book)];
  const [address, same] = await Promise.all([one.addressOf('a.example'), other.addressOf('a.example')]);
  expect(same).toBe(address);
  expect(await other.nameOf(await one.addressOf('b.example'))).toBe('b.example');
  expect(await one.nameOf('242.0.0.0')).toBeUndefined();
});

test('an answer is not remembered, as the address may stand for another name since', async () => {
  let name = 'a.example';
  const standIns: ChannelStandIns = new ChannelStandIns(({ id }) => {
    setImmediate(() => standIns.answered(id, name));
    return true;
  });
  expect(await standIns.nameOf('242.1.2.3')).toBe('a.example');
  name = 'b.example';
  expect(await standIns.nameOf('242.1.2.3')).toBe('b.example');
});

test('nobody is told anything where the first process is gone', async () => {
  const standIns = new ChannelStandIns(() => false);
  await expect(standIns.nameOf('242.1.2.3')).rejects.toThrow('the first process is gone');
  await expect(standIns.addressOf('a.example')).rejects.toThrow('the first process is gone');
});

test('nobody waits for a first process that does not answer', async () => {
  vi.useFakeTimers();
  const asked = expect(new ChannelStandIns(() => true).nameOf('242.1.2.3')).rejects.toThrow('did not answer in time');
  vi.advanceTimersByTime(5_000);
  await asked;
});
