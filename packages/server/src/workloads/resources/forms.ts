/** Forms of names, as Kubernetes has them. */
import type { TextForm } from './field.ts';

const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';

/** RFC 1123, one part. */
export function dnsLabel(maxLength = 63): TextForm {
  return {
    ...{ pattern: new RegExp(`^${label}$`), maxLength },
    expects: `a name of at most ${maxLength} characters: a-z, 0-9 and '-', and neither first nor last a '-'`,
  };
}

export const dnsSubdomain: TextForm = {
  pattern: new RegExp(`^${label}(?:\\.${label})*$`),
  maxLength: 253,
  expects: "a name of at most 253 characters: a-z, 0-9, '-' and '.', and each part neither begins nor ends with a '-'",
};

/** What follows the prefix of a label, and values of labels. */
const qualified = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

export const environmentName: TextForm = {
  pattern: /^[-._a-zA-Z][-._a-zA-Z0-9]*$/,
  maxLength: 256,
  expects: "the name of a variable: letters, digits, '_', '-' and '.', and no digit first",
};

export const portName: TextForm = {
  pattern: /^(?=.*[a-z])[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/,
  maxLength: 15,
  expects: "a name of at most 15 characters: a-z, 0-9 and '-', with a letter",
};

export const signalName: TextForm = { pattern: /^SIG[A-Z0-9]{2,10}$/, maxLength: 13, expects: 'the name of a signal, such as SIGUSR1' };

export const absolutePath: TextForm = {
  pattern: /^\/(?!.*(?:^|\/)\.\.(?:\/|$))[^\0]*$/,
  maxLength: 4096,
  expects: "a path that begins with '/' and has no '..'",
};

export const httpAddress: TextForm = { pattern: /^https?:\/\/[^\s]+$/, maxLength: 2048, expects: 'an http or https address' };

/** Why a text is no key of a label or annotation, in words that follow "must be". */
export function explainKey(key: string): string | undefined {
  const slash = key.indexOf('/');
  const [prefix, name] = slash === -1 ? [undefined, key] : [key.slice(0, slash), key.slice(slash + 1)];
  if (prefix !== undefined && (prefix.length > 253 || !dnsSubdomain.pattern.test(prefix))) return 'a name whose prefix is a DNS name';
  return qualified.test(name) ? undefined : "at most 63 letters, digits, '-', '_' and '.', and first and last a letter or a digit";
}

export function isLabelValue(value: string): boolean {
  return value === '' || qualified.test(value);
}
