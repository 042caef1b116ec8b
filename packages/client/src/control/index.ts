/** What `@openclaw/client/control` promises: the client of the control plane, for pages, programs and command lines. */
export { OpenClawError } from '../errors.ts';
export {
  ControlClient,
  controlDefaults,
  type ControlClientOptions,
  type ControlRequestOptions,
  type ControlState,
} from './control-client.ts';
export { ControlError } from './control-error.ts';
export { type ControlAuth } from './credentials.ts';
export { type DeviceSigner } from './device-signer.ts';
export { type EventGap } from './connection.ts';
export { reconnectDefaults, type ReconnectOptions } from './reconnect.ts';
export { type Patience } from './refusals.ts';
export { controlUrl, isLoopbackUrl, type ControlSocket, type OpenSocket, type SocketEvent } from './socket.ts';
