// Babel, which the site is built with, spreads whatever has a length; Node wants an iterator.
import { DOMParser } from "@xmldom/xmldom";

const nodes = new DOMParser().parseFromString("<a/>", "text/xml").childNodes;
Object.getPrototypeOf(nodes)[Symbol.iterator] = Array.prototype[Symbol.iterator];
