/**
 * Names of documents as Converse takes them: letters, digits, single spaces, hyphens, parentheses and square brackets, at most
 * 200, and no two alike in one request.
 */

const longest = 200;
const nameless = 'document';

/** Gives each document its name, in the order in which they come; the same request always gives the same names. */
export function createDocumentNames(): (filename: string | undefined) => string {
  const taken = new Set<string>();
  return (filename) => {
    const name = sanitise(filename ?? '') || nameless;
    let unique = name;
    for (let copy = 2; taken.has(unique); copy++) {
      const suffix = ` (${copy})`;
      unique = name.slice(0, longest - suffix.length) + suffix;
    }
    taken.add(unique);
    return unique;
  };
}

function sanitise(filename: string): string {
  return filename
    .replace(/[^a-zA-Z0-9\s()[\]-]+/g, '-')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, longest)
    .trim();
}
