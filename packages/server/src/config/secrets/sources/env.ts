/** Variables of the environment and of `.env` files; with `NAME_FILE` and `/run/secrets/NAME` as everywhere. */
import { OpenClawError, reasonOf } from '../../../core/errors.ts';
import type { OpenSource } from '../contract.ts';
import { missing, refused, usable } from '../failures.ts';

export const openEnvironmentSource: OpenSource<'env'> = ({ environment }) => {
  const describe = ({ name }: { readonly name: string }): string => `the variable ${name}`;
  return {
    describe,
    async read({ name }, signal) {
      signal.throwIfAborted();
      const variable = look(name, () => environment.lookup(name));
      if (!variable) throw missing(describe({ name }), 'it is not set');
      const { value, source, file, fileVariable } = variable;
      const lies = file === undefined ? {} : { file: { file, ...(fileVariable === undefined ? {} : { fileVariable }) } };
      return { value: usable(describe({ name }), value), where: source, ...lies };
    },
  };
};

/** A file behind `NAME_FILE` that may not be read is what the reading of a configuration has words for already. */
function look<Found>(name: string, lookUp: () => Found): Found {
  try {
    return lookUp();
  } catch (thrown) {
    if (thrown instanceof OpenClawError) throw refused(`the variable ${name}`, reasonOf(thrown), thrown);
    throw thrown;
  }
}
