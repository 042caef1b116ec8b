/** What the other parts may use of access: who asks, the keys and devices that they ask with, and the doors that they come in by. */
export { createAllowances, type Allowances } from './allowances.ts';
export { createAuthenticator, type Authenticator } from './authenticator.ts';
export type { AuditSink } from './audit-sink.ts';
export type { Approver, DeviceChange, Devices, DeviceToken, PairedDevice, PairingRequest } from './devices/contract.ts';
export { createDevices, type DeviceRegistry } from './devices/devices.ts';
export { createDoor, type AccessDoor } from './door.ts';
export type { GateSettings } from './gate.ts';
export { actorOf, type Principal } from './principal.ts';
export { createVirtualKeys, type VirtualKeys } from './virtual-keys.ts';
