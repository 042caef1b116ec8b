/** What the log says of the state of the configuration. */
import type { OpenClawError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { ConfigurationStatus } from './contract.ts';

/** Of a file that is another file by mistake every line may be wrong. */
const loggedMistakes = 20;

/** What a parser threw has its own words for what the message says, and a stack that helps nobody. */
function withoutCause({ code, message, hint }: OpenClawError): { code: string; message: string; hint: string } {
  return { code, message, hint };
}

export function logStatus(log: Log, { state, problem, file, fileHash, version, needsRestart }: ConfigurationStatus): void {
  const fields = { file, ...(problem ? { mistakes: [problem, ...problem.others].slice(0, loggedMistakes).map(withoutCause) } : {}) };
  if (state === 'current' && fileHash === undefined)
    log.info('there is no configuration file; defaults and variables are in force', { file });
  else if (state === 'current') log.info('the configuration is in force', { file, version, needsRestart });
  else if (state === 'refused') log.error('the configuration was refused; what held before stays in force', { ...fields, version });
  else if (state === 'lastGood') log.error('the configuration is bad; the last good version is in force', { ...fields, version });
  else if (problem) log.error('rescue mode: the configuration is bad, and none that was good is on record', fields);
  else log.warn('rescue mode, as was asked for; a change of the configuration leaves it', fields);
}
