/**
 * In which format a provider is asked. Some offer several below one base URL; a client of one of them is served in its own, so
 * that nothing has to be translated.
 */
import type { ClientDialectName, DialectName } from './dialects/dialect.ts';
import type { Provider } from './target.ts';

export function spokenWith({ dialect, alsoSpeaks }: Pick<Provider, 'dialect' | 'alsoSpeaks'>, client: ClientDialectName): DialectName {
  return alsoSpeaks?.includes(client) === true ? client : dialect;
}
