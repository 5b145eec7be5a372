// Renders a JSON list of bodies from standard input: `node render.js remarkable|hive`.
const fs = require("fs");

function remarkable() {
  const Remarkable = require("remarkable");
  const parser = new Remarkable({ html: true, breaks: true, linkify: false, typographer: false });
  return (body) => parser.render(body);
}

function hive() {
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

const render = { remarkable, hive }[process.argv[2]]();
const bodies = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(bodies.map(render)));
