/** Commands of a later release: each says so and fails, so that no script takes silence for success. */
import type { Command } from 'commander';
import { OpenClawError } from '../../core/errors.ts';

export function registerLater(program: Command, name: string, meaning: string): void {
  program
    .command(name)
    .description(meaning)
    .argument('[words...]', 'whatever it will take')
    .allowUnknownOption()
    .action(() => {
      throw new OpenClawError('workloads_unavailable', { details: { command: name } });
    });
}
