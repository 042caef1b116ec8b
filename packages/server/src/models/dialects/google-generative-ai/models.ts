/** What the name of a model says about it, where Gemini's generations want different fields, and the path it is asked at. */
import { invalid } from '../fields.ts';
import { pathSegment } from '../path-segment.ts';

/** Gemini 1 and 2: they take a budget of thinking tokens and no level, and no images within the result of a function. */
export function isBeforeGemini3(model: string): boolean {
  return /gemini-[12](\.|-|$)/.test(model);
}

/** Gemini 3 and later refuse a function call of theirs that comes back without its signature. */
export function demandsSignatures(model: string): boolean {
  return /(^|\/)gemini-/.test(model) && !isBeforeGemini3(model);
}

/** Earlier ones, and Gemma, refuse any word about thinking. */
export function thinks(model: string): boolean {
  return /gemini-/.test(model) && !/gemini-(1|2\.0)/.test(model);
}

export function isFlash(model: string): boolean {
  return model.includes('flash');
}

/** @throws OpenClawError `invalid_request` for a name that would lead to another path */
export function pathOfModel(model: string): string {
  const segments = model.split('/');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw invalid('model', 'must be the name of a model');
  }
  const isResource = segments.length > 1 && /^(models|tunedModels|endpoints)$/.test(segments[0] ?? '');
  return `/${isResource ? '' : 'models/'}${segments.map(pathSegment).join('/')}`;
}
