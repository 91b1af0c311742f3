/**
 * Calls back once a connection has carried nothing for `idleMs` milliseconds. Told of the number of open streams by `streams`, which begins at
 * none; `stop` ends it.
 */
export function idleRelease(idleMs: number, release: () => void): { streams(open: number): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  const rest = (): void => {
    timer = setTimeout(release, idleMs).unref();
  };
  rest();
  return {
    streams: (open) => {
      if (open > 0 && timer !== undefined) {
        clearTimeout(timer);
        timer = undefined;
      } else if (open === 0 && timer === undefined) rest();
    },
    stop: () => clearTimeout(timer),
  };
}
