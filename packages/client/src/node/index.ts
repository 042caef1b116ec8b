/** What `@openclaw/client/node` promises: what the client can do only where there are files. */
export { createFileSpool } from './file-spool.ts';
