/** What the other parts may use of access: who asks, and the keys that they ask with. */
export { createAllowances, type Allowances } from './allowances.ts';
export { createAuthenticator } from './authenticator.ts';
export type { Principal } from './principal.ts';
export { createVirtualKeys, type VirtualKeys } from './virtual-keys.ts';
