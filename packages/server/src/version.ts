/** This program's version; a test holds it equal to `package.json`, which the running program need not read. */
export const version = '0.1.0';
