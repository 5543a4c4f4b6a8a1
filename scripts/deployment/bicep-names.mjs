// Every name in a Bicep file is declared, in the branches too that no set of parameters reaches.
import { describePlace, isCode } from './bicep-syntax.mjs';
import { functions } from './bicep-values.mjs';

const decorators = new Set(['description', 'allowed', 'minLength', 'maxLength', 'metadata']);

/** The parameters, variables, resources and modules of a file, with their decorators. */
export function collectDeclarations(root) {
  const declarations = new Map();
  let decorated;
  for (const node of root.namedChildren.filter(isCode)) {
    if (node.type === 'decorators') decorated = node;
    else {
      const isDeclaration = /^(?:parameter|variable|resource|module)_declaration$/.test(node.type);
      if (isDeclaration) declarations.set(node.namedChildren[0].text, { node, decorators: readDecorators(decorated) });
      decorated = undefined;
    }
  }
  return declarations;
}

function readDecorators(node) {
  const calls = node?.namedChildren.map((decorator) => decorator.namedChildren[0]) ?? [];
  return Object.fromEntries(calls.map((call) => [call.namedChildren[0].text, call.namedChildren[1].namedChildren[0]]));
}

/** Names that are not declared, and parameters and variables that are not used. */
export function findNameProblems(root, file, declarations) {
  const problems = [];
  const used = new Set();
  const report = (node, message) => problems.push(describePlace(file, node, message));
  const walk = (node, locals) => {
    if (node.type === 'identifier') {
      if (declarations.has(node.text)) used.add(node.text);
      else if (!locals.includes(node.text)) report(node, `"${node.text}" is not declared`);
      return;
    }
    const children = node.namedChildren;
    if (node.type === 'decorators') {
      for (const decorator of children) {
        const [name] = decorator.namedChildren[0].namedChildren;
        if (!decorators.has(name.text)) report(name, `this check doesn't know @${name.text}()`);
      }
    } else if (node.type === 'object_property') {
      if (children[0].type !== 'identifier') walk(children[0], locals);
      children.slice(1).forEach((child) => walk(child, locals));
    } else if (node.type === 'call_expression' && children[0].type === 'identifier') {
      const name = children[0].text;
      if (!Object.hasOwn(functions, name)) report(node, `this check doesn't know the function ${name}()`);
      walk(children[1], locals);
    } else if (node.type === 'for_statement') {
      walk(children[1], locals);
      walk(children[2], [...locals, children[0].text]);
    } else if (/_declaration$/.test(node.type)) children.slice(1).forEach((child) => walk(child, locals));
    else if (node.type !== 'target_scope_assignment') children.forEach((child) => walk(child, locals));
  };
  root.namedChildren.forEach((node) => walk(node, []));
  for (const [name, { node }] of declarations) {
    const isUsed = used.has(name) || !/^(?:parameter|variable)_declaration$/.test(node.type);
    if (!isUsed) report(node, `"${name}" is not used`);
  }
  return problems;
}
