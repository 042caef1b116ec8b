/** What the control plane offers to the rest of the gateway and to whoever builds it. */
export { createControlPlane, type CloseOptions, type ControlPlane, type ControlPlaneOptions } from './control-plane.ts';
export type { ControlState } from './handshake.ts';
export type { GatewaySnapshot } from './hello.ts';
export type { ControlLimits } from './limits.ts';
export { WireRefusal } from './wire-refusal.ts';
