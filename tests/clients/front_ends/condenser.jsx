import "./iterable.js";
import React from "react";
import Remarkable from "remarkable";
import { renderToStaticMarkup } from "react-dom/server";
import MarkdownViewer from "app/components/cards/MarkdownViewer";
import HtmlReady from "shared/HtmlReady";

// What the page is made of: markup that the browser reads part by part, and the players between.
export function render(body) {
  const viewer = new MarkdownViewer();
  viewer.props = { ...MarkdownViewer.defaultProps, text: body, large: true, highQualityPost: true };
  return [viewer.render().props.children].flat(Infinity).filter(Boolean).map((part) =>
    part.props.dangerouslySetInnerHTML
      ? part.props.dangerouslySetInnerHTML.__html
      : renderToStaticMarkup(part),
  );
}

const editor = new Remarkable({ html: true, linkify: false, breaks: true });

// What its editor puts into json_metadata.
export function collect(body) {
  const html = /^<html>|^<p>/.test(body) ? body : editor.render(body);
  const { hashtags, usertags, images, links } = HtmlReady(html, { mutate: false });
  return { tags: [...hashtags], users: [...usertags], images: [...images], links: [...links] };
}
