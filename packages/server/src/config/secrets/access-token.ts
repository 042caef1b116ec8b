/** A token for a keeper of secrets: asked for when it is needed, kept until two thirds of its life are over. It is never written anywhere. */
import type { Clock } from '../../core/clock.ts';

export interface FreshToken {
  readonly token: string;
  /** Absent: it holds until it is refused. */
  readonly lifeMs?: number | undefined;
}

export interface AccessToken {
  get(signal: AbortSignal): Promise<string>;
  /** It was refused: the next call asks for another one. */
  drop(): void;
}

export function createAccessToken(clock: Clock, login: (signal: AbortSignal) => Promise<FreshToken>): AccessToken {
  let kept: { readonly token: string; readonly untilMs: number } | undefined;
  return {
    async get(signal) {
      if (kept && clock.monotonicMs() < kept.untilMs) return kept.token;
      const { token, lifeMs } = await login(signal);
      kept = { token, untilMs: clock.monotonicMs() + (lifeMs === undefined ? Infinity : (lifeMs * 2) / 3) };
      return token;
    },
    drop() {
      kept = undefined;
    },
  };
}
