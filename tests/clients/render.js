// Renders a JSON list of bodies from standard input: `node render.js NAME`, where NAME is
// remarkable, content-renderer, or one of those in the folder FRONT_ENDS_FOLDER: condenser,
// condenser-editor (what its editor collects) and denser. See front_ends/README.md.
const fs = require("fs");
const path = require("path");

for (const name of ["log", "debug", "info", "warn", "error"]) console[name] = () => {};

function remarkable() {
  const Remarkable = require("remarkable");
  const parser = new Remarkable({ html: true, breaks: true, linkify: false, typographer: false });
  return (body) => parser.render(body);
}

function contentRenderer() {
  const { DefaultRenderer } = require("@hiveio/content-renderer");
  const options = {
    baseUrl: "https://hive.blog/",
    breaks: true,
    skipSanitization: false,
    allowInsecureScriptTags: false,
    addNofollowToLinks: false,
    addTargetBlankToLinks: true,
    doNotShowImages: false,
    ipfsPrefix: "",
    assetsWidth: 640,
    assetsHeight: 360,
    imageProxyFn: (address) => address,
    usertagUrlFn: (account) => `/@${account}`,
    hashtagUrlFn: (tag) => `/trending/${tag}`,
    isLinkSafeFn: () => true,
    addExternalCssClassToMatchingLinksFn: () => false,
  };
  return (body) => new DefaultRenderer(options).render(body);
}

const bundle = (name) => require(path.join(process.env.FRONT_ENDS_FOLDER, `${name}.cjs`));

const render = {
  remarkable,
  "content-renderer": contentRenderer,
  condenser: () => bundle("condenser").render,
  "condenser-editor": () => bundle("condenser").collect,
  denser: () => bundle("denser").render,
}[process.argv[2]]();
const bodies = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(bodies.map((body) => render(body))));
