/**
 * The service, loaded with the first request: dialects and catalogue are half of the program, and nothing needs them before. Its
 * options may change while it runs; a request keeps those that held when it came.
 */
import type { ModelCall, ModelSink } from './call.ts';
import type { createModelService, ModelService, ModelServiceOptions } from './service.ts';

export interface LateService extends ModelService {
  load(): Promise<void>;
  /** For requests that come from now on. */
  reconfigure(options: ModelServiceOptions): void;
}

export function createLateService(options: ModelServiceOptions, loadCatalogue: () => Promise<unknown>): LateService {
  let current = options;
  let create: typeof createModelService | undefined;
  let service: ModelService | undefined;
  let loading: Promise<void> | undefined;

  const load = (): Promise<void> =>
    (loading ??= Promise.all([import('./service.ts'), loadCatalogue()]).then(([loaded]) => {
      create = loaded.createModelService;
      service = create(current);
    }));
  const serveLater = async (call: ModelCall, sink: ModelSink): Promise<void> => {
    await load();
    await service?.serve(call, sink);
  };

  return {
    requests: options.requests,
    load,
    serve: (call, sink) => service?.serve(call, sink) ?? serveLater(call, sink),
    reconfigure(next) {
      current = next;
      service = create?.(next);
    },
  };
}
