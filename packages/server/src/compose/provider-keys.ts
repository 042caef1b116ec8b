/** Vendors whose key lies in the environment or in a `.env` file. */
import type { Configuration } from '../config/index.ts';
import { providersFromEnvironment, type FoundKey } from '../models/index.ts';

export function findProviderKeys({ environment }: Configuration): FoundKey[] {
  return providersFromEnvironment((name) => environment.lookup(name)?.value).flatMap(({ vendor, keyVariable }) => {
    const found = environment.lookup(keyVariable);
    if (!found) return [];
    const { value, source, file, fileVariable } = found;
    const lies = file === undefined ? {} : { file: { file, ...(fileVariable === undefined ? {} : { fileVariable }) } };
    return [{ vendor, key: value.trim(), source, ...lies }];
  });
}
