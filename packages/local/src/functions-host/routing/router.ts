// routing/: finds the function for a method and a path, as the Functions host does.

import { ToolFailure } from '../../tool-failure.js';
import type { RegisteredCallback } from '../worker/app-context.js';
import type { BindingInfo } from '../worker/core-types.js';
import { foldCase, matchRoute, type RouteValues } from './route-match.js';
import { parseRouteTemplate, RouteTemplateError, type RouteTemplate } from './route-template.js';

export interface Route {
  readonly functionName: string;
  readonly triggerName: string;
  readonly registered: RegisteredCallback;
  readonly template: RouteTemplate;
  /**
   * The route as the app wrote it, or else the function's name, without prefix and outer slashes. Two functions may not
   * have the same one for one method.
   */
  readonly ownRoute: string;
  /** The methods in upper case. Undefined if the function takes every method. */
  readonly methods: readonly string[] | undefined;
  readonly authLevel: string | undefined;
}

export interface RouteMatch {
  readonly route: Route;
  readonly values: RouteValues;
}

/**
 * The routes in the order in which the real host tries them: by function name, without regard to case
 * (`FunctionMetadataManager`).
 */
export function createRoutes(functions: Iterable<RegisteredCallback>, routePrefix: string): readonly Route[] {
  const routes = [...functions]
    .sort((left, right) => compareNames(left.metadata.name, right.metadata.name))
    .flatMap((registered) => createRoute(registered, routePrefix) ?? []);
  routes.forEach((route, index) => {
    requireNoConflict(route, routes.slice(0, index));
  });
  return Object.freeze(routes);
}

/**
 * The first route that matches. If no matching route allows the method, there is none: the real host answers 404, not
 * 405.
 */
export function findRoute(routes: readonly Route[], method: string, path: string): RouteMatch | undefined {
  for (const route of routes) {
    if (route.methods !== undefined && !route.methods.includes(method.toUpperCase())) continue;
    const values = matchRoute(route.template, path);
    if (values !== undefined) return { route, values };
  }
  return undefined;
}

export function compareNames(left: string, right: string): number {
  const [a, b] = [foldCase(left), foldCase(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether the type is `httpTrigger`, in any letter case, as the library compares it. */
export function isHttpTrigger(type: string | undefined): boolean {
  return type?.toLowerCase() === 'httptrigger';
}

export function findTrigger(registered: RegisteredCallback): readonly [name: string, binding: BindingInfo] | undefined {
  return Object.entries(registered.metadata.bindings).find(([, binding]) => /trigger$/i.test(binding.type ?? ''));
}

function createRoute(registered: RegisteredCallback, routePrefix: string): Route | undefined {
  const trigger = findTrigger(registered);
  if (trigger === undefined || !isHttpTrigger(trigger[1].type)) return undefined;
  const functionName = registered.metadata.name;
  const { route, methods, authLevel } = trigger[1];
  const ownRoute = typeof route === 'string' && route.trim() !== '' ? route : functionName;
  requireFreeRoute(functionName, ownRoute);
  return Object.freeze({
    functionName,
    triggerName: trigger[0],
    registered,
    template: parseTemplate(functionName, routePrefix === '' ? ownRoute : `${routePrefix}/${ownRoute}`),
    ownRoute: ownRoute.replace(/^\/+|\/+$/g, ''),
    methods: Array.isArray(methods) ? Object.freeze(methods.map((method) => String(method).toUpperCase())) : undefined,
    authLevel: typeof authLevel === 'string' ? authLevel : undefined,
  });
}

/**
 * Refuses routes that start with `admin` or `runtime`. Like the real host, it compares text, so `administrators` is
 * refused too.
 */
function requireFreeRoute(functionName: string, ownRoute: string): void {
  if (!/^\/*(?:admin|runtime)/i.test(ownRoute)) return;
  throw new ToolFailure(
    `The route "${ownRoute}" of the function "${functionName}" starts with "admin" or "runtime", which the host keeps for itself.`,
    { remedy: 'Choose another route; in Azure this function would not be loaded.' },
  );
}

function parseTemplate(functionName: string, text: string): RouteTemplate {
  try {
    return parseRouteTemplate(text);
  } catch (error) {
    if (!(error instanceof RouteTemplateError)) throw error;
    throw new ToolFailure(`The route "${text}" of the function "${functionName}" can't be read: ${error.message}.`, {
      remedy: 'Correct "route"; it follows the route prefix without a leading slash.',
      cause: error,
    });
  }
}

function requireNoConflict(route: Route, earlier: readonly Route[]): void {
  const other = earlier.find(
    (candidate) =>
      foldCase(candidate.ownRoute) === foldCase(route.ownRoute) && methodsIntersect(candidate.methods, route.methods),
  );
  if (other === undefined) return;
  throw new ToolFailure(
    `The functions "${other.functionName}" and "${route.functionName}" have the same route "${route.ownRoute}" for the same method.`,
    { remedy: 'Give them different routes or methods; in Azure the second one would not be loaded.' },
  );
}

/**
 * An empty list matches no request, but conflicts with every list. The real host does both (`HttpRoutesConflict` in its
 * ScriptHost.cs; its routes get an `HttpMethodRouteConstraint` of the list).
 */
function methodsIntersect(left: readonly string[] | undefined, right: readonly string[] | undefined): boolean {
  if (left === undefined || right === undefined || left.length === 0 || right.length === 0) return true;
  return left.some((method) => right.includes(method));
}

/**
 * Whether `AzureWebJobs.<function>.Disabled` disables the function. Then the host doesn't call it, and its route
 * answers 404.
 */
export function isDisabled(functionName: string): boolean {
  const wanted = new RegExp(`^AzureWebJobs[._]${functionName}[._]Disabled$`, 'i');
  return Object.entries(process.env).some(([name, value]) => wanted.test(name) && /^(?:1|true)$/i.test(value ?? ''));
}
