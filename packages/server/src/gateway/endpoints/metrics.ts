/** `/metrics` for Prometheus. Names of models and providers are in it, so beyond this machine it needs a credential. */
import { metricsContentType, type Metrics } from '../../core/metrics.ts';
import { replyText } from '../reply.ts';
import type { Endpoint } from '../request.ts';

export function createMetricsEndpoint(metrics: Metrics, loopbackOnly: () => boolean): Endpoint {
  return (request) => {
    if (!loopbackOnly() || !request.fromLoopback) request.authorize('admin');
    replyText(request.response, 200, { contentType: metricsContentType, body: metrics.text() });
  };
}
