/**
 * What this browser remembers of one gateway: the token of this device for good, the operator's secret until that is there or the tab is closed,
 * and the state directory it knew, to notice when that is another one.
 */
export interface Secret {
  readonly kind: 'token' | 'password';
  readonly value: string;
}

export interface Remembered {
  secret: Secret | undefined;
  deviceToken: string | undefined;
  stateId: string | undefined;
}

export interface TextStore {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

export interface RememberedOptions {
  /** Tells gateways apart that a proxy has below different paths of one origin. */
  readonly basePath: string;
  /** @default localStorage */
  readonly lasting?: TextStore;
  /** @default sessionStorage */
  readonly ofTab?: TextStore;
}

export function createRemembered({ basePath, lasting = localStorage, ofTab = sessionStorage }: RememberedOptions): Remembered {
  const nameOf = (what: string): string => `openclaw:${basePath}:${what}`;
  const set = (store: TextStore, what: string, value: string | undefined): void => {
    if (value === undefined) store.removeItem(nameOf(what));
    else store.setItem(nameOf(what), value);
  };
  const get = (store: TextStore, what: string): string | undefined => store.getItem(nameOf(what)) ?? undefined;
  return {
    get secret() {
      for (const kind of ['token', 'password'] as const) {
        const value = get(ofTab, kind);
        if (value !== undefined) return { kind, value };
      }
      return undefined;
    },
    set secret(secret) {
      for (const kind of ['token', 'password'] as const) set(ofTab, kind, secret?.kind === kind ? secret.value : undefined);
    },
    get deviceToken() {
      return get(lasting, 'device-token');
    },
    set deviceToken(token) {
      set(lasting, 'device-token', token);
    },
    get stateId() {
      return get(lasting, 'state');
    },
    set stateId(id) {
      set(lasting, 'state', id);
    },
  };
}
