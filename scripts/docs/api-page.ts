import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import ts from "typescript";

export interface ApiModule {
  /** As an author imports it. */
  readonly name: string;
  /** Its source, whose exports are the module's. */
  readonly entry: string;
}

/**
 * Markdown of everything a module exports, by name: what its docstring says, and its declaration without what happens
 * inside. Throws for an export that has no docstring, because then nothing would be said of it.
 */
export function apiSection({ name, entry }: ApiModule): string {
  const parts = exportsOf(entry).map(({ exported, local, file }) => described(exported, declarationOf(file, local)));
  return [`## \`${name}\``, ...parts].join("\n\n");
}

interface Exported {
  readonly exported: string;
  readonly local: string;
  readonly file: string;
}

/** What the module hands on from files of its own, sorted by name. What comes from other packages is theirs to describe. */
function exportsOf(entry: string): Exported[] {
  return parse(entry)
    .statements.filter(ts.isExportDeclaration)
    .flatMap(({ moduleSpecifier, exportClause }) => {
      if (moduleSpecifier === undefined || exportClause === undefined || !ts.isNamedExports(exportClause)) return [];
      const from = (moduleSpecifier as ts.StringLiteral).text;
      if (!from.startsWith(".")) return [];
      const file = resolve(dirname(entry), from);
      return exportClause.elements.map(({ name, propertyName }) => ({
        exported: name.text,
        local: (propertyName ?? name).text,
        file,
      }));
    })
    .sort((one, other) => (one.exported.toLowerCase() < other.exported.toLowerCase() ? -1 : 1));
}

function declarationOf(file: string, name: string): ts.Statement {
  const found = parse(file).statements.find((statement) => namesOf(statement).includes(name));
  if (found === undefined) throw new Error(`${file} declares no '${name}'.`);
  return found;
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  const { name } = statement as { name?: ts.Node };
  return name === undefined ? [] : [name.getText()];
}

function described(name: string, statement: ts.Statement): string {
  const doc = docOf(statement);
  if (doc === "") throw new Error(`${name} in ${statement.getSourceFile().fileName} has no docstring.`);
  return [`### ${name}`, doc, `\`\`\`ts\n${outline(statement)}\n\`\`\``].join("\n\n");
}

/** A docstring as one paragraph. */
function docOf(node: ts.Node): string {
  return ts
    .getJSDocCommentsAndTags(node)
    .filter(ts.isJSDoc)
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? "")
    .join("\n")
    .replace(/\s*\n\s*/g, " ")
    .trim();
}

/** The declaration as a caller sees it: without bodies, private members and values. */
function outline(statement: ts.Statement): string {
  if (ts.isFunctionDeclaration(statement)) return head(statement, statement.body);
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations
      .map((declaration) => {
        const { initializer } = declaration;
        const isFunction = initializer !== undefined && ts.isArrowFunction(initializer);
        const shape = isFunction ? `= ${head(initializer, initializer.body)}` : (declaration.type?.getText() ?? "");
        return `const ${declaration.name.getText()} ${shape}`.trim();
      })
      .join("\n");
  }
  if (!ts.isClassDeclaration(statement)) return statement.getText().replace(/^export /, "");
  const opening = statement.getText().slice(0, statement.members.pos - statement.getStart());
  const members = statement.members.filter(isPublic).map((member) => `  ${memberOutline(member)}`);
  return [opening.replace(/^export /, ""), ...members, "}"].join("\n");
}

function memberOutline(member: ts.ClassElement): string {
  const doc = docOf(member);
  const { body } = member as { body?: ts.Node };
  const { initializer } = member as { initializer?: ts.Node };
  const shape = head(member, body ?? initializer).replace(/\s*=$/, "");
  return doc === "" ? `${shape};` : `/** ${doc} */\n  ${shape};`;
}

const isPublic = (member: ts.ClassElement) =>
  !ts.isConstructorDeclaration(member) && member.name !== undefined && !ts.isPrivateIdentifier(member.name);

/** Its text up to what happens inside. */
function head(node: ts.Node, inside: ts.Node | undefined): string {
  const end = inside === undefined ? node.getEnd() : inside.getStart();
  return node
    .getSourceFile()
    .text.slice(node.getStart(), end)
    .replace(/^export /, "")
    .replace(/\s*=>\s*$/, "")
    .trim();
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
}
