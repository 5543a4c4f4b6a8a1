import type { LiteralPart, ParameterPart, RoutePart, RouteSegment, RouteTemplate } from './route-template.js';

/** Route values by parameter name. A parameter without a value and a default is missing. */
export type RouteValues = ReadonlyMap<string, string>;

/**
 * Matches a decoded path against a template as ASP.NET Core does (`RoutePatternMatcher`, then the constraints). Letter
 * case and a trailing slash make no difference. An empty segment matches only as a later part of what a catch-all
 * parameter takes.
 */
export function matchRoute(template: RouteTemplate, path: string): RouteValues | undefined {
  const values = matchSegments(template.segments, splitPath(path));
  if (values === undefined) return undefined;
  for (const part of template.segments.flat()) {
    if (part.kind !== 'parameter') continue;
    if (!values.has(part.name) && part.defaultValue !== undefined) values.set(part.name, part.defaultValue);
    if (!constraintsHold(part, values.get(part.name))) return undefined;
  }
  return values;
}

function constraintsHold(part: ParameterPart, value: string | undefined): boolean {
  // ASP.NET applies the constraints to a missing value too, except for an optional parameter.
  if (value === undefined) return part.optional || part.constraints.every(({ acceptsAbsent }) => acceptsAbsent);
  return part.constraints.every((constraint) => constraint.accepts(value));
}

/** A segment of the path. `rest` is the path from here to its end, because a catch-all parameter takes it unchanged. */
interface PathSegment {
  readonly text: string;
  readonly rest: string;
}

function splitPath(path: string): readonly PathSegment[] {
  const trimmed = path.replace(/^\//, '');
  const body = trimmed.endsWith('/') ? trimmed.slice(0, -1) : trimmed;
  if (trimmed === '') return [];
  let offset = 0;
  return body.split('/').map((text) => {
    const rest = trimmed.slice(offset);
    offset += text.length + 1;
    return { text, rest };
  });
}

function matchSegments(
  template: readonly RouteSegment[],
  path: readonly PathSegment[],
): Map<string, string> | undefined {
  const values = new Map<string, string>();
  for (const [index, { text, rest }] of path.entries()) {
    const segment = template[index];
    if (text === '' || segment === undefined) return undefined;
    const [part] = segment;
    if (part.kind === 'parameter' && part.catchAll) {
      values.set(part.name, rest);
      return values;
    }
    if (!matchSegment(segment, text, values)) return undefined;
  }
  return template.slice(path.length).every(mayBeAbsent) ? values : undefined;
}

function mayBeAbsent(segment: RouteSegment): boolean {
  const [part] = segment;
  if (segment.length > 1 || part.kind !== 'parameter') return false;
  return part.optional || part.catchAll || part.defaultValue !== undefined;
}

function matchSegment(segment: RouteSegment, text: string, values: Map<string, string>): boolean {
  const [part] = segment;
  if (segment.length > 1) return matchComplexSegment(segment, text, values);
  if (part.kind === 'literal') return equalsIgnoreCase(part.text, text);
  values.set(part.name, text);
  return true;
}

function matchComplexSegment(segment: RouteSegment, text: string, values: Map<string, string>): boolean {
  const last = segment.at(-1);
  if (matchParts(segment, text, values)) return true;
  const separator = segment.at(-2);
  if (last?.kind !== 'parameter' || !last.optional || separator?.kind !== 'literal') return false;
  // `{name}.{extension?}` also matches without the period and the extension, but not with a period at the end.
  return !text.endsWith(separator.text) && matchParts(segment.slice(0, -2), text, values);
}

/**
 * Matches parts from right to left. Each literal takes its last possible place, and each parameter the text between,
 * which is never empty. So `{a}.{b}` splits `x.y.z` into `x.y` and `z`.
 */
function matchParts(parts: readonly RoutePart[], text: string, values: Map<string, string>): boolean {
  const found: (readonly [name: string, value: string])[] = [];
  let end = text.length;
  let pending: ParameterPart | undefined;
  for (let index = parts.length - 1; index >= 0; index--) {
    const part = parts[index];
    if (part === undefined) return false;
    if (part.kind === 'parameter') {
      pending = part;
      continue;
    }
    const start = findLiteral(part, text, pending === undefined ? end : end - 1);
    if (start === undefined) return false;
    const after = start + part.text.length;
    if (pending === undefined && after !== end) return false;
    if (pending !== undefined) found.push([pending.name, text.slice(after, end)]);
    pending = undefined;
    end = start;
  }
  if (pending !== undefined) found.push([pending.name, text.slice(0, end)]);
  else if (end !== 0) return false;
  if (found.some(([, value]) => value === '')) return false;
  for (const [name, value] of found) values.set(name, value);
  return true;
}

/** The last position at which the literal occurs and ends at or before `end`. */
function findLiteral(part: LiteralPart, text: string, end: number): number | undefined {
  for (let start = end - part.text.length; start >= 0; start--) {
    if (equalsIgnoreCase(text.slice(start, start + part.text.length), part.text)) return start;
  }
  return undefined;
}

/** Compares like .NET's OrdinalIgnoreCase, character by character. `toUpperCase` would turn "ß" into "SS". */
function equalsIgnoreCase(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  return left === right || foldCase(left) === foldCase(right);
}

export function foldCase(text: string): string {
  return text.replace(/[^]/g, (character) => {
    const upper = character.toUpperCase();
    return upper.length === 1 ? upper : character;
  });
}
