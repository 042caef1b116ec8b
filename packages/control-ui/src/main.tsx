/** Starts the page: makes what all of it uses, takes a token out of the address, and connects. */
import { signal } from '@preact/signals';
import { render } from 'preact';
import { createAdmin } from './admin/admin.ts';
import { AppContext, type App } from './app-context.ts';
import { Root } from './app.tsx';
import { createToasts } from './components/toast.tsx';
import { createConnection } from './connection/connection.ts';
import { loadDeviceKey } from './connection/device-key.ts';
import { createRemembered } from './connection/remembered.ts';
import { createHealthWatch } from './live/health-watch.ts';
import { createLoadWatch } from './live/load-watch.ts';
import { parseRoute, routeHash, takeToken, type TokenInHash } from './routing.ts';
import { restoreTheme } from './theme.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/components.css';

/** Of the program that this page was bundled with. */
declare const __VERSION__: string;

function takeTokenFromAddress(): TokenInHash | undefined {
  const found = takeToken(location.hash);
  // Replaced and not added, so that going back does not bring it to light again.
  if (found) history.replaceState(null, '', `${location.pathname}${found.restHash}`);
  return found;
}

function createApp(): App {
  const baseUrl = new URL('./', location.href.replace(/[?#].*$/, '')).href;
  const connection = createConnection({
    baseUrl,
    version: __VERSION__,
    remembered: createRemembered({ basePath: new URL(baseUrl).pathname }),
    loadDevice: loadDeviceKey,
  });
  const admin = createAdmin({ baseUrl, credentials: connection.credentials });
  const [health, load, toasts] = [createHealthWatch(admin), createLoadWatch(admin), createToasts()];
  const route = signal(parseRoute(location.hash));
  addEventListener('hashchange', () => {
    const handedOver = takeTokenFromAddress();
    route.value = parseRoute(location.hash);
    if (handedOver) void connection.start({ kind: 'token', value: handedOver.token });
  });
  addEventListener('online', () => connection.retryNow());
  addEventListener('pagehide', () => load.keep());
  const go: App['go'] = (words, query) => {
    location.hash = routeHash(words, query);
  };
  return { version: __VERSION__, connection, admin, health, load, toasts, route, go };
}

const handedOver = takeTokenFromAddress();
restoreTheme();
const app = createApp();
const container = document.getElementById('app');
if (container) {
  render(
    <AppContext.Provider value={app}>
      <Root />
    </AppContext.Provider>,
    container,
  );
}
void app.connection.start(handedOver && { kind: 'token', value: handedOver.token });
