/** What health offers: the contract of checks, the checks themselves, and a watchdog for work in the background. */
export type { Check, CheckResult } from './check.ts';
export { createBackupCheck } from './checks/backup.ts';
export { createChannelsCheck } from './checks/channels.ts';
export { createClockCheck } from './checks/clock.ts';
export { createConfigurationCheck, type ConfigurationLook } from './checks/configuration.ts';
export { createEventLoopCheck, type LoopDelay } from './checks/event-loop.ts';
export { createMemoryCheck, type MemoryLook } from './checks/memory.ts';
export { createProvidersCheck, type ProvidersLook } from './checks/providers.ts';
export { createSecretsCheck, type SecretLook } from './checks/secrets.ts';
export { createStateCheck, type StateLook } from './checks/state.ts';
export { createDiskCheck, createInodeCheck, readVolume, type ReadVolume, type Volume } from './checks/volume.ts';
export { createWorkloadsCheck, type WorkloadsLook } from './checks/workloads.ts';
export { createSurvivalCheck, type SurvivalLook } from './checks/survival.ts';
export { createWatchdog, type TaskOptions, type WatchedTask, type Watchdog } from './watchdog.ts';
