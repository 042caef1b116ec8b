/** Cause: the program needs a newer Node than the image has. */
import { quoteLine } from '../last-words.ts';
import { toldByItself } from '../told-by-itself.ts';

/** What newer versions of Node have, and older ones do not know. */
const newer =
  'Promise\\.(?:withResolvers|try)|Object\\.groupBy|Map\\.groupBy|Array\\.fromAsync|Iterator\\.from|URL\\.(?:parse|canParse)|structuredClone|RegExp\\.escape|\\.(?:toSorted|toReversed|toSpliced|findLast|findLastIndex|isWellFormed|union|intersection|difference|symmetricDifference)|\\.at|\\.hasOwn';

export const nodeTooOld = toldByItself({
  id: 'node-too-old',
  title: 'Node is too old for the program',
  why: 'The program or one of its packages uses what this version of Node does not have.',
  signs:
    '`… is not a function` of something new, `No such built-in module`, `Unsupported engine`, an export of `node:` that is not provided',
  mends: 'Take an image with the version of Node that package.json asks for.',
  pattern: new RegExp(
    `(?<!\\S)(?<what>\\S{0,120}?(?:${newer})) is not a function|No such built-in module: (?<module>node:\\S+)|ERR_UNKNOWN_BUILTIN_MODULE|(?:Unsupported engine|EBADENGINE)|The requested module '(?<door>node:[^']+)' does not provide an export|requires Node(?:\\.js)? ?(?:version )?(?:[v>=^~ ]*)(?<wanted>\\d[\\d.]*)|Node(?:\\.js)? (?:version )?v?\\d\\S{0,20} is (?:not supported|too old)|(?:structuredClone|fetch|WebSocket|Iterator) is not defined`,
  ),
  most: 94,
  weigh(evidence) {
    const version = evidence.lives.flatMap(({ lines }) => lines).findLast(({ text }) => /^Node\.js v\d+/.test(text));
    return version === undefined ? { adds: -4 } : { adds: 0, because: [quoteLine(version)] };
  },
  says({ match: { groups = {} } }, evidence) {
    const version = evidence.lives
      .flatMap(({ lines }) => lines)
      .map(({ text }) => /^Node\.js (v\d+)/.exec(text)?.[1])
      .findLast((found) => found !== undefined);
    const what =
      groups['what'] ??
      groups['module'] ??
      groups['door'] ??
      (groups['wanted'] === undefined ? 'something newer' : `Node ${groups['wanted']}`);
    return `It needs ${what}, which ${version === undefined ? 'this Node' : `Node ${version}`} does not have.`;
  },
  remedy: ({ match: { groups = {} } }) => [
    `Change the version in the first line of the Dockerfile${groups['wanted'] === undefined ? '' : ` to ${groups['wanted']} or later`}, e.g. \`FROM node:24-slim\`, and build again`,
    '`"engines"` in package.json says what it needs; with `engine-strict=true` in .npmrc the build refuses an older one',
  ],
  disprovedBy: 'The same line fails on the newest Node too.',
});
