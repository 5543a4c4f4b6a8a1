// Evaluates a Bicep template for given parameters, without a subscription: the resources that a deployment would create,
// with their properties as Azure would get them. It knows the part of Bicep that the template uses, and reports the rest.
// What only Azure knows (an id, a key) becomes text in ‹ ›.
import { posix } from 'node:path';
import { evaluate } from './bicep-expressions.mjs';
import { collectDeclarations, findNameProblems } from './bicep-names.mjs';
import { describePlace, findSyntaxProblems, getKey, isCode } from './bicep-syntax.mjs';
import { ModuleReference, Problem, ResourceReference, Runtime, materialize } from './bicep-values.mjs';

/**
 * @param {{ parse: (text: string) => object, readText: (path: string) => string, entry: string, parameters: object }} input
 * @returns {{ resources: object[], outputs: object, moduleOutputs: object[], parameters: object, problems: string[] }}
 */
export function evaluateTemplate({ parse, readText, entry, parameters }) {
  const run = { parse, readText, resources: [], moduleOutputs: [], problems: new Set() };
  const main = evaluateFile(run, entry, parameters, '');
  return {
    resources: run.resources,
    outputs: materialize(main.outputs),
    moduleOutputs: run.moduleOutputs.map(({ file, outputs }) => ({ file, outputs: materialize(outputs) })),
    parameters: main.parameters,
    problems: [...run.problems],
  };
}

const primitiveTypes = {
  string: (value) => typeof value === 'string' || value instanceof Runtime,
  int: Number.isInteger,
  bool: (value) => typeof value === 'boolean',
  object: (value) => typeof value === 'object' && !Array.isArray(value),
  array: Array.isArray,
};

function evaluateFile(run, file, given, prefix) {
  const root = run.parse(run.readText(file));
  for (const problem of findSyntaxProblems(root, file)) run.problems.add(problem);
  const context = { run, file, prefix, declarations: collectDeclarations(root), values: new Map(), given };
  context.getValue = (name) => getValue(context, name);
  if (root.hasError) return { outputs: {}, parameters: {} };
  for (const problem of findNameProblems(root, file, context.declarations)) run.problems.add(problem);
  for (const name of Object.keys(given)) {
    const isDeclared = context.declarations.get(name)?.node.type === 'parameter_declaration';
    if (!isDeclared) run.problems.add(`${file}: there is no parameter "${name}"`);
  }
  const parameters = {};
  for (const [name, { node, decorators: decorated }] of context.declarations) {
    // A variable is evaluated where it is used: the branch of a condition that isn't taken may read what doesn't exist.
    if (node.type === 'variable_declaration') continue;
    attempt(context, node, () => getValue(context, name));
    if (node.type === 'parameter_declaration') parameters[name] = describeParameter(context, node, decorated);
  }
  const outputs = {};
  for (const node of root.namedChildren.filter(({ type }) => type === 'output_declaration')) {
    const [name, , value] = node.namedChildren.filter(isCode);
    outputs[name.text] = attempt(context, node, () => evaluate(context, value));
  }
  return { outputs, parameters };
}

function describeParameter(context, node, { allowed, description }) {
  const read = (value) => (value === undefined ? undefined : attempt(context, node, () => evaluate(context, value)));
  return {
    initial: read(node.namedChildren.filter(isCode)[2]),
    allowed: read(allowed),
    description: read(description),
  };
}

function attempt({ run, file }, node, action) {
  try {
    return action();
  } catch (fault) {
    if (!(fault instanceof Problem)) throw fault;
    run.problems.add(describePlace(file, fault.node ?? node, fault.message));
    return undefined;
  }
}

function getValue(context, name) {
  const { declarations, values } = context;
  if (values.has(name)) {
    const value = values.get(name);
    if (value === undefined) throw new Problem(`"${name}" depends on itself, or on something that is wrong`);
    return value;
  }
  values.set(name, undefined);
  const { node, decorators: decorated } = declarations.get(name);
  const value = evaluators[node.type](context, node, decorated);
  values.set(name, value);
  return value;
}

const evaluators = {
  parameter_declaration: (context, node, decorated) => {
    const [name, type, initial] = node.namedChildren.filter(isCode);
    if (!Object.hasOwn(context.given, name.text) && initial === undefined) {
      throw new Problem(`the parameter "${name.text}" is not passed`);
    }
    const value = Object.hasOwn(context.given, name.text) ? context.given[name.text] : evaluate(context, initial);
    const fits = primitiveTypes[type.text];
    if (fits === undefined) throw new Problem(`"${type.text}" is not a type that this check knows`);
    if (!fits(value)) throw new Problem(`the parameter "${name.text}" is no ${type.text}`);
    checkDecorators(context, name.text, value, decorated);
    return value;
  },
  variable_declaration: (context, node) => evaluate(context, node.namedChildren.filter(isCode)[1]),
  resource_declaration: (context, node) => declareResource(context, node),
  module_declaration: (context, node) => evaluateModule(context, node),
};

function checkDecorators(context, name, value, { allowed, minLength, maxLength }) {
  const isAllowed = allowed === undefined || evaluate(context, allowed).includes(value);
  if (!isAllowed) throw new Problem(`the parameter "${name}" can't be "${String(value)}"`);
  if (value instanceof Runtime) return;
  if (minLength !== undefined && value.length < evaluate(context, minLength))
    throw new Problem(`"${name}" is too short`);
  if (maxLength !== undefined && value.length > evaluate(context, maxLength))
    throw new Problem(`"${name}" is too long`);
}

function declareResource(context, node) {
  const [symbol, typeNode, body] = node.namedChildren.filter(isCode);
  const [type, apiVersion] = evaluate(context, typeNode).split('@');
  const base = { type, apiVersion, file: context.file, node };
  if (body.type === 'for_statement') {
    const [item, list, object] = body.namedChildren.filter(isCode);
    return evaluate(context, list).map((value, index) => {
      const scoped = { ...context, locals: { ...context.locals, [item.text]: value } };
      return addResource(scoped, object, {
        ...base,
        symbol: `${context.prefix}${symbol.text}[${value.name ?? index}]`,
      });
    });
  }
  const isConditional = body.type === 'if_statement';
  const [condition, object] = isConditional ? body.namedChildren.filter(isCode) : [undefined, body];
  const exists = condition === undefined || evaluate(context, condition) === true;
  return addResource(context, object, { ...base, symbol: `${context.prefix}${symbol.text}` }, exists);
}

function addResource(context, object, base, exists = true) {
  const read = (key) => {
    const property = object.namedChildren.find((child) => child.type === 'object_property' && getKey(child) === key);
    return property === undefined ? undefined : evaluate(context, property.namedChildren.filter(isCode)[1]);
  };
  const record = { ...base, name: String(read('name')), exists, object };
  if (!exists) return new ResourceReference(record);
  const [parent, scope] = [read('parent'), read('scope')];
  read('dependsOn');
  record.body = materialize(evaluate(context, object, new Set(['parent', 'scope', 'dependsOn'])));
  record.parent = parent?.record?.symbol;
  record.scope = scope?.record?.symbol;
  if (parent !== undefined && !`${base.type}`.startsWith(`${parent.record?.type}/`)) {
    throw new Problem(`${base.type} is no child of ${parent.record?.type}`);
  }
  context.run.resources.push(record);
  return new ResourceReference(record);
}

function evaluateModule(context, node) {
  const [symbol, path, object] = node.namedChildren.filter(isCode);
  const file = evaluate(context, path);
  if (!/^[\w./-]+\.bicep$/.test(file))
    throw new Problem(`"${file}" is no file of this template: registry modules are restored over the network`);
  const body = evaluate(context, object, new Set(['scope']));
  const known = new Set(['name', 'scope', 'params']);
  const unknown = Object.keys(body).find((key) => !known.has(key));
  if (unknown !== undefined) throw new Problem(`a module has no "${unknown}"`);
  const inner = posix.join(posix.dirname(context.file), file);
  const { outputs } = evaluateFile(context.run, inner, body.params ?? {}, `${context.prefix}${symbol.text}/`);
  context.run.moduleOutputs.push({ file: inner, outputs });
  return new ModuleReference(symbol.text, outputs);
}
