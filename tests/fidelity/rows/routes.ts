import { neverAnswered, type Row } from '../row.js';

// prettier-ignore
export const routes: readonly Row[] = [
  // A function without a route has its name as the route.
  { name: 'the name is the route', send: 'GET /api/Unrouted', azure: { status: 200, sees: { function: 'Unrouted', method: 'GET', params: {} } }, from: 'hostRoutes' },
  { name: 'the name in other letter case', send: 'POST /API/unrouted', azure: { status: 200, sees: { function: 'Unrouted', method: 'POST', url: 'http://host/API/unrouted' } }, from: 'routeMatcher' },
  { name: 'no function has the route', send: 'GET /api/nowhere', azure: { status: 404, text: '' }, from: 'hostInvocation' },
  { name: 'the name beyond its route', send: 'GET /api/CatchAll', azure: { status: 404, text: '' }, from: 'hostRoutes' },
  { name: 'outside the prefix', send: 'GET /Unrouted', azure: { status: 404, text: '' }, from: 'routeBuilder' },

  // Parameters.
  { name: 'a parameter', send: 'GET /api/segment/Value', azure: { status: 200, sees: { params: { v: 'Value' } } }, from: 'routeMatcher' },
  { name: 'a parameter left out', send: 'GET /api/segment', azure: { status: 404, text: '' }, from: 'routeMatcher' },
  { name: 'a parameter left empty', send: 'GET /api/segment/', azure: { status: 404, text: '' }, from: 'routeMatcher' },
  { name: 'a segment too many', send: 'GET /api/segment/a/b', azure: { status: 404, text: '' }, from: 'routeMatcher' },
  { name: 'a trailing slash', send: 'GET /api/segment/a/', azure: { status: 200, sees: { params: { v: 'a' } } }, from: 'pathTokenizer' },
  { name: 'two trailing slashes', send: 'GET /api/segment/a//', azure: { status: 404, text: '' }, from: 'routeMatcher' },
  { name: 'an empty segment', send: 'GET /api//segment/a', azure: { status: 404, text: '' }, from: 'routeMatcher' },
  { name: 'the name of a parameter keeps its case', send: 'GET /api/mixedCASE/Ann', azure: { status: 200, sees: { params: { Name: 'Ann' } } }, from: 'hostRequest' },
  { name: 'optional, given', send: 'GET /api/optional/7', azure: { status: 200, sees: { params: { id: '7' } } }, from: 'routeMatcher' },
  { name: 'optional, left out', send: 'GET /api/optional', azure: { status: 200, sees: { params: {} } }, from: ['routeMatcher', 'hostRequest'] },
  { name: 'optional, empty segment', send: 'GET /api/optional//', azure: { status: 404, text: '' }, from: 'routeMatcher' },
  { name: 'default, given', send: 'GET /api/default/2', azure: { status: 200, sees: { params: { page: '2' } } }, from: 'routeMatcher' },
  { name: 'default, left out', send: 'GET /api/default', azure: { status: 200, sees: { params: { page: '1' } } }, from: 'routeMatcher' },
  { name: 'default with a constraint', send: 'GET /api/default-int', azure: { status: 200, sees: { params: { page: '1' } } }, from: ['routeMatcher', 'routeConstraintMatcher'] },
  { name: 'catch-all', send: 'GET /api/files/a/b.txt', azure: { status: 200, sees: { params: { path: 'a/b.txt' } } }, from: 'routeMatcher' },
  { name: 'catch-all with two stars', send: 'GET /api/trees/a/b', azure: { status: 200, sees: { params: { path: 'a/b' } } }, from: 'routeMatcher' },
  { name: 'catch-all of nothing', send: 'GET /api/files', azure: { status: 200, sees: { params: {} } }, from: 'routeMatcher' },
  { name: 'catch-all keeps a trailing slash', send: 'GET /api/files/a/', azure: { status: 200, sees: { params: { path: 'a/' } } }, from: 'routeMatcher' },
  { name: 'catch-all keeps empty segments', send: 'GET /api/files/a//b', azure: { status: 200, sees: { params: { path: 'a//b' } } }, from: 'routeMatcher' },
  { name: 'catch-all never begins with an empty segment', send: 'GET /api/files//b', azure: { status: 404, text: '' }, from: 'routeMatcher' },
  { name: 'catch-all with a constraint', send: 'GET /api/deep/abc', azure: { status: 200, sees: { params: { path: 'abc' } } }, from: 'routeConstraints' },
  { name: 'catch-all with a constraint, of nothing', send: 'GET /api/deep', azure: { status: 404, text: '' }, from: 'routeConstraints' },
  { name: 'two parts in a segment', send: 'GET /api/download/report.pdf', azure: { status: 200, sees: { params: { name: 'report', extension: 'pdf' } } }, from: 'routeMatcher' },
  { name: 'two parts, the last one left out', send: 'GET /api/download/report', azure: { status: 200, sees: { params: { name: 'report' } } }, from: 'routeMatcher' },
  { name: 'two parts, a period that nothing follows', send: 'GET /api/download/report.', azure: { status: 404, text: '' }, from: 'routeMatcher' },
  { name: 'two parts split at the last period', send: 'GET /api/download/a.b.c', azure: { status: 200, sees: { params: { name: 'a.b', extension: 'c' } } }, from: 'routeMatcher' },
  { name: 'literals between parameters', send: 'GET /api/report-2024-05', azure: { status: 200, sees: { params: { year: '2024', month: '05' } } }, from: 'routeMatcher' },
  { name: 'the order of parameters in one segment', send: 'GET /api/report-2024-05', azure: { status: 200, sees: { names: ['month', 'year'] } }, from: ['routeMatcher', 'hostRequest'] },

  // Percent-encoding and dots.
  { name: 'an encoded space', send: 'GET /api/segment/a%20b', azure: { status: 200, sees: { params: { v: 'a b' }, url: 'http://host/api/segment/a%20b' } }, from: ['kestrelPath', 'pathString'] },
  { name: 'an encoded letter', send: 'GET /api/segmen%74/x', azure: { status: 200, sees: { params: { v: 'x' }, url: 'http://host/api/segment/x' } }, from: ['kestrelPath', 'pathString'] },
  { name: 'encoded UTF-8', send: 'GET /api/segment/caf%C3%A9', azure: { status: 200, sees: { params: { v: 'café' }, url: 'http://host/api/segment/caf%C3%A9' } }, from: ['kestrelPath', 'pathString'] },
  { name: 'an encoded slash stays encoded', send: 'GET /api/segment/a%2Fb', azure: { status: 200, sees: { params: { v: 'a%2Fb' }, url: 'http://host/api/segment/a%2Fb' } }, from: ['kestrelPath', 'pathString'] },
  { name: 'an encoded percent sign', send: 'GET /api/segment/100%25', azure: { status: 200, sees: { params: { v: '100%' } } }, from: 'kestrelPath' },
  { name: 'a plus sign is not a space', send: 'GET /api/segment/a+b', azure: { status: 200, sees: { params: { v: 'a+b' } } }, from: 'kestrelPath' },
  { name: 'dot segments', send: 'GET /api/segment/../optional/7', azure: { status: 200, sees: { function: 'Optional', params: { id: '7' } } }, from: 'kestrelPath' },
  { name: 'encoded dot segments', send: 'GET /api/segment/%2e%2E/optional/7', azure: { status: 200, sees: { function: 'Optional', params: { id: '7' } } }, from: 'kestrelPath' },

  // The order of routes: by function name without letter case. The first route that matches is used.
  { name: 'the first by name wins over the more specific', send: 'GET /api/ordered/special', azure: { status: 200, sees: { function: 'OrderedA', params: { rest: 'special' } } }, from: ['hostSort', 'router'] },
  { name: 'names sort without case', send: 'GET /api/sorted/x', azure: { status: 200, sees: { function: 'sortedA', params: { first: 'x' } } }, from: 'hostSort' },

  // Methods.
  { name: 'one route, GET', send: 'GET /api/same', azure: { status: 200, sees: { function: 'SameGet' } }, from: 'routeMethods' },
  { name: 'one route, POST', send: 'POST /api/same', azure: { status: 200, sees: { function: 'SamePost' } }, from: 'routeMethods' },
  { name: 'a method that nobody takes is 404', send: 'PUT /api/same', azure: { status: 404, text: '', headers: { allow: null } }, from: 'routeMethods' },
  { name: 'HEAD is not GET', send: 'HEAD /api/same', azure: { status: 404, text: '' }, from: 'routeMethods' },
  { name: 'OPTIONS is not answered for a function', send: 'OPTIONS /api/same', azure: { status: 404, text: '' }, from: 'routeMethods' },
  { name: 'HEAD to a function that takes it', send: 'HEAD /api/head-options', azure: { status: 200, text: '' }, from: ['routeMethods', 'kestrelResponse'] },
  { name: 'OPTIONS to a function that takes it', send: 'OPTIONS /api/head-options', azure: { status: 200, text: 'unseen' }, from: 'routeMethods' },
  { name: 'PATCH', send: 'PATCH /api/writing', azure: { status: 200, sees: { method: 'PATCH' } }, from: 'routeMethods' },
  { name: 'without a list, DELETE', send: 'DELETE /api/any', azure: { status: 200, sees: { method: 'DELETE' } }, from: 'hostRoutes' },
  { name: 'without a list, PROPFIND', send: 'PROPFIND /api/any', azure: { status: 200, sees: { method: 'PROPFIND' } }, from: 'hostRoutes' },
  { name: 'TRACE can be no Request', send: 'TRACE /api/any', azure: { status: 500, text: '' }, from: 'libraryRequest', streaming: neverAnswered },
  { name: 'a method of no standard', send: 'FOO /api/any', azure: { status: 200, sees: { method: 'FOO' } }, from: ['kestrelParser', 'hostRoutes'], here: { status: 400, difference: 'odd-methods' }, streaming: 'not-sent' },
  { name: 'a method in small letters', send: 'get /api/same', azure: { status: 200, sees: { function: 'SameGet' } }, from: ['kestrelParser', 'routeMethods'], here: { status: 400, difference: 'odd-methods' }, streaming: 'not-sent' },

  // Access, and the host's own addresses.
  { name: 'a function key is asked for', send: 'GET /api/keyed', azure: { status: 401, text: '' }, from: ['docsTrigger', 'hostInvocation'], here: { status: 200, difference: 'function-keys' } },
  { name: 'a disabled function', send: 'GET /api/turned-off', azure: { status: 404, text: '' }, from: ['docsDisable', 'hostInvocation'] },
  { name: 'the home page', send: 'GET /', azure: { status: 200, headers: { 'content-type': 'text/html' } }, from: 'hostHomepage', here: { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, difference: 'home-page' } },
  { name: 'the home page by POST', send: 'POST /', azure: { status: 200 }, from: 'hostHomepage' },
  { name: 'an address of the host below a catch-all', app: 'root', send: 'GET /admin/host/status', azure: { status: 401 }, from: 'hostController', here: { status: 404, text: '', difference: 'built-in-addresses' } },
  { name: 'the host\'s ping', app: 'root', send: 'GET /admin/host/ping', azure: { status: 200, text: '' }, from: 'hostController', here: { status: 404, text: '', difference: 'built-in-addresses' } },
  { name: 'an address below admin that the host does not have', app: 'root', send: 'GET /admin/nothing', azure: { status: 200, sees: { params: { path: 'admin/nothing' } } }, from: ['hostPipeline', 'router'], here: { status: 404, text: '', difference: 'built-in-addresses' } },
  { name: 'a webhook of an extension', app: 'root', send: 'GET /runtime/webhooks/durabletask', azure: { status: 401 }, from: 'hostController', here: { status: 404, text: '', difference: 'built-in-addresses' } },
  { name: 'a longer word than admin', app: 'root', send: 'GET /administration', azure: { status: 200, sees: { params: { path: 'administration' } } }, from: 'hostController' },

  // The route prefix.
  { name: 'no prefix, the root', app: 'root', send: 'GET /', azure: { status: 200, sees: { params: {} } }, from: ['docsTrigger', 'hostHomepage'] },
  { name: 'no prefix, any path', app: 'root', send: 'GET /a/b', azure: { status: 200, sees: { params: { path: 'a/b' } } }, from: 'docsTrigger' },
  { name: 'no prefix, and the usual one', app: 'root', send: 'GET /api/x', azure: { status: 200, sees: { params: { path: 'api/x' } } }, from: 'docsTrigger' },
  { name: 'no prefix, another method', app: 'root', send: 'POST /a', azure: { status: 404, text: '' }, from: 'routeMethods' },
  { name: 'a prefix of two segments', app: 'prefix', send: 'GET /V1/Apps/hello', azure: { status: 200, text: 'hello' }, from: ['docsTrigger', 'routeMatcher'] },
  { name: 'a prefix replaces the usual one', app: 'prefix', send: 'GET /api/hello', azure: { status: 404, text: '' }, from: 'docsTrigger' },
  { name: 'an app setting over the prefix of host.json', app: 'prefixSetting', send: 'GET /prod/hello', azure: { status: 200, text: 'hello' }, from: 'hostSettings' },
  { name: 'an app setting over the prefix, and the prefix', app: 'prefixSetting', send: 'GET /v1/apps/hello', azure: { status: 404, text: '' }, from: 'hostSettings' },
];
