/** What may stand as a model's name in a request. Which names exist is `routing/route.ts`'s business. */
import { OpenClawError } from '../core/errors.ts';

/** Longer than any model's name. Names go into records, logs, metrics and headers, so what is none stops at the door. */
const lengthLimit = 256;

/** Some vendors have the name in the path of the URL: there it would lead elsewhere, and a refusal from there would be held against the key. */
const steps = /(?:^|\/)\.\.?(?:\/|$)/;

/** @throws OpenClawError `invalid_request` */
export function checkModelName(model: string): void {
  if (model.length <= lengthLimit && !/\p{Cc}/u.test(model) && !steps.test(model)) return;
  const reason = `must be at most ${lengthLimit} characters, none of them a control character, and no step of a path`;
  throw new OpenClawError('invalid_request', { details: { path: 'model', reason }, param: 'model' });
}
