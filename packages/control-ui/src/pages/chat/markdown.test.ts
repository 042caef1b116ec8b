import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readMarkdown, type Block, type Inline } from './markdown.ts';

/** Short for reading: `strong(a)`. */
const inline = (parts: readonly Inline[]): string =>
  parts
    .map((part) => {
      switch (part.kind) {
        case 'text':
          return part.text;
        case 'code':
          return `code(${part.text})`;
        case 'link':
          return `link(${part.href} ${inline(part.children)})`;
        default:
          return `${part.kind}(${inline(part.children)})`;
      }
    })
    .join('');

function outline(blocks: readonly Block[]): unknown[] {
  return blocks.map((block) => {
    switch (block.kind) {
      case 'paragraph':
        return inline(block.children);
      case 'heading':
        return `h${block.level} ${inline(block.children)}`;
      case 'code':
        return `code ${block.language}: ${block.text}`;
      case 'list':
        return { [block.start ?? '-']: block.items.map((item) => outline(item.blocks)) };
      case 'quote':
        return { quote: outline(block.blocks) };
      case 'table':
        return { table: [block.head, ...block.rows].map((row) => row.map(inline)) };
      case 'rule':
        return '---';
    }
  });
}

const read = (text: string): unknown[] => outline(readMarkdown(text));

test('paragraphs, headings, rules and line breaks', () => {
  assert.deepEqual(read('# One #\nline 1\nline 2\n\n---\n### Three'), ['h1 One', 'line 1\nline 2', '---', 'h3 Three']);
});

test('emphasis, code, links and escapes', () => {
  assert.deepEqual(read('a **b *c*** and __d__, _e_, ~~f~~, `g*h*`, snake_case_name, 2 * 3 * 4, \\*i\\*'), [
    'a strong(b emphasis(c)) and strong(d), emphasis(e), struck(f), code(g*h*), snake_case_name, 2 * 3 * 4, *i*',
  ]);
  assert.deepEqual(read('[docs](https://a.example/b) <https://c.example> see http://d.example/e_f.'), [
    'link(https://a.example/b docs) link(https://c.example https://c.example) see link(http://d.example/e_f http://d.example/e_f).',
  ]);
});

test('addresses that could run something are text', () => {
  for (const href of ['javascript:alert(1)', 'data:text/html,x', 'vbscript:x', '//evil.example', '#token=x'])
    assert.deepEqual(read(`[x](${href})`), [`[x](${href})`]);
  assert.deepEqual(read('<script>alert(1)</script>'), ['<script>alert(1)</script>']);
});

test('a code block keeps its text as it is, also one that has not ended yet', () => {
  assert.deepEqual(read('```ts\nif (a < b) {\n  **no**\n}\n```\nafter'), ['code ts: if (a < b) {\n  **no**\n}', 'after']);
  assert.deepEqual(read('before\n```\nline'), ['before', 'code : line']);
  assert.deepEqual(read('~~~~\n```\n~~~~'), ['code : ```']);
});

test('lists nest, count, and hold code and paragraphs of their own', () => {
  assert.deepEqual(read('- a\n- b\n  - c\n\n  d\n- e\n\nend'), [{ '-': [['a'], ['b', { '-': [['c']] }, 'd'], ['e']] }, 'end']);
  assert.deepEqual(read('3. x\n4. y\n   ```\n   z\n   ```'), [{ 3: [['x'], ['y', 'code : z']] }]);
  assert.deepEqual(read('text\n- a\n1. b'), ['text', { '-': [['a']] }, { 1: [['b']] }]);
});

test('quotes and tables', () => {
  assert.deepEqual(read('> a\n> - b'), [{ quote: ['a', { '-': [['b']] }] }]);
  assert.deepEqual(read('| a | b |\n|---|:-:|\n| 1 | `2` |\n| 3 \\| 4 | x | beyond |'), [
    {
      table: [
        ['a', 'b'],
        ['1', 'code(2)'],
        ['3 | 4', 'x'],
      ],
    },
  ]);
});

test('every text is read, quickly, and none of its words is lost', () => {
  const piece = fc.constantFrom(
    '*',
    '**',
    '_',
    '`',
    '```',
    '\n',
    '\n\n',
    '- ',
    '1. ',
    '> ',
    '| ',
    '|---|',
    '[',
    '](',
    ')',
    'http://a.b',
    ' ',
    '  ',
    '\\',
  );
  const text = fc.array(fc.oneof(piece, fc.stringMatching(/^w[a-z]{1,5}$/)), { maxLength: 60 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (source) => {
      const shown = JSON.stringify(readMarkdown(source));
      for (const [word] of source.matchAll(/(?<![\w/.:|])w[a-z]{1,5}(?![\w/.:|])/g)) {
        if (!/```|~~~|\|/.test(source)) assert.ok(shown.includes(word), `${word} of ${JSON.stringify(source)}`);
      }
    }),
    { numRuns: 500 },
  );
  const hostile = ['[', '*', '_', '`', '> ', '- ', '**a', '[a](', '<https://', '|'].map((part) => part.repeat(4000));
  for (const source of hostile) {
    const beganMs = performance.now();
    readMarkdown(source);
    assert.ok(performance.now() - beganMs < 2000, source.slice(0, 10));
  }
});
