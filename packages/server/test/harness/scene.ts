/** A provider and a gateway before it, for tests that bring their own client. */
import { acme, startTestGateway, type Api, type TestGateway } from './gateway.ts';
import { startProvider, type TestProvider } from './provider.ts';

export interface Scene extends AsyncDisposable {
  readonly provider: TestProvider;
  readonly gateway: TestGateway;
}

/** The provider is `acme` and speaks `api`. */
export async function startScene(api: Api): Promise<Scene> {
  await using resources = new AsyncDisposableStack();
  const provider = resources.use(await startProvider());
  const gateway = resources.use(await startTestGateway({ settings: acme(provider.baseUrl, api) }));
  const kept = resources.move();
  return { provider, gateway, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
