import { importProblem, topLevel } from "./import_table.ts";

const ROOT = new URL("../../", import.meta.url);

/** The lint rule that shows a broken import table in the editor; the test over the module graph is what holds it. */
const plugin: Deno.lint.Plugin = {
  name: "bot-bottle",
  rules: {
    "import-table": {
      create(context) {
        const file = relative(new URL(`file://${context.filename}`));
        if (file === undefined || file.endsWith("_test.ts")) return {};
        const look = (node: Deno.lint.Node, specifier: unknown, typeOnly: boolean) => {
          if (typeof specifier !== "string" || !/^\.\.?\//.test(specifier)) return;
          const target = relative(new URL(specifier, new URL(file, ROOT)));
          if (target === undefined) return;
          const message = importProblem(topLevel(file), topLevel(target), typeOnly);
          if (message !== undefined) context.report({ node, message });
        };
        return {
          ImportDeclaration(node) {
            const named = node.specifiers.length > 0 &&
              node.specifiers.every((specifier) =>
                specifier.type === "ImportSpecifier" && specifier.importKind === "type"
              );
            look(node, node.source.value, node.importKind === "type" || named);
          },
          ExportNamedDeclaration(node) {
            look(node, node.source?.value, node.exportKind === "type");
          },
          ExportAllDeclaration(node) {
            look(node, node.source.value, node.exportKind === "type");
          },
          ImportExpression(node) {
            look(node, node.source.type === "Literal" ? node.source.value : undefined, false);
          },
        };
      },
    },
  },
};
export default plugin;

/** The path below the project's root; undefined outside. */
function relative(url: URL): string | undefined {
  return url.href.startsWith(ROOT.href) ? url.href.slice(ROOT.href.length) : undefined;
}
