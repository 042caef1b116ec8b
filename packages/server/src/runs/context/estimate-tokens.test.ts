import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { estimateTokens } from './estimate-tokens.ts';

/** What a text is, how many tokens OpenAI's o200k_base counts in it, and the text. The sentences are of the Declaration of Human Rights. */
const counted: readonly (readonly [string, number, string])[] = [
  [
    'English',
    33,
    'All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and should act towards one another in a spirit of brotherhood.',
  ],
  [
    'German',
    38,
    'Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt und sollen einander im Geist der Brüderlichkeit begegnen.',
  ],
  [
    'French',
    41,
    'Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de conscience et doivent agir les uns envers les autres dans un esprit de fraternité.',
  ],
  [
    'Polish',
    53,
    'Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem i sumieniem i powinni postępować wobec innych w duchu braterstwa.',
  ],
  [
    'Turkish',
    46,
    'Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler ve birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler.',
  ],
  ['Greek', 31, 'Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.'],
  [
    'Russian',
    41,
    'Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью и должны поступать в отношении друг друга в духе братства.',
  ],
  ['Arabic', 44, 'يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق. وقد وهبوا عقلاً وضميرًا وعليهم أن يعامل بعضهم بعضًا بروح الإخاء.'],
  [
    'Hebrew',
    50,
    'כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון, לפיכך חובה עליהם לנהוג איש ברעהו ברוח של אחווה.',
  ],
  ['Hindi', 37, 'सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है। उन्हें बुद्धि और अन्तरात्मा की देन प्राप्त है'],
  ['Thai', 40, 'มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ ต่างมีเหตุผลและมโนธรรม'],
  ['Chinese', 37, '人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。'],
  ['Japanese', 35, 'すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。'],
  ['Korean', 24, '모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.'],
  [
    'JavaScript',
    34,
    'export function sum(numbers) {\n  let total = 0;\n  for (const number of numbers) {\n    total += number;\n  }\n  return total;\n}\n',
  ],
  [
    'Python',
    37,
    'def read_lines(path):\n    with open(path, encoding="utf-8") as file:\n        return [line.rstrip("\\n") for line in file if not line.startswith("#")]\n',
  ],
  [
    'JSON',
    56,
    '{"id":"run_01","status":"finished","use":{"inputTokens":1204,"outputTokens":88,"costNanoUsd":3288000},"steps":[{"step":1,"kind":"model"},{"step":2,"kind":"tool","name":"read"}]}',
  ],
  [
    'a log',
    95,
    '2026-11-21T18:04:09.120Z INFO [server] request 5e0c9a52-7f0e-4d36-9a2b-2f6f0f2c9b11 GET /v1/models?limit=20 200 41ms\n2026-11-21T18:04:09.377Z WARN [server] slow request 8812 ms\n',
  ],
  [
    'HTML',
    46,
    '<div class="row"><span id="x1" data-v="12">Some text here</span><a href="https://example.org/path/page?x=1&y=2">link</a></div>\n',
  ],
  ['SQL', 24, 'SELECT name, COUNT(*) FROM accounts WHERE balance > 100 GROUP BY name ORDER BY 2 DESC LIMIT 10;'],
  ['hex', 43, '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  ['base64', 58, 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIn0'],
  ['numbers', 39, '3.14159, 2.71828, 1.41421, 1024, 65536, 4294967296, 18446744073709551616'],
  ['emoji', 11, '✅ done 🎉🚀 ⚠️ careful 😀'],
];

for (const [what, tokens, text] of counted) {
  test(`${what} is estimated at not much less than it is, and at less than twice that`, () => {
    const share = estimateTokens(text) / tokens;
    assert.ok(share >= 0.8 && share < 1.9, `${estimateTokens(text)} for ${tokens}`);
  });
}

test('all of it together is a little more than it is', () => {
  const real = counted.reduce((total, [, tokens]) => total + tokens, 0);
  const estimated = counted.reduce((total, [, , text]) => total + estimateTokens(text), 0);
  assert.ok(estimated >= real && estimated < 1.25 * real, `${estimated} for ${real}`);
});

test('nothing is no token, and long runs of one sign are few', () => {
  assert.equal(estimateTokens(''), 0);
  assert.ok(estimateTokens('-'.repeat(1000)) < 100);
  assert.ok(estimateTokens(' '.repeat(1000)) < 100);
});

test('any text has an end, and as many tokens as words at least', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const tokens = estimateTokens(text);
      assert.ok(Number.isInteger(tokens) && tokens >= 0 && tokens <= 2 * text.length);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[A-Za-z0-9]{1,20}$/), { maxLength: 50 }), (words) => {
      assert.ok(estimateTokens(words.join(' ')) >= words.length);
    }),
  );
});
