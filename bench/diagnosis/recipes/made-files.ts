/** Files of recipes that other programs make: an addon for another version of Node, a certificate whose time is over, a program for another processor. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Of Node 20; what runs the recipes is newer. */
const olderModuleVersion = 115;

export function makeForeignAddon(file: string): void {
  const source = `${file}.c`;
  writeFileSync(
    source,
    `struct node_module { int version; unsigned int flags; void *handle; const char *file; void *load; void *loadInContext; const char *name; void *data; void *next; };
void node_module_register(void *module);
static void load(void *exports, void *module, void *context, void *data) {}
static struct node_module module = { ${olderModuleVersion}, 0, 0, "store.cc", 0, (void *)load, "store", 0, 0 };
__attribute__((constructor)) static void announce(void) { node_module_register(&module); }
`,
  );
  execFileSync('gcc', ['-shared', '-fPIC', '-o', file, source]);
}

/** Both its key and itself, whichever is asked for first. */
export function makeExpiredCertificate(file: string): void {
  const directory = dirname(file);
  const [key, certificate, request] = ['key.pem', 'cert.pem', 'request.pem'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  const names = ['-subj', '/CN=provider.internal', '-addext', 'subjectAltName=DNS:provider.internal'];
  execFileSync('openssl', ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', request, ...names], { stdio: 'pipe' });
  execFileSync(
    'openssl',
    ['x509', '-req', '-in', request, '-signkey', key, '-days', '-1', '-copy_extensions', 'copy', '-out', certificate],
    { stdio: 'pipe' },
  );
}

/** The head of an ELF file says for which processor it is. */
export function makeForeignProgram(file: string): void {
  const [x86, arm64, placeOfMachine] = [62, 183, 18];
  const bytes = readFileSync('/bin/busybox').subarray(0, 4096);
  bytes.writeUInt16LE(process.arch === 'arm64' ? x86 : arm64, placeOfMachine);
  writeFileSync(file, bytes);
}
