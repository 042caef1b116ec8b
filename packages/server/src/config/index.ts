/** What the configuration promises to the other parts. */
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
