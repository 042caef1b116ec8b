/** What the configuration promises to the other parts. */
export { isLoopback } from './cross-checks.ts';
export { setSetting, unsetSetting } from './edit-file.ts';
export { createEditableTexts, type EditableTexts } from './editable-texts.ts';
export { ensureGatewayToken, gatewayTokenFile } from './gateway-token.ts';
export { loadConfiguration, type Configuration, type LoadOptions } from './load.ts';
export { locate } from './locations.ts';
export { formatPath, parsePath, type Path } from './path.ts';
export type { SecretFile } from './secrets/contract.ts';
export { inspectSecrets, type SecretsInspected, type PlainSecret, type TriedReference } from './secrets/inspect.ts';
export { readSecretsStatus, type SettingSecret } from './versions/followed-secrets.ts';
export { versionDirectory } from './versions/version-store.ts';
export { publishSchema } from './published-schema.ts';
export {
  schemaAt,
  settingsSchema,
  timeoutDefaults,
  type AgentsSettings,
  type BackupSettings,
  type RetentionSettings,
  type ChannelsSettings,
  type LimitSettings,
  type McpSettings,
  type ModelsSettings,
  type ProviderSettings,
  type RouteSettings,
  type TimeoutSettings,
  type RunsSettings,
  type ToolsSettings,
  type WorkloadsSettings,
} from './schema.ts';
export { createConfigurationKeeper, type KeeperOptions } from './versions/keeper.ts';
export type {
  AcceptedChange,
  ConfigurationKeeper,
  ConfigurationState,
  ConfigurationStatus,
  ConfigurationVersion,
  WriteRequest,
} from './versions/contract.ts';
export {
  openHistory,
  replaceConfiguration,
  rollBack,
  shownTexts,
  withoutSecrets,
  type CommandOptions,
  type Replaced,
} from './versions/by-command.ts';
export { needingRestart } from './live.ts';
export { importFile } from './import/read-theirs.ts';
export type { Conversion, ImportNote } from './import/convert.ts';
