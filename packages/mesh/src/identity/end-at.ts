/** The longest delay that a Node.js timer takes. */
const longestDelay = 2 ** 31 - 1;

/**
 * Calls back once the clock has reached a date, however far away; at once (asynchronously) if it has passed or is no date. Does not keep the
 * process alive. Returns a function that cancels it.
 */
export function endAt(date: Date, callback: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const remaining = date.getTime() - Date.now();
    if (remaining > longestDelay) timer = setTimeout(arm, longestDelay);
    // A timer may fire early by a fraction of a millisecond; the check is repeated rather than trusted.
    else if (remaining > 0) timer = setTimeout(arm, Math.ceil(remaining));
    else timer = setTimeout(callback, 0);
    timer.unref();
  };
  arm();
  return () => clearTimeout(timer);
}
