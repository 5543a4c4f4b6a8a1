import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matchRoute } from './route-match.js';
import { parseRouteTemplate, RouteTemplateError } from './route-template.js';

type Expectation = readonly [template: string, path: string, values: Readonly<Record<string, string>> | undefined];

const table: readonly Expectation[] = [
  ['', '/', {}],
  ['', '/a', undefined],
  ['api/hello', '/api/hello', {}],
  ['api/hello', '/API/HELLO', {}],
  ['api/hello', '/api/hello/', {}],
  ['api/hello', '/api/hello//', undefined],
  ['api/hello', '/api//hello', undefined],
  ['api/hello', '/api', undefined],
  ['api/hello', '/api/hello/x', undefined],
  ['/a', '/a', {}],
  ['~/a', '/a', {}],
  ['a/', '/a', {}],
  ['{a}', '/x', { a: 'x' }],
  ['{a}', '/', undefined],
  ['x/{a}', '/x//', undefined],
  ['{a?}', '/', {}],
  ['x/{a?}', '/x', {}],
  ['x/{a?}', '/x/', {}],
  ['x/{a=1}', '/x', { a: '1' }],
  ['x/{a=1}', '/x/2', { a: '2' }],
  ['x/{a=1}/{b=2}', '/x', { a: '1', b: '2' }],
  ['x/{a?}/{b}', '/x/1', undefined],
  ['{*rest}', '/', {}],
  ['{*rest}', '/a/b/', { rest: 'a/b/' }],
  ['x/{**rest}', '/x', {}],
  ['x/{*rest=all}', '/x', { rest: 'all' }],
  ['x/{*rest}', '/x/a//b', { rest: 'a//b' }],
  ['x/{*rest}', '/x//b', undefined],
  ['x/{a?}', '/x//', undefined],
  ['x/{a=1}/{b?}', '/x//b', undefined],
  ['x/{*rest:int}', '/x/a', undefined],
  ['x/{*rest:int}', '/x/7', { rest: '7' }],
  ['{a}.{b}', '/x.y.z', { a: 'x.y', b: 'z' }],
  ['{a}.{b}', '/x.', undefined],
  ['{a}.{b}', '/.x', undefined],
  ['{a}.{b}', '/x', undefined],
  ['{a}.{b?}', '/x', { a: 'x' }],
  ['{a}.{b?}', '/x.', undefined],
  ['{a}.{b?}', '/x.y', { a: 'x', b: 'y' }],
  ['v{n:int}', '/v12', { n: '12' }],
  ['V{n:int}', '/v12', { n: '12' }],
  ['v{n:int}', '/v', undefined],
  ['v{n:int}', '/w12', undefined],
  ['a{x}b', '/aab', { x: 'a' }],
  ['a{x}b', '/ab', undefined],
  ['a{x}b', '/aXbb', { x: 'Xb' }],
  // Literals take their last possible place, so this one is found too far to the right. ASP.NET doesn't match it
  // either.
  ['a{x}b', '/aaab', undefined],
  ['{a}-{b}-{c}', '/1-2-3-4', { a: '1-2', b: '3', c: '4' }],
  ['{{a}}', '/{a}', {}],
  ['{id:int}', '/1', { id: '1' }],
  ['{id:int}', '/-1', { id: '-1' }],
  ['{id:int}', '/x', undefined],
  ['{id:int}', '/2147483648', undefined],
  ['{id:int?}', '/', {}],
  ['{id:int?}', '/x', undefined],
  ['{id:INT}', '/1', { id: '1' }],
  ['{id:int=x}', '/', undefined],
  ['{id:long}', '/9223372036854775807', { id: '9223372036854775807' }],
  ['{id:long}', '/9223372036854775808', undefined],
  ['{id:alpha}', '/aZ', { id: 'aZ' }],
  ['{id:alpha}', '/a1', undefined],
  ['{id:bool}', '/True', { id: 'True' }],
  ['{id:bool}', '/1', undefined],
  ['{id:guid}', '/3F2504E0-4F89-11D3-9A0C-0305E82C3301', { id: '3F2504E0-4F89-11D3-9A0C-0305E82C3301' }],
  ['{id:guid}', '/3f2504e04f8911d39a0c0305e82c3301', { id: '3f2504e04f8911d39a0c0305e82c3301' }],
  ['{id:guid}', '/3f2504e0', undefined],
  ['{id:decimal}', '/1,000.50', { id: '1,000.50' }],
  ['{id:decimal}', '/1e5', undefined],
  ['{id:double}', '/-1.5e5', { id: '-1.5e5' }],
  ['{id:float}', '/NaN', { id: 'NaN' }],
  ['{id:float}', '/x', undefined],
  ['{id:datetime}', '/2024-02-29', { id: '2024-02-29' }],
  ['{id:datetime}', '/2023-02-29', undefined],
  ['{id:datetime}', '/2024-02-29T12:30:00Z', { id: '2024-02-29T12:30:00Z' }],
  ['{id:datetime}', '/12-31-2024', { id: '12-31-2024' }],
  ['{id:length(2)}', '/ab', { id: 'ab' }],
  ['{id:length(2)}', '/a', undefined],
  ['{id:length(2,3)}', '/abc', { id: 'abc' }],
  ['{id:length(2,3)}', '/abcd', undefined],
  ['{id:minlength(2)}', '/a', undefined],
  ['{id:maxlength(2)}', '/abc', undefined],
  ['{id:min(18)}', '/18', { id: '18' }],
  ['{id:min(18)}', '/17', undefined],
  ['{id:max(120)}', '/121', undefined],
  ['{id:range(1,9)}', '/9', { id: '9' }],
  ['{id:range(1,9)}', '/10', undefined],
  ['{id:int:min(1)}', '/0', undefined],
  ['{id:int:min(1)=5}', '/', { id: '5' }],
  ['{id:required}', '/x', { id: 'x' }],
  ['{id:regex(^\\d{{3}}-\\d{{4}}$)}', '/123-4567', { id: '123-4567' }],
  ['{id:regex(^\\d{{3}}-\\d{{4}}$)}', '/123-456', undefined],
  ['{id:regex(^(a|b)$)}', '/B', { id: 'B' }],
  ['{id:regex(^(a|b)$):length(1)?}', '/', {}],
  ['{name:file}', '/a.txt', { name: 'a.txt' }],
  ['{name:file}', '/a.b.', { name: 'a.b.' }],
  ['{name:file}', '/a..', undefined],
  ['{name:nonfile}', '/a.txt', undefined],
  ['{*path:nonfile}', '/', {}],
  ['{*path:nonfile}', '/a.txt/b', { path: 'a.txt/b' }],
  ['{*path:file}', '/', undefined],
  ['straße', '/STRASSE', undefined],
];

for (const [template, path, expected] of table) {
  test(`"${template}" is compared with ${path}`, () => {
    const values = matchRoute(parseRouteTemplate(template), path);
    assert.deepEqual(values === undefined ? undefined : Object.fromEntries(values), expected);
  });
}

const unreadable = [
  'a//b',
  '{a',
  'a}',
  '{}',
  '{*}',
  '{a}{b}',
  '{a}/{A}',
  '{*a}/b',
  'x{*a}',
  '{a?}.{b}',
  '{a}-{b?}',
  '{*a?}',
  '{a=1?}',
  '{a:int()x}',
  '{a:length}',
  '{a:range(9,1)}',
  '{a:range(1)}',
  '{a:min(x)}',
  '{a:int(1)}',
  '{a:regex(()}',
  '{a:constructor}',
  'a?b',
  '~a',
];
for (const template of unreadable) {
  test(`"${template}" is refused`, () => {
    assert.throws(() => parseRouteTemplate(template), RouteTemplateError);
  });
}

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
const word = fc.stringMatching(/^[a-z0-9_~-]{1,8}$/);

test('a path built from a template matches it and returns the values', () => {
  const segment = fc.oneof(
    word.map((text) => ({ template: text, text, name: undefined })),
    fc.tuple(name, word).map(([parameter, text]) => ({ template: `{${parameter}}`, text, name: parameter })),
  );
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 6 }), fc.boolean(), (segments, trailing) => {
      const names = segments.flatMap((part) => part.name ?? []);
      fc.pre(new Set(names).size === names.length);
      // A "~" at the start of a template has a meaning of its own.
      fc.pre(!segments[0]?.template.startsWith('~'));
      const template = parseRouteTemplate(segments.map((part) => part.template).join('/'));
      const path = `/${segments.map((part) => part.text).join('/')}${trailing && segments.length > 0 ? '/' : ''}`;
      const expected = segments.filter((part) => part.name !== undefined).map((part) => [part.name, part.text]);
      assert.deepEqual([...(matchRoute(template, path) ?? [])], expected);
      assert.equal(matchRoute(template, `${path.replace(/\/$/, '')}/one-more`), undefined);
    }),
  );
});

test('the values of a complex segment make the same segment again', () => {
  const template = parseRouteTemplate('p-{a}.{b}-s');
  fc.assert(
    fc.property(fc.stringMatching(/^[s.\-x]{0,12}$/), (middle) => {
      const path = `p-${middle}-s`;
      const values = matchRoute(template, `/${path}`);
      if (values === undefined) {
        // Only a dot with something on both sides makes a match.
        assert.ok(!/^[^]+\.[^]+$/.test(middle), middle);
        return;
      }
      assert.equal(`p-${values.get('a') ?? ''}.${values.get('b') ?? ''}-s`, path);
      assert.notEqual(values.get('a'), '');
      assert.notEqual(values.get('b'), '');
    }),
  );
});

test('parsing throws only its own error, and matching never throws, whatever the template and the path', () => {
  const text = fc.stringMatching(/^[a/{}*?=:.()~1,]{0,20}$/);
  fc.assert(
    fc.property(text, text, (templateText, path) => {
      try {
        matchRoute(parseRouteTemplate(templateText), `/${path}`);
      } catch (error) {
        assert.ok(error instanceof RouteTemplateError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
