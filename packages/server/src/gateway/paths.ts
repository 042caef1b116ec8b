/**
 * The paths that a gateway has, for a process that has none of the parts behind them yet: there they are 503 and all others 404. A
 * test holds them equal to the endpoints of a gateway that serves. A path that ends with `/*` stands for what lies below it.
 */
export const servedPaths: readonly string[] = [
  '/',
  '/assets/*',
  '/favicon.svg',
  '/v1/chat/completions',
  '/v1/responses',
  '/v1/responses/*',
  '/v1/messages',
  '/v1/messages/count_tokens',
  '/v1/embeddings',
  '/v1/models',
  '/v1/models/*',
  '/v1/runs',
  '/v1/runs/*',
  '/v1/sessions',
  '/v1/sessions/*',
  '/hooks/*',
  '/healthz',
  '/readyz',
  '/startupz',
  '/health',
  '/metrics',
  '/openapi.json',
  '/api',
  '/api/v1',
  '/api/v1/*',
  '/apis',
  '/apis/*',
  '/openapi/v3',
  '/openapi/v3/*',
  '/version',
  '/admin/v1/audit',
  '/admin/v1/channels',
  '/admin/v1/deliveries',
  '/admin/v1/deliveries/*',
  '/admin/v1/keys',
  '/admin/v1/keys/*',
  '/admin/v1/models',
  '/admin/v1/models/*',
  '/admin/v1/retention',
  '/admin/v1/usage',
  '/admin/v1/targets',
  '/admin/v1/targets/breaker',
  '/admin/v1/callers',
  '/admin/v1/warnings',
  '/admin/v1/traffic',
  '/admin/v1/requests',
  '/admin/v1/requests/*',
  '/admin/v1/logging',
];

const exact: ReadonlySet<string> = new Set(servedPaths);
const prefixes = servedPaths.filter((pattern) => pattern.endsWith('/*')).map((pattern) => pattern.slice(0, -1));

export function isServedPath(path: string): boolean {
  return exact.has(path) || prefixes.some((prefix) => path.startsWith(prefix));
}
