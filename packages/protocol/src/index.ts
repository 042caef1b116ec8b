/** What `@openclaw/protocol` promises: names that other packages and programs may rely on. */
export { errorCatalogue, type ErrorCode, type ErrorEntry } from './errors.ts';
