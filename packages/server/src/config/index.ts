/** What the configuration promises to the other parts. */
export { isLoopback } from './cross-checks.ts';
export { ensureGatewayToken, gatewayTokenFile } from './gateway-token.ts';
export { loadConfiguration, type Configuration, type LoadOptions } from './load.ts';
export { locate, type LocationFlags, type Locations } from './locations.ts';
export { type OverrideFlags } from './overrides.ts';
export { formatPath, parsePath, type Path } from './path.ts';
export {
  settingsSchema,
  type AuthSettings,
  type GatewaySettings,
  type LimitSettings,
  type LoggingSettings,
  type ModelsSettings,
  type ModelSettings,
  type ProviderSettings,
  type RetrySettings,
  type RouteSettings,
  type Settings,
  type TimeoutSettings,
} from './schema.ts';
export { type Origin } from './tree.ts';
