// Evaluates a Bicep expression. `context` has the file, the names that are declared, and `getValue(name)`.
import { posix } from 'node:path';
import { isCode } from './bicep-syntax.mjs';
import { ModuleReference, Problem, ResourceReference, Runtime, functions, withOrigins } from './bicep-values.mjs';

/** The value of a node; of an object, without some of its keys. */
export function evaluate(context, node, without = new Set()) {
  try {
    return evaluateNode(context, node, without);
  } catch (fault) {
    if (fault instanceof Problem) fault.node ??= node;
    throw fault;
  }
}

function evaluateNode(context, node, without) {
  const parts = node.namedChildren.filter(isCode);
  const inner = (part) => evaluate(context, part);
  switch (node.type) {
    case 'string':
      return joinText(
        parts.map((part) => (part.type === 'interpolation' ? inner(part.namedChildren[0]) : readText(part))),
      );
    case 'number':
      return Number(node.text);
    case 'boolean':
      return node.text === 'true';
    case 'null':
      return null;
    case 'identifier':
      return context.locals !== undefined && Object.hasOwn(context.locals, node.text)
        ? context.locals[node.text]
        : context.getValue(expectDeclared(context, node.text));
    case 'parenthesized_expression':
      return inner(parts[0]);
    case 'object':
      return evaluateObject(context, parts, without);
    case 'array':
      return withOrigins(
        parts.map(inner),
        parts.map((part, index) => [String(index), part]),
        context.file,
      );
    case 'ternary_expression':
      return inner(expectBoolean(inner(parts[0])) ? parts[1] : parts[2]);
    case 'unary_expression':
      if (node.children[0].text !== '!') break;
      return !expectBoolean(inner(parts[0]));
    case 'binary_expression':
      return evaluateBinary(node.children[1].text, parts, inner);
    case 'member_expression':
      return readMember(inner(parts[0]), parts[1].text);
    case 'subscript_expression':
      return readMember(inner(parts[0]), inner(parts[1]));
    case 'call_expression':
      return call(context, parts[0], parts[1].namedChildren.filter(isCode).map(inner));
  }
  throw new Problem(`this check doesn't know this syntax (${node.type}): ${node.text.split('\n', 1)[0]}`);
}

function evaluateObject(context, properties, without) {
  const result = {};
  const written = [];
  for (const property of properties) {
    if (property.type !== 'object_property') throw new Problem(`this check doesn't know this syntax: ${property.text}`);
    const [key, value] = property.namedChildren.filter(isCode);
    const name = key.type === 'identifier' ? key.text : String(evaluate(context, key));
    if (without.has(name)) continue;
    result[name] = evaluate(context, value);
    written.push([name, property]);
  }
  return withOrigins(result, written, context.file);
}

function evaluateBinary(operator, [left, right], inner) {
  switch (operator) {
    case '==':
      return inner(left) === inner(right);
    case '!=':
      return inner(left) !== inner(right);
    case '&&':
      return expectBoolean(inner(left)) && expectBoolean(inner(right));
    case '||':
      return expectBoolean(inner(left)) || expectBoolean(inner(right));
  }
  throw new Problem(`this check doesn't know the operator ${operator}`);
}

function call(context, callee, values) {
  if (callee.type === 'member_expression') {
    const method = evaluate(context, callee);
    if (typeof method !== 'function') throw new Problem(`this check doesn't know ${callee.text}()`);
    return method(...values);
  }
  if (callee.text === 'loadTextContent')
    return context.run.readText(posix.join(posix.dirname(context.file), values[0]));
  const found = Object.hasOwn(functions, callee.text) ? functions[callee.text] : undefined;
  if (found === undefined) throw new Problem(`this check doesn't know the function ${callee.text}()`);
  return found(...values);
}

function readMember(value, member) {
  if (value instanceof Runtime || value instanceof ResourceReference || value instanceof ModuleReference) {
    return value.get(member);
  }
  if (value === null || typeof value !== 'object' || !Object.hasOwn(value, member)) {
    throw new Problem(`there is no "${member}"`);
  }
  return value[member];
}

function expectDeclared({ declarations }, name) {
  if (!declarations.has(name)) throw new Problem(`"${name}" is not declared`);
  return name;
}

function expectBoolean(value) {
  if (typeof value === 'boolean') return value;
  throw new Problem(`a condition needs true or false before the deployment, and this is ${String(value)}`);
}

function readText(part) {
  return part.type === 'escape_sequence' ? part.text.slice(1) : part.text;
}

/** One value stays what it is: `'${x}'` is the same as `x`, and may still be a secret. */
function joinText(parts) {
  return parts.length === 1 && parts[0] instanceof Runtime ? parts[0] : parts.map(String).join('');
}
