/**
 * Every method of the control plane in one table. `docs/methods.md` lists them, and a test holds the two against each other. What is not here is
 * an unknown method.
 */
import type { MethodTable } from '../contract.ts';
import { createAbsentMethods } from './absent.ts';
import { createAgentMethods } from './agents.ts';
import { createApprovalMethods, type ApprovalMethodsOptions } from './approvals.ts';
import { createChannelMethods } from './channels.ts';
import { createChatMethods } from './chat.ts';
import { createConfigMethods, type ConfigMethodsOptions } from './config.ts';
import { createCronMethods, type CronMethodsOptions } from './cron.ts';
import { createDeviceMethods, type DeviceMethodsOptions } from './devices.ts';
import { createHealthMethods, type HealthMethodsOptions } from './health.ts';
import { createModelMethods, modelShape, type ModelMethodsOptions } from './models.ts';
import { createOperationMethods, type OperationMethodsOptions } from './operations.ts';
import { createRunMethods } from './runs.ts';
import { createSessionMethods, type SessionMethodsOptions } from './sessions.ts';
import type { Hub } from '../contract.ts';
import type { RunDirectory, RunStarter } from '../run-starter.ts';

export type { ConfigurationDesk, ConfigurationTexts } from './config.ts';
export { publishDevices } from './devices.ts';
export type { AgentDirectory, AgentRow } from './session-keys.ts';
export { createStabilityRing, type StabilityRing } from './stability-ring.ts';
export { watchStability } from './stability-watch.ts';
export { publishApprovals } from './approvals.ts';
export { publishTurns } from './turn-events.ts';

export type MethodsOptions = Omit<HealthMethodsOptions, 'hub' | 'turns'> &
  Omit<SessionMethodsOptions, 'hub' | 'turns'> &
  ConfigMethodsOptions &
  Omit<DeviceMethodsOptions, 'hub'> &
  ModelMethodsOptions &
  OperationMethodsOptions & {
    readonly turns: RunStarter;
    readonly schedules: CronMethodsOptions['schedules'];
    readonly runs: RunDirectory;
    readonly commandPolicies: ApprovalMethodsOptions['commandPolicies'];
    readonly hub: Hub;
  };

export interface ControlMethods {
  readonly methods: MethodTable;
  /** What `health` answers to somebody without scopes; also the event of that name. */
  readonly publicHealth: () => Promise<object>;
  /** A hash of a text of the configuration as clients are told it. */
  readonly publicHash: (hash: string | undefined) => string | undefined;
}

/** Names of the events that clients can get from what is here; ticks and presence are the connection's own. */
export const methodEvents = [
  ...['agent', 'chat', 'run', 'run.event', 'sessions.changed'],
  ...['exec.approval.requested', 'exec.approval.resolved', 'openclaw.approval.requested', 'openclaw.approval.resolved'],
  ...['device.pair.requested', 'device.pair.resolved', 'device.pair.changed'],
] as const;

/** What clients look for before they call: `models.list` answers what can be asked for. */
export const methodCapabilities = ['published-model-catalog'] as const;

export function createMethods(options: MethodsOptions): ControlMethods {
  const { methods: health, publicHealth } = createHealthMethods(options);
  const { methods: config, publicHash } = createConfigMethods(options);
  const models = async () => (await options.listModels()).map(modelShape);
  return {
    ...{ publicHealth, publicHash },
    methods: {
      ...health,
      ...config,
      ...createDeviceMethods(options),
      ...createAgentMethods(options),
      ...createChatMethods({ ...options, models }),
      ...createSessionMethods(options),
      ...createRunMethods(options),
      ...createApprovalMethods(options),
      ...createCronMethods(options),
      ...createModelMethods(options),
      ...createOperationMethods(options),
      ...createChannelMethods(options),
      ...createAbsentMethods(),
    },
  };
}
