import { neverAnswered, type Row } from '../row.js';

const date = 'Sun, 09 Sep 2001 01:46:40 GMT';

// prettier-ignore
export const answers: readonly Row[] = [
  // Bodies and their types.
  { name: 'text', send: 'GET /api/answer/text', azure: { status: 200, text: 'text', headers: { 'content-type': 'text/plain;charset=UTF-8' } }, from: ['libraryResponse', 'hostResponse'] },
  { name: 'text, by HEAD', send: 'HEAD /api/answer/text', azure: { status: 200, text: '', headers: { 'content-type': 'text/plain;charset=UTF-8' } }, from: ['libraryResponse', 'kestrelResponse'] },
  { name: 'empty text', send: 'GET /api/answer/empty-text', azure: { status: 200, text: '', headers: { 'content-type': 'text/plain;charset=UTF-8' } }, from: 'libraryResponse' },
  { name: 'JSON out', send: 'GET /api/answer/json', azure: { status: 200, text: '{"a":[1,null,"é"]}', headers: { 'content-type': 'application/json' } }, from: 'libraryResponse' },
  { name: 'JSON null is not a body', send: 'GET /api/answer/json-null', azure: { status: 200, text: '', headers: { 'content-type': null } }, from: 'libraryResponse' },
  { name: 'JSON of another type', send: 'GET /api/answer/json-own-type', azure: { status: 200, text: '{"a":1}', headers: { 'content-type': 'application/problem+json' } }, from: 'libraryResponse' },
  { name: 'binary out', send: 'GET /api/answer/binary', azure: { status: 200, headers: { 'content-type': null } }, from: ['libraryResponse', 'hostResponse'] },
  { name: 'a form out', send: 'GET /api/answer/form', azure: { status: 200, text: 'a=1+2', headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' } }, from: 'libraryResponse' },
  { name: 'a content type of the app\'s', send: 'GET /api/answer/own-type', azure: { status: 200, text: '<p>', headers: { 'content-type': 'text/html; charset=utf-8' } }, from: 'hostResponse' },
  { name: 'content negotiation', send: 'GET /api/answer/negotiated', azure: 'unknown', from: 'hostBinding', here: { status: 200, text: 'text' } },

  // Status codes.
  { name: '201 with headers', send: 'GET /api/answer/created', azure: { status: 201, text: '', headers: { location: '/api/x', 'x-own': 'own' } }, from: 'hostResponse' },
  { name: 'a status as text', send: 'GET /api/answer/status-text', azure: { status: 202, text: '' }, from: 'libraryResponse' },
  { name: '204 drops a body', send: 'GET /api/answer/no-content', azure: { status: 204, text: '' }, from: 'libraryResponse' },
  { name: '205 drops a body', send: 'GET /api/answer/reset-content', azure: { status: 205, text: '' }, from: 'libraryResponse' },
  { name: '304 drops a body and keeps its headers', send: 'GET /api/answer/not-modified', azure: { status: 304, text: '', headers: { etag: '"1"' } }, from: 'libraryResponse' },
  { name: 'a redirect is not followed', send: 'GET /api/answer/redirect', azure: { status: 302, headers: { location: 'https://example.test/' } }, from: ['hostResponse', 'hostProxy'] },
  { name: '418', send: 'GET /api/answer/teapot', azure: { status: 418, text: 'pot' }, from: 'hostResponse' },
  { name: 'a status below 200', send: 'GET /api/answer/status-99', azure: { status: 500, text: '' }, from: ['libraryResponse', 'hostExceptions'], streaming: neverAnswered },
  { name: 'a status above 599', send: 'GET /api/answer/status-600', azure: { status: 500, text: '' }, from: ['libraryResponse', 'hostExceptions'], streaming: neverAnswered },

  // Results that are not a response.
  { name: 'an empty object', send: 'GET /api/answer/empty-object', azure: { status: 200, text: '' }, from: 'libraryResponse' },
  { name: 'an array is an empty object', send: 'GET /api/answer/array', azure: { status: 200, text: '' }, from: 'libraryToRpc' },
  { name: 'undefined', send: 'GET /api/answer/undefined', azure: { status: 204, text: '' }, from: ['docsTrigger', 'hostBinding'], streaming: neverAnswered },
  { name: 'null', send: 'GET /api/answer/null', azure: { status: 204, text: '' }, from: ['docsTrigger', 'hostBinding'], streaming: neverAnswered },
  { name: 'a function without a return binding', send: 'GET /api/no-return', azure: { status: 204, text: '' }, from: ['libraryModel', 'hostBinding'], streaming: neverAnswered },
  { name: 'a string', send: 'GET /api/answer/string', azure: { status: 500, text: '' }, from: ['libraryToRpc', 'hostExceptions'], streaming: neverAnswered },
  { name: 'a number', send: 'GET /api/answer/number', azure: { status: 500, text: '' }, from: ['libraryToRpc', 'hostExceptions'], streaming: neverAnswered },
  { name: 'a boolean', send: 'GET /api/answer/boolean', azure: { status: 500, text: '' }, from: ['libraryToRpc', 'hostExceptions'], streaming: neverAnswered },
  { name: 'an HttpResponse', send: 'GET /api/answer/http-response', azure: { status: 202, text: 'made', headers: { 'x-own': 'own' } }, from: 'libraryToRpc' },
  { name: 'a Response of the platform', send: 'GET /api/answer/web-response', azure: { status: 203, text: 'web', headers: { 'x-own': 'own' } }, from: 'libraryToRpc' },
  { name: 'a promise', send: 'GET /api/answer/promise', azure: { status: 200, text: 'later' }, from: 'libraryModel' },

  // Errors.
  { name: 'a thrown error', send: 'GET /api/answer/thrown', azure: { status: 500, text: '' }, from: 'hostExceptions', streaming: neverAnswered },
  { name: 'a rejection', send: 'GET /api/answer/rejected', azure: { status: 500, text: '' }, from: 'hostExceptions', streaming: neverAnswered },
  { name: 'a thrown string', send: 'GET /api/answer/thrown-string', azure: { status: 500, text: '' }, from: ['workerInvocation', 'hostExceptions'], streaming: neverAnswered },
  { name: 'undefined thrown is not an error', send: 'GET /api/answer/thrown-undefined', azure: { status: 204, text: '' }, from: 'workerInvocation', streaming: neverAnswered },

  // Cookies and headers.
  { name: 'cookies out', send: 'GET /api/answer/cookie', azure: { status: 200, headers: { 'set-cookie': [`session=c%3Bd%20%27%C3%A9%27; expires=${date}; max-age=60; domain=example.test; path=/x; secure; samesite=strict; httponly`, 'plain=1; path=/'] } }, from: ['hostCookies', 'responseCookies', 'setCookie'], streaming: { azure: { status: 200, headers: { 'set-cookie': [`session=c%3Bd%20'%C3%A9'; Max-Age=60; Domain=example.test; Path=/x; Expires=${date}; HttpOnly; Secure; SameSite=Strict`, 'plain=1'] } }, from: 'libraryProxy' } },
  { name: 'a cookie for other sites', send: 'GET /api/answer/cookie-none', azure: { status: 200, headers: { 'set-cookie': 'a=1; path=/; secure; samesite=none' } }, from: ['libraryCookies', 'hostCookies', 'setCookie'], streaming: { azure: { status: 200, headers: { 'set-cookie': 'a=1; Secure; SameSite=None' } }, from: 'libraryProxy' } },
  { name: 'a cookie with a space in its name', send: 'GET /api/answer/cookie-bad-name', azure: { status: 500, text: '' }, from: ['setCookie', 'hostExceptions'], streaming: neverAnswered },
  { name: 'Set-Cookie twice by headers', send: 'GET /api/answer/cookie-header', azure: { status: 200, headers: { 'set-cookie': 'b=2' } }, from: 'libraryToRpc', streaming: { azure: { status: 200, headers: { 'set-cookie': 'b=2' } }, from: 'libraryProxy' } },
  { name: 'another header twice', send: 'GET /api/answer/joined-header', azure: { status: 200, headers: { 'x-own': '1, 2' } }, from: 'libraryToRpc' },
  { name: 'a response header beyond ASCII', send: 'GET /api/answer/header-beyond-ascii', azure: { status: 500, text: '' }, from: ['kestrelResponseHeaders', 'hostExceptions'], streaming: { azure: 'unknown', here: { status: 200 } } },
  { name: 'a response header beyond Latin-1', send: 'GET /api/answer/header-beyond-latin', azure: { status: 500, text: '' }, from: ['libraryResponse', 'hostExceptions'], streaming: neverAnswered },
  { name: 'a response header of two lines', send: 'GET /api/answer/header-of-two-lines', azure: { status: 500, text: '' }, from: ['libraryResponse', 'hostExceptions'], streaming: neverAnswered },
  { name: 'headers of host.json', app: 'root', send: 'GET /a', azure: { status: 200, headers: { 'x-content-type-options': 'nosniff' } }, from: 'hostCustomHeaders', here: { status: 200, headers: { 'x-content-type-options': null }, difference: 'custom-headers' } },
  { name: 'the server\'s name', send: 'GET /api/answer/text', azure: { status: 200, headers: { server: 'Kestrel' } }, from: 'kestrelResponse', here: { status: 200, headers: { server: null }, difference: 'server-header' } },

  // Framing and streams.
  { name: 'how a body is framed', send: 'GET /api/answer/binary', azure: { status: 200, headers: { 'transfer-encoding': 'chunked', 'content-length': null } }, from: ['hostResponse', 'kestrelResponse'], here: { status: 200, headers: { 'transfer-encoding': null, 'content-length': '3' }, difference: 'response-framing' }, streaming: { azure: { status: 200, headers: { 'transfer-encoding': 'chunked', 'content-length': null } }, from: 'libraryProxy' } },
  { name: 'a Content-Length that is wrong', send: 'GET /api/answer/content-length', azure: { status: 200, cut: true }, from: ['hostResponse', 'kestrelResponse'], here: { status: 200, text: 'text', difference: 'framing-headers' }, streaming: 'not-sent' },
  { name: 'a Trailer without any', send: 'GET /api/answer/trailer', azure: { status: 200, text: 'text', headers: { trailer: 'X-Sum' } }, from: ['hostResponse', 'kestrelResponse'], here: { status: 200, text: 'text', headers: { trailer: null }, difference: 'framing-headers' }, streaming: 'not-sent' },
  { name: 'response headers over 16 KiB', send: 'GET /api/answer/large-headers', azure: { status: 200, text: 'text', headers: { 'x-own': 'a'.repeat(20_000) } }, from: 'kestrelLimits', streaming: { azure: { status: 200, text: 'text', headers: { 'x-own': 'a'.repeat(20_000) } }, from: 'hostProxy' } },
  { name: 'a stream', send: 'GET /api/answer/stream', azure: { status: 200, text: 'onetwo' }, from: ['libraryToRpc', 'libraryProxy'] },
  { name: 'a stream that breaks', send: 'GET /api/answer/stream-breaks', azure: { status: 500, text: '' }, from: ['libraryToRpc', 'hostExceptions'], streaming: { azure: { status: 'none', text: 'one' }, from: 'hostChannel', here: { status: 200, text: 'one', cut: true, difference: 'streaming-without-answer' } } },
];
