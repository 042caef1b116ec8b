/** What the other parts may use of access: who asks, and the keys that they ask with. */
export { createAuthenticator, type Authenticator, type AuthenticatorOptions, type RequestHeaders } from './authenticator.ts';
export type { FailureOptions } from './failures.ts';
export type { Principal } from './principal.ts';
export { createVirtualKeys, type VirtualKeys, type VirtualKeysOptions } from './virtual-keys.ts';
