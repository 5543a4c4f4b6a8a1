import functions from '@azure/functions';

// An ES module can't import this library's classes by name, because Node doesn't find them among its exports.
const { app, HttpResponse } = functions;

const cookie = {
  name: 'session',
  value: "c;d 'é'",
  domain: 'example.test',
  path: '/x',
  expires: new Date(1e12),
  maxAge: 60,
  secure: true,
  httpOnly: true,
  sameSite: 'Strict',
};

function twoChunks(controller) {
  controller.enqueue(new TextEncoder().encode('one'));
  setTimeout(() => {
    controller.enqueue(new TextEncoder().encode('two'));
    controller.close();
  }, 20);
}

function oneChunkThenError(controller) {
  controller.enqueue(new TextEncoder().encode('one'));
  setTimeout(() => controller.error(new Error('The stream broke.')), 20);
}

const answers = {
  text: () => ({ body: 'text' }),
  'empty-text': () => ({ body: '' }),
  json: () => ({ jsonBody: { a: [1, null, 'é'] } }),
  'json-null': () => ({ jsonBody: null }),
  'json-own-type': () => ({ jsonBody: { a: 1 }, headers: { 'Content-Type': 'application/problem+json' } }),
  binary: () => ({ body: Buffer.from([0, 255, 128]) }),
  form: () => ({ body: new URLSearchParams({ a: '1 2' }) }),
  'own-type': () => ({ body: '<p>', headers: { 'Content-Type': 'text/html; charset=utf-8' } }),
  created: () => ({ status: 201, headers: { Location: '/api/x', 'X-Own': 'own' } }),
  'status-text': () => ({ status: '202' }),
  'no-content': () => ({ status: 204, body: 'dropped' }),
  'reset-content': () => ({ status: 205, body: 'dropped' }),
  'not-modified': () => ({ status: 304, jsonBody: { dropped: true }, headers: { ETag: '"1"' } }),
  redirect: () => ({ status: 302, headers: { Location: 'https://example.test/' } }),
  teapot: () => ({ status: 418, body: 'pot' }),
  'status-99': () => ({ status: 99 }),
  'status-600': () => ({ status: 600 }),
  'empty-object': () => ({}),
  array: () => [],
  undefined: () => undefined,
  null: () => null,
  string: () => 'text',
  number: () => 200,
  boolean: () => true,
  'http-response': () => new HttpResponse({ status: 202, body: 'made', headers: { 'X-Own': 'own' } }),
  'web-response': () => new Response('web', { status: 203, headers: { 'X-Own': 'own' } }),
  promise: async () => ({ body: 'later' }),
  thrown: () => {
    throw new Error('secret detail');
  },
  rejected: () => Promise.reject(new Error('secret detail')),
  'thrown-string': () => {
    throw 'secret detail';
  },
  'thrown-undefined': () => {
    throw undefined;
  },
  cookie: () => ({ cookies: [cookie, { name: 'plain', value: '1' }] }),
  'cookie-none': () => ({ cookies: [{ name: 'a', value: '1', sameSite: 'None', secure: true }] }),
  'cookie-bad-name': () => ({ cookies: [{ name: 'a b', value: '1' }] }),
  'cookie-header': () => ({
    headers: [
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
    ],
  }),
  'joined-header': () => ({
    headers: [
      ['X-Own', '1'],
      ['X-Own', '2'],
    ],
  }),
  'header-beyond-ascii': () => ({ headers: { 'X-Own': 'é' } }),
  'header-beyond-latin': () => ({ headers: { 'X-Own': '€' } }),
  'header-of-two-lines': () => ({ headers: { 'X-Own': 'a\r\nX-Injected: 1' } }),
  trailer: () => ({ body: 'text', headers: { Trailer: 'X-Sum' } }),
  'large-headers': () => ({ body: 'text', headers: { 'X-Own': 'a'.repeat(20_000) } }),
  'content-length': () => ({ body: 'text', headers: { 'Content-Length': '999' } }),
  negotiated: () => ({ body: 'text', enableContentNegotiation: true }),
  stream: () => ({ body: new ReadableStream({ start: twoChunks }) }),
  'stream-breaks': () => ({ body: new ReadableStream({ start: oneChunkThenError }) }),
};
for (const [name, handler] of Object.entries(answers)) {
  app.http(`Answer-${name}`, { route: `answer/${name}`, methods: ['GET', 'HEAD'], handler });
}

app.post('Consume', {
  route: 'consume',
  handler: async (request) => {
    const [first, second] = [await request.clone().text(), await request.json()];
    return { jsonBody: { first, second } };
  },
});
