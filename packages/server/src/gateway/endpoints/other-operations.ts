/**
 * Every other operation of the gateway, for the OpenAPI description: what it is called, and who may ask. Bodies of models' APIs are those of their
 * makers, who describe them.
 */
import type { Method, Operation } from './operation.ts';

type Row = readonly [name: string, method: Method, path: string, needs: Operation['needs'], summary: string];

const rows: readonly Row[] = [
  ['showControlUi', 'GET', '/', 'none', 'The Control UI for browsers, a few words for programs.'],
  ['getAsset', 'GET', '/assets/{file}', 'none', 'A file of the Control UI.'],
  ['getIcon', 'GET', '/favicon.svg', 'none', 'The picture of the Control UI.'],
  ['createChatCompletion', 'POST', '/v1/chat/completions', 'models', "OpenAI's chat completions, streaming and not."],
  ['createResponse', 'POST', '/v1/responses', 'models', "OpenAI's responses, streaming and not."],
  ['getResponse', 'GET', '/v1/responses/{id}', 'models', 'A response that was kept.'],
  ['deleteResponse', 'DELETE', '/v1/responses/{id}', 'models', 'Forgets a response.'],
  ['cancelResponse', 'POST', '/v1/responses/{id}/cancel', 'models', 'Refused: nothing runs in the background.'],
  ['listInputItems', 'GET', '/v1/responses/{id}/input_items', 'models', 'What a kept response was asked.'],
  ['createMessage', 'POST', '/v1/messages', 'models', "Anthropic's messages, streaming and not."],
  ['countTokens', 'POST', '/v1/messages/count_tokens', 'models', 'Input tokens of such a request.'],
  ['createEmbeddings', 'POST', '/v1/embeddings', 'models', "OpenAI's embeddings."],
  ['listModels', 'GET', '/v1/models', 'models', 'What the caller may use.'],
  ['getModel', 'GET', '/v1/models/{model}', 'models', 'One of them.'],
  ['receiveHook', 'POST', '/hooks/{channel}', 'none', 'Something for a channel, signed by whoever sends it; it becomes a run.'],
  ['isAlive', 'GET', '/healthz', 'none', 'The process turns.'],
  ['isReady', 'GET', '/readyz', 'none', 'New traffic may come here.'],
  ['isStarted', 'GET', '/startupz', 'none', 'The start is over.'],
  ['getHealth', 'GET', '/health', 'none', 'A summary of the checks.'],
  ['getMetrics', 'GET', '/metrics', 'admin', 'Metrics for Prometheus; without a credential from this machine to a loopback bind.'],
  ['getDescription', 'GET', '/openapi.json', 'admin', 'This description; without a credential from this machine to a loopback bind.'],
  ['listCoreVersions', 'GET', '/api', 'operator.read', 'Versions of the core group, for clients of Kubernetes.'],
  ['listCoreKinds', 'GET', '/api/v1', 'operator.read', 'Kinds of the core group.'],
  ['getCoreResource', 'GET', '/api/v1/{path}', 'operator.read', 'Pods, events and namespaces as Kubernetes has them.'],
  ['createCoreResource', 'POST', '/api/v1/{path}', 'operator.admin', 'Refused: they are only read.'],
  ['replaceCoreResource', 'PUT', '/api/v1/{path}', 'operator.admin', 'Refused: they are only read.'],
  ['patchCoreResource', 'PATCH', '/api/v1/{path}', 'operator.admin', 'Refused: they are only read.'],
  ['deleteCoreResource', 'DELETE', '/api/v1/{path}', 'operator.admin', 'Refused: they are only read.'],
  ['listGroups', 'GET', '/apis', 'operator.read', 'Groups of resources.'],
  ['getResource', 'GET', '/apis/{path}', 'operator.read', 'Workloads and what is told of them, after the conventions of Kubernetes.'],
  ['createResource', 'POST', '/apis/{path}', 'operator.admin', 'Creates an object.'],
  ['replaceResource', 'PUT', '/apis/{path}', 'operator.admin', 'Replaces an object.'],
  ['patchResource', 'PATCH', '/apis/{path}', 'operator.admin', 'Changes an object by a merge patch or a JSON patch.'],
  ['deleteResource', 'DELETE', '/apis/{path}', 'operator.admin', 'Deletes an object, or those that fit.'],
  ['listGroupDescriptions', 'GET', '/openapi/v3', 'operator.read', 'Where each group of resources is described.'],
  ['describeGroup', 'GET', '/openapi/v3/{path}', 'operator.read', 'A group of resources in OpenAPI v3, as `kubectl explain` reads it.'],
  ['getVersion', 'GET', '/version', 'operator.read', 'The version of Kubernetes whose conventions are followed.'],
  ['listKeys', 'GET', '/admin/v1/keys', 'admin', 'Virtual keys.'],
  ['createKey', 'POST', '/admin/v1/keys', 'admin', 'A new key, shown once.'],
  ['getKey', 'GET', '/admin/v1/keys/{id}', 'admin', 'A key with what it uses now.'],
  ['updateKey', 'PATCH', '/admin/v1/keys/{id}', 'admin', 'Changes the limits of a key.'],
  ['revokeKey', 'DELETE', '/admin/v1/keys/{id}', 'admin', 'Refuses a key from now on.'],
  ['describeModels', 'GET', '/admin/v1/models', 'admin', 'Every name that can be asked for.'],
  ['describeModel', 'GET', '/admin/v1/models/{name}', 'admin', 'What a name stands for.'],
  ['listChannels', 'GET', '/admin/v1/channels', 'admin', 'Channels, and how they are.'],
  ['listDeliveries', 'GET', '/admin/v1/deliveries', 'admin', 'What a channel sends, the latest first.'],
  ['redeliver', 'POST', '/admin/v1/deliveries/{id}/redeliver', 'admin', 'Sends it again, whatever became of it before.'],
  ['listAudit', 'GET', '/admin/v1/audit', 'admin', 'Who changed what.'],
  ['getRetention', 'GET', '/admin/v1/retention', 'admin', 'How long things are kept, and what would go now.'],
  ['sweep', 'POST', '/admin/v1/retention', 'admin', 'Gives up what is too old, now.'],
  ['getUsage', 'GET', '/admin/v1/usage', 'admin', 'Totals of requests, tokens and cost.'],
  ['listTargets', 'GET', '/admin/v1/targets', 'admin', 'Each target with its figures.'],
  ['overrideBreaker', 'POST', '/admin/v1/targets/breaker', 'admin', 'Opens a breaker by hand, or gives it back.'],
  ['listCallers', 'GET', '/admin/v1/callers', 'admin', 'The figures of each caller.'],
  ['listWarnings', 'GET', '/admin/v1/warnings', 'admin', 'Early warnings that are up.'],
  ['getTraffic', 'GET', '/admin/v1/traffic', 'admin', 'What is wrong with the traffic.'],
  ['listRequests', 'GET', '/admin/v1/requests', 'admin', 'Trails of the last requests.'],
  ['getRequest', 'GET', '/admin/v1/requests/{id}', 'admin', 'The trail of one.'],
  ['setLogLevel', 'PUT', '/admin/v1/logging', 'admin', 'Changes what is written to the log.'],
];

/** Where it is not 200. */
const statuses: Readonly<Record<string, number>> = { createKey: 201, receiveHook: 202, sweep: 202 };

const pages: ReadonlySet<string> = new Set(['showControlUi', 'getAsset', 'getIcon', 'getMetrics']);

export const otherOperations: Readonly<Record<string, Operation>> = Object.fromEntries(
  rows.map(([name, method, path, needs, summary]): [string, Operation] => {
    const isPage = pages.has(name);
    const answer = { description: 'What was asked for.', schema: { type: isPage ? 'string' : 'object' } };
    return [
      name,
      {
        ...{ method, path, needs, summary },
        ...(method === 'POST' || method === 'PUT' || method === 'PATCH' ? { body: { type: 'object' } } : {}),
        answers: { [statuses[name] ?? 200]: isPage ? { ...answer, contentType: 'text/plain' } : answer },
      },
    ];
  }),
);
