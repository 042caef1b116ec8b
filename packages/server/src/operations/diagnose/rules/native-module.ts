/** Cause: a native module was built for another Node, another libc or another system. */
import { toldByItself } from '../told-by-itself.ts';

export const nativeModule = toldByItself({
  id: 'native-module',
  title: 'A native module was built for something else',
  why: 'A compiled module was built for another version of Node, another libc or another system, and cannot be loaded here.',
  signs: '`NODE_MODULE_VERSION`, `invalid ELF header`, `ERR_DLOPEN_FAILED`, a version of glibc that is not found',
  mends: 'Install the modules inside of the image that runs them; never mount or copy node_modules of another machine.',
  pattern:
    /NODE_MODULE_VERSION (?<version>\d+)|invalid ELF header|wrong ELF class|ERR_DLOPEN_FAILED|version `(?<libc>GLIBC\w*_[\d.]+)' not found|Error relocating \S+\.node|Module did not self-register|slice is not valid mach-o file/,
  most: 96,
  says: ({ match }) =>
    match.groups?.['libc'] === undefined
      ? 'A compiled module in it does not fit the Node or the system of this image.'
      : `A compiled module in it needs ${match.groups['libc']}, which this image does not have.`,
  remedy: () => [
    'Build it where it runs: `RUN npm ci` (or `npm rebuild`) in the Dockerfile, after the line that chooses the version of Node',
    'Keep node_modules of your machine out: `node_modules` in .dockerignore, and no mount over it',
  ],
  disprovedBy: '`npm rebuild` inside of the container changes nothing.',
});
