/** Where the built Control UI lies: beside the program where it is installed, in its own package in a working copy. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const places = ['../control-ui/', '../../../control-ui/dist/'] as const;

/** Without a trailing slash. Where nothing has been built: the working copy's place. */
export function controlUiDirectory(): string {
  const directories = places.map((place) => fileURLToPath(new URL(place, import.meta.url)).replace(/[/\\]$/, ''));
  return directories.find((directory) => existsSync(`${directory}/index.html`)) ?? directories.at(-1) ?? '';
}
