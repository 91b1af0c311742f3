import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { endAt } from '../../src/identity/end-at.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const day = 86_400_000;

it('waits for dates further away than a timer reaches', () => {
  const called = vi.fn();
  endAt(new Date(Date.now() + 60 * day), called);
  vi.advanceTimersByTime(60 * day - 1);
  expect(called).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2);
  expect(called).toHaveBeenCalledOnce();
});

it('calls back for a date that has passed, and for one that is none', () => {
  const called = vi.fn();
  endAt(new Date(0), called);
  endAt(new Date(Number.NaN), called);
  vi.advanceTimersByTime(1);
  expect(called).toHaveBeenCalledTimes(2);
});

it('does not call back once cancelled', () => {
  const called = vi.fn();
  endAt(new Date(Date.now() + day), called)();
  vi.advanceTimersByTime(2 * day);
  expect(called).not.toHaveBeenCalled();
});
