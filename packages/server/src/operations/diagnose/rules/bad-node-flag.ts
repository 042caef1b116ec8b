/** Cause: Node refuses one of its own flags. */
import { toldByItself } from '../told-by-itself.ts';

export const badNodeFlag = toldByItself({
  id: 'bad-node-flag',
  title: 'Node refuses a flag',
  why: 'A flag on the command line or in NODE_OPTIONS is misspelt, gone from this version of Node, or not allowed there. Node ends with 9 before the program is read.',
  signs: 'exit 9; `bad option`, `is not allowed in NODE_OPTIONS`',
  mends: 'Correct NODE_OPTIONS or the command.',
  pattern:
    /bad option: (?<flag>\S+)|(?<refused>--\S+) is not allowed in NODE_OPTIONS|node: (?<wanting>-\S+) (?:requires an argument|must be)/,
  most: 92,
  weigh: (evidence) => ({ adds: evidence.lives.some(({ exitCode }) => exitCode === 9) ? 4 : -25 }),
  says: ({ match }) =>
    `Node does not take ${match.groups?.['flag'] ?? match.groups?.['refused'] ?? match.groups?.['wanting'] ?? 'one of its flags'}.`,
  remedy: ({ match }, { program }) => [
    program.environmentNames.includes('NODE_OPTIONS')
      ? `Correct or remove ${match.groups?.['refused'] ?? match.groups?.['flag'] ?? 'it'} in NODE_OPTIONS`
      : `Correct or remove ${match.groups?.['flag'] ?? 'it'} in the command or the entrypoint`,
    '`node --help` lists what this version takes',
  ],
  disprovedBy: 'It starts with NODE_OPTIONS empty and still ends with 9.',
});
