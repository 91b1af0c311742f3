export { CommandFailure, exitStatus } from './exit-status.js';
export { createProgram, main } from './main.js';
