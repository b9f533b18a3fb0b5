/**
 * Refuses `using held = lock;`: the bundler's minifier puts `lock` in the place of `held` and drops the
 * declaration, and with it the disposal, without a word.
 */
const plugin: Deno.lint.Plugin = {
  name: "bot-bottle-using",
  rules: {
    "using-alias": {
      create(context) {
        if (/_test\.ts$/.test(context.filename)) return {}; // not bundled
        return {
          VariableDeclaration(node) {
            if (node.kind !== "using" && node.kind !== "await using") return;
            for (const { init } of node.declarations) {
              if (init?.type !== "Identifier") continue;
              context.report({
                node,
                message: "The minifier drops `using` from a variable that only renames another one",
                hint: "declare the value itself with `using`, or dispose of it in `finally`",
              });
            }
          },
        };
      },
    },
  },
};
export default plugin;
