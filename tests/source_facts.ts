/** What the architecture rules need to know of a source file, read with Deno's own parser (which only `deno test` offers). */

/** An import, an export from elsewhere, a dynamic import or an `import("…")` type. */
export interface Import {
  /** As written; `null` when it is worked out at run time. */
  specifier: string | null;
  line: number;
  typeOnly: boolean;
}

/** Something a file reaches without importing it. */
export interface Use {
  of: "console" | "environment" | "clock";
  line: number;
  text: string;
}

/** One file, as far as the rules care. */
export interface Facts {
  imports: Import[];
  uses: Use[];
  /** Exported names without a docstring before them. */
  undocumented: { name: string; line: number }[];
}

/** Reads one TypeScript file. Comments and the insides of strings count for nothing. */
export function readFacts(path: string, source: string): Facts {
  const facts: Facts = { imports: [], uses: [], undocumented: [] };
  const create = ({ sourceCode }: Deno.lint.RuleContext): Deno.lint.LintVisitor => ({
    ...importVisitor(facts, sourceCode),
    ...useVisitor(facts, sourceCode),
  });
  Deno.lint.runPlugin({ name: "facts", rules: { read: { create } } }, path, source);
  return facts;
}

function importVisitor({ imports, undocumented }: Facts, code: Deno.lint.SourceCode): Deno.lint.LintVisitor {
  const documented = new Set<string>();
  const addImport = (node: Deno.lint.Node, from: Deno.lint.Node | null, typeOnly: boolean) => {
    if (!from) return;
    const specifier = from.type === "Literal" && typeof from.value === "string" ? from.value : null;
    imports.push({ specifier, line: lineOf(code, node), typeOnly });
  };
  // A type that shares its name with a value is documented there: the value comes first.
  const addExport = (node: Deno.lint.Node, declaration: Deno.lint.Node | null) => {
    for (const name of namesOf(declaration)) {
      if (isDocumented(code, node)) documented.add(name);
      else if (!documented.has(name)) undocumented.push({ name, line: lineOf(code, node) });
    }
  };
  return {
    ImportDeclaration: (node) => {
      const allTypes = node.specifiers.every((each) => each.type === "ImportSpecifier" && each.importKind === "type");
      addImport(node, node.source, node.importKind === "type" || (node.specifiers.length > 0 && allTypes));
    },
    ImportExpression: (node) => addImport(node, node.source, false),
    TSImportType: (node) =>
      addImport(node, node.argument.type === "TSLiteralType" ? node.argument.literal : node.argument, true),
    ExportAllDeclaration: (node) => addImport(node, node.source, node.exportKind === "type"),
    ExportNamedDeclaration: (node) => {
      const allTypes = node.specifiers.every((each) => each.exportKind === "type");
      addImport(node, node.source, node.exportKind === "type" || (node.specifiers.length > 0 && allTypes));
      addExport(node, node.declaration);
    },
    ExportDefaultDeclaration: (node) => addExport(node, node.declaration),
  };
}

function useVisitor({ uses }: Facts, code: Deno.lint.SourceCode): Deno.lint.LintVisitor {
  const add = (of: Use["of"], node: Deno.lint.Node) =>
    uses.push({ of, line: lineOf(code, node), text: code.getText(node).split("\n")[0]! });
  return {
    Identifier: (node) => {
      if (isReference(node) && node.name === "console") add("console", node.parent);
      if (isReference(node) && ["Deno", "process"].includes(node.name) && takesEnv(node)) {
        add("environment", node.parent);
      }
      if (isPresentTime(node)) add("clock", node.parent);
    },
  };
}

function lineOf(code: Deno.lint.SourceCode, node: Deno.lint.Node): number {
  return code.text.slice(0, node.range[0]).split("\n").length;
}

/** Whether a name stands for the global thing, and is not the name of a property, a key or a parameter. */
function isReference(node: Deno.lint.Identifier): boolean {
  const { parent } = node;
  if (parent.type === "MemberExpression" && parent.property === node && !parent.computed) {
    return parent.object.type === "Identifier" && parent.object.name === "globalThis";
  }
  return !(parent.type === "Property" && parent.key === node && !parent.shorthand);
}

/** `Deno.env`, `Deno["env"]`, `const { env } = Deno`. */
function takesEnv({ parent, name }: Deno.lint.Identifier): boolean {
  if (parent.type === "VariableDeclarator" && parent.id.type === "ObjectPattern") {
    return parent.id.properties.some((each) => each.type === "Property" && isNamed(each.key, "env"));
  }
  const outer = parent.type === "MemberExpression" && isNamed(parent.property, name) ? parent.parent : parent;
  return outer.type === "MemberExpression" && isNamed(outer.property, "env");
}

/** `Date.now`, `Temporal.Now`, `new Date()`, `Date()`: what a clock that comes in as a dependency is there for. */
function isPresentTime(node: Deno.lint.Identifier): boolean {
  const { parent } = node;
  if (parent.type === "MemberExpression" && parent.object === node) {
    return (node.name === "Date" && isNamed(parent.property, "now")) ||
      (node.name === "Temporal" && isNamed(parent.property, "Now"));
  }
  const makesDate = parent.type === "NewExpression" || parent.type === "CallExpression";
  return node.name === "Date" && makesDate && parent.callee === node && parent.arguments.length === 0;
}

function isNamed(node: Deno.lint.Node, name: string): boolean {
  return node.type === "Identifier" ? node.name === name : node.type === "Literal" && node.value === name;
}

function namesOf(declaration: Deno.lint.Node | null): string[] {
  if (!declaration) return [];
  if (declaration.type === "VariableDeclaration") {
    return declaration.declarations.map(({ id }) => id.type === "Identifier" ? id.name : "pattern");
  }
  const id = "id" in declaration ? declaration.id as { name?: string } | null : null;
  return [id?.name ?? "default"];
}

/** Whether the last comment before the node is a docstring that nothing stands between; the linter's lines do not count. */
function isDocumented(code: Deno.lint.SourceCode, node: Deno.lint.Node): boolean {
  const last = code.getCommentsBefore(node).findLast((each) => each.type === "Block");
  if (!last?.value.startsWith("*")) return false;
  return code.text.slice(last.range[1], node.range[0]).split("\n").every((line) => /^\s*(\/\/.*)?$/.test(line));
}
