// try-it/: one request as somebody, its answer with the reason, and every caller against every function.

/** A part of a route that the caller fills in: `{id}`, `{id:int}`, `{id?}`, `{*rest}`. */
export interface RouteParameter {
  readonly name: string;
  readonly isOptional: boolean;
  /** True if the value may contain slashes. */
  readonly isCatchAll: boolean;
  /** The constraint in the route: `int`, `guid` … Undefined if the route has none, so that any value is allowed. */
  readonly constraint: string | undefined;
}

const pattern = /\{(\*{0,2})([^}:?=]+)(?::((?:[^{}]|\{[^}]*\})+?))?(?:=([^}?]*))?(\?)?\}/g;

export function listRouteParameters(route: string): readonly RouteParameter[] {
  return [...route.matchAll(pattern)].map(([, star = '', name = '', constraint, , optional]) => ({
    name,
    isOptional: optional !== undefined || star !== '',
    isCatchAll: star !== '',
    constraint,
  }));
}

/** The path of a route. A parameter without a value keeps its braces, or is left out if it is optional. */
export function fillRoute(route: string, values: Readonly<Record<string, string>>): string {
  const filled = route.replace(pattern, (whole, star: string, name: string, _constraint, _default, optional) => {
    const value = values[name] ?? '';
    if (value !== '')
      return star === '' ? encodeURIComponent(value) : value.split('/').map(encodeURIComponent).join('/');
    return optional !== undefined || star !== '' ? '' : whole;
  });
  const path = filled.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '');
  return path.startsWith('/') ? path : `/${path}`;
}

/** Whether the target still has a parameter in braces, without a value. */
export function hasOpenParameter(target: string): boolean {
  return /\{[^}]+\}/.test(target);
}
