import { neverAnswered, type Row } from '../row.js';

const user = { identityProvider: 'aad', userId: '1', userDetails: 'ann', userRoles: ['anonymous'] };
const principal = Buffer.from(JSON.stringify(user)).toString('base64');
const numbered = (count: number): readonly (readonly [string, string])[] =>
  Array.from({ length: count }, (_, index) => [`X-${index}`, '1'] as const);
/** The text as it goes over the wire: one character for each octet of its UTF-8 form. */
const octets = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

// prettier-ignore
export const requests: readonly Row[] = [
  // Header names and values. The client adds Host and Connection.
  { name: 'header names are lower case', send: 'GET /api/any', headers: [['X-MiXeD', 'Kept']], azure: { status: 200, sees: { headers: { 'x-mixed': 'Kept', 'X-MiXeD': null } } }, from: 'hostRequest' },
  { name: 'a header twice, in two letter cases', send: 'GET /api/any', headers: [['X-ARR-ClientCert', 'A'], ['x-arr-clientcert', 'B']], azure: { status: 200, sees: { headers: { 'x-arr-clientcert': 'A,B' } } }, from: ['kestrelRequestHeaders', 'hostRequest'] },
  { name: 'a header twice, the first one empty', send: 'GET /api/any', headers: [['X-ARR-ClientCert', ''], ['X-ARR-ClientCert', 'A']], azure: { status: 200, sees: { headers: { 'x-arr-clientcert': ',A' } } }, from: ['kestrelRequestHeaders', 'hostRequest'] },
  { name: 'a header three times', send: 'GET /api/any', headers: [['X-A', '1'], ['X-A', '2'], ['X-A', '3']], azure: { status: 200, sees: { headers: { 'x-a': '1,2,3' } } }, from: 'hostRequest' },
  { name: 'Authorization twice', send: 'GET /api/any', headers: [['Authorization', 'one'], ['Authorization', 'two']], azure: { status: 200, sees: { headers: { authorization: 'one,two' } } }, from: ['kestrelRequestHeaders', 'hostRequest'] },
  { name: 'an empty header', send: 'GET /api/any', headers: [['X-Empty', '']], azure: { status: 200, sees: { headers: { 'x-empty': '' } } }, from: 'hostRequest' },
  { name: 'an absent header', send: 'GET /api/any', azure: { status: 200, sees: { headers: { 'x-arr-clientcert': null } } }, from: 'hostRequest' },
  { name: 'white space around a value', send: 'GET /api/any', headers: [['X-A', ' \t a  b \t ']], azure: { status: 200, sees: { headers: { 'x-a': 'a  b' } } }, from: 'kestrelParser' },
  { name: 'a list in one value', send: 'GET /api/any', headers: [['X-A', '1, 2']], azure: { status: 200, sees: { headers: { 'x-a': '1, 2' } } }, from: 'hostRequest' },
  { name: 'an underscore makes another header', send: 'GET /api/any', headers: [['X_ARR_ClientCert', 'A']], azure: { status: 200, sees: { headers: { x_arr_clientcert: 'A', 'x-arr-clientcert': null } } }, from: 'hostRequest' },
  { name: 'a header named __proto__', send: 'GET /api/any', headers: [['X-A', '1'], ['__proto__', '2']], azure: { status: 200, sees: { headers: { 'x-a': '1' } } }, from: 'hostRequest' },
  { name: 'UTF-8 in a header', send: 'GET /api/any', headers: [['X-A', octets('é')]], azure: { status: 200, sees: { headers: { 'x-a': 'é' } } }, from: ['kestrelRequestHeaders', 'libraryRequest'] },
  { name: 'UTF-8 beyond Latin-1 in a header', send: 'GET /api/any', headers: [['X-A', octets('€')]], azure: { status: 500, text: '' }, from: ['kestrelRequestHeaders', 'libraryRequest'], streaming: neverAnswered },
  { name: 'a header that is not UTF-8', send: 'GET /api/any', headers: [['X-A', '\xff']], azure: { status: 400, text: '' }, from: ['kestrelRequestHeaders', 'kestrelRefusals'] },
  { name: 'a long header', send: 'GET /api/any', headers: [['X-A', 'a'.repeat(12_000)]], azure: { status: 200, sees: { headers: { 'x-a': 'a'.repeat(12_000) } } }, from: 'kestrelLimits' },
  { name: 'a header over 16 KiB', send: 'GET /api/any', headers: [['X-A', 'a'.repeat(20_000)]], azure: { status: 200 }, from: 'kestrelLimits', streaming: { azure: { status: 431 }, from: 'libraryProxy' } },
  { name: 'headers over 32 KiB', send: 'GET /api/any', headers: [['X-A', 'a'.repeat(33_000)]], azure: { status: 431, text: '' }, from: ['kestrelLimits', 'kestrelRefusals'] },
  { name: '100 headers', send: 'GET /api/any', headers: numbered(98), azure: { status: 200 }, from: 'kestrelLimits' },
  { name: '101 headers', send: 'GET /api/any', headers: numbered(99), azure: { status: 431, text: '' }, from: ['kestrelLimits', 'kestrelRefusals'] },
  { name: 'a URL over 8 KiB', send: `GET /api/any?${'a'.repeat(8192)}`, azure: { status: 414, text: '' }, from: ['kestrelLimits', 'kestrelRefusals'] },
  { name: 'a space in a header\'s name', send: 'GET /api/any', headers: [['X A', '1']], azure: { status: 400, text: '' }, from: ['kestrelParser', 'kestrelRefusals'], here: { status: 400, difference: 'malformed-request-body' } },

  // Cookies.
  { name: 'a cookie', send: 'GET /api/any', headers: [['Cookie', 'a=1; b=2']], azure: { status: 200, sees: { headers: { cookie: 'a=1; b=2' } } }, from: 'hostRequest' },
  { name: 'two Cookie headers', send: 'GET /api/any', headers: [['Cookie', 'a=1'], ['Cookie', 'b=2']], azure: { status: 200, sees: { headers: { cookie: 'a=1,b=2' } } }, from: 'hostRequest' },

  // What the front end says in header fields.
  { name: 'X-Forwarded-Proto', send: 'GET /api/any', headers: [['X-Forwarded-Proto', 'https']], azure: { status: 200, sees: { url: 'https://host/api/any', headers: { 'x-forwarded-proto': 'https' } } }, from: 'hostHeaderFixup' },
  { name: 'Host makes the URL', send: 'GET /api/any', headers: [['Host', 'example.test:8080']], azure: { status: 200, sees: { url: 'http://example.test:8080/api/any' } }, from: 'hostRequest' },
  { name: 'DISGUISED-HOST', send: 'GET /api/any', headers: [['DISGUISED-HOST', 'other.test']], azure: { status: 200, sees: { url: 'http://other.test/api/any' } }, from: 'hostHeaderFixup', here: { status: 200, sees: { url: 'http://host/api/any' }, difference: 'disguised-host' } },
  { name: 'the user that App Service names', send: 'GET /api/any', headers: [['X-MS-CLIENT-PRINCIPAL', principal]], azure: { status: 200, sees: { user: { type: 'StaticWebApps', id: '1', username: 'ann', identityProvider: 'aad', claimsPrincipalData: user } } }, from: 'libraryUser' },
  { name: 'no user', send: 'GET /api/any', azure: { status: 200, sees: { user: null } }, from: 'libraryUser' },
  { name: 'the id of an invocation, from outside', send: 'GET /api/any', headers: [['x-ms-invocation-id', 'forged']], azure: { status: 200, sees: { headers: { 'x-ms-invocation-id': 'forged' } } }, from: 'hostRequest', streaming: { azure: { status: 'none' }, from: 'hostProxy', here: { status: 200, difference: 'invocation-id-header' } } },

  // The request line and Host.
  { name: 'two Host headers', send: 'GET /api/any', headers: [['Host', 'a'], ['Host', 'a']], azure: { status: 400, text: '' }, from: ['kestrelHost', 'kestrelRefusals'] },
  { name: 'an empty Host', send: 'GET /api/any', headers: [['Host', '']], azure: { status: 200 }, from: 'kestrelHost' },
  { name: 'OPTIONS of the whole server', send: 'OPTIONS *', azure: { status: 404, text: '' }, from: 'kestrelHost' },
  { name: 'a Host that is none', send: 'GET /api/any', headers: [['Host', 'a/b']], azure: { status: 400, text: '' }, from: ['kestrelHost', 'kestrelRefusals'] },
  { name: 'a target in absolute form', send: 'GET http://a.test/api/any', headers: [['Host', 'a.test']], azure: { status: 200, sees: { url: 'http://a.test/api/any' } }, from: 'kestrelHost' },
  { name: 'a target in absolute form of another host', send: 'GET http://a.test/api/any', headers: [['Host', 'b.test']], azure: { status: 400, text: '' }, from: ['kestrelHost', 'kestrelRefusals'] },
  { name: 'a zero octet in the path', send: 'GET /api/any%00', azure: { status: 400, text: '' }, from: 'kestrelPath' },
  { name: 'Content-Length and Transfer-Encoding', send: 'POST /api/any', headers: [['Content-Length', '3'], ['Transfer-Encoding', 'chunked']], azure: 'unknown', from: 'kestrelParser', here: { status: 400 } },

  // Query strings.
  { name: 'a query', send: 'GET /api/any?a=1&b=2', azure: { status: 200, sees: { query: [['a', '1'], ['b', '2']], url: 'http://host/api/any?a=1&b=2', params: {} } }, from: ['query', 'hostRequest'], streaming: { azure: { status: 200, sees: { query: [['a', '1'], ['b', '2']], params: { a: '1', b: '2' } } }, from: 'libraryRequest' } },
  { name: 'a parameter of the query twice', send: 'GET /api/any?a=1&a=2', azure: { status: 200, sees: { query: [['a', '1,2']] } }, from: ['query', 'hostRequest'], streaming: { azure: { status: 200, sees: { query: [['a', '1'], ['a', '2']], params: { a: '2' } } }, from: 'libraryRequest' } },
  { name: 'the query\'s names in two letter cases', send: 'GET /api/any?A=1&a=2', azure: { status: 200, sees: { query: [['A', '1,2']] } }, from: ['query', 'hostRequest'], streaming: { azure: { status: 200, sees: { query: [['A', '1'], ['a', '2']] } }, from: 'libraryRequest' } },
  { name: 'an encoded query', send: 'GET /api/any?q=a%20b+c%26%C3%A9', azure: { status: 200, sees: { query: [['q', 'a b c&é']], url: 'http://host/api/any?q=a%20b+c%26%C3%A9' } }, from: ['query', 'hostRequest'] },
  { name: 'a query that is wrongly encoded', send: 'GET /api/any?q=%zz', azure: { status: 200, sees: { query: [['q', '%zz']] } }, from: 'query' },
  { name: 'a name without a value', send: 'GET /api/any?flag&empty=', azure: { status: 200, sees: { query: [['flag', ''], ['empty', '']] } }, from: 'query' },
  { name: 'two ampersands', send: 'GET /api/any?a=1&&b=2', azure: 'unknown', from: 'query', here: { status: 200, sees: { query: [['a', '1'], ['b', '2']] } } },
  { name: 'a function key in the query', send: 'GET /api/any?code=key', azure: { status: 200, sees: { query: [['code', 'key']], params: {} } }, from: ['hostRequest', 'triggerBinding'] },
  { name: 'an optional parameter left out, and in the query', send: 'GET /api/optional?id=5', azure: { status: 200, sees: { params: {}, query: [['id', '5']] } }, from: ['triggerBinding', 'hostInvocation', 'hostMetadata'] },
  { name: 'a query named headers', send: 'GET /api/any?headers=x', azure: { status: 200, sees: { headers: { host: 'host' } } }, from: 'hostRequest', streaming: { azure: { status: 200, sees: { headers: { host: null }, params: { headers: 'x' } } }, from: 'triggerBinding' } },
  { name: 'a query that names the headers', send: 'GET /api/any?Headers=%7B%22x-arr-clientcert%22:%22forged%22%7D', azure: { status: 200, sees: { headers: { host: 'host', 'x-arr-clientcert': null } } }, from: 'hostRequest', streaming: { azure: { status: 200, sees: { headers: { host: null, 'x-arr-clientcert': 'forged' } } }, from: 'triggerBinding' } },
  { name: 'an optional parameter named headers', send: 'GET /api/optional-headers', azure: { status: 200, sees: { headers: { host: 'host' } } }, from: 'hostRequest', streaming: { azure: { status: 200, sees: { headers: { host: null } } }, from: 'triggerBinding' } },

  // Bodies.
  { name: 'no body', send: 'POST /api/any', azure: { status: 200, sees: { size: 0, text: '' } }, from: 'hostRequest' },
  { name: 'JSON', send: 'POST /api/any', headers: [['Content-Type', 'application/json']], body: '{"name":"ann","n":1}', azure: { status: 200, sees: { text: '{"name":"ann","n":1}', params: {}, headers: { 'content-type': 'application/json', 'content-length': '20' } } }, from: 'hostRequest', streaming: { azure: { status: 200, sees: { text: '{"name":"ann","n":1}', params: { name: 'ann', n: '1' } } }, from: 'triggerBinding' } },
  { name: 'JSON with a date', send: 'POST /api/any', headers: [['Content-Type', 'application/json']], body: '{"when":"2020-01-02T03:04:05Z"}', azure: { status: 200, sees: { text: '{"when":"2020-01-02T03:04:05Z"}', params: {} } }, from: 'hostRequest', streaming: { azure: { status: 200, sees: { params: { when: '01/02/2020 03:04:05' } } }, from: 'triggerBinding', here: { status: 200, sees: { params: { when: '2020-01-02T03:04:05Z' } }, difference: 'json-dates' } } },
  { name: 'broken JSON', send: 'POST /api/any', headers: [['Content-Type', 'application/json']], body: '{"a":', azure: { status: 200, sees: { text: '{"a":' } }, from: 'hostRequest' },
  { name: 'binary', send: 'POST /api/any', headers: [['Content-Type', 'application/octet-stream']], body: { hex: '00ff80fe' }, azure: { status: 200, sees: { hex: '00ff80fe' } }, from: 'hostRequest' },
  { name: 'binary without a content type', send: 'POST /api/any', body: { hex: '00ff80fe' }, azure: { status: 200, sees: { hex: '00ff80fe', headers: { 'content-type': null } } }, from: 'hostRequest' },
  { name: 'a byte order mark', send: 'POST /api/any', headers: [['Content-Type', 'text/plain']], body: { hex: 'efbbbf61' }, azure: { status: 200, sees: { hex: 'efbbbf61' } }, from: 'hostRequest' },
  { name: 'a form', send: 'POST /api/any', headers: [['Content-Type', 'application/x-www-form-urlencoded']], body: 'a=1&b=2', azure: { status: 200, sees: { text: 'a=1&b=2', query: [] } }, from: 'hostRequest' },
  { name: 'multipart', send: 'POST /api/any', headers: [['Content-Type', 'multipart/form-data; boundary=b']], body: '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n', azure: { status: 200, sees: { size: 59 } }, from: 'hostRequest' },
  { name: '5 MB', send: 'POST /api/any', body: { length: 5_000_000 }, azure: { status: 200, sees: { size: 5_000_000 } }, from: ['hostRequest', 'docsTrigger'] },
  { name: 'chunked, without a length', send: 'POST /api/any', body: { chunks: ['one', 'two'] }, azure: { status: 200, sees: { size: 0, headers: { 'transfer-encoding': 'chunked', 'content-length': null } } }, from: 'hostRequest', streaming: { azure: { status: 200, sees: { text: 'onetwo' } }, from: 'libraryRequest' } },
  { name: 'a body with GET', send: 'GET /api/any', body: 'text', azure: { status: 200, sees: { size: 0 } }, from: 'libraryRequest' },
  { name: 'a body with GET that looks like a request', send: 'GET /api/any', body: 'GET /api/keyed HTTP/1.1\r\nHost: h\r\n\r\n', azure: { status: 200, sees: { function: 'AnyMethod', size: 0 } }, from: 'libraryRequest' },
  { name: 'a body with DELETE', send: 'DELETE /api/any', body: 'text', azure: { status: 200, sees: { text: 'text' } }, from: 'hostRequest' },
  { name: 'a body read twice, by a clone', send: 'POST /api/consume', body: '{"a":1}', azure: { status: 200, sees: { first: '{"a":1}', second: { a: 1 } } }, from: 'libraryRequest' },
  { name: 'a body over 100 MiB', send: 'POST /api/any', headers: [['Content-Length', '104857601']], azure: { status: 500, text: '' }, from: ['issueTooLarge', 'docsTrigger'] },
];
