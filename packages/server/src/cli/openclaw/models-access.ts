/**
 * Models as the commands reach them: what is known, through the running gateway or from the configuration alone; and one small
 * request, which needs a gateway.
 */
import type { ModelDescription, ModelRow } from '@openclaw/protocol';
import type { describeModels } from '../../compose/index.ts';
import { OpenClawError } from '../../core/errors.ts';
import { callGateway } from './admin.ts';
import type { ModelsClient } from './models-client.ts';
import { findPlace, type Place } from './place.ts';
import type { Terminal } from '../terminal.ts';
import { askForOneWord } from './trial.ts';

export function createModelsClient(terminal: Terminal): ModelsClient {
  const place = (): Promise<Place> => findPlace(terminal);
  return {
    async list() {
      const { gateway, configuration } = await place();
      if (!gateway) return (await describe(configuration)).list();
      return (await callGateway({ ...gateway, method: 'GET', path: '/admin/v1/models' }))['models'] as unknown as ModelRow[];
    },
    async show(name) {
      const { gateway, configuration } = await place();
      if (!gateway) return (await describe(configuration)).show(name);
      const path = `/admin/v1/models/${encodeURIComponent(name)}`;
      return (await callGateway({ ...gateway, method: 'GET', path })) as unknown as ModelDescription;
    },
    async ask(model) {
      const { gateway, configuration } = await place();
      if (gateway) return askForOneWord({ ...gateway, model });
      const details = { url: configuration.stateDirectory, reason: 'no gateway runs on this state directory' };
      throw new OpenClawError('gateway_unreachable', { details });
    },
  };
}

async function describe(configuration: Place['configuration']): Promise<ReturnType<typeof describeModels>> {
  const { describeModels } = await import('../../compose/index.ts');
  return describeModels(configuration);
}
