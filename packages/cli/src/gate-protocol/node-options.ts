/**
 * Options of Node.js that every process of a gate runs with. V8 collects short-lived objects on the main thread alone: little of it survives, and a gate that waits for
 * helping threads to get a core stands still for longer than the work takes (docs/performance.md).
 */
export const gateNodeOptions: readonly string[] = ['--no-parallel-scavenge'];
