/**
 * The gateway's eye on its room: every few hours a reading for `openclaw volumes`, and what health and metrics say between them. It owns
 * its timer, measures one at a time, and a reading that cannot be kept is logged and no more.
 */
import type { Clock, Timer } from '../../core/clock.ts';
import type { Environment } from '../../core/env.ts';
import { reasonOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Metrics } from '../../core/metrics.ts';
import { containerOf } from '../doctor/container-of.ts';
import type { Survival } from '../doctor/survival.ts';
import type { Area } from './areas.ts';
import { measure } from './measure.ts';
import { addReading, readingOf, readReadings } from './readings.ts';
import { describe, readText, type VolumesReport } from './report.ts';

export interface VolumeWatchOptions {
  readonly stateDirectory: string;
  /** Asked each time: the configuration may change. */
  readonly elsewhere: () => readonly Area[];
  readonly environment: Environment;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface VolumeLook {
  /** Of the volume of the state directory; undefined where that is not known, or far away. */
  readonly daysUntilFull: number | undefined;
  /** Undefined until the first look. */
  readonly survival: Pick<Survival, 'severity' | 'words' | 'remedy'> | undefined;
}

export interface VolumeWatch {
  look(): VolumeLook;
  /** Begins; the first reading is taken at once where the last one is old enough. */
  start(): void;
  /** Resolves when no measurement is under way. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export const readingEveryMs = 4 * 60 * 60_000;

export function createVolumeWatch(options: VolumeWatchOptions): VolumeWatch {
  return new Watch(options);
}

class Watch implements VolumeWatch {
  readonly #options: VolumeWatchOptions;
  readonly #stopping = new AbortController();
  #timer: Timer | undefined;
  #measuring: Promise<void> | undefined;
  #latest: VolumesReport | undefined;

  constructor(options: VolumeWatchOptions) {
    this.#options = options;
    registerFigures(options.metrics, () => this.#latest);
  }

  start(): void {
    this.#timer = this.#options.clock.every(readingEveryMs, () => this.#begin());
    this.#begin();
  }

  look(): VolumeLook {
    const own = this.#latest?.volumes[0];
    if (!own) return { daysUntilFull: undefined, survival: undefined };
    return { daysUntilFull: own.daysUntilFull, survival: { severity: own.survives, words: own.survivesWords, remedy: own.remedy } };
  }

  async settled(): Promise<void> {
    await this.#measuring;
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#stopping.abort();
    await this.settled();
  }

  #begin(): void {
    this.#measuring ??= this.#take()
      .catch((thrown: unknown) => {
        if (!this.#stopping.signal.aborted)
          this.#options.log.warn('the room of the state could not be measured', { reason: reasonOf(thrown) });
      })
      .finally(() => (this.#measuring = undefined));
  }

  async #take(): Promise<void> {
    const { stateDirectory, elsewhere, environment, clock, log } = this.#options;
    const { signal } = this.#stopping;
    const mountInfo = readText('/proc/self/mountinfo') ?? '';
    const measured = await measure({ stateDirectory, elsewhere: elsewhere(), mountInfo, signal });
    const nowMs = clock.now();
    const earlier = readReadings(stateDirectory);
    // A gateway that starts again and again must not fill the file with readings of one hour.
    const isDue = nowMs - (earlier.at(-1)?.atMs ?? -Infinity) >= readingEveryMs / 2 || nowMs < (earlier.at(-1)?.atMs ?? 0);
    const readings = isDue ? addReading(stateDirectory, readingOf(measured, nowMs)) : earlier;
    const isFirst = this.#latest === undefined;
    this.#latest = describe(measured, { stateDirectory, readings, container: containerOf(environment, readText) });
    const { survival } = this.look();
    if (isFirst && survival?.severity === 'bad')
      log.warn('the state does not survive', { stateDirectory, reason: survival.words, remedy: survival.remedy });
  }
}

function registerFigures(metrics: Metrics, latest: () => VolumesReport | undefined): void {
  metrics.callback({
    type: 'gauge',
    name: 'openclaw_state_bytes',
    help: 'Room that a part of the state took when it was last measured.',
    labelNames: ['area'],
    read: () => {
      const sums = new Map<string, number>();
      for (const { name, bytes } of latest()?.areas ?? []) sums.set(name, (sums.get(name) ?? 0) + bytes);
      return [...sums].map(([name, value]) => ({ labels: [name], value }));
    },
  });
  const ofVolume = (name: string, help: string, value: (volume: VolumesReport['volumes'][number]) => number | undefined): void =>
    metrics.callback({
      ...{ type: 'gauge', name, help, labelNames: ['mount'] },
      read: () =>
        (latest()?.volumes ?? []).flatMap((volume) => {
          const found = value(volume);
          return found === undefined ? [] : [{ labels: [volume.mountPoint ?? ''], value: found }];
        }),
    });
  ofVolume(
    'openclaw_volume_free_bytes',
    'Room for the gateway on a volume that it uses, when it was last measured.',
    (volume) => volume.freeBytes,
  );
  ofVolume(
    'openclaw_volume_growth_bytes_per_day',
    'How fast a volume fills, by whoever writes there; absent while there are too few readings.',
    ({ growth }) => (growth.known ? growth.bytesPerDay : undefined),
  );
  ofVolume(
    'openclaw_volume_days_until_full',
    'For how many days there is room at this rate; absent where it does not grow.',
    (volume) => volume.daysUntilFull,
  );
  ofVolume(
    'openclaw_volume_survives',
    'Whether what lies on a volume outlives the container. 1: yes. 0.5: perhaps. 0: no.',
    ({ survives }) => (survives === 'ok' ? 1 : survives === 'warn' ? 0.5 : 0),
  );
}
