export type * from './gate.js';
