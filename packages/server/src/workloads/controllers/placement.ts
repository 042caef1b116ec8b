/**
 * Which driver runs an instance, or why none can: a pure function of the template and of what there is on this machine.
 *
 * `auto` takes a process where the operator mapped the image to a command, Docker where there is an image and a daemon, and a process otherwise.
 */
import { formatMemory, type ContainerSpec, type DriverName } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import type { Availability } from '../drivers/driver.ts';
import type { Refusal, Template } from './contract.ts';
import { memoryRequestOf } from './template.ts';

/** Commands of this machine by image: with its tag, or for all tags without. */
export type ImageCommands = Readonly<Record<string, readonly string[]>>;

export interface PlacementFacts {
  readonly images: ImageCommands;
  readonly hostMemoryBytes: number;
  /** What `auto` means here, where the operator has decided it. */
  readonly preferred: 'auto' | DriverName;
  readonly availability: Readonly<Partial<Record<DriverName, Availability>>>;
}

export type Placement = { readonly driver: DriverName } | { readonly refusal: Refusal };

export function place(template: Template, facts: PlacementFacts): Placement {
  const request = template.containers.reduce((sum, container) => sum + (memoryRequestOf(container) ?? 0), 0);
  if (request > facts.hostMemoryBytes) {
    const message = `An instance asks for ${formatMemory(request)} of memory, and this machine has ${formatMemory(facts.hostMemoryBytes)}.`;
    return { refusal: { reason: 'InsufficientMemory', message } };
  }
  const driver = chooseDriver(template, facts);
  const found = facts.availability[driver];
  if (found?.usable !== true) {
    const reason = found?.reason ?? 'it is not part of this gateway';
    return { refusal: refusalOf(new OpenClawError('workload_driver_unavailable', { details: { driver, reason } })) };
  }
  const stranger = driver === 'process' ? template.containers.find((container) => !isRunnable(container, facts.images)) : undefined;
  if (stranger === undefined) return { driver };
  return { refusal: refusalOf(new OpenClawError('workload_image_not_runnable', { details: { image: stranger.image ?? '(none)' } })) };
}

/** The command of an image on this machine; undefined where the operator has named none. */
export function commandOf(image: string | undefined, images: ImageCommands): readonly string[] | undefined {
  if (image === undefined) return undefined;
  const untagged = image.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
  return images[image] ?? images[untagged];
}

/** What an error of a driver is called where Kubernetes' users look for it. */
export function refusalOf(error: OpenClawError): Refusal {
  const reasons: Readonly<Record<string, string>> = {
    workload_image_not_runnable: 'ImageNotRunnable',
    workload_image_missing: 'ImagePullBackOff',
    workload_driver_unavailable: 'DriverUnavailable',
  };
  return { reason: reasons[error.code] ?? 'ContainerCannotRun', message: `${error.message} ${error.hint}` };
}

function chooseDriver({ driver, containers }: Template, { images, preferred, availability }: PlacementFacts): DriverName {
  const wanted = driver === 'auto' ? preferred : driver;
  if (wanted !== 'auto') return wanted;
  const needsImage = containers.some(({ image }) => image !== undefined && commandOf(image, images) === undefined);
  return needsImage && availability.docker?.usable === true && containers.every(({ image }) => image !== undefined) ? 'docker' : 'process';
}

function isRunnable({ command, image }: ContainerSpec, images: ImageCommands): boolean {
  return (command?.length ?? 0) > 0 || commandOf(image, images) !== undefined;
}
