import { app } from '@azure/functions';
import { echo } from './echo.mjs';

const routes = {
  Optional: 'optional/{id?}',
  OptionalInt: 'optional-int/{id:int?}',
  Default: 'default/{page=1}',
  DefaultInt: 'default-int/{page:int=1}',
  CatchAll: 'files/{*path}',
  CatchAllTwoStars: 'trees/{**path}',
  CatchAllMinLength: 'deep/{*path:minlength(3)}',
  Int: 'int/{v:int}',
  Long: 'long/{v:long}',
  Bool: 'bool/{v:bool}',
  Guid: 'guid/{v:guid}',
  Decimal: 'decimal/{v:decimal}',
  Double: 'double/{v:double}',
  DateTime: 'datetime/{v:datetime}',
  Alpha: 'alpha/{v:alpha}',
  Min: 'min/{v:min(18)}',
  Max: 'max/{v:max(120)}',
  Range: 'range/{v:range(18,120)}',
  Length: 'length/{v:length(3)}',
  LengthRange: 'length-range/{v:length(2,4)}',
  MinLength: 'minlength/{v:minlength(4)}',
  MaxLength: 'maxlength/{v:maxlength(4)}',
  Regex: 'regex/{v:regex(^\\d{{3}}-\\d{{4}}$)}',
  RegexDialect: 'regex-dialect/{v:regex(^\\p{{Lu}}+$)}',
  File: 'file/{v:file}',
  NonFile: 'nonfile/{v:nonfile}',
  Fallback: 'fallback/{*path:nonfile}',
  Several: 'several/{v:int:min(10):max(20)}',
  Products: 'products/{category:alpha}/{id:int?}',
  Complex: 'download/{name}.{extension?}',
  Infix: 'report-{year}-{month}',
  MixedCase: 'MixedCase/{Name}',
  Segment: 'segment/{v}',
  OptionalHeaders: 'optional-headers/{headers?}',
  // The host tries routes in the order of the functions' names, so the catch-all is first, although the other is more
  // specific.
  OrderedA: 'ordered/{*rest}',
  OrderedB: 'ordered/special',
  // The order of names ignores letter case. By character codes, "SortedB" would come first.
  sortedA: 'sorted/{first}',
  SortedB: 'sorted/{second}',
};
for (const [name, route] of Object.entries(routes)) app.http(name, { route, methods: ['GET', 'POST'], handler: echo });

app.http('Unrouted', { handler: echo });
app.get('SameGet', { route: 'same', handler: echo });
app.post('SamePost', { route: 'same', handler: echo });
app.http('Writing', { route: 'writing', methods: ['PUT', 'PATCH', 'DELETE'], handler: echo });
app.http('HeadOptions', { route: 'head-options', methods: ['HEAD', 'OPTIONS'], handler: () => ({ body: 'unseen' }) });
app.generic('AnyMethod', {
  trigger: { type: 'httpTrigger', name: 'request', route: 'any', authLevel: 'anonymous' },
  return: { type: 'http', name: '$return' },
  handler: echo,
});
app.generic('NoReturn', {
  trigger: { type: 'httpTrigger', name: 'request', route: 'no-return', authLevel: 'anonymous' },
  handler: () => ({ body: 'goes nowhere' }),
});
app.get('Keyed', { route: 'keyed', authLevel: 'function', handler: echo });
app.get('TurnedOff', { route: 'turned-off', handler: echo });
