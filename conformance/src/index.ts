export { type Finished, type MeshEvent, MeshProcess, type MeshReport, runSallyport } from './mesh-process.js';
