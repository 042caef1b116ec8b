/** Cause: a module or shared library that the program asks for is not in the image. */
import { mountOf } from '../signs.ts';
import { toldByItself } from '../told-by-itself.ts';

export const moduleMissing = toldByItself({
  id: 'module-missing',
  title: 'A module is missing',
  why: 'The program asks for a module, package or shared library that its image does not hold, and ends before it has begun.',
  signs:
    '`ERR_MODULE_NOT_FOUND`, `Cannot find module`, `ModuleNotFoundError`, `error while loading shared libraries`; exit 1 or 127 at once',
  mends: 'Install it into the image from the lock file and build again; look whether a mount hides the directory that it lies in.',
  pattern:
    /Cannot find (?:module|package) '(?<js>[^']+)'|No module named '?(?<python>[\w.]+)'?|cannot import name '(?<name>[^']+)'|error while loading shared libraries: (?<library>[^:]+):|Error loading shared library (?<musl>[^:]+):/,
  most: 93,
  weigh(evidence, { match }) {
    const name = nameIn(match);
    // Nothing at all is where it should be: the mount is the cause.
    const isOnEmptyMount = name?.startsWith('/') === true && mountOf(evidence, name)?.isEmpty === true;
    return { adds: (match[0].startsWith('cannot import') ? -8 : 0) - (isOnEmptyMount ? 12 : 0) };
  },
  says: ({ match }) => `It asks for ${nameIn(match) ?? 'a module'}, which is not in the image.`,
  remedy({ match }, { program, mounts }) {
    const name = nameIn(match);
    const hidden = mounts.find(({ target }) => target.endsWith('/node_modules') || target === program.workingDirectory);
    return [
      ...(hidden === undefined ? [] : [`The mount on ${hidden.target} hides what the image has there: move the mount, or install into it`]),
      match.groups?.['python'] === undefined
        ? `Put ${name ?? 'it'} into package.json and the lock file, and build the image again with \`npm ci\``
        : `Put ${name ?? 'it'} into requirements.txt and build the image again`,
    ];
  },
  disprovedBy: 'The file is in the image, at the path that the message names, and readable for its user.',
});

function nameIn({ groups = {} }: RegExpExecArray): string | undefined {
  return groups['js'] ?? groups['python'] ?? groups['name'] ?? groups['library'] ?? groups['musl'];
}
