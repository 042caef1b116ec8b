/** What `doctor security` goes by: the settings that decide who reaches what, and what lies open on the disk. No values of secrets. Types only. */

/** What is done with a call of a tool. */
export type Stance = 'allow' | 'ask' | 'deny';

export interface AgentFacts {
  readonly name: string;
  readonly exec: Stance;
  readonly http: Stance;
  /** Patterns that let every tool through without asking. */
  readonly allowsAll: boolean;
}

export interface SecurityFacts {
  readonly bind: string;
  readonly host: string;
  readonly isLoopback: boolean;
  readonly authMode: string;
  /** Why the token or the password could be guessed; absent where it could not, or where there is none. */
  readonly weakness: string | undefined;
  /** The secret stands as text in the file. */
  readonly isSecretPlain: boolean;
  readonly tls: boolean;
  readonly trustedProxies: readonly string[];
  readonly requiredProxyHeaders: number;
  readonly allowUsers: number;
  readonly allowedOrigins: readonly string[];
  readonly allowedHosts: readonly string[];
  readonly agents: readonly AgentFacts[];
  /** Of `tools.exec.image`. */
  readonly execImage: string | undefined;
  readonly httpHosts: readonly string[];
  readonly httpPrivateAddresses: readonly string[];
  readonly webhooks: readonly {
    readonly name: string;
    readonly signature: string;
    readonly toleranceMs: number;
    readonly deliversTo?: string;
    readonly deliversPrivate: readonly string[];
  }[];
  /** Providers, servers of tools and keepers of secrets beyond this machine that are asked without TLS. */
  readonly plainHttp: readonly { readonly setting: string; readonly address: string }[];
  /** Settings that hold a secret as text. */
  readonly plainSecrets: readonly { readonly setting: string; readonly where: string }[];
  readonly openPlaces: readonly { readonly path: string; readonly mode: number; readonly isDirectory: boolean }[];
}
