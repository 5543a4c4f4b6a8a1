import { parseConstraint, type RouteConstraint } from './route-constraints.js';

/**
 * A route template as ASP.NET Core reads it (`RoutePatternParser`): literals, `{name}`, `{name?}`, `{name=default}`,
 * `{name:constraint(args)}`, `{*rest}`, `{**rest}`, several parts in one segment, `{{` and `}}` for braces.
 */
export interface RouteTemplate {
  readonly text: string;
  readonly segments: readonly RouteSegment[];
}

/** The parts of one segment between slashes. A segment with more than one part is complex (`{name}.{extension}`). */
export type RouteSegment = readonly [RoutePart, ...RoutePart[]];

export type RoutePart = LiteralPart | ParameterPart;

export interface LiteralPart {
  readonly kind: 'literal';
  readonly text: string;
}

export interface ParameterPart {
  readonly kind: 'parameter';
  readonly name: string;
  readonly optional: boolean;
  readonly catchAll: boolean;
  readonly defaultValue: string | undefined;
  readonly constraints: readonly RouteConstraint[];
}

/** Thrown if a template can't be read. The message explains why. */
export class RouteTemplateError extends Error {
  override readonly name = 'RouteTemplateError';
}

export function parseRouteTemplate(text: string): RouteTemplate {
  const trimmed = text.startsWith('~/') ? text.slice(2) : text.startsWith('/') ? text.slice(1) : text;
  if (trimmed.startsWith('~')) throw new RouteTemplateError('a route may start with "~" only as "~/"');
  const segments = parseSegments(trimmed);
  requireDistinctNames(segments);
  segments.forEach((segment, index) => {
    requireCatchAllLast(segment, index === segments.length - 1);
  });
  return Object.freeze({ text, segments: Object.freeze(segments) });
}

/** Matches doubled braces, a whole parameter with any doubled braces in it, a slash, or literal text. */
const tokens = /\{\{|\}\}|\{(?<parameter>(?:[^{}]|\{\{|\}\})*)(?<end>[{}]|$)|\/|[^{}/]+|\}/g;

/** Splits a template into segments. A trailing slash makes no difference. Two slashes in a row are an error. */
function parseSegments(text: string): RouteSegment[] {
  const segments: RouteSegment[] = [];
  let parts: RoutePart[] = [];
  let literal = '';
  const endLiteral = (): void => {
    if (literal !== '') parts.push(parseLiteral(literal));
    literal = '';
  };
  const endSegment = (): void => {
    endLiteral();
    requireOptionalInPlace(parts);
    segments.push(Object.freeze(parts) as unknown as RouteSegment);
    parts = [];
  };
  for (const { 0: token, groups = {} } of text.matchAll(tokens)) {
    const { parameter, end } = groups;
    if (parameter !== undefined) {
      endLiteral();
      if (parts.at(-1)?.kind === 'parameter')
        throw new RouteTemplateError("two parameters can't stand side by side, they need a literal between them");
      if (end === '{') throw new RouteTemplateError('a "{" inside a parameter must be doubled');
      if (end !== '}') throw new RouteTemplateError('a parameter is not closed with "}"');
      parts.push(parseParameter(parameter.replace(/\{\{|\}\}/g, (pair) => pair.charAt(0))));
    } else if (token === '/') {
      if (parts.length === 0 && literal === '') throw new RouteTemplateError('"/" can\'t follow another "/"');
      endSegment();
    } else {
      if (token === '}') throw new RouteTemplateError('there is a "}" without its "{"');
      literal += token === '{{' || token === '}}' ? token.charAt(0) : token;
    }
  }
  if (parts.length > 0 || literal !== '') endSegment();
  return segments;
}

function parseLiteral(text: string): LiteralPart {
  if (text.includes('?')) throw new RouteTemplateError(`the literal "${text}" can't contain "?"`);
  return Object.freeze({ kind: 'literal', text });
}

const parameterText = /^(?<stars>\*{0,2})(?<name>[^:=?*]*)(?<rest>[^]*)$/;

function parseParameter(text: string): ParameterPart {
  const { stars = '', name = '', rest = '' } = parameterText.exec(text)?.groups ?? {};
  if (name === '' || /[/{}*?]/.test(name)) throw new RouteTemplateError(`"${text}" has no usable parameter name`);
  const { constraints, tail } = parseConstraints(rest);
  const optional = tail.endsWith('?') && !tail.startsWith('=');
  if (tail !== '' && tail !== '?' && !tail.startsWith('=')) {
    throw new RouteTemplateError(`"${tail}" is unexpected in the parameter "${name}"`);
  }
  const defaultValue = tail.startsWith('=') ? tail.slice(1) : undefined;
  if (defaultValue?.endsWith('?'))
    throw new RouteTemplateError(`the optional parameter "${name}" can't have a default`);
  if (stars !== '' && optional) throw new RouteTemplateError(`the catch-all parameter "${name}" can't be optional`);
  return Object.freeze({ kind: 'parameter', name, optional, catchAll: stars !== '', defaultValue, constraints });
}

/**
 * Splits `:int:range(1,9)=5` into its constraints and `=5`. An argument list ends at the first `)` that is followed by
 * `:`, `=`, `?` or the end.
 */
function parseConstraints(text: string): { constraints: readonly RouteConstraint[]; tail: string } {
  const constraints: RouteConstraint[] = [];
  let rest = text;
  while (rest.startsWith(':')) {
    const plain = /^:([^:=?(]*)/.exec(rest)?.[1] ?? '';
    const end = 1 + plain.length;
    const argumentEnd = rest[end] === '(' ? endOfArguments(rest, end) : end;
    const constraint = rest.slice(1, argumentEnd);
    if (constraint !== '') constraints.push(toConstraint(constraint));
    rest = rest.slice(argumentEnd);
  }
  return { constraints: Object.freeze(constraints), tail: rest };
}

function endOfArguments(text: string, open: number): number {
  for (let close = text.indexOf(')', open); close !== -1; close = text.indexOf(')', close + 1)) {
    if (/^(?:$|[:=?])/.test(text.slice(close + 1))) return close + 1;
  }
  throw new RouteTemplateError(`a constraint's "(" is not closed in "${text}"`);
}

function toConstraint(text: string): RouteConstraint {
  const constraint = parseConstraint(text);
  if (typeof constraint === 'string') throw new RouteTemplateError(constraint);
  return constraint;
}

function requireDistinctNames(segments: readonly RouteSegment[]): void {
  const seen = new Set<string>();
  for (const part of segments.flat()) {
    if (part.kind !== 'parameter') continue;
    const key = part.name.toLowerCase();
    if (seen.has(key)) throw new RouteTemplateError(`the parameter "${part.name}" appears twice`);
    seen.add(key);
  }
}

function requireCatchAllLast(segment: RouteSegment, last: boolean): void {
  const catchAll = segment.find((part) => part.kind === 'parameter' && part.catchAll);
  if (catchAll === undefined) return;
  if (segment.length > 1) throw new RouteTemplateError('a catch-all parameter must be alone in its segment');
  if (!last) throw new RouteTemplateError('a catch-all parameter must be the last segment');
}

/** Checks that in a complex segment only the last part is optional, and follows a period: `{name}.{extension?}`. */
function requireOptionalInPlace(parts: readonly RoutePart[]): void {
  if (parts.length === 1) return;
  parts.forEach((part, index) => {
    if (part.kind !== 'parameter' || !part.optional) return;
    const before = parts[index - 1];
    if (index !== parts.length - 1 || before?.kind !== 'literal' || before.text !== '.') {
      throw new RouteTemplateError(`the optional parameter "${part.name}" must be last and follow a single "."`);
    }
  });
}
