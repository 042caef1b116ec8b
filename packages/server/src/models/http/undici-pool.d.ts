/** The pool without the rest of undici has no types of its own; they are those of the package. */
declare module 'undici/lib/dispatcher/pool.js' {
  export { Pool as default } from 'undici';
}
