export { connectionDecider } from './connection-decider.js';
export { requestDecider } from './request-decider.js';
