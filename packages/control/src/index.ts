export {
  CertificateAuthority,
  type CertificateAuthorityOptions,
  type IssuedCertificate,
  type RevocationList,
  type RootMaterial,
} from './ca/certificate-authority.js';
export { type CertificateRequest, createCertificateRequest } from './ca/certificate-request.js';
export { renewalTime, retryDelay } from './ca/renewal-schedule.js';
export { openAuthority } from './ca/root-store.js';
export { FolderSource, type FolderSourceOptions } from './source/folder-source.js';
export type { FolderWatch } from './source/folder-watch.js';
export { defaultLimits, type SourceLimits } from './source/limits.js';
export type { Reading } from './source/reading.js';
