import type { DoctorCheck } from '../contract.ts';
import { healthCheck, warning, well } from '../findings.ts';

/** Whether there is anybody to ask. What is wrong with traffic to them: `openclaw doctor traffic`. */
export const providersCheck: DoctorCheck = {
  name: 'providers',
  title: 'the providers',
  examine(facts) {
    const configured = facts.configuration.settings?.providers ?? [];
    const evidence = { configured: configured.join(', ') || 'none' };
    const seen = healthCheck(facts, 'providers');
    const why = 'Requests to them fail, or go to others.';
    if (seen !== undefined && seen.state !== 'ok') {
      const remedy = configured.length === 0 ? addOne : 'openclaw models status shows each target and its last failure.';
      return [warning(seen.detail === '' ? 'The gateway is not content with them.' : seen.detail, { why, remedy, evidence })];
    }
    if (facts.configuration.settings !== undefined && configured.length === 0 && seen === undefined) {
      return [warning('No provider is configured.', { why: 'Only the built-in rehearsal answers.', remedy: addOne, evidence })];
    }
    return [well('There are providers, and none of their keys was refused.', evidence)];
  },
};

const addOne = 'Export the key of one (for instance OPENAI_API_KEY), or write it into models.providers.';
