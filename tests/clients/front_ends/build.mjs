// Makes one file each of condenser's and Denser's own renderers: see README.md.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const folder = resolve(process.argv[2] ?? ".");

const packages = {
  condenser: ["@xmldom/xmldom@0.8.10", "remarkable@1.7.1", "sanitize-html@2.17.5", "bs58@4.0.1",
    "react@16.14.0", "react-dom@16.14.0", "prop-types@15.8.1"],
  denser: ["@xmldom/xmldom@0.8.10", "remarkable@2.0.1", "sanitize-html@2.13.0", "ow@0.28.2",
    "typescript-chained-error@1.6.0", "universe-log@5.2.0"],
};

// What the renderer doesn't need of the site; its own words, which aren't compared.
const stubs = {
  counterpart: "export default (word) => word;",
  "react-redux": "export const connect = () => (component) => component;",
  "react-addons-pure-render-mixin": "export default { shouldComponentUpdate: () => true };",
  immutable: "export const Iterable = {};",
};
const stubbed = {
  name: "stubbed",
  setup(build) {
    const filter = new RegExp(`^(${Object.keys(stubs).join("|")})$`);
    build.onResolve({ filter }, ({ path }) => ({ path, namespace: "stub" }));
    build.onLoad({ filter, namespace: "stub" }, ({ path }) => ({ contents: stubs[path] }));
  },
};

for (const [name, wanted] of Object.entries(packages)) {
  const beside = join(folder, `${name}-packages`);
  execFileSync("npm", ["install", "--silent", "--no-audit", "--no-fund", "--prefix", beside,
    "esbuild@0.28.2", ...wanted], { stdio: "inherit" });
  const { build } = createRequire(join(beside, "package.json"))("esbuild");
  const source = join(folder, name);
  await build({
    entryPoints: [join(here, name === "condenser" ? "condenser.jsx" : "denser.ts")],
    outfile: join(folder, `${name}.cjs`),
    bundle: true,
    platform: "node",
    format: "cjs",
    logLevel: "error",
    mainFields: ["main", "module"],
    nodePaths: [join(beside, "node_modules")],
    loader: { ".js": "jsx" },
    banner: { js: "globalThis.$STM_Config = { img_proxy_prefix: '' };" },
    plugins: [stubbed],
    alias: {
      app: join(source, "src/app"),
      shared: join(source, "src/shared"),
      renderer: join(source, "packages/renderer/src/index.ts"),
    },
  });
}
