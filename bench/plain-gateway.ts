/**
 * The gateway's own path with everything off: its listener, its router and its model service, and no authentication, limits, breaker,
 * queue, budgets, accounting, metrics or sight. Run as `node plain-gateway.ts UPSTREAM-PORT`.
 *
 * What `openclaw gateway run` costs beyond it is the price of all that is left out here. It stands nowhere but in the bench.
 */
import { systemClock } from '../packages/server/src/core/clock.ts';
import { createIds } from '../packages/server/src/core/ids.ts';
import { createLog } from '../packages/server/src/core/log.ts';
import { createBodyBudget } from '../packages/server/src/gateway/body-budget.ts';
import { createModelCallEndpoint } from '../packages/server/src/gateway/endpoints/model-calls.ts';
import type { GatewayPolicy } from '../packages/server/src/gateway/policy.ts';
import { listen } from '../packages/server/src/gateway/listener.ts';
import { createRequestHandler } from '../packages/server/src/gateway/router.ts';
import { anonymousPrincipal } from '../packages/server/src/access/principal.ts';
import { createHttpUpstream } from '../packages/server/src/models/http/http-upstream.ts';
import { createLifecycleRegistry } from '../packages/server/src/models/lifecycle.ts';
import { createOpenAdmission } from '../packages/server/src/models/open-admission.fixture.ts';
import { createModelService, type ModelService } from '../packages/server/src/models/service.ts';
import type { Provider, Target } from '../packages/server/src/models/target.ts';

const bodyLimitBytes = 32 * 1024 * 1024;
const times = { headerTimeoutMs: 15_000, bodyTimeoutMs: 60_000, keepAliveMs: 75_000 };
const limits = { bodyBytes: bodyLimitBytes, headerBytes: 32 * 1024, connections: 10_000, nestingDepth: 128, ...times };
const controlUi = { enabled: false, allowedOrigins: [], allowedHosts: [] };
const policy: GatewayPolicy = { limits, open: false, ambient: false, loopbackOnly: true, controlUi, restricted: undefined };
const timeouts = { connectMs: 5000, firstByteMs: 60_000, idleMs: 120_000, totalMs: 0 };

function targetAt(port: string): Target {
  const key = { id: '1', source: 'the bench', weight: 1, headers: { authorization: 'Bearer mock-key' } };
  const provider: Provider = {
    id: 'mock',
    dialect: 'openai-completions',
    origin: `http://127.0.0.1:${port}`,
    basePath: '/v1',
    keys: [key],
    quirks: {},
    timeouts,
    firstByteWholeMs: timeouts.firstByteMs,
    concurrency: { initial: 1, max: 1 },
    upstream: createHttpUpstream({ clock: systemClock }),
    models: () => [],
  };
  return { provider, key, model: 'mock-model', name: 'mock/mock-model', known: undefined, weight: 1 };
}

function createService(target: Target): ModelService {
  const routed = { targets: [target], goesOn: false };
  return createModelService({
    requests: createLifecycleRegistry(systemClock),
    clock: systemClock,
    random: Math.random,
    retry: { attempts: 1, baseDelayMs: 1, maxDelayMs: 1 },
    retryBudget: { count: () => {}, take: () => false, figures: { taken: 0, refused: 0, left: 0 } },
    admission: createOpenAdmission(systemClock),
    allowances: { reserve: () => undefined, hasBudget: () => false },
    hedging: { enabled: false, delayMs: () => undefined },
    nestingDepthLimit: 128,
    route: () => routed,
    costOf: () => undefined,
    onFinished: () => {},
  });
}

if (import.meta.main) {
  const service = createService(targetAt(process.argv[2] ?? ''));
  const bodyBudget = createBodyBudget(Number.MAX_SAFE_INTEGER);
  const handler = createRequestHandler({
    endpoints: {
      '/v1/chat/completions': {
        POST: createModelCallEndpoint({ service, bodyLimitBytes: () => bodyLimitBytes, bodyBudget, operation: 'chat' }),
      },
    },
    authenticate: () => anonymousPrincipal,
    policy: () => policy,
    admit: () => {},
    log: createLog({ clock: systemClock, level: 'silent', destinations: [] }),
    ids: createIds(),
    onRequest: () => {},
  });
  const { port } = await listen({ host: '127.0.0.1', port: 0, limits }, { request: handler });
  process.send?.({ listening: port });
  process.on('disconnect', () => process.exit(0));
}
