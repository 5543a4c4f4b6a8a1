import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compileTemplate,
  findUriFault,
  isUriTemplate,
  listTemplateParameters,
  normalizeTemplate,
  readParameters,
} from './resource-uri.js';

/* The cases follow Azure/azure-functions-mcp-extension 1.6.0, test/Extensions.Mcp.Tests/ResourceUriHelperTests.cs. */

test('a URI with a parameter is a template', () => {
  for (const uri of ['test://resource/{id}', 'test://users/{userId}/posts/{postId}', 'file://logs/{date}']) {
    assert.ok(isUriTemplate(uri), uri);
  }
  for (const uri of ['test://resource/1', 'test://users/123/posts/456', 'test://resource/{}']) {
    assert.ok(!isUriTemplate(uri), uri);
  }
  assert.deepEqual(listTemplateParameters('test://items/{user-id}/posts/{post.id}'), ['user-id', 'post.id']);
  assert.equal(normalizeTemplate('Test://users/{id}'), normalizeTemplate('test://Users/{name}'));
});

const matches: readonly (readonly [
  template: string,
  uri: string,
  values: readonly (readonly string[])[] | undefined,
])[] = [
  ['test://resource/{id}', 'test://resource/123', [['id', '123']]],
  ['test://resource/{id}', 'test://other/123', undefined],
  ['test://resource/{id}', 'test://resource/', undefined],
  ['test://Resource/{id}', 'TEST://RESOURCE/John', [['id', 'John']]],
  [
    'test://users/{userId}/posts/{postId}',
    'test://users/john/posts/my-post',
    [
      ['userId', 'john'],
      ['postId', 'my-post'],
    ],
  ],
  ['test://users/{userId}/posts/{postId}', 'test://users/123', undefined],
  ['test://resource.name/{id}?query=true', 'test://resource.name/123?query=true', [['id', '123']]],
  ['test://resource.name/{id}?query=true', 'test://resourceXname/123?query=true', undefined],
  ['test://search?q={query}', 'test://search?q=hello', [['query', 'hello']]],
  // A value may contain a slash only if its parameter directly follows the question mark or the ampersand.
  ['test://search?q={query}', 'test://search?q=a/b', undefined],
  ['test://search?{query}', 'test://search?q=a/b?c', [['query', 'q=a/b?c']]],
  [
    'test://search?q={query}&lang={lang}',
    'test://search?q=hello&lang=en',
    [
      ['query', 'hello'],
      ['lang', 'en'],
    ],
  ],
  ['test://items/{id}', 'test://items/123/extra', undefined],
  [
    'test://items/{category}items{tag}',
    'test://items/booksitemsfiction',
    [
      ['category', 'books'],
      ['tag', 'fiction'],
    ],
  ],
  ['test://search/{query}', 'test://search/hello%20world', [['query', 'hello%20world']]],
  ['test://{user-id}', 'test://a', [['user-id', 'a']]],
  ['test://{__proto__}', 'test://a', [['__proto__', 'a']]],
];
for (const [template, uri, values] of matches) {
  test(`${template} is compared with ${uri}`, () => {
    assert.deepEqual(readParameters(template, compileTemplate(template), uri), values);
  });
}

test("a URI that a resource can't have is refused", () => {
  for (const uri of [
    'https://example.com/api',
    'file://logs/2024-01-01',
    'test://items/{category}/{id}/{name}',
    'urn:a',
    '/a',
  ]) {
    assert.equal(findUriFault(uri), undefined, uri);
  }
  for (const uri of [
    '',
    '   ',
    'test://resource/{id}/{',
    'not a valid uri',
    'test://resource/{ }',
    'test://items/{id}/subitems/{id}',
    'test://items/{user-id}/posts/{user.id}',
    'test://items/{a}{b}',
    'test://items/{bad/name}',
    'test://items/{%7Bbad%7D}',
    'user://profile/{',
    'user://profile/}',
    'user://profile/{}',
    'user://profile/{}/test',
  ]) {
    assert.notEqual(findUriFault(uri), undefined, uri);
  }
});

test('a template returns the values that it was filled with', () => {
  const value = fc.stringMatching(/^[a-z0-9%._~-]{1,8}$/);
  const literal = fc.stringMatching(/^[A-Z.*+()$^|[\]\\]{1,4}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(literal, value), { minLength: 1, maxLength: 5 }), (parts) => {
      const template = `x://h${parts.map(([text], index) => `/${text}/{p${index}}`).join('')}`;
      const uri = `x://h${parts.map(([text, filled]) => `/${text}/${filled}`).join('')}`;
      assert.deepEqual(
        readParameters(template, compileTemplate(template), uri),
        parts.map(([, filled], index) => [`p${index}`, filled]),
      );
    }),
  );
});
