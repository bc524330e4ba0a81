// Prints, by file, the exports that a function of the module assigns: who imports them must see the change.
// A function that replaces itself is none of them: the first one does the same, only more slowly.
//
//     node --expose-internals assigned_later.js FILE...

const acorn = require("internal/deps/acorn/acorn/dist/acorn");
const walk = require("internal/deps/acorn/acorn-walk/dist/walk");
const fs = require("fs");

function namesOf(pattern, names = new Set()) {
  if (pattern?.type === "Identifier") names.add(pattern.name);
  for (const part of pattern?.properties ?? pattern?.elements ?? []) namesOf(part?.value ?? part?.argument ?? part, names);
  if (pattern?.type === "AssignmentPattern") namesOf(pattern.left, names);
  if (pattern?.type === "RestElement") namesOf(pattern.argument, names);
  return names;
}

function declaredIn(statements) {
  const names = new Set();
  for (const each of statements) {
    if (each?.type === "VariableDeclaration") for (const one of each.declarations) namesOf(one.id, names);
    if (/^(Class|Function)Declaration$/.test(each?.type)) names.add(each.id.name);
  }
  return names;
}

function hoistedIn(body) {
  const names = new Set();
  walk.recursive(body, null, {
    Function: () => {},
    VariableDeclaration(node, state, visit) {
      if (node.kind === "var") for (const one of node.declarations) namesOf(one.id, names);
      for (const one of node.declarations) if (one.init) visit(one.init, state);
    },
  });
  return names;
}

function assignedLater(text) {
  const tree = acorn.parse(text, { ecmaVersion: "latest", sourceType: "module" });
  const exported = new Set();
  for (const each of tree.body) for (const one of each.specifiers ?? []) if (one.exported) exported.add(one.local.name);
  const found = new Set();
  const note = (target, scopes) => {
    for (const name of namesOf(target))
      if (scopes.length && !scopes.some(each => each.names.has(name) || each.own === name) && exported.has(name)) found.add(name);
  };
  const within = (scopes, names, own) => [...scopes, { names, own }];
  const loop = (node, scopes, visit) => {
    if (node.left.type !== "VariableDeclaration") note(node.left, scopes);
    const inner = scopes.length ? within(scopes, declaredIn([node.left])) : scopes;
    visit(node.right, inner);
    visit(node.body, inner);
  };
  walk.recursive(tree, [], {
    Function(node, scopes, visit) {
      const names = new Set();
      for (const each of node.params) namesOf(each, names);
      if (node.type === "FunctionExpression" && node.id) names.add(node.id.name);
      for (const name of hoistedIn(node.body)) names.add(name);
      const inner = within(scopes, names, node.type === "FunctionDeclaration" ? node.id.name : undefined);
      for (const each of node.params) visit(each, inner, "Pattern");
      visit(node.body, inner, node.expression ? "Expression" : "Statement");
    },
    BlockStatement(node, scopes, visit) {
      const inner = scopes.length ? within(scopes, declaredIn(node.body)) : scopes;
      for (const each of node.body) visit(each, inner);
    },
    ForStatement(node, scopes, visit) {
      const inner = scopes.length ? within(scopes, declaredIn([node.init])) : scopes;
      for (const each of [node.init, node.test, node.update, node.body]) if (each) visit(each, inner);
    },
    ForInStatement: loop,
    ForOfStatement: loop,
    CatchClause(node, scopes, visit) {
      visit(node.body, scopes.length ? within(scopes, namesOf(node.param)) : scopes);
    },
    AssignmentExpression(node, scopes, visit) {
      if (node.left.type !== "MemberExpression") note(node.left, scopes);
      visit(node.left, scopes, "Pattern");
      visit(node.right, scopes);
    },
    UpdateExpression(node, scopes, visit) {
      note(node.argument, scopes);
      visit(node.argument, scopes);
    },
  });
  return [...found];
}

const result = {};
for (const file of process.argv.slice(2)) {
  const names = assignedLater(fs.readFileSync(file, "utf8"));
  if (names.length) result[file.split("/").at(-1)] = names;
}
console.log(JSON.stringify(result));
