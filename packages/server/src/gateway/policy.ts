/** The settings that the gateway looks at with every request, because they may change while it runs. Types only. */
import type { LimitSettings } from '../config/index.ts';
import type { OpenClawError } from '../core/errors.ts';

export interface GatewayPolicy {
  readonly limits: LimitSettings;
  /** True while there is no auth at all: then only this machine is answered, and no page of another origin. */
  readonly open: boolean;
  /** True where a browser is let in without saying who it is: by its place, or by a session that it has with the proxy in front. */
  readonly ambient: boolean;
  /** Whether it listens on this machine alone: then `/metrics` needs no credential. */
  readonly loopbackOnly: boolean;
  readonly controlUi: ControlUiPolicy;
  /** Why models are not served though the gateway lives: its configuration has to be mended first. */
  readonly restricted: OpenClawError | undefined;
}

export interface ControlUiPolicy {
  readonly enabled: boolean;
  /** `https://name:port` of pages that may use the gateway beside its own. */
  readonly allowedOrigins: readonly string[];
  /** Names under which browsers may reach it beside addresses and names without a dot. */
  readonly allowedHosts: readonly string[];
}
