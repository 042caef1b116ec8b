/**
 * Models as the commands reach them: what is known, through the running gateway or from the configuration alone; and one small
 * request, which needs a gateway.
 */
import type { ModelDescription, ModelRow } from '@openclaw/protocol';
import { describeModels } from '../../compose.ts';
import { loadConfiguration, type Configuration } from '../../config/index.ts';
import { readEnvironment } from '../../core/env.ts';
import { OpenClawError } from '../../core/errors.ts';
import { knownProviders } from '../../models/index.ts';
import { readStateOwner } from '../../storage/index.ts';
import { callGateway, secretOf } from './admin.ts';
import type { ModelsClient } from './models-client.ts';
import type { Terminal } from './terminal.ts';
import { askForOneWord } from './trial.ts';

export function createModelsClient(terminal: Terminal): ModelsClient {
  const place = (): Promise<Place> => findPlace(terminal);
  return {
    async list() {
      const { gateway, configuration } = await place();
      if (!gateway) return describeModels(configuration).list();
      return (await callGateway({ ...gateway, method: 'GET', path: '/admin/v1/models' }))['models'] as unknown as ModelRow[];
    },
    async show(name) {
      const { gateway, configuration } = await place();
      if (!gateway) return describeModels(configuration).show(name);
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

interface Place {
  readonly configuration: Configuration;
  readonly gateway: { readonly address: string; readonly secret: string | undefined } | undefined;
}

async function findPlace({ env }: Terminal): Promise<Place> {
  const configuration = await loadConfiguration({ environment: readEnvironment({ env }), vendors: knownProviders });
  const named = configuration.environment.lookup('OPENCLAW_GATEWAY_URL')?.value;
  const address = named ?? (await readStateOwner(configuration.stateDirectory))?.address;
  return { configuration, gateway: address === undefined ? undefined : { address, secret: secretOf(configuration) } };
}
