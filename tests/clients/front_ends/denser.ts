import { DefaultRenderer, InstagramPlugin, TablePlugin, TwitterPlugin } from "renderer";

// As apps/blog/features/post-rendering/lib/renderer.ts sets it up, pictures unproxied.
const isOwn = (address: string) =>
  /^(\/(?!\/)|#|https:\/\/images\.hive\.blog|https:\/\/hive\.blog)/.test(address);
const renderer = new DefaultRenderer({
  baseUrl: "https://hive.blog/",
  breaks: false,
  skipSanitization: false,
  allowInsecureScriptTags: false,
  addNofollowToLinks: true,
  addTargetBlankToLinks: true,
  cssClassForInternalLinks: "",
  cssClassForExternalLinks: "link-external",
  doNotShowImages: false,
  ipfsPrefix: "",
  assetsWidth: 640,
  assetsHeight: 480,
  plugins: [new TwitterPlugin(), new InstagramPlugin(), new TablePlugin()],
  imageProxyFn: (address: string) => address,
  usertagUrlFn: (account: string) => `/@${account}`,
  hashtagUrlFn: (tag: string) => `/trending/${tag}`,
  isLinkSafeFn: isOwn,
  addExternalCssClassToMatchingLinksFn: (address: string) => !isOwn(address),
});

export const render = (body: string) => renderer.render(body);
