/** A process that restores, to be killed meanwhile: `restore.fixture.ts ARCHIVE STATE_DIRECTORY`. It says when it begins. */
import { systemClock } from '../../core/clock.ts';
import { archiveAt } from './backup.fixture.ts';
import { restoreBackup } from './restore.ts';

async function main([archive = '', stateDirectory = '']: readonly string[]): Promise<void> {
  process.stdout.write('begin\n');
  await restoreBackup(archiveAt(archive), { stateDirectory, force: true, clock: systemClock });
  process.stdout.write('end\n');
}

if (import.meta.main) await main(process.argv.slice(2));
